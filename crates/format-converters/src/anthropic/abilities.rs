//! What a model of Anthropic's takes, by the version in its name.
//!
//! The vendor takes parameters away from newer models, which refuse a request that has them
//! (<https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting>,
//! <https://platform.claude.com/docs/en/models/overview>). A model whose name tells no version takes what the format has:
//! other vendors that speak it pass over what they do not know.

/// What a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Abilities {
    /// `None` where the name tells none.
    version: Option<Version>,
    /// Whether it is of a family that always thinks.
    is_always_thinking: bool,
}

/// A version, such as 4.6.
type Version = (u32, u32);

/// The families that think whatever a request says.
const ALWAYS_THINKING: [&str; 2] = ["claude-fable", "claude-mythos"];
/// The most digits of a piece of a version; longer numbers are dates.
const VERSION_DIGITS: usize = 2;

// === impl Abilities ===

impl Abilities {
    /// Reads a model's name: `claude-opus-4-6`, `anthropic/claude-sonnet-4.5`, `claude-3-7-sonnet-20250219`.
    pub(super) fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let version = model.split_once("claude-").and_then(|(_, rest)| {
            let pieces: Vec<&str> = rest.split(['-', '.', '@', ':', '_', '/']).collect();
            let number = |piece: &&str| piece.parse::<u32>().ok().filter(|_| piece.len() <= VERSION_DIGITS);
            let at = pieces.iter().position(|piece| number(piece).is_some())?;
            Some((number(pieces.get(at)?)?, pieces.get(at + 1).and_then(number).unwrap_or_default()))
        });
        let is_always_thinking = ALWAYS_THINKING.iter().any(|family| model.contains(family));
        Self { version, is_always_thinking }
    }

    /// Whether it takes `temperature`, `top_p` and `top_k` other than the default: until 4.6.
    pub(super) fn takes_sampling(self) -> bool {
        self.is_before((4, 7)) && !self.is_always_thinking
    }

    /// Whether it takes `temperature` and `top_p` together: until 4.0.
    pub(super) fn takes_both_temperature_and_top_p(self) -> bool {
        self.is_before((4, 1))
    }

    /// Whether it takes `thinking: enabled` with a budget: until 4.6.
    pub(super) fn takes_budget(self) -> bool {
        self.is_before((4, 7)) && !self.is_always_thinking
    }

    /// Whether it shows its thoughts only when asked to (`display`): from 4.7 on.
    pub(super) fn hides_thoughts(self) -> bool {
        self.is_always_thinking || self.version.is_some_and(|version| version >= (4, 7))
    }

    /// Whether it thinks although nobody asked it to: from 5.0 on.
    pub(super) fn thinks_by_itself(self) -> bool {
        self.is_always_thinking || self.version.is_some_and(|version| version >= (5, 0))
    }

    /// Whether it can be told not to think: not the families that always do, and none from 5.5 on.
    pub(super) fn can_stop_thinking(self) -> bool {
        self.is_before((5, 5)) && !self.is_always_thinking
    }

    /// Whether it can be made to call a tool: until 5.4, but not the families that always think.
    pub(super) fn can_be_forced(self) -> bool {
        self.can_stop_thinking()
    }

    /// Whether it takes the effort `xhigh`: from 4.7 on. Older ones go from `high` to `max`.
    pub(super) fn takes_extra_high(self) -> bool {
        self.hides_thoughts()
    }

    /// Whether it takes a schema for its answers and for the calls of tools: from 4.5 on.
    pub(super) fn takes_schema(self) -> bool {
        self.version.is_none_or(|version| version >= (4, 5))
    }

    fn is_before(self, version: Version) -> bool {
        self.version.is_none_or(|own| own < version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_name() {
        let cases = [
            ("claude-opus-4-6", Some((4, 6))),
            ("anthropic/claude-sonnet-4.5", Some((4, 5))),
            ("claude-3-7-sonnet-20250219", Some((3, 7))),
            ("Claude-Opus-4-20250514", Some((4, 0))),
            ("anthropic.claude-opus-4-6-v1:0", Some((4, 6))),
            ("claude-sonnet-4-5@20250929", Some((4, 5))),
            ("claude-opus-5", Some((5, 0))),
            ("claude-mythos-preview", None),
            ("deepseek-chat", None),
        ];
        for (model, version) in cases {
            assert_eq!(Abilities::of(model).version, version, "{model}");
        }
    }

    #[test]
    fn newer_models_take_less() {
        let of = Abilities::of;
        assert!(of("claude-opus-4-6").takes_sampling() && of("some-model").takes_sampling());
        assert!(!of("claude-opus-4-7").takes_sampling() && !of("claude-fable-5").takes_sampling());
        assert!(of("claude-opus-5").can_stop_thinking() && !of("claude-opus-5-5").can_stop_thinking());
        assert!(!of("claude-fable-5").can_be_forced());
        assert!(!of("claude-opus-4-1").takes_schema() && of("claude-haiku-4-5").takes_schema());
        assert!(!of("claude-opus-4-6").takes_extra_high() && of("claude-sonnet-5").takes_extra_high());
    }
}
