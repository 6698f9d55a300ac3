//! Whole answers.

mod read;
mod write;

pub(super) use read::{Counts, read};
pub(super) use write::write;
