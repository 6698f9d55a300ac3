//! Whole answers.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::{audio, found, read};
pub(super) use write::write;
