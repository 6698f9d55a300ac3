//! Reading answers.

use super::super::error;
use super::super::part::{Strictness, block};
use super::{ReadUsage, read_stop};
use crate::Invalid;
use crate::ir::{Choice, Response};
use crate::json::{Object, document, list};

/// Reads an answer, or the error that came in its place.
pub(in super::super) fn read(body: &[u8]) -> Result<Response, Invalid> {
    let object = Object::read_leniently(document(body)?)?;
    if let Some(error) = error::told(&object) {
        return Ok(Response { error: Some(error), ..Response::default() });
    }
    let content = object.raw("content");
    if content.is_none() && object.text("type")?.as_deref() != Some("message") {
        return Err(Invalid::new("it is no answer of the Messages API"));
    }
    // A block that makes no sense is passed over: the others may.
    let blocks = content.map(list).transpose().unwrap_or_default().unwrap_or_default();
    let parts = blocks.into_iter().filter_map(|raw| block(raw, Strictness::Lenient).ok()).collect();
    let usage = object.object("usage")?;
    let tier = usage.as_ref().and_then(|usage| usage.text("service_tier").ok().flatten());
    Ok(Response {
        id: object.text("id")?.unwrap_or_default(),
        model: object.text("model")?.unwrap_or_default(),
        created: None,
        choices: vec![Choice { parts, stop: read_stop(&object), log_probs: None }],
        usage: usage.and_then(|usage| {
            let mut read = ReadUsage::default();
            read.add(&usage);
            read.known()
        }),
        tier,
        error: None,
    })
}
