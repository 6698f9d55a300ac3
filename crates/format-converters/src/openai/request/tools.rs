//! Tools, and which of them to call.

use rotator_domain::Format;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::part::marked;
use super::super::wire::CacheControl;
use crate::ir::{Native, Request, Search, Tool, ToolChoice};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;
use crate::openai_vendor::{grammar, model_name};
use crate::{Invalid, Losses, custom_tools};

#[derive(Serialize)]
struct WrittenTool<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Json>,
}

#[derive(Serialize)]
struct Named<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Name<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Name<'a>>,
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct AllowedChoice<'a> {
    r#type: &'static str,
    allowed_tools: Allowed<'a>,
}

#[derive(Serialize)]
struct Allowed<'a> {
    mode: &'static str,
    tools: Vec<Named<'a>>,
}

/// The tools and the choice as they are written.
#[derive(Default)]
pub(super) struct WrittenTools {
    pub(super) tools: Vec<Json>,
    pub(super) choice: Option<Json>,
    pub(super) search: Option<Json>,
}

/// Reads the tools of a request.
pub(super) fn read(object: &Object<'_>) -> Result<Vec<Tool>, Invalid> {
    let mut tools = object.each("tools", tool)?;
    tools.extend(object.each("functions", |raw| function(&Object::read(raw)?, None))?);
    // An empty object asks for a search as well.
    let search = object.with("web_search_options", |raw| Object::read(raw).map(|_| Json::from(raw)))?;
    tools.extend(search.map(|json| {
        let native = Some(Native { format: Format::OpenAi, name: "web_search_options".to_owned(), json });
        Tool::Search(Search { native, ..Search::default() })
    }));
    Ok(tools)
}

/// Reads which of the tools to call.
pub(super) fn read_choice(object: &Object<'_>) -> Result<Option<ToolChoice>, Invalid> {
    let choice = object.with("tool_choice", choice)?;
    if choice.is_some() {
        return Ok(choice);
    }
    object.with("function_call", |raw| match json::kind(raw) {
        Kind::Text => word(&json::text(raw)?),
        _ => Ok(ToolChoice::Named(Object::read(raw)?.required_text("name")?)),
    })
}

/// Whether who is asked knows tools that take free text, and what else only the vendor has: a client of this format knows whom
/// it asks.
pub(super) fn takes_free_text(request: &Request) -> bool {
    request.format == Format::OpenAi || model_name::is_own(&request.model)
}

/// Writes the tools and the choice.
pub(super) fn write(request: &Request, losses: &mut Losses) -> Result<WrittenTools, Invalid> {
    let mut written = WrittenTools::default();
    let is_own = takes_free_text(request);
    // Few but the vendor know a choice among several: the others are not shown then.
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) if !is_own => Some(names),
        _ => None,
    };
    for (index, tool) in request.tools.iter().enumerate() {
        let (Tool::Function { name, .. } | Tool::Custom { name, .. }) = tool else {
            match tool {
                Tool::Search(search) => written.search = Some(search_options(search, losses)),
                Tool::Native(native) if native.format == Format::OpenAi => written.tools.push(native.json.clone()),
                Tool::Native(native) => return Err(no_counterpart(&native.name).at_index(index).at("tools")),
                Tool::Function { .. } | Tool::Custom { .. } => {}
            }
            continue;
        };
        if allowed.is_none_or(|names| names.contains(name)) {
            written.tools.push(write_tool(tool, request, losses)?);
        }
    }
    written.choice = match &request.tool_choice {
        // Without tools there is nothing to choose, and the vendor refuses to hear of it.
        Some(choice) if written.tools.is_empty() => {
            losses.drop_if(!matches!(choice, ToolChoice::Auto | ToolChoice::None), "tool_choice");
            None
        }
        Some(choice) => Some(write_choice(choice, request, is_own)?),
        None => None,
    };
    Ok(written)
}

fn no_counterpart(name: &str) -> Invalid {
    Invalid::new(format!("{name} has no counterpart in Chat Completions"))
}

fn tool(raw: &RawValue) -> Result<Tool, Invalid> {
    let object = Object::read(raw)?;
    let required = |name: &str| object.object(name)?.ok_or_else(|| Invalid::new("is missing").at(name));
    match object.required_text("type")?.as_str() {
        "function" => {
            let cache = marked(&object)?;
            let function = function(&required("function")?, cache).map_err(|error| error.at("function"))?;
            Ok(function)
        }
        "custom" => {
            let custom = required("custom")?;
            let at = |error: Invalid| error.at("custom");
            let grammar = custom.object("format").map_err(at)?.and(custom.json("format"));
            Ok(Tool::Custom {
                name: custom.required_text("name").map_err(at)?,
                description: custom.text("description").map_err(at)?,
                grammar: grammar.map(grammar::flat),
            })
        }
        other => {
            let (name, json) = (other.to_owned(), Json::from(raw));
            Ok(Tool::Native(Native { format: Format::OpenAi, name, json }))
        }
    }
}

fn function(object: &Object<'_>, cache: Option<crate::ir::CacheMark>) -> Result<Tool, Invalid> {
    let parameters = object.object("parameters")?.and(object.json("parameters"));
    let rest = object.rest(&["name", "description", "parameters", "strict"]);
    let extras = (!rest.is_empty()).then(|| Json::of(&Members(rest)).ok()).flatten();
    Ok(Tool::Function {
        name: object.required_text("name")?,
        description: object.text("description")?,
        parameters,
        strict: object.flag("strict")?,
        cache,
        extras: extras.map(|json| Native { format: Format::OpenAi, name: "function".to_owned(), json }),
    })
}

fn word(word: &str) -> Result<ToolChoice, Invalid> {
    match word {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        // The second is what Mistral says.
        "required" | "any" => Ok(ToolChoice::Required),
        other => Err(Invalid::new(format!("no choice is called {other}"))),
    }
}

fn choice(raw: &RawValue) -> Result<ToolChoice, Invalid> {
    if json::kind(raw) == Kind::Text {
        return word(&json::text(raw)?);
    }
    let object = Object::read(raw)?;
    let r#type = object.required_text("type")?;
    match r#type.as_str() {
        "function" | "custom" => named(&object, &r#type).map(ToolChoice::Named),
        "allowed_tools" => {
            let required = || Invalid::new("is missing").at("allowed_tools");
            let allowed = object.object("allowed_tools")?.ok_or_else(required)?;
            let name = |raw| {
                let tool = Object::read(raw)?;
                let r#type = tool.required_text("type")?;
                named(&tool, &r#type)
            };
            let read = || {
                let is_required = match allowed.required_text("mode")?.as_str() {
                    "auto" => false,
                    "required" => true,
                    other => return Err(Invalid::new(format!("no mode is called {other}")).at("mode")),
                };
                Ok(ToolChoice::Allowed { names: allowed.each("tools", name)?, is_required })
            };
            read().map_err(|error| error.at("allowed_tools"))
        }
        other => Err(Invalid::new(format!("no choice has the type {other}")).at("type")),
    }
}

fn named(object: &Object<'_>, r#type: &str) -> Result<String, Invalid> {
    let held = object.object(r#type)?.ok_or_else(|| Invalid::new("is missing").at(r#type))?;
    held.required_text("name").map_err(|error| error.at(r#type))
}

fn write_tool(tool: &Tool, request: &Request, losses: &mut Losses) -> Result<Json, Invalid> {
    let failed = |error: serde_json::Error| Invalid::new(error.to_string());
    match tool {
        Tool::Function { name, description, parameters, strict, cache, extras } => {
            losses.drop_foreign(extras.as_ref(), Format::OpenAi);
            let cache = cache.as_ref().filter(|_| {
                losses.drop_if(request.format != Format::OpenAi, "cache_control");
                request.format == Format::OpenAi
            });
            let (parameters, description) = (parameters.as_ref(), description.as_deref());
            let function = Some(Function { name, description, parameters, strict: *strict });
            let cache_control = cache.map(CacheControl::from);
            Json::of(&WrittenTool { r#type: "function", function, custom: None, cache_control }).map_err(failed)
        }
        Tool::Custom { name, description, grammar } if !takes_free_text(request) => {
            losses.drop_if(grammar.is_some(), "grammar");
            let schema = custom_tools::schema();
            let (parameters, description) = (Some(&schema), description.as_deref());
            let function = Some(Function { name, description, parameters, strict: None });
            Json::of(&WrittenTool { r#type: "function", function, custom: None, cache_control: None }).map_err(failed)
        }
        Tool::Custom { name, description, grammar } => {
            let format = grammar.as_ref().map(grammar::nested);
            let custom = Some(Custom { name, description: description.as_deref(), format });
            Json::of(&WrittenTool { r#type: "custom", function: None, custom, cache_control: None }).map_err(failed)
        }
        Tool::Search(_) | Tool::Native(_) => Ok(Json::empty_object()),
    }
}

fn choose<'a>(name: &'a str, request: &Request) -> Named<'a> {
    let is_custom = takes_free_text(request) && custom_tools::is_declared(request, name);
    let name = Some(Name { name });
    if is_custom {
        Named { r#type: "custom", function: None, custom: name }
    } else {
        Named { r#type: "function", function: name, custom: None }
    }
}

fn write_choice(choice: &ToolChoice, request: &Request, is_own: bool) -> Result<Json, Invalid> {
    let written = match choice {
        ToolChoice::Auto => Json::of("auto"),
        ToolChoice::None => Json::of("none"),
        ToolChoice::Required => Json::of("required"),
        ToolChoice::Named(name) => Json::of(&choose(name, request)),
        ToolChoice::Allowed { is_required, .. } if !is_own => Json::of(if *is_required { "required" } else { "auto" }),
        ToolChoice::Allowed { names, is_required } => {
            let mode = if *is_required { "required" } else { "auto" };
            let tools = names.iter().map(|name| choose(name, request)).collect();
            Json::of(&AllowedChoice { r#type: "allowed_tools", allowed_tools: Allowed { mode, tools } })
        }
        ToolChoice::Native(native) if native.format == Format::OpenAi => return Ok(native.json.clone()),
        ToolChoice::Native(native) => return Err(no_counterpart(&native.name).at("tool_choice")),
    };
    written.map_err(|error| Invalid::new(error.to_string()))
}

/// Writes the options of a search. Responses has the same ones, the place of the user one level higher.
fn search_options(search: &Search, losses: &mut Losses) -> Json {
    losses.drop_if(search.max_uses.is_some(), "max_uses");
    losses.drop_if(!search.allowed_domains.is_empty(), "allowed_domains");
    losses.drop_if(!search.blocked_domains.is_empty(), "blocked_domains");
    match &search.native {
        Some(native) if native.format == Format::OpenAi => native.json.clone(),
        Some(native) if native.format == Format::OpenAiResponses => {
            from_responses(&native.json).unwrap_or_else(Json::empty_object)
        }
        _ => Json::empty_object(),
    }
}

fn from_responses(tool: &Json) -> Option<Json> {
    let object = Object::read_leniently(tool.raw()).ok()?;
    let mut members = Vec::new();
    if let Some(size) = object.json("search_context_size") {
        members.push(("search_context_size".to_owned(), size));
    }
    if let Some(place) = object.object("user_location").ok()? {
        let approximate = Json::of(&Members(place.rest(&["type"]))).ok()?;
        let location =
            vec![("type".to_owned(), Json::of("approximate").ok()?), ("approximate".to_owned(), approximate)];
        members.push(("user_location".to_owned(), Json::of(&Members(location)).ok()?));
    }
    Json::of(&Members(members)).ok()
}
