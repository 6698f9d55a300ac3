//! The tokens of one answer.

/// How many tokens an answer says that it used. Every vendor counts the parts in its own way; here the input is the whole
/// prompt, and the output the whole answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// The whole prompt, with what was read from and written to a cache.
    pub input: u64,
    /// Of it, what was read from a cache.
    pub cached: u64,
    /// Of it, what was written to a cache.
    pub cache_written: u64,
    /// The whole answer, with the reasoning.
    pub output: u64,
    /// Of it, the reasoning.
    pub reasoning: u64,
}

// === impl TokenUsage ===

impl TokenUsage {
    /// What counts against a limit of tokens.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// The same, with nothing larger than `most`.
    #[must_use]
    pub(crate) fn at_most(&self, most: u64) -> Self {
        Self {
            input: self.input.min(most),
            cached: self.cached.min(most),
            cache_written: self.cache_written.min(most),
            output: self.output.min(most),
            reasoning: self.reasoning.min(most),
        }
    }
}
