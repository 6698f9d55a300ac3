//! Embeddings, which the vendor does not have (<https://platform.claude.com/docs/en/build-with-claude/embeddings>).

use bytes::Bytes;

use crate::ir::{EmbeddingRequest, EmbeddingResponse};
use crate::{Asked, Invalid, UpstreamCall, Writing};

pub(super) fn read(_asked: &Asked, _body: &[u8]) -> Result<EmbeddingRequest, Invalid> {
    Err(none())
}

/// There is no such request.
pub(super) fn write(_request: &EmbeddingRequest, _writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    Ok(None)
}

pub(super) fn read_embedded(_body: &[u8]) -> Result<EmbeddingResponse, Invalid> {
    Err(none())
}

pub(super) fn write_embedded(_response: &EmbeddingResponse, _request: &EmbeddingRequest) -> Result<Bytes, Invalid> {
    Err(none())
}

fn none() -> Invalid {
    Invalid::new("Anthropic Messages has no embeddings")
}
