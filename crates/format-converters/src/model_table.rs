//! What is known of models by their names, where a format wants to be told what another one leaves to the vendor.

use crate::ir::Effort;

/// What is known of the models whose names fit a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRow {
    /// A piece of the name, in lower case; the row with the longest piece that a name holds counts. A dot and a hyphen are
    /// the same, since relays write versions either way.
    pub piece: String,
    /// The most tokens of an answer.
    pub max_output: u64,
    /// How the model is told to think.
    pub thinking: ThinkingStyle,
    /// Whether it takes instructions in the middle of a conversation.
    pub takes_late_instructions: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingStyle {
    /// It does not think, or not on demand.
    None,
    /// By a budget of tokens (Anthropic's `budget_tokens`, Gemini's `thinkingBudget`).
    Budget,
    /// By an effort (Anthropic's `adaptive` with `effort`, Gemini's `thinkingLevel`, OpenAI's `reasoning_effort`).
    Effort,
}

/// What is known of models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTable {
    rows: Vec<ModelRow>,
}

/// The most tokens of an answer where nothing is known of the model.
const UNKNOWN_MAX_OUTPUT: u64 = 8_192;
/// The least budget that Anthropic takes
/// (<https://platform.claude.com/docs/en/build-with-claude/extended-thinking>).
pub const LEAST_BUDGET: u64 = 1_024;

/// The shipped rows: a piece of the name, the most tokens of an answer, the way of thinking, late instructions. From
/// <https://platform.claude.com/docs/en/about-claude/models/overview>, <https://ai.google.dev/gemini-api/docs/models> and
/// <https://platform.openai.com/docs/models>.
const ROWS: [(&str, u64, ThinkingStyle, bool); 28] = [
    ("claude-3-haiku", 4_096, ThinkingStyle::None, false),
    ("claude-3-opus", 4_096, ThinkingStyle::None, false),
    ("claude-3-5", 8_192, ThinkingStyle::None, false),
    ("claude-3-7", 64_000, ThinkingStyle::Budget, false),
    ("claude-opus-4", 32_000, ThinkingStyle::Budget, false),
    ("claude-opus-4-5", 64_000, ThinkingStyle::Budget, false),
    ("claude-opus-4-6", 128_000, ThinkingStyle::Effort, false),
    ("claude-opus-4-7", 128_000, ThinkingStyle::Effort, false),
    ("claude-opus-4-8", 128_000, ThinkingStyle::Effort, true),
    ("claude-opus-5", 128_000, ThinkingStyle::Effort, true),
    ("claude-sonnet-4", 64_000, ThinkingStyle::Budget, false),
    ("claude-sonnet-4-6", 128_000, ThinkingStyle::Effort, false),
    ("claude-sonnet-5", 128_000, ThinkingStyle::Effort, false),
    ("claude-sonnet-5-5", 128_000, ThinkingStyle::Effort, true),
    ("claude-haiku-4", 64_000, ThinkingStyle::Budget, false),
    ("claude-haiku-5", 128_000, ThinkingStyle::Effort, true),
    ("claude-fable", 128_000, ThinkingStyle::Effort, true),
    ("claude-mythos", 128_000, ThinkingStyle::Effort, true),
    ("claude-mythos-preview", 128_000, ThinkingStyle::Effort, false),
    ("gemini-2.0", 8_192, ThinkingStyle::None, false),
    ("gemini-2.5", 65_536, ThinkingStyle::Budget, false),
    ("gemini-3", 65_536, ThinkingStyle::Effort, false),
    ("gpt-3-5", 4_096, ThinkingStyle::None, true),
    ("gpt-4", 16_384, ThinkingStyle::None, true),
    ("gpt-5-chat", 16_384, ThinkingStyle::None, true),
    ("gpt-5", 128_000, ThinkingStyle::Effort, true),
    ("o3", 100_000, ThinkingStyle::Effort, true),
    ("o4", 100_000, ThinkingStyle::Effort, true),
];

// === impl ModelTable ===

impl ModelTable {
    /// The shipped table with rows that count before it.
    #[must_use]
    pub fn with(rows: impl IntoIterator<Item = ModelRow>) -> Self {
        Self { rows: rows.into_iter().chain(Self::default().rows).collect() }
    }

    /// What is known of a model; `None` where nothing is.
    #[must_use]
    pub fn row(&self, model: &str) -> Option<&ModelRow> {
        let model = model.to_ascii_lowercase().replace('.', "-");
        let fitting = self.rows.iter().filter(|row| model.contains(&row.piece.replace('.', "-")));
        // Of several of one length the first: those that were added come before those that are shipped.
        fitting.rev().max_by_key(|row| row.piece.len())
    }

    /// The most tokens of an answer.
    #[must_use]
    pub fn max_output(&self, model: &str) -> u64 {
        self.row(model).map_or(UNKNOWN_MAX_OUTPUT, |row| row.max_output)
    }

    /// How it is told to think; by a budget where nothing is known.
    #[must_use]
    pub fn thinking(&self, model: &str) -> ThinkingStyle {
        self.row(model).map_or(ThinkingStyle::Budget, |row| row.thinking)
    }

    /// Whether it takes instructions in the middle of a conversation.
    #[must_use]
    pub fn takes_late_instructions(&self, model: &str) -> bool {
        self.row(model).is_some_and(|row| row.takes_late_instructions)
    }
}

impl Default for ModelTable {
    fn default() -> Self {
        let row = |(piece, max_output, thinking, takes_late_instructions): (&str, _, _, _)| ModelRow {
            piece: piece.to_owned(),
            max_output,
            thinking,
            takes_late_instructions,
        };
        Self { rows: ROWS.into_iter().map(row).collect() }
    }
}

// === impl Effort ===

impl Effort {
    /// Every effort, from the least.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::ExtraHigh, Self::Max];

    /// Its name, which the vendors share as far as they have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Reads a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name().eq_ignore_ascii_case(name))
    }

    /// The budget that stands for it, in tokens.
    #[must_use]
    pub const fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 1_024,
            Self::Low => 2_048,
            Self::Medium => 8_192,
            Self::High => 16_384,
            Self::ExtraHigh => 32_768,
            Self::Max => 65_536,
        }
    }

    /// The effort that stands for a budget: the least one whose own budget is no smaller.
    #[must_use]
    pub fn of_budget(budget: u64) -> Self {
        Self::ALL.into_iter().find(|effort| effort.budget() >= budget).unwrap_or(Self::Max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_piece_counts_and_own_rows_before_shipped_ones() {
        let table = ModelTable::default();
        assert_eq!(table.max_output("anthropic/claude-opus-4-5-20251101"), 64_000);
        assert_eq!(table.max_output("Claude-Opus-4-20250514"), 32_000);
        assert_eq!(table.thinking("anthropic/claude-opus-4.7"), ThinkingStyle::Effort);
        assert!(table.takes_late_instructions("claude-opus-5-5") && !table.takes_late_instructions("claude-sonnet-5"));
        assert_eq!(
            (table.thinking("gpt-4.1-mini"), table.thinking("gpt-5-mini")),
            (ThinkingStyle::None, ThinkingStyle::Effort)
        );
        assert_eq!((table.max_output("unheard-of"), table.thinking("unheard-of")), (8_192, ThinkingStyle::Budget));
        let own = ModelRow {
            piece: "gemini-3".into(),
            max_output: 1,
            thinking: ThinkingStyle::None,
            takes_late_instructions: false,
        };
        assert_eq!(ModelTable::with([own]).max_output("gemini-3-pro"), 1);
    }

    #[test]
    fn efforts_and_budgets_stand_for_each_other() {
        for effort in Effort::ALL {
            assert_eq!((Effort::of_budget(effort.budget()), Effort::from_name(effort.name())), (effort, Some(effort)));
        }
        assert_eq!((Effort::of_budget(3_000), Effort::of_budget(u64::MAX)), (Effort::Medium, Effort::Max));
    }
}
