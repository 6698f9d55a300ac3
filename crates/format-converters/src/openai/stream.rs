//! Answers in pieces.

mod calls;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use reader::Reader;
pub(super) use writer::Writer;
