//! Whole answers, and what they share with answers in pieces: usage and reasons to stop.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::read;
pub(super) use write::{CALL_ID, MESSAGE_ID, PartTeller, citation, reasoning, stop_reason, usage, write};

use serde_json::value::RawValue;

use crate::UsageReader;
use crate::ir::{Stop, StopReason, Usage};
use crate::json::Object;
use crate::metering::{Counter, Place};

/// Where answers tell what was used: the first event of a stream in the message that it holds.
const USAGE: [Place; 2] = [&["usage"], &["message", "usage"]];

/// What was used, as it was told so far. Numbers in later pieces of a stream replace those in earlier ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadUsage {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_written: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

/// Reads what was used from an answer's bytes.
pub(super) fn usage_reader() -> UsageReader {
    UsageReader::new(&USAGE, Box::new(ReadUsage::default()))
}

/// Reads why an answer ended. The format's own words for it are those of
/// <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons>.
pub(super) fn read_stop(object: &Object<'_>) -> Option<Stop> {
    let reason = match object.text("stop_reason").ok()??.as_str() {
        "end_turn" => StopReason::End,
        "stop_sequence" => StopReason::StopString,
        "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
        "tool_use" => StopReason::Tools,
        "refusal" => StopReason::Filter,
        "pause_turn" => StopReason::Pause,
        other => StopReason::Other(other.to_owned()),
    };
    Some(Stop { reason, sequence: object.text("stop_sequence").ok().flatten() })
}

// === impl ReadUsage ===

impl ReadUsage {
    /// Takes a `usage` object up.
    pub(super) fn add(&mut self, usage: &Object<'_>) {
        let told = |object: &Object<'_>, name| object.count(name).ok().flatten();
        let details = usage.object("output_tokens_details").ok().flatten();
        self.input = told(usage, "input_tokens").or(self.input);
        self.cache_read = told(usage, "cache_read_input_tokens").or(self.cache_read);
        self.cache_written = told(usage, "cache_creation_input_tokens").or(self.cache_written);
        self.output = told(usage, "output_tokens").or(self.output);
        self.thinking = details.and_then(|details| told(&details, "thinking_tokens")).or(self.thinking);
    }

    /// What is known; `None` where nothing is. The three kinds of input tokens, which are disjoint here, make up the whole prompt.
    pub(super) fn known(&self) -> Option<Usage> {
        let kinds = [self.input, self.cache_read, self.cache_written];
        let is_told = kinds.iter().chain([&self.output]).any(Option::is_some);
        is_told.then(|| Usage {
            input: kinds.into_iter().flatten().fold(0, u64::saturating_add),
            cached: self.cache_read,
            cache_written: self.cache_written,
            output: self.output.unwrap_or_default(),
            reasoning: self.thinking,
        })
    }
}

impl Counter for ReadUsage {
    fn add(&mut self, usage: &RawValue) {
        if let Ok(usage) = Object::read_leniently(usage) {
            Self::add(self, &usage);
        }
    }

    fn known(&self) -> Option<Usage> {
        Self::known(self)
    }
}
