//! Calls of a client's tools, whole.

use std::borrow::Cow;

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::wire::{Call, CustomCall, FunctionCall};
use crate::ir::{Opaque, Part, PartKind, Request, ToolCall, ToolInput};
use crate::json::{self, Json, Kind, Object};
use crate::{Invalid, custom_tools};

/// What stands for arguments where there are none: clients parse them.
pub(super) const NO_ARGUMENTS: &str = "{}";
/// Where Google's server of this format keeps the signature of a call, which it wants to have back.
pub(super) const EXTRA: &str = "extra_content";

/// Reads a call of a request.
pub(super) fn read(raw: &RawValue) -> Result<Part, Invalid> {
    let object = Object::read(raw)?;
    let id = object.required_text("id")?;
    let required = |name| object.object(name)?.ok_or_else(|| Invalid::new("is missing").at(name));
    let (name, input) = match object.text("type")?.as_deref() {
        Some("function") | None => read_function(&required("function")?).map_err(|error| error.at("function"))?,
        Some("custom") => {
            let custom = required("custom")?;
            let read = || Ok((custom.required_text("name")?, ToolInput::Text(custom.required_text("input")?)));
            read().map_err(|error: Invalid| error.at("custom"))?
        }
        Some(other) => return Err(Invalid::new(format!("no call has the type {other}")).at("type")),
    };
    let call = PartKind::ToolCall(ToolCall { id, name, input });
    Ok(Part { opaque: extra(&object), ..Part::new(call) })
}

/// Reads the call of a function in a request written before there were tools.
pub(super) fn read_legacy(raw: &RawValue) -> Result<Part, Invalid> {
    let (name, input) = read_function(&Object::read(raw)?)?;
    Ok(Part::new(PartKind::ToolCall(ToolCall { id: String::new(), name, input })))
}

/// Reads a call of an answer; `None` where it calls nothing. The object must be a lenient one.
pub(super) fn understood(object: &Object<'_>) -> Option<Part> {
    let id = object.text("id").ok().flatten().unwrap_or_default();
    let held = |name| object.object(name).ok().flatten();
    let (called, is_custom) = match held("custom") {
        Some(custom) => (custom, true),
        None => (held("function")?, false),
    };
    let name = called.text("name").ok().flatten()?;
    let input = if is_custom {
        ToolInput::Text(called.text("input").ok().flatten().unwrap_or_default())
    } else {
        ToolInput::Arguments(arguments(&called).unwrap_or_default())
    };
    let call = PartKind::ToolCall(ToolCall { id, name, input });
    Some(Part { opaque: extra(object), ..Part::new(call) })
}

/// Reads the call of a function in an answer such as were written before there were tools.
pub(super) fn understood_legacy(function: &Object<'_>) -> Option<Part> {
    let name = function.text("name").ok().flatten()?;
    let input = ToolInput::Arguments(arguments(function).unwrap_or_default());
    Some(Part::new(PartKind::ToolCall(ToolCall { id: String::new(), name, input })))
}

/// Arguments: a text as a rule, from some a value as it stands.
pub(super) fn arguments(function: &Object<'_>) -> Option<String> {
    let raw = function.raw("arguments")?;
    if json::kind(raw) == Kind::Text { json::text(raw).ok() } else { Some(raw.get().to_owned()) }
}

/// What the issuer of a call wants to have back with it.
pub(super) fn extra(object: &Object<'_>) -> Option<Opaque> {
    object.raw(EXTRA).map(|raw| Opaque::new(Format::OpenAi, raw.get().to_owned()))
}

/// Writes a call under this id. Who knows no tools that take free text gets it as the arguments of a function.
pub(super) fn write<'a>(call: &'a ToolCall, id: &'a str, opaque: Option<&Opaque>, takes_text: bool) -> Call<'a> {
    let own = opaque.filter(|opaque| opaque.is_of(Format::OpenAi));
    let extra_content = own.and_then(|own| Json::from_text(&own.value));
    let arguments = match &call.input {
        ToolInput::Text(input) if takes_text => return custom(call, id, Cow::Borrowed(input)),
        ToolInput::Text(input) => Cow::Owned(custom_tools::wrapped(input).get().to_owned()),
        ToolInput::Arguments(text) if text.trim().is_empty() => Cow::Borrowed(NO_ARGUMENTS),
        ToolInput::Arguments(text) => Cow::Borrowed(text.as_str()),
    };
    let function = Some(FunctionCall { name: Some(&call.name), arguments });
    Call { id: Some(id), r#type: Some("function"), function, extra_content, ..Call::default() }
}

/// Writes a call for the client that made this request, under this id: a call of a tool that it declared as one that takes
/// free text is such a call, whatever the upstream knows.
pub(super) fn answered<'a>(call: &'a ToolCall, id: &'a str, request: &Request) -> Call<'a> {
    match &call.input {
        ToolInput::Arguments(text) if custom_tools::is_declared(request, &call.name) => custom(call, id, text_of(text)),
        _ => write(call, id, None, true),
    }
}

/// The free text that arguments hold, or they themselves.
pub(super) fn text_of(arguments: &str) -> Cow<'_, str> {
    custom_tools::unwrapped(arguments).map_or(Cow::Borrowed(arguments), Cow::Owned)
}

fn custom<'a>(call: &'a ToolCall, id: &'a str, input: Cow<'a, str>) -> Call<'a> {
    let custom = Some(CustomCall { name: Some(&call.name), input });
    Call { id: Some(id), r#type: Some("custom"), custom, ..Call::default() }
}

fn read_function(function: &Object<'_>) -> Result<(String, ToolInput), Invalid> {
    let arguments = function.text("arguments")?.unwrap_or_default();
    Ok((function.required_text("name")?, ToolInput::Arguments(arguments)))
}
