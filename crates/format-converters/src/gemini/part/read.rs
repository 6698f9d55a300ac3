//! Reading parts.

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::arguments::Arguments;
use crate::gemini::media;
use crate::gemini::wire::Manner;
use crate::ir::{Media, MediaKind, Native, Opaque, Part, PartKind, Reasoning, Source, ToolCall, ToolInput, ToolResult};
use crate::json::{self, Json, Kind, Object};
use crate::losses::snake;
use crate::members::Members;

/// What is said of a part, whatever it is.
const ABOUT: [&str; 2] = ["thought", "thoughtSignature"];
/// What is said of media.
const ABOUT_MEDIA: [&str; 3] = ["videoMetadata", "mediaResolution", "partMetadata"];
/// Parts that other formats have too.
const PLAIN: [&str; 5] = ["text", "functionCall", "functionResponse", "inlineData", "fileData"];
/// Parts that only this format has (<https://ai.google.dev/api/caching#Part>).
const NATIVE: [&str; 4] = ["executableCode", "codeExecutionResult", "toolCall", "toolResponse"];

/// Reads a part; `None` for one that says nothing, which only answers may hold.
pub(in crate::gemini) fn read(raw: &RawValue, manner: Manner) -> Result<Option<Part>, Invalid> {
    let object = manner.object(raw)?;
    let opaque = object.text("thoughtSignature")?.map(|slot| Opaque::from_slot(Format::Gemini, &slot));
    if let Some(name) = native_name(&object, manner) {
        // The signature stays where it was written.
        let native = Native { format: Format::Gemini, name, json: raw.into() };
        return Ok(Some(Part::new(PartKind::Native(native))));
    }
    let kind = if let Some(call) = object.with("functionCall", |raw| call(raw, manner))? {
        PartKind::ToolCall(call)
    } else if let Some(result) = object.with("functionResponse", |raw| result(raw, manner))? {
        PartKind::ToolResult(result)
    } else if let Some(media) = object.with("inlineData", |raw| inline(raw, manner))? {
        PartKind::Media(Box::new(Media { extras: about_media(&object), ..media }))
    } else if let Some(media) = object.with("fileData", |raw| file(raw, manner))? {
        PartKind::Media(Box::new(Media { extras: about_media(&object), ..media }))
    } else {
        let text = object.text("text")?;
        if text.is_none() && opaque.is_none() && manner == Manner::Strict {
            return Err(unknown(&object));
        }
        let text = text.unwrap_or_default();
        if object.flag("thought")?.unwrap_or_default() {
            let sections = if text.is_empty() { Vec::new() } else { vec![text] };
            PartKind::Reasoning(Reasoning { sections, is_summary: true })
        } else {
            PartKind::Text { text, citations: Vec::new() }
        }
    };
    let says_nothing = match &kind {
        PartKind::Text { text, .. } => text.is_empty(),
        PartKind::Reasoning(reasoning) => reasoning.sections.is_empty(),
        _ => false,
    };
    Ok((!says_nothing || opaque.is_some()).then_some(Part { kind, cache: None, opaque }))
}

/// Goes on with another piece of a stream that a client gives back as a turn of its own: a text goes on as the same text, up
/// to the signature that may stand on an empty one.
pub(in crate::gemini) fn go_on(parts: &mut Vec<Part>, more: Vec<Part>) {
    let mut more = more.into_iter();
    if let Some(first) = more.next() {
        let last = parts.last_mut().filter(|last| last.opaque.is_none());
        match (last.map(|last| (&mut last.kind, &mut last.opaque)), first) {
            (
                Some((PartKind::Text { text, .. }, slot)),
                Part { kind: PartKind::Text { text: more, .. }, opaque, .. },
            ) => {
                text.push_str(&more);
                *slot = opaque;
            }
            (_, first) => parts.push(first),
        }
    }
    parts.extend(more);
}

/// Puts the pieces of thoughts together: a client gives them back as they streamed in, the signature in the last one.
pub(in crate::gemini) fn fold(parts: Vec<Part>) -> Vec<Part> {
    let mut folded: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        let last = folded.last_mut().filter(|last| last.opaque.is_none());
        match (last.map(|last| (&mut last.kind, &mut last.opaque)), part) {
            (Some((PartKind::Reasoning(last), slot)), Part { kind: PartKind::Reasoning(more), opaque, .. }) => {
                for section in more.sections {
                    match last.sections.last_mut() {
                        Some(text) => text.push_str(&section),
                        None => last.sections.push(section),
                    }
                }
                *slot = opaque;
            }
            (_, part) => folded.push(part),
        }
    }
    folded
}

/// What a tool answered, and whether it failed. `output` and `error` are the vendor's names for the two; an object with
/// other members is an answer as it stands (<https://ai.google.dev/api/caching#FunctionResponse>).
fn response_of_call(raw: &RawValue) -> Result<(Vec<Part>, Option<bool>), Invalid> {
    let members = Object::read(raw)?.rest(&[]);
    let (json, is_error) = match members.as_slice() {
        [] => return Ok((Vec::new(), None)),
        [(name, json)] if name == "output" => (json.raw(), None),
        [(name, json)] if name == "error" => (json.raw(), Some(true)),
        _ => (raw, None),
    };
    let text = if json::kind(json) == Kind::Text { json::text(json)? } else { json.get().to_owned() };
    Ok((if text.is_empty() { Vec::new() } else { vec![Part::text(text)] }, is_error))
}

/// The name of a part that only this format has. In answers every part that is not known is one.
fn native_name(object: &Object<'_>, manner: Manner) -> Option<String> {
    let is_there = |name: &&&str| object.raw(name).is_some();
    if let Some(name) = NATIVE.iter().find(is_there) {
        return Some((*name).to_owned());
    }
    let is_known = PLAIN.iter().chain(&ABOUT_MEDIA).any(|name| object.has(name));
    let unknown = || object.rest(&ABOUT).into_iter().map(|(name, _)| name).next();
    (manner == Manner::Lenient && !is_known).then(unknown).flatten()
}

fn unknown(object: &Object<'_>) -> Invalid {
    match object.rest(&ABOUT).first() {
        Some((name, _)) => Invalid::new(format!("a part of an unknown kind, `{name}`")),
        None => Invalid::new("the part holds nothing"),
    }
}

fn about_media(object: &Object<'_>) -> Option<Native> {
    let mut members = Members::default();
    for name in ABOUT_MEDIA {
        members.add_some(name, object.json(name).as_ref());
    }
    let name = snake(&members.0.first()?.0);
    let json = Json::of(&members).ok()?;
    Some(Native { format: Format::Gemini, name, json })
}

fn call(raw: &RawValue, manner: Manner) -> Result<ToolCall, Invalid> {
    let object = manner.object(raw)?;
    let id = object.text("id")?.unwrap_or_default();
    let name = match manner {
        Manner::Strict => object.required_text("name")?,
        Manner::Lenient => object.text("name")?.unwrap_or_default(),
    };
    let args = match object.raw("args") {
        Some(raw) if json::kind(raw) == Kind::Object => raw.get().to_owned(),
        Some(raw) if manner == Manner::Strict => return Err(Invalid::expected("an object", raw).at("args")),
        // Some relays write the arguments as a text.
        Some(raw) if json::kind(raw) == Kind::Text => json::text(raw)?,
        Some(raw) => raw.get().to_owned(),
        None => {
            let mut arguments = Arguments::default();
            arguments.add(&object)?;
            arguments.into_json()
        }
    };
    Ok(ToolCall { id, name, input: ToolInput::of_object(args) })
}

fn result(raw: &RawValue, manner: Manner) -> Result<ToolResult, Invalid> {
    let object = manner.object(raw)?;
    let call_id = object.text("id")?.unwrap_or_default();
    let name = object.text("name")?.filter(|name| !name.is_empty());
    let (mut content, is_error) = object.with("response", response_of_call)?.unwrap_or_default();
    let media = object.each("parts", |raw| match read(raw, manner)? {
        Some(part) if matches!(part.kind, PartKind::Media(_)) => Ok(Some(part)),
        _ if manner == Manner::Strict => Err(Invalid::new("expected media")),
        _ => Ok(None),
    })?;
    content.extend(media.into_iter().flatten());
    Ok(ToolResult { call_id, name, content, is_error, is_custom: false })
}

fn inline(raw: &RawValue, manner: Manner) -> Result<Media, Invalid> {
    let object = manner.object(raw)?;
    let (mime, name) = (object.text("mimeType")?, object.text("displayName")?);
    let source = Source::Base64(media::standard_base64(object.required_text("data")?));
    let kind = mime.as_deref().map_or(MediaKind::Document, media::kind);
    Ok(Media { kind, source, mime, name, detail: None, extras: None })
}

fn file(raw: &RawValue, manner: Manner) -> Result<Media, Invalid> {
    let object = manner.object(raw)?;
    let (mime, name, uri) = (object.text("mimeType")?, object.text("displayName")?, object.required_text("fileUri")?);
    let kind = match mime.as_deref().or_else(|| media::by_extension(&uri)) {
        Some(mime) => media::kind(mime),
        None if media::is_video_site(&uri) => MediaKind::Video,
        None => MediaKind::Document,
    };
    Ok(Media { kind, source: media::source(uri), mime, name, detail: None, extras: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<Option<Part>, Invalid> {
        read(json::document(text.as_bytes()).unwrap(), Manner::Strict)
    }

    fn lenient(text: &str) -> Option<Part> {
        read(json::document(text.as_bytes()).unwrap(), Manner::Lenient).unwrap()
    }

    #[test]
    fn every_kind_of_part_is_read_in_both_spellings() {
        let signed = strict(r#"{"text":"t","thought":true,"thought_signature":"EqQB"}"#).unwrap().unwrap();
        assert_eq!(signed.opaque, Some(Opaque::new(Format::Gemini, "EqQB".into())));
        assert!(matches!(signed.kind, PartKind::Reasoning(Reasoning { is_summary: true, .. })));

        let image = strict(r#"{"inline_data":{"mime_type":"image/png","data":"-_8"},"media_resolution":{"level":1}}"#);
        let PartKind::Media(media) = image.unwrap().unwrap().kind else { panic!() };
        assert_eq!((media.kind, media.source), (MediaKind::Image, Source::Base64("+/8=".into())));
        assert_eq!(media.extras.unwrap().json.get(), r#"{"mediaResolution":{"level":1}}"#);

        let call = strict(r#"{"functionCall":{"name":"A","args":{"snake_case":1.0}}}"#).unwrap().unwrap();
        let PartKind::ToolCall(call) = call.kind else { panic!() };
        assert_eq!((call.id.as_str(), call.input.as_str()), ("", r#"{"snake_case":1.0}"#));

        let native = strict(r#"{"executable_code":{"code":"1"},"thoughtSignature":"EqQB"}"#).unwrap().unwrap();
        let PartKind::Native(native) = native.kind else { panic!() };
        assert_eq!(native.name, "executableCode");
        assert_eq!(strict(r#"{"text":""}"#).unwrap(), None);
        assert!(strict(r#"{"thoughtSignature":"EqQB"}"#).unwrap().unwrap().as_text() == Some(""));
    }

    #[test]
    fn results_say_what_the_tool_said() {
        let cases = [
            (r#"{"output":"a"}"#, Some("a"), None),
            (r#"{"error":"a"}"#, Some("a"), Some(true)),
            (r#"{"output":{"n":1.0}}"#, Some(r#"{"n":1.0}"#), None),
            (r#"{"result":"a"}"#, Some(r#"{"result":"a"}"#), None),
            (r#"{"output":1,"x":2}"#, Some(r#"{"output":1,"x":2}"#), None),
            ("{}", None, None),
        ];
        for (response, text, is_error) in cases {
            let body = format!(r#"{{"functionResponse":{{"name":"A","response":{response}}}}}"#);
            let PartKind::ToolResult(result) = strict(&body).unwrap().unwrap().kind else { panic!() };
            assert_eq!((result.content.first().and_then(Part::as_text), result.is_error), (text, is_error));
        }
    }

    #[test]
    fn what_is_no_part_is_refused_in_requests_and_kept_or_passed_over_in_answers() {
        let cases = [
            ("5", "expected an object, found another number"),
            ("{}", "the part holds nothing"),
            (r#"{"thought":true}"#, "the part holds nothing"),
            (r#"{"newThing":{}}"#, "a part of an unknown kind, `newThing`"),
            (r#"{"text":5}"#, "text: expected a string, found another number"),
            (r#"{"functionCall":{}}"#, "functionCall.name: is missing"),
            (r#"{"functionCall":{"name":"A","args":"{}"}}"#, "functionCall.args: expected an object, found a string"),
            (r#"{"inlineData":{"mimeType":"image/png"}}"#, "inlineData.data: is missing"),
            (
                r#"{"functionResponse":{"name":"A","parts":[{"text":"a"}]}}"#,
                "functionResponse.parts[0]: expected media",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(strict(body).unwrap_err().to_string(), expected);
        }
        assert_eq!(lenient("{}"), None);
        assert_eq!(lenient(r#"{"text":5}"#), None);
        assert!(matches!(lenient(r#"{"newThing":{}}"#).unwrap().kind, PartKind::Native(_)));
        let PartKind::ToolCall(call) = lenient(r#"{"functionCall":{"args":"{}"}}"#).unwrap().kind else { panic!() };
        assert_eq!((call.name.as_str(), call.input.as_str()), ("", "{}"));
    }

    #[test]
    fn pieces_of_thoughts_become_one_up_to_their_signature() {
        let piece = |text: &str, signature: Option<&str>| Part {
            opaque: signature.map(|value| Opaque::new(Format::Anthropic, value.into())),
            ..Part::new(PartKind::Reasoning(Reasoning {
                sections: if text.is_empty() { vec![] } else { vec![text.into()] },
                is_summary: true,
            }))
        };
        let pieces = vec![piece("a", None), piece("b", None), piece("", Some("1")), piece("c", None), Part::text("t")];
        assert_eq!(fold(pieces), [piece("ab", Some("1")), piece("c", None), Part::text("t")]);
    }
}
