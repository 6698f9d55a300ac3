//! Answers in pieces: whole answers of which each says a little more, the last one why it ended.

mod reader;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;

#[cfg(test)]
mod tests;
