//! Counts of a prompt's tokens.

use bytes::Bytes;

use super::request;
use crate::ir::{CountedTokens, Request};
use crate::json::{self, Object};
use crate::{Invalid, UpstreamCall, Writing};

pub(super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    request::write_count(request, writing).map(Some)
}

pub(super) fn read_counted(body: &[u8]) -> Result<CountedTokens, Invalid> {
    let input = Object::read(json::document(body)?)?.count("input_tokens")?;
    let input = input.ok_or_else(|| Invalid::new("is missing").at("input_tokens"))?;
    Ok(CountedTokens { input, is_estimate: false })
}

pub(super) fn write_counted(counted: CountedTokens) -> Bytes {
    format!(r#"{{"input_tokens":{}}}"#, counted.input).into()
}
