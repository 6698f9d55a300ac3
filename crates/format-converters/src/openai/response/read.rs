//! Reads whole answers, of the vendor and of all who speak its format.

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::super::part::{Place, content, image};
use super::super::{call, citation, reasoning, stop};
use crate::Invalid;
use crate::ir::{Choice, Media, MediaKind, Native, Part, PartKind, Reasoning, Response, Source};
use crate::json::{self, Json, Kind, Object};
use crate::openai_vendor::{error, usage};

/// Reads an answer.
pub(in super::super) fn read(body: &[u8]) -> Result<Response, Invalid> {
    let object = Object::read_leniently(json::document(body)?)?;
    let told = object.raw("error").map(error::told);
    let choices = object.with("choices", |raw| json::each(raw, choice))?;
    if choices.is_none() && told.is_none() {
        return Err(Invalid::new("is missing").at("choices"));
    }
    Ok(Response {
        id: object.text("id")?.unwrap_or_default(),
        model: object.text("model")?.unwrap_or_default(),
        created: object.value("created", "a whole number")?.filter(|created| *created > 0),
        choices: choices.unwrap_or_default(),
        usage: usage::told(&object),
        tier: object.text("service_tier")?,
        error: told,
    })
}

/// Sound that a model made: `{id, data, expires_at, transcript}`.
pub(in super::super) fn audio(json: Json) -> Option<Part> {
    let data = Object::read_leniently(json.raw()).ok()?.text("data").ok().flatten()?;
    Some(Part::media(Media {
        kind: MediaKind::Audio,
        source: Source::Base64(data),
        mime: None,
        name: None,
        detail: None,
        extras: Some(Native { format: Format::OpenAi, name: "audio".to_owned(), json }),
    }))
}

/// What a model said: a text, or a list of parts, of which those that are understood count.
pub(in super::super) fn found(raw: &RawValue) -> Vec<Part> {
    match json::kind(raw) {
        Kind::Text => content(raw, Place::Assistant).unwrap_or_default(),
        Kind::List => json::list(raw).unwrap_or_default().into_iter().filter_map(piece).collect(),
        _ => Vec::new(),
    }
}

fn piece(raw: &RawValue) -> Option<Part> {
    if json::kind(raw) == Kind::Text {
        return Some(Part::text(json::text(raw).ok()?)).filter(|part| part.as_text() != Some(""));
    }
    let object = Object::read_leniently(raw).ok()?;
    let text = |name| object.text(name).ok().flatten().filter(|text| !text.is_empty());
    match object.text("type").ok().flatten().as_deref() {
        Some("refusal") => Some(Part::new(PartKind::Refusal(text("refusal")?))),
        // Mistral's models tell their thoughts so.
        Some("thinking") => {
            let texts = texts(object.raw("thinking")?);
            let sections = Some(texts).filter(|text| !text.is_empty()).into_iter().collect();
            Some(Part::new(PartKind::Reasoning(Reasoning { sections, is_summary: false })))
        }
        Some("image_url") => image(raw).ok(),
        _ => text("text").map(Part::text),
    }
}

/// A text, or what the texts of a list say together; parts within parts are none.
fn texts(raw: &RawValue) -> String {
    let said = |raw| {
        if json::kind(raw) == Kind::Text {
            return json::text(raw).ok();
        }
        Object::read_leniently(raw).ok()?.text("text").ok().flatten()
    };
    match json::kind(raw) {
        Kind::List => json::list(raw).unwrap_or_default().into_iter().filter_map(said).collect(),
        _ => said(raw).unwrap_or_default(),
    }
}

fn choice(raw: &RawValue) -> Result<Choice, Invalid> {
    let object = Object::read_leniently(raw)?;
    let message = match object.object("message")? {
        Some(message) => message,
        None => object.object("delta")?.ok_or_else(|| Invalid::new("is missing").at("message"))?,
    };
    let parts = parts(&message);
    let has_calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let reason = object.text("finish_reason")?.as_deref().and_then(stop::read);
    let log_probs = object.object("logprobs")?.and_then(|log_probs| log_probs.json("content"));
    Ok(Choice { parts, stop: Some(stop::settled(reason, has_calls)), log_probs })
}

fn parts(message: &Object<'_>) -> Vec<Part> {
    let listed = |name: &str| message.raw(name).and_then(|raw| json::list(raw).ok()).unwrap_or_default();
    let mut parts: Vec<Part> = reasoning::read(message).into_iter().collect();
    let mut said = message.raw("content").map(found).unwrap_or_default();
    let last = said.iter_mut().rev().find_map(|part| match &mut part.kind {
        PartKind::Text { citations, .. } => Some(citations),
        _ => None,
    });
    if let Some(citations) = last {
        citations.extend(listed("annotations").into_iter().filter_map(citation::read));
    }
    parts.append(&mut said);
    let refusal = message.text("refusal").ok().flatten().filter(|refusal| !refusal.is_empty());
    parts.extend(refusal.map(|refusal| Part::new(PartKind::Refusal(refusal))));
    parts.extend(listed("images").into_iter().filter_map(|raw| image(raw).ok()));
    parts.extend(message.json("audio").and_then(audio));
    let calls = listed("tool_calls").into_iter().filter_map(|raw| Object::read_leniently(raw).ok());
    parts.extend(calls.filter_map(|object| call::understood(&object)));
    if let Some(function) = message.object("function_call").ok().flatten() {
        parts.extend(call::understood_legacy(&function));
    }
    // Most answers are one part.
    parts.shrink_to_fit();
    parts
}
