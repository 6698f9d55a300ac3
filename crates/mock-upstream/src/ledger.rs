//! What the upstream counts itself, to hold other figures against.

use std::ops::AddAssign;

use http::{HeaderMap, StatusCode};

/// The header that numbers a request; it stays the same in all attempts.
pub(crate) const NUMBER: &str = "x-mix-number";

/// What was asked and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests that came.
    pub attempts: u64,
    /// Of them, those answered with 429.
    pub limited: u64,
    /// Of them, those answered with 401, 402 or 403.
    pub refused: u64,
    /// Of them, those answered with 5xx, or not at all.
    pub failed: u64,
    /// Tokens of prompts that answers told.
    pub input_tokens: u64,
    /// Tokens of answers that they told.
    pub output_tokens: u64,
}

/// The tokens that an answer tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

// === impl Ledger ===

impl Ledger {
    /// A request has come.
    pub(crate) fn arrived() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// It was answered like this, or not at all.
    pub(crate) fn answered(status: Option<StatusCode>, told: Option<Told>) -> Self {
        let count = |is_one: bool| u64::from(is_one);
        let code = status.map(|status| status.as_u16());
        Self {
            attempts: 0,
            limited: count(code == Some(429)),
            refused: count(matches!(code, Some(401..=403))),
            failed: count(code.is_none_or(|code| code >= 500)),
            input_tokens: told.map_or(0, |told| told.input),
            output_tokens: told.map_or(0, |told| told.output),
        }
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        let Self { attempts, limited, refused, failed, input_tokens, output_tokens } = other;
        self.attempts += attempts;
        self.limited += limited;
        self.refused += refused;
        self.failed += failed;
        self.input_tokens += input_tokens;
        self.output_tokens += output_tokens;
    }
}

/// The number of a request that has one.
pub(crate) fn number(headers: &HeaderMap) -> Option<u64> {
    headers.get(NUMBER)?.to_str().ok()?.parse().ok()
}
