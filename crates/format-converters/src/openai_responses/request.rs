//! Requests for answers.

mod input;
mod read;
mod tools;
mod turns;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::read;
pub(super) use tools::{write_all as write_tools, write_choice};
pub(super) use write::{body, reasoning_config, text_config, write};
