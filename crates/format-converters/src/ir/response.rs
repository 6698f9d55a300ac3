//! An answer, whole.

use rotator_domain::TokenUsage;
use serde::{Deserialize, Serialize};

use super::Part;
use crate::json::Json;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The upstream's id for it; empty where it gave none.
    pub id: String,
    /// The model that answered.
    pub model: String,
    /// When, in seconds since 1970; `None` where the format does not say.
    pub created: Option<i64>,
    /// The answers, one as a rule.
    pub choices: Vec<Choice>,
    /// What was used.
    pub usage: Option<Usage>,
    /// How urgently it was served, in the upstream's word.
    pub tier: Option<String>,
    /// Why there is no answer.
    pub error: Option<ApiError>,
}

/// One of several answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// What was said.
    pub parts: Vec<Part>,
    /// Why it ended there.
    pub stop: Option<Stop>,
    /// How likely each word was, as OpenAI writes it (`logprobs.content`).
    pub log_probs: Option<Json>,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// The text that ended it, where that is why and the format says which.
    pub sequence: Option<String>,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// All was said.
    End,
    /// A text that ends answers was about to be said.
    StopString,
    /// There was no room for more.
    Length,
    /// Tools are to be called.
    Tools,
    /// A filter held it back.
    Filter,
    /// The upstream pauses and wants to be asked to go on.
    Pause,
    /// As a format names it.
    Other(String),
}

/// What an answer used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The whole prompt, with what was read from and written to a cache.
    pub input: u64,
    /// Of it, what was read from a cache.
    pub cached: Option<u64>,
    /// Of it, what was written to a cache.
    pub cache_written: Option<u64>,
    /// The whole answer, with the reasoning.
    pub output: u64,
    /// Of it, the reasoning.
    pub reasoning: Option<u64>,
}

/// An error that an upstream tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status; where a stream told the error, the one that goes with its words.
    pub status: u16,
    /// For a person.
    pub message: String,
    /// The vendor's word for it, such as `context_length_exceeded`.
    pub code: Option<String>,
    /// Which field is to blame.
    pub param: Option<String>,
}

// === impl Stop ===

impl Stop {
    /// A reason and no more.
    #[must_use]
    pub const fn of(reason: StopReason) -> Self {
        Self { reason, sequence: None }
    }
}

// === impl Usage ===

impl Usage {
    /// Prompt and answer together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl From<Usage> for TokenUsage {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input,
            cached: usage.cached.unwrap_or_default(),
            cache_written: usage.cache_written.unwrap_or_default(),
            output: usage.output,
            reasoning: usage.reasoning.unwrap_or_default(),
        }
    }
}
