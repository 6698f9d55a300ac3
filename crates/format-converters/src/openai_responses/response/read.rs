//! Reading answers.

use serde_json::value::RawValue;

use super::error;
use super::item::{Items, citation};
use crate::Invalid;
use crate::UsageReader;
use crate::carriers;
use crate::ir::{ApiError, Choice, Part, PartKind, Response, Stop, StopReason, Usage};
use crate::json::{Json, Object, document, list};
use crate::metering::{Place, find};
use crate::openai_vendor::usage::last;

/// Where answers tell what was used, and where events do.
const USAGE: [Place; 2] = [&["usage"], &["response", "usage"]];

/// Reads an answer.
pub(in super::super) fn read(body: &[u8]) -> Result<Response, Invalid> {
    let object = Object::read_leniently(document(body)?)?;
    let mut parts = Vec::new();
    let mut probabilities = Vec::new();
    let is_error = object.raw("error").is_some();
    match object.raw("output") {
        Some(raw) => {
            for item in list(raw).map_err(|error| error.at("output"))? {
                read_item(item, &mut parts, &mut probabilities)?;
            }
        }
        None if is_error => {}
        None => return Err(Invalid::new("is missing").at("output")),
    }
    let has_calls = parts.iter().any(|part: &Part| matches!(part.kind, PartKind::ToolCall(_)));
    let (stop, error) = match outcome(&object, None, has_calls) {
        Ok(stop) => (stop, None),
        Err(error) => (None, Some(error)),
    };
    let log_probs = (!probabilities.is_empty()).then(|| Json::from_text(&format!("[{}]", probabilities.join(","))));
    Ok(Response {
        id: object.text("id")?.unwrap_or_default(),
        model: object.text("model")?.unwrap_or_default(),
        created: created(&object),
        choices: vec![Choice { parts: carriers::gather(parts), stop, log_probs: log_probs.flatten() }],
        usage: usage(&object),
        tier: object.text("service_tier")?,
        error,
    })
}

/// When the answer began. Some upstreams write fractions of a second.
pub(in super::super) fn created(object: &Object<'_>) -> Option<i64> {
    let seconds: f64 = object.value("created_at", "a number").ok().flatten()?;
    #[expect(clippy::cast_possible_truncation, reason = "a time of this age fits many times over")]
    Some(seconds as i64)
}

fn read_item(
    raw: &serde_json::value::RawValue,
    parts: &mut Vec<Part>,
    probabilities: &mut Vec<String>,
) -> Result<(), Invalid> {
    let Ok(object) = Object::read_leniently(raw) else { return Ok(()) };
    let items = Items::OfAnswer;
    match object.text("type")?.as_deref() {
        Some("message") => {
            for part in object.with("content", list)?.unwrap_or_default() {
                parts.extend(read_content(part, probabilities));
            }
        }
        Some("reasoning") => parts.extend(items.reasoning(&object)?),
        Some(r#type @ ("function_call" | "custom_tool_call")) => {
            parts.push(Part::new(PartKind::ToolCall(items.call(&object, r#type == "custom_tool_call")?)));
        }
        Some(r#type @ "image_generation_call") => {
            parts.push(Items::drawing(&object)?.unwrap_or_else(|| Items::native(r#type, raw)));
        }
        Some(r#type) => parts.push(Items::native(r#type, raw)),
        None => {}
    }
    Ok(())
}

/// A part of a message; `None` where nothing is said or nobody understands what.
fn read_content(raw: &serde_json::value::RawValue, probabilities: &mut Vec<String>) -> Option<Part> {
    let object = Object::read_leniently(raw).ok()?;
    let text = |name| object.text(name).ok().flatten().filter(|text: &String| !text.is_empty());
    match text("type")?.as_str() {
        "output_text" | "text" => {
            probabilities.extend(log_probs(&object));
            let citations = object.each("annotations", |raw| Ok(citation(raw))).unwrap_or_default();
            let citations: Vec<_> = citations.into_iter().flatten().collect();
            let text = text("text");
            let is_empty = text.is_none() && citations.is_empty();
            let text = text.unwrap_or_default();
            (!is_empty).then(|| Part::new(PartKind::Text { text, citations }))
        }
        "refusal" => text("refusal").map(PartKind::Refusal).map(Part::new),
        _ => None,
    }
}

/// The items of a list of probabilities, as they were written; `None` where there are none.
pub(in super::super) fn log_probs(object: &Object<'_>) -> Option<String> {
    let items = list(object.raw("logprobs")?).ok()?;
    let items: Vec<&str> = items.into_iter().map(serde_json::value::RawValue::get).collect();
    (!items.is_empty()).then(|| items.join(","))
}

/// How an answer ended: with a reason, with none since it goes on, or with an error. `event` is the status that the event
/// says which told the answer; the answer's own counts before it.
pub(in super::super) fn outcome(
    object: &Object<'_>,
    event: Option<&str>,
    has_calls: bool,
) -> Result<Option<Stop>, ApiError> {
    if let Some(told) = object.raw("error") {
        return Err(error::within(told));
    }
    let own = object.text("status").ok().flatten();
    let is_final = |status: &&str| !matches!(*status, "in_progress" | "queued");
    let status = own.as_deref().filter(|own| event.is_none() || is_final(own)).or(event);
    let details = object.object("incomplete_details").ok().flatten();
    let reason = details.and_then(|details| details.text("reason").ok().flatten());
    Ok(Some(Stop::of(match status {
        Some("in_progress" | "queued") => return Ok(None),
        Some("failed") => {
            let message = "the upstream's answer failed".to_owned();
            return Err(ApiError { status: 500, message, ..ApiError::default() });
        }
        Some("incomplete") => match reason.as_deref() {
            Some("max_output_tokens" | "max_tokens") | None => StopReason::Length,
            Some("content_filter") => StopReason::Filter,
            Some(other) => StopReason::Other(other.to_owned()),
        },
        Some("cancelled") => StopReason::Other("cancelled".to_owned()),
        _ if has_calls => StopReason::Tools,
        _ => StopReason::End,
    })))
}

/// Reads what was used from an answer's bytes.
pub(in super::super) fn usage_reader() -> UsageReader {
    last(&USAGE, read_usage)
}

/// What was used, by an answer or by an event that holds one.
pub(in super::super) fn usage(object: &Object<'_>) -> Option<Usage> {
    find(object, &USAGE).and_then(read_usage)
}

fn read_usage(raw: &RawValue) -> Option<Usage> {
    let object = &Object::read_leniently(raw).ok()?;
    let count = |object: &Object<'_>, name| object.count(name).ok().flatten();
    let detail = |details, name| object.object(details).ok().flatten().and_then(|details| count(&details, name));
    Some(Usage {
        input: count(object, "input_tokens").unwrap_or_default(),
        cached: detail("input_tokens_details", "cached_tokens"),
        cache_written: detail("input_tokens_details", "cache_write_tokens").filter(|written| *written > 0),
        output: count(object, "output_tokens").unwrap_or_default(),
        reasoning: detail("output_tokens_details", "reasoning_tokens"),
    })
}
