//! Reads whole answers.

use super::super::blocks::{Strictness, part};
use super::super::error::told;
use super::super::wire::stop_reason;
use crate::Invalid;
use crate::ir::{Choice, Response, Stop, Usage};
use crate::json::{self, Object};

/// What was used, as the vendor counts: what a later object says replaces what an earlier one said.
#[derive(Debug, Default)]
pub(in super::super) struct Counts {
    input: u64,
    usage: Usage,
}

/// Reads an answer.
pub(in super::super) fn read(body: &[u8]) -> Result<Response, Invalid> {
    let object = Object::read_leniently(json::document(body)?)?;
    if let Some(error) = told(&object) {
        return Ok(Response { error: Some(error), ..Response::default() });
    }
    if !object.has("content") {
        return Err(Invalid::new("is missing").at("content"));
    }
    let parts = object.each("content", |raw| part(raw, Strictness::Answer))?;
    let sequence = object.text("stop_sequence")?;
    let stop = object.text("stop_reason")?.map(|name| Stop { reason: stop_reason(&name), sequence });
    let usage = object.object("usage")?;
    Ok(Response {
        id: object.text("id")?.unwrap_or_default(),
        model: object.text("model")?.unwrap_or_default(),
        created: None,
        choices: vec![Choice { parts, stop, log_probs: None }],
        tier: usage.as_ref().and_then(|usage| usage.text("service_tier").ok().flatten()),
        usage: usage.map(|usage| Counts::default().updated(&usage)),
        error: None,
    })
}

// === impl Counts ===

impl Counts {
    /// Takes an object of counts up and gives what was used so far.
    pub(in super::super) fn updated(&mut self, object: &Object<'_>) -> Usage {
        let count = |name: &str| object.count(name).ok().flatten();
        self.input = count("input_tokens").unwrap_or(self.input);
        let usage = &mut self.usage;
        usage.cached = count("cache_read_input_tokens").or(usage.cached);
        usage.cache_written = count("cache_creation_input_tokens").or(usage.cache_written);
        usage.output = count("output_tokens").unwrap_or(usage.output);
        let details = object.object("output_tokens_details").ok().flatten();
        usage.reasoning = details.and_then(|d| d.count("thinking_tokens").ok().flatten()).or(usage.reasoning);
        let cache = usage.cached.unwrap_or_default().saturating_add(usage.cache_written.unwrap_or_default());
        usage.input = self.input.saturating_add(cache);
        *usage
    }
}
