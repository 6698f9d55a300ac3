//! Blocks of content, which requests and answers share.

mod read;
mod write;

pub(super) use read::{Strictness, cache_mark, citation, part};
pub(super) use write::{answered, citation_of, input_of, tool_id};

/// What stands between two sections of reasoning.
pub(super) const SECTION_BREAK: &str = "\n\n";
