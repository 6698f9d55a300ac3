//! Made-up tools, and which of them to call.

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rotator_domain::Format;
use rotator_format_converters::Json;
use rotator_format_converters::ir::{CacheMark, Native, Tool, ToolChoice};

use super::{TOOLS, cache, text};

/// What is said of a tool: its description, its schema, whether it is strict, whether it takes free text by a grammar or
/// without, and whether the prompt is cached up to it.
type Details = (Option<String>, Option<&'static str>, Option<bool>, Option<bool>, Option<CacheMark>);

pub(super) fn tools(format: Format) -> impl Strategy<Value = Vec<Tool>> {
    let schema = select(vec![
        None,
        Some(r#"{"type":"object","properties":{}}"#),
        Some(
            r#"{"type":"object","properties":{"n":{"type":"integer","maximum":9007199254740993},"é":{"type":["string","null"]}},"required":["n"],"additionalProperties":false}"#,
        ),
        Some(
            r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"k":{"const":"a"}}}"#,
        ),
    ]);
    let details = vec((of(text()), schema, of(Just(true)), weighted(0.2, any::<bool>()), cache(format)), TOOLS.len());
    (subsequence(&TOOLS[..], 0..=TOOLS.len()), details).prop_map(move |(names, details)| {
        let is_vendors = matches!(format, Format::OpenAi | Format::OpenAiResponses);
        let tool = |(name, (description, schema, strict, custom, cache)): (&&str, Details)| {
            let (name, parameters) = ((*name).to_owned(), schema.and_then(Json::from_text));
            match custom.filter(|_| is_vendors) {
                Some(has_grammar) => {
                    let grammar = r#"{"type":"grammar","syntax":"lark","definition":"start: /a/"}"#;
                    let grammar = has_grammar.then(|| Json::from_text(grammar)).flatten();
                    Tool::Custom { name, description, grammar }
                }
                None => Tool::Function {
                    name,
                    description,
                    parameters,
                    strict: strict.filter(|_| format != Format::Gemini),
                    cache: cache.filter(|_| format != Format::OpenAiResponses),
                    extras: None::<Native>,
                },
            }
        };
        names.iter().zip(details).map(tool).collect()
    })
}

pub(super) fn choice() -> impl Strategy<Value = Option<ToolChoice>> {
    let allowed = |is_required| ToolChoice::Allowed { names: Vec::new(), is_required };
    of(select(vec![
        ToolChoice::Auto,
        ToolChoice::None,
        ToolChoice::Required,
        ToolChoice::Named(String::new()),
        allowed(true),
        allowed(false),
    ]))
}

/// The choice with names of tools that are there.
pub(super) fn fitting(choice: ToolChoice, tools: &[Tool]) -> ToolChoice {
    let mut names = tools.iter().filter_map(|tool| match tool {
        Tool::Function { name, .. } | Tool::Custom { name, .. } => Some(name.clone()),
        _ => None,
    });
    match choice {
        ToolChoice::Named(_) => ToolChoice::Named(names.next_back().unwrap_or_default()),
        ToolChoice::Allowed { is_required, .. } => ToolChoice::Allowed { names: names.take(2).collect(), is_required },
        other => other,
    }
}
