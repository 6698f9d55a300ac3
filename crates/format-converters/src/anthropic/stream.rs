//! Answers in pieces (<https://platform.claude.com/docs/en/build-with-claude/streaming>).

mod block;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;
