//! The figures that are kept, by name: adding one here adds it everywhere.

/// One of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Figure {
    /// Requests that were answered.
    Requests,
    /// Of them, those answered with a client's mistake: 4xx but 429.
    ErrorsClient,
    /// Of them, those answered with 429.
    ErrorsLimited,
    /// Of them, those for which there was no key: 503.
    ErrorsUnavailable,
    /// Of them, those that the upstream failed: any other 5xx, and answers that broke off.
    ErrorsUpstream,
    /// Of them, those that took too long: 504.
    ErrorsTimeout,
    /// Of them, those whose client went away.
    ErrorsAborted,
    /// Requests that were sent to an upstream.
    Attempts,
    /// Of them, those after which the key had to rest.
    AttemptsLimited,
    /// Of them, those that told of a key without a right or a quota.
    AttemptsRefused,
    /// Of them, those that failed through no fault of the key.
    AttemptsFailed,
    /// Tokens of prompts.
    InputTokens,
    /// Of them, those read from a cache.
    CachedTokens,
    /// Of them, those written to a cache.
    CacheWrittenTokens,
    /// Tokens of answers.
    OutputTokens,
    /// Of them, those of reasoning.
    ReasoningTokens,
    /// Requests of language models that were served without a word about tokens.
    Uncounted,
    /// What it cost, in thousand-millionths of a US dollar.
    CostNanodollars,
    /// Requests with tokens of which nobody knows what they cost.
    Unpriced,
    /// Bytes of requests' bodies.
    BytesIn,
    /// Bytes of answers' bodies.
    BytesOut,
    /// How long clients waited for the first byte of answers, in milliseconds, all added up.
    FirstByteMillis,
    /// How long requests took to the last byte, in milliseconds, all added up.
    DurationMillis,
}

/// Figures, added up. They stay at the largest number rather than overflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFigures([u64; Figure::ALL.len()]);

// === impl Figure ===

impl Figure {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 23] = [
        Self::Requests,
        Self::ErrorsClient,
        Self::ErrorsLimited,
        Self::ErrorsUnavailable,
        Self::ErrorsUpstream,
        Self::ErrorsTimeout,
        Self::ErrorsAborted,
        Self::Attempts,
        Self::AttemptsLimited,
        Self::AttemptsRefused,
        Self::AttemptsFailed,
        Self::InputTokens,
        Self::CachedTokens,
        Self::CacheWrittenTokens,
        Self::OutputTokens,
        Self::ReasoningTokens,
        Self::Uncounted,
        Self::CostNanodollars,
        Self::Unpriced,
        Self::BytesIn,
        Self::BytesOut,
        Self::FirstByteMillis,
        Self::DurationMillis,
    ];

    /// Those that count errors.
    pub const ERRORS: [Self; 6] = [
        Self::ErrorsClient,
        Self::ErrorsLimited,
        Self::ErrorsUnavailable,
        Self::ErrorsUpstream,
        Self::ErrorsTimeout,
        Self::ErrorsAborted,
    ];

    /// Its name, in databases, documents and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::ErrorsClient => "errors_client",
            Self::ErrorsLimited => "errors_limited",
            Self::ErrorsUnavailable => "errors_unavailable",
            Self::ErrorsUpstream => "errors_upstream",
            Self::ErrorsTimeout => "errors_timeout",
            Self::ErrorsAborted => "errors_aborted",
            Self::Attempts => "attempts",
            Self::AttemptsLimited => "attempts_limited",
            Self::AttemptsRefused => "attempts_refused",
            Self::AttemptsFailed => "attempts_failed",
            Self::InputTokens => "input_tokens",
            Self::CachedTokens => "cached_tokens",
            Self::CacheWrittenTokens => "cache_written_tokens",
            Self::OutputTokens => "output_tokens",
            Self::ReasoningTokens => "reasoning_tokens",
            Self::Uncounted => "uncounted",
            Self::CostNanodollars => "cost_nanodollars",
            Self::Unpriced => "unpriced",
            Self::BytesIn => "bytes_in",
            Self::BytesOut => "bytes_out",
            Self::FirstByteMillis => "first_byte_millis",
            Self::DurationMillis => "duration_millis",
        }
    }

    /// The figure of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.name() == name)
    }
}

// === impl UsageFigures ===

impl UsageFigures {
    /// One of them.
    #[must_use]
    pub fn get(&self, figure: Figure) -> u64 {
        self.0.get(figure as usize).copied().unwrap_or_default()
    }

    /// Adds to one of them.
    pub fn add(&mut self, figure: Figure, more: u64) {
        if let Some(value) = self.0.get_mut(figure as usize) {
            *value = value.saturating_add(more);
        }
    }

    /// Adds all of the others.
    pub fn add_all(&mut self, others: &Self) {
        for (value, more) in self.0.iter_mut().zip(others.0) {
            *value = value.saturating_add(more);
        }
    }

    /// Adds the tokens of an answer.
    pub fn add_tokens(&mut self, tokens: &super::TokenUsage) {
        self.add(Figure::InputTokens, tokens.input);
        self.add(Figure::CachedTokens, tokens.cached);
        self.add(Figure::CacheWrittenTokens, tokens.cache_written);
        self.add(Figure::OutputTokens, tokens.output);
        self.add(Figure::ReasoningTokens, tokens.reasoning);
    }

    /// Those that are not zero.
    pub fn iter(&self) -> impl Iterator<Item = (Figure, u64)> {
        Figure::ALL.into_iter().zip(self.0).filter(|(_, value)| *value > 0)
    }
}

impl FromIterator<(Figure, u64)> for UsageFigures {
    fn from_iter<I: IntoIterator<Item = (Figure, u64)>>(figures: I) -> Self {
        let mut all = Self::default();
        for (figure, value) in figures {
            all.add(figure, value);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_place_and_a_name_of_its_own() {
        let mut names = std::collections::HashSet::new();
        for (place, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!(figure as usize, place);
            assert!(names.insert(figure.name()));
            assert_eq!(Figure::from_name(figure.name()), Some(figure));
        }
    }

    #[test]
    fn figures_add_up_and_do_not_overflow() {
        let one = UsageFigures::from_iter([(Figure::Requests, 1), (Figure::BytesIn, u64::MAX)]);
        let mut sum = one.clone();
        sum.add_all(&one);
        assert_eq!(sum.iter().collect::<Vec<_>>(), [(Figure::Requests, 2), (Figure::BytesIn, u64::MAX)]);
    }
}
