//! Whole answers (<https://ai.google.dev/api/generate-content#generatecontentresponse>).

mod grounding;
mod log_probs;
mod read;
mod write;

pub(super) use grounding::{Grounding, Source, cited, sources};
pub(super) use log_probs::{read as read_log_probs, write as write_log_probs};
pub(super) use read::{Counts, blocked, is_answer, read, stop};
pub(super) use write::{Answer, Candidate, Feedback, UsageMetadata, finish_reason, parts, write};

use crate::UsageReader;
use crate::metering::Place;

/// Where answers, their pieces and embeddings tell what was used, in either spelling.
const USAGE: [Place; 2] = [&["usageMetadata"], &["usage_metadata"]];

/// Reads what was used from an answer's bytes.
pub(super) fn usage_reader() -> UsageReader {
    UsageReader::new(&USAGE, Box::new(Counts::default()))
}

#[cfg(test)]
mod tests;
