//! Answers in pieces.

mod block;
mod event;
mod item;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub(super) use reader::Reader;
pub(super) use writer::Writer;

use super::{error, item as items, response, wire};
