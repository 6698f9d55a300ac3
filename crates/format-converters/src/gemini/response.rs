//! Whole answers (<https://ai.google.dev/api/generate-content#generatecontentresponse>).

mod grounding;
mod log_probs;
mod read;
mod write;

pub(super) use grounding::{Grounding, Source, cited, sources};
pub(super) use log_probs::{read as read_log_probs, write as write_log_probs};
pub(super) use read::{Counts, blocked, is_answer, read, stop};
pub(super) use write::{Answer, Candidate, Feedback, UsageMetadata, finish_reason, parts, write};

#[cfg(test)]
mod tests;
