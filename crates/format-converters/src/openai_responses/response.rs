//! Whole answers.

mod echo;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use echo::Echo;
pub(super) use read::{created, log_probs, outcome, read, usage, usage_reader};
pub(super) use write::{Answer, Ending, call_item, response_id, whole_item, write};

use super::{error, item, wire};
