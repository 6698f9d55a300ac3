//! Tools, and which of them to call.

use serde_json::value::RawValue;

use super::super::abilities::Abilities;
use super::super::part::{FORMAT, cache, cache_control, native, native_members};
use super::super::wire;
use super::SEARCH;
use crate::ir::{Request, Search, Tool, ToolChoice};
use crate::json::{Json, Kind, Object, kind, text};
use crate::members::Members;
use crate::{Invalid, Losses, custom_tools};

/// The web search that is written where the client asked in another format.
const WRITTEN_SEARCH: &str = "web_search_20250305";
/// The name of the web search, whatever its type.
const SEARCH_NAME: &str = "web_search";

/// Reads a tool. One of an unknown type is taken as it stands.
pub(super) fn read(raw: &RawValue) -> Result<Tool, Invalid> {
    let object = Object::read(raw)?;
    let r#type = object.text("type")?;
    match r#type {
        Some(r#type) if r#type.starts_with(SEARCH) => Ok(Tool::Search(Search {
            max_uses: object.count("max_uses")?,
            allowed_domains: object.each("allowed_domains", text)?,
            blocked_domains: object.each("blocked_domains", text)?,
            native: Some(native(r#type, Json::from(raw))),
        })),
        Some(r#type) if r#type != "custom" => Ok(Tool::Native(native(r#type, Json::from(raw)))),
        Some(_) | None => read_function(&object),
    }
}

fn read_function(object: &Object<'_>) -> Result<Tool, Invalid> {
    let schema = object.raw("input_schema").ok_or_else(|| Invalid::new("is missing").at("input_schema"))?;
    if kind(schema) != Kind::Object {
        return Err(Invalid::expected("an object", schema).at("input_schema"));
    }
    let known = ["type", "name", "description", "input_schema", "strict", "cache_control"];
    Ok(Tool::Function {
        name: object.required_text("name")?,
        description: object.text("description")?,
        parameters: Some(Json::from(schema)),
        strict: object.flag("strict")?,
        cache: cache(object)?,
        extras: native_members("tool", object.rest(&known)),
    })
}

/// Reads which tools to call, and whether several at once.
pub(super) fn read_choice(raw: &RawValue) -> Result<(ToolChoice, Option<bool>), Invalid> {
    let object = Object::read(raw)?;
    let choice = match object.required_text("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(object.required_text("name")?),
        "none" => ToolChoice::None,
        other => return Err(Invalid::new(format!("`{other}` is no choice that is known")).at("type")),
    };
    let is_parallel_off = object.flag("disable_parallel_tool_use")? == Some(true);
    Ok((choice, is_parallel_off.then_some(false)))
}

/// Whether the model must call a tool.
pub(super) fn is_forced(request: &Request) -> bool {
    let is_required = matches!(request.tool_choice, Some(ToolChoice::Allowed { is_required: true, .. }));
    is_required || matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_)))
}

/// Writes the tools that may be called.
pub(super) fn write<'a>(
    request: &'a Request,
    abilities: Abilities,
    losses: &mut Losses,
) -> Result<Vec<wire::Tool<'a>>, Invalid> {
    let mut written = Vec::with_capacity(request.tools.len());
    for (index, tool) in request.tools.iter().enumerate() {
        if let Some(ToolChoice::Allowed { names, .. }) = &request.tool_choice
            && !is_allowed(tool, names)
        {
            continue;
        }
        written.push(write_tool(tool, abilities, losses).map_err(|error| error.at_index(index).at("tools"))?);
    }
    Ok(written)
}

/// Whether a choice that allows these names allows the tool. Other formats call the search `web_search_preview` too.
fn is_allowed(tool: &Tool, names: &[String]) -> bool {
    match tool {
        Tool::Function { name, .. } | Tool::Custom { name, .. } => names.contains(name),
        Tool::Search(_) => names.iter().any(|name| name.starts_with(SEARCH_NAME)),
        Tool::Native(_) => true,
    }
}

fn write_tool<'a>(tool: &'a Tool, abilities: Abilities, losses: &mut Losses) -> Result<wire::Tool<'a>, Invalid> {
    match tool {
        Tool::Function { name, description, parameters, strict, cache, extras } => {
            let own = extras.as_ref().filter(|extras| extras.format == FORMAT);
            let own = own.and_then(|extras| Object::read(extras.json.raw()).ok());
            losses.drop_if(*strict == Some(true) && !abilities.takes_schema(), "strict");
            losses.drop_foreign(extras.as_ref(), FORMAT);
            Ok(wire::Tool::Custom {
                name,
                description: description.as_deref(),
                input_schema: input_schema(parameters.as_ref()),
                // `false` is the default, and older servers do not know the member.
                strict: strict.filter(|strict| *strict && abilities.takes_schema() || own.is_some()),
                more: Members(own.map(|own| own.rest(&[])).unwrap_or_default()),
                cache_control: cache_control(cache.as_ref()),
            })
        }
        Tool::Custom { name, description, grammar } => {
            losses.drop_if(grammar.is_some(), "grammar");
            Ok(wire::Tool::Custom {
                name,
                description: description.as_deref(),
                input_schema: custom_tools::schema(),
                strict: None,
                more: Members::default(),
                cache_control: None,
            })
        }
        Tool::Search(search) => Ok(write_search(search, losses)),
        Tool::Native(native) if native.format == FORMAT => Ok(wire::Tool::Native(&native.json)),
        Tool::Native(native) => {
            Err(Invalid::new(format!("`{}` has no counterpart in Anthropic Messages", native.name)))
        }
    }
}

/// A search lets domains in or keeps them out, not both.
fn write_search<'a>(search: &'a Search, losses: &mut Losses) -> wire::Tool<'a> {
    if let Some(native) = search.native.as_ref().filter(|native| native.format == FORMAT) {
        return wire::Tool::Native(&native.json);
    }
    let is_both = !search.allowed_domains.is_empty() && !search.blocked_domains.is_empty();
    losses.drop_if(is_both, "blocked_domains");
    wire::Tool::Search(wire::Search {
        r#type: WRITTEN_SEARCH,
        name: SEARCH_NAME,
        max_uses: search.max_uses,
        allowed_domains: &search.allowed_domains,
        blocked_domains: if is_both { &[] } else { &search.blocked_domains },
    })
}

/// The schema as it was written; one that does not say that it is an object's, which the API wants to hear, says so.
fn input_schema(parameters: Option<&Json>) -> Json {
    const EMPTY: &str = r#"{"type":"object","properties":{}}"#;
    let empty = || Json::from_text(EMPTY).unwrap_or_else(Json::empty_object);
    let Some(parameters) = parameters else { return empty() };
    let Ok(object) = Object::read(parameters.raw()) else { return empty() };
    if object.has("type") {
        return parameters.clone();
    }
    let Ok(r#type) = Json::of("object") else { return parameters.clone() };
    let members = [("type".to_owned(), r#type)].into_iter().chain(object.rest(&[]));
    Json::of(&Members(members.collect())).unwrap_or_else(|_| parameters.clone())
}

/// Writes which tools to call. A model that cannot be made to is only asked to.
pub(super) fn write_choice<'a>(
    request: &'a Request,
    abilities: Abilities,
    has_tools: bool,
    losses: &mut Losses,
) -> Result<Option<wire::ToolChoice<'a>>, Invalid> {
    if !has_tools {
        if is_forced(request) {
            return Err(Invalid::new("a call is required, but there are no tools").at("tool_choice"));
        }
        return Ok(None);
    }
    let can_be_forced = abilities.can_be_forced();
    losses.drop_if(is_forced(request) && !can_be_forced, "tool_choice");
    let (r#type, name) = match &request.tool_choice {
        Some(ToolChoice::Named(name)) if can_be_forced => ("tool", Some(name.as_str())),
        Some(ToolChoice::Required | ToolChoice::Allowed { is_required: true, .. }) if can_be_forced => ("any", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Native(native)) if native.format == FORMAT => {
            return Ok(Some(wire::ToolChoice::Native(&native.json)));
        }
        Some(ToolChoice::Native(native)) => {
            let message = format!("`{}` has no counterpart in Anthropic Messages", native.name);
            return Err(Invalid::new(message).at("tool_choice"));
        }
        Some(_) => ("auto", None),
        None if request.parallel_calls == Some(false) => ("auto", None),
        None => return Ok(None),
    };
    let disable_parallel_tool_use = request.parallel_calls == Some(false) && r#type != "none";
    Ok(Some(wire::ToolChoice::Known { r#type, name, disable_parallel_tool_use }))
}
