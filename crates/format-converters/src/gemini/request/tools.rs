//! Tools, and which of them the model should call (<https://ai.google.dev/api/caching#Tool>).

use rotator_domain::Format;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::gemini::schema;
use crate::gemini::wire::{Manner, THIRD_GENERATION, one_or_each};
use crate::ir::{Native, Request, Search, Tool, ToolChoice};
use crate::json::{self, Json, Object};
use crate::losses::snake;
use crate::members::Members;
use crate::{Invalid, Losses, Writing, custom_tools};

/// How members of `toolConfig` that only this format has are named among the request's extras.
pub(super) const PREFIX: &str = "tool_config.";
/// How the mode that only this format has is named there.
pub(super) const MODE: &str = "function_calling_config.mode";

/// The search of the web, and what older models have for it.
const SEARCHES: [&str; 2] = ["googleSearch", "googleSearchRetrieval"];

/// The functions among the tools.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Functions {
    function_declarations: Vec<Members>,
}

/// Reads `tools` and `toolConfig`.
pub(super) fn read(
    object: &Object<'_>,
    request: &mut Request,
    extras: &mut Vec<(String, Json)>,
) -> Result<(), Invalid> {
    let tools = object.with("tools", |raw| one_or_each(raw, tools_of))?;
    request.tools = tools.unwrap_or_default().into_iter().flatten().collect();
    object.with("toolConfig", |raw| {
        let config = Manner::Strict.object(raw)?;
        let known = ["functionCallingConfig"];
        extras.extend(config.rest(&known).into_iter().map(|(name, json)| (format!("{PREFIX}{}", snake(&name)), json)));
        request.tool_choice = config.with("functionCallingConfig", |raw| choice(raw, extras))?.flatten();
        Ok(())
    })?;
    Ok(())
}

fn tools_of(raw: &RawValue) -> Result<Vec<Tool>, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let mut tools = object.each("functionDeclarations", function)?;
    for (name, json) in object.rest(&["functionDeclarations"]) {
        let member = Members(vec![(name.clone(), json.clone())]);
        let Ok(whole) = Json::of(&member) else { continue };
        let native = Native { format: Format::Gemini, name: name.clone(), json: whole };
        tools.push(if SEARCHES.contains(&name.as_str()) {
            let search = Manner::Strict.object(json.raw()).map_err(|error| error.at(&name))?;
            let blocked_domains = search.each("excludeDomains", json::text).map_err(|error| error.at(&name))?;
            Tool::Search(Search { blocked_domains, native: Some(native), ..Search::default() })
        } else {
            Tool::Native(native)
        });
    }
    Ok(tools)
}

fn function(raw: &RawValue) -> Result<Tool, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let own = object.with("parameters", schema::to_json_schema)?;
    let parameters = object.json("parametersJsonSchema").or(own);
    let (name, description) = (object.required_text("name")?, object.text("description")?);
    let rest = Members(object.rest(&["name", "description", "parameters", "parametersJsonSchema"]));
    let extras = rest.0.first().map(|(name, _)| snake(name)).zip(Json::of(&rest).ok());
    let extras = extras.map(|(name, json)| Native { format: Format::Gemini, name, json });
    Ok(Tool::Function { name, description, parameters, strict: None, cache: None, extras })
}

fn choice(raw: &RawValue, extras: &mut Vec<(String, Json)>) -> Result<Option<ToolChoice>, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let mut names = object.each("allowedFunctionNames", json::text)?;
    let mode = object.text("mode")?.unwrap_or_default();
    let allowed = |names: Vec<String>| ToolChoice::Allowed { names, is_required: false };
    Ok(Some(match (mode.to_ascii_uppercase().as_str(), names.len()) {
        ("ANY", 0) => ToolChoice::Required,
        ("ANY", 1) => ToolChoice::Named(names.remove(0)),
        ("ANY", _) => ToolChoice::Allowed { names, is_required: true },
        ("NONE", _) => ToolChoice::None,
        ("VALIDATED", 0) => {
            extras.extend(object.json("mode").map(|json| (MODE.to_owned(), json)));
            ToolChoice::Auto
        }
        ("AUTO", 0) => ToolChoice::Auto,
        ("" | "MODE_UNSPECIFIED", 0) => return Ok(None),
        ("AUTO" | "VALIDATED" | "" | "MODE_UNSPECIFIED", _) => allowed(names),
        _ => return Err(Invalid::new(format!("an unknown mode, `{mode}`")).at("mode")),
    }))
}

/// Writes the tools.
///
/// # Errors
///
/// A tool that only another format has.
pub(super) fn write(request: &Request, losses: &mut Losses) -> Result<Vec<Json>, Invalid> {
    let (mut functions, mut own) = (Vec::new(), Vec::new());
    for (index, tool) in request.tools.iter().enumerate() {
        match tool {
            Tool::Function { name, description, parameters, strict, cache, extras } => {
                losses.drop_if(*strict == Some(true), "strict");
                losses.drop_if(cache.is_some(), "cache_control");
                let mut function = declaration(name, description.as_deref(), parameters.as_ref());
                losses.drop_foreign(extras.as_ref(), Format::Gemini);
                if let Some(own) = extras.as_ref().filter(|extras| extras.format == Format::Gemini) {
                    function.0.extend(Object::read(own.json.raw())?.rest(&[]));
                }
                functions.push(function);
            }
            Tool::Custom { name, description, grammar } => {
                losses.drop_if(grammar.is_some(), "grammar");
                functions.push(declaration(name, description.as_deref(), Some(&custom_tools::schema())));
            }
            Tool::Search(search) => own.push(search_tool(search, losses)),
            Tool::Native(native) if native.format == Format::Gemini => own.push(native.json.clone()),
            Tool::Native(native) => {
                let error = Invalid::new(format!("the tool `{}` has no counterpart in gemini", native.name));
                return Err(error.at_index(index).at("tools"));
            }
        }
    }
    if !functions.is_empty() {
        own.splice(0..0, Json::of(&Functions { function_declarations: functions }));
    }
    Ok(own)
}

fn declaration(name: &str, description: Option<&str>, parameters: Option<&Json>) -> Members {
    let mut function = Members::default();
    function.add("name", name);
    function.add_some("description", description.as_ref());
    function.add_some("parametersJsonSchema", parameters);
    function
}

fn search_tool(search: &Search, losses: &mut Losses) -> Json {
    let native = search.native.as_ref().filter(|native| native.format == Format::Gemini);
    if let Some(native) = native {
        return native.json.clone();
    }
    losses.drop_if(search.max_uses.is_some(), "max_uses");
    losses.drop_if(!search.allowed_domains.is_empty(), "allowed_domains");
    losses.drop_if(!search.blocked_domains.is_empty(), "blocked_domains");
    Json::from_text(r#"{"googleSearch":{}}"#).unwrap_or_else(Json::empty_object)
}

/// Writes which tools to call, with what a client of this format said beside it.
///
/// # Errors
///
/// A choice that only another format has.
pub(super) fn write_config(
    request: &Request,
    writing: &mut Writing<'_>,
    extras: Members,
    mode: Option<&Json>,
) -> Result<Members, Invalid> {
    writing.losses.drop_if(request.parallel_calls == Some(false), "parallel_tool_calls");
    let has_functions = request.tools.iter().any(|tool| matches!(tool, Tool::Function { .. } | Tool::Custom { .. }));
    let has_others = request.tools.iter().any(|tool| matches!(tool, Tool::Search(_) | Tool::Native(_)));
    let mut config = Members::default();
    // Without functions the vendor refuses a choice of functions.
    if let Some(choice) = request.tool_choice.as_ref().filter(|_| has_functions) {
        config.add("functionCallingConfig", &calling(choice, mode)?);
    }
    // Both at once have to be asked for: "Please enable tool_config.include_server_side_tool_invocations to use Built-in
    // tools with Function calling." (<https://ai.google.dev/gemini-api/docs/tool-combination>)
    let is_said = extras.0.iter().any(|(name, _)| name == "includeServerSideToolInvocations");
    if has_functions && has_others && !is_said && request.model.contains(THIRD_GENERATION) {
        config.add("includeServerSideToolInvocations", &true);
    }
    config.0.extend(extras.0);
    Ok(config)
}

fn calling(choice: &ToolChoice, mode: Option<&Json>) -> Result<Members, Invalid> {
    let none: &[String] = &[];
    let (name, names) = match choice {
        ToolChoice::Auto => ("AUTO", none),
        ToolChoice::None => ("NONE", none),
        ToolChoice::Required => ("ANY", none),
        ToolChoice::Named(name) => ("ANY", std::slice::from_ref(name)),
        ToolChoice::Allowed { names, is_required: true } => ("ANY", names.as_slice()),
        // Names go with these two modes only.
        ToolChoice::Allowed { names, is_required: false } => ("VALIDATED", names.as_slice()),
        ToolChoice::Native(native) => {
            let message = format!("the choice `{}` has no counterpart in gemini", native.name);
            return Err(Invalid::new(message).at("tool_choice"));
        }
    };
    let mut calling = Members::default();
    match mode.filter(|_| *choice == ToolChoice::Auto) {
        Some(mode) => calling.add("mode", mode),
        None => calling.add("mode", name),
    }
    calling.add_some("allowedFunctionNames", Some(&names).filter(|names| !names.is_empty()));
    Ok(calling)
}
