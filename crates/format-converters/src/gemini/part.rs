//! The parts that requests and answers are made of.

mod read;
mod write;

pub(super) use read::{fold, go_on, read};
pub(super) use write::{media, native, plain, signature, thought};
