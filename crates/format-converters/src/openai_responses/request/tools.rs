//! Tools, and which of them are to be called.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::wire::{self, FORMAT};
use crate::ir::{Native, Request, Search, Tool, ToolChoice};
use crate::json::{Json, Kind, Object, each, kind, text};
use crate::members::Members;
use crate::{Invalid, Losses, custom_tools};

/// What every type of the vendor's web search begins with.
const SEARCH: &str = "web_search";

/// Reads a tool. One that only the vendor runs is taken as it stands.
pub(super) fn read(raw: &RawValue) -> Result<Tool, Invalid> {
    let object = Object::read(raw)?;
    let r#type = object.required_text("type")?;
    match r#type.as_str() {
        "function" => read_function(&object),
        "custom" => Ok(Tool::Custom {
            name: object.required_text("name")?,
            description: object.text("description")?,
            grammar: object.json("format"),
        }),
        search if search.starts_with(SEARCH) => {
            let filters = object.object("filters")?;
            let allowed_domains = filters.map(|filters| filters.each("allowed_domains", text)).transpose();
            Ok(Tool::Search(Search {
                max_uses: None,
                allowed_domains: allowed_domains.map_err(|error| error.at("filters"))?.unwrap_or_default(),
                blocked_domains: Vec::new(),
                native: Some(native(r#type, raw)),
            }))
        }
        _ => Ok(Tool::Native(native(r#type, raw))),
    }
}

fn read_function(object: &Object<'_>) -> Result<Tool, Invalid> {
    let parameters = object.with("parameters", |raw| match kind(raw) {
        Kind::Object => Ok(Json::from(raw)),
        _ => Err(Invalid::expected("an object", raw)),
    })?;
    let more = Members(object.rest(&["type", "name", "description", "parameters", "strict"]));
    let more = Json::of(&more).ok().filter(|_| !more.is_empty());
    Ok(Tool::Function {
        name: object.required_text("name")?,
        description: object.text("description")?,
        parameters,
        strict: object.flag("strict")?,
        cache: None,
        extras: more.map(|json| Native { format: FORMAT, name: "function".to_owned(), json }),
    })
}

/// Reads which tools are to be called.
pub(super) fn read_choice(raw: &RawValue) -> Result<ToolChoice, Invalid> {
    if kind(raw) == Kind::Text {
        return match text(raw)?.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            other => Err(Invalid::new(format!("`{other}` is no choice that is known"))),
        };
    }
    let object = Object::read(raw)?;
    let r#type = object.required_text("type")?;
    if r#type == "allowed_tools" {
        let tools = object.raw("tools").ok_or_else(|| Invalid::new("is missing").at("tools"))?;
        let names = each(tools, tool_name).map_err(|error| error.at("tools"))?;
        let is_required = object.text("mode")?.as_deref() == Some("required");
        let names: Option<Vec<String>> = names.into_iter().collect();
        return Ok(match names {
            Some(names) => ToolChoice::Allowed { names, is_required },
            None => ToolChoice::Native(native(r#type, raw)),
        });
    }
    let name = tool_name(raw)?;
    Ok(name.map_or_else(|| ToolChoice::Native(native(r#type, raw)), ToolChoice::Named))
}

/// The name of a tool, which of a search is its type; `None` for others that the vendor runs.
fn tool_name(raw: &RawValue) -> Result<Option<String>, Invalid> {
    let object = Object::read(raw)?;
    let r#type = object.required_text("type")?;
    match r#type.as_str() {
        "function" | "custom" => object.required_text("name").map(Some),
        search if search.starts_with(SEARCH) => Ok(Some(r#type)),
        _ => Ok(None),
    }
}

/// Writes the tools.
pub(in super::super) fn write_all<'a>(
    request: &'a Request,
    losses: &mut Losses,
) -> Result<Vec<wire::Tool<'a>>, Invalid> {
    let tools = request.tools.iter().enumerate();
    tools.map(|(index, tool)| write(tool, request, losses).map_err(|error| error.at_index(index).at("tools"))).collect()
}

fn write<'a>(tool: &'a Tool, request: &Request, losses: &mut Losses) -> Result<wire::Tool<'a>, Invalid> {
    let is_own = request.format == FORMAT;
    match tool {
        Tool::Function { name, description, parameters, strict, cache, extras } => {
            losses.drop_if(cache.is_some(), "cache_control");
            losses.drop_foreign(extras.as_ref(), FORMAT);
            let parameters = match parameters {
                Some(parameters) => Some(Cow::Borrowed(parameters)),
                None if is_own => None,
                None => Json::from_text(r#"{"type":"object","properties":{}}"#).map(Cow::Owned),
            };
            Ok(wire::Tool::Function {
                name,
                description: description.as_deref(),
                parameters,
                // The vendor's default here is to enforce the schema, in other formats it is not.
                strict: strict.or((!is_own).then_some(false)),
                more: extras.as_ref().map(own).unwrap_or_default(),
            })
        }
        Tool::Custom { name, description, grammar } => {
            Ok(wire::Tool::Custom { name, description: description.as_deref(), format: grammar.as_ref() })
        }
        Tool::Search(search) => Ok(write_search(search, losses)),
        Tool::Native(native) if native.format == FORMAT => Ok(wire::Tool::Native(&native.json)),
        Tool::Native(native) => Err(Invalid::new(format!("`{}` has no counterpart in OpenAI Responses", native.name))),
    }
}

/// What else this format says of a function.
fn own(extras: &Native) -> Members {
    let own = Object::read(extras.json.raw()).ok().filter(|_| extras.format == FORMAT);
    Members(own.map(|own| own.rest(&[])).unwrap_or_default())
}

fn write_search<'a>(search: &'a Search, losses: &mut Losses) -> wire::Tool<'a> {
    if let Some(native) = search.native.as_ref().filter(|native| native.format == FORMAT) {
        return wire::Tool::Native(&native.json);
    }
    losses.drop_if(search.max_uses.is_some(), "max_uses");
    losses.drop_if(!search.blocked_domains.is_empty(), "blocked_domains");
    let native = search.native.as_ref().and_then(|native| Object::read_leniently(native.json.raw()).ok());
    let size = native.as_ref().and_then(|native| native.text("search_context_size").ok().flatten());
    let filters =
        (!search.allowed_domains.is_empty()).then_some(wire::Filters { allowed_domains: &search.allowed_domains });
    let user_location = native.as_ref().and_then(|native| native.json("user_location")).map(flat_location);
    wire::Tool::WebSearch { filters, user_location, search_context_size: size }
}

/// A place as this format writes it: what Chat Completions has in an `approximate` of its own stands beside the type.
fn flat_location(location: Json) -> Json {
    let inner = Object::read(location.raw()).and_then(|object| object.object("approximate")).ok().flatten();
    let members = inner.map(|inner| inner.rest(&["type"]));
    let Some(members) = members else { return location };
    let r#type = Json::from_text("\"approximate\"").map(|json| ("type".to_owned(), json));
    Json::of(&Members(r#type.into_iter().chain(members).collect())).unwrap_or_else(|_| location.clone())
}

/// Writes which tools are to be called.
pub(in super::super) fn write_choice(request: &Request) -> Result<Option<wire::ToolChoice<'_>>, Invalid> {
    let allowed = |tools, mode| wire::ToolChoice::Some { r#type: "allowed_tools", mode, tools };
    Ok(Some(match request.tool_choice.as_ref() {
        None => return Ok(None),
        Some(ToolChoice::Auto) => wire::ToolChoice::Word("auto"),
        Some(ToolChoice::None) => wire::ToolChoice::Word("none"),
        Some(ToolChoice::Required) => wire::ToolChoice::Word("required"),
        Some(ToolChoice::Named(name)) => match tool_of(request, name) {
            // There is no word for just this one.
            search @ wire::ToolName { name: None, .. } => allowed(vec![search], "required"),
            named => wire::ToolChoice::One(named),
        },
        Some(ToolChoice::Allowed { names, is_required }) => {
            let tools = names.iter().map(|name| tool_of(request, name)).collect();
            allowed(tools, if *is_required { "required" } else { "auto" })
        }
        Some(ToolChoice::Native(native)) if native.format == FORMAT => wire::ToolChoice::Native(&native.json),
        Some(ToolChoice::Native(native)) => {
            let message = format!("`{}` has no counterpart in OpenAI Responses", native.name);
            return Err(Invalid::new(message).at("tool_choice"));
        }
    }))
}

/// The tool of this name; a search, where none of the client's tools is called so, goes by its type.
fn tool_of<'a>(request: &'a Request, name: &'a str) -> wire::ToolName<'a> {
    let is_function = |tool: &Tool| matches!(tool, Tool::Function { name: own, .. } if own == name);
    if custom_tools::is_declared(request, name) {
        return wire::ToolName { r#type: "custom", name: Some(name) };
    }
    if name.starts_with(SEARCH) && !request.tools.iter().any(is_function) {
        let native = request.tools.iter().find_map(|tool| match tool {
            Tool::Search(search) => search.native.as_ref().filter(|native| native.format == FORMAT),
            _ => None,
        });
        return wire::ToolName { r#type: native.map_or(SEARCH, |native| &native.name), name: None };
    }
    wire::ToolName { r#type: "function", name: Some(name) }
}

fn native(name: String, raw: &RawValue) -> Native {
    Native { format: FORMAT, name, json: Json::from(raw) }
}
