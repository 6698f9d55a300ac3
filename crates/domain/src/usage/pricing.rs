//! What tokens cost.

use super::TokenUsage;
use crate::rotation::Glob;
use crate::validation::short_text;
use crate::{FieldError, Timestamp};

/// The longest pattern of a price, in characters.
const LONGEST_PATTERN: usize = 200;
/// A pattern with more is a mistake, and takes long to compare.
const MOST_STARS: usize = 8;

/// Knows what models cost.
pub trait Pricing: Send + Sync {
    /// What so many tokens of a model cost, in thousand-millionths of a US dollar; `None` where nobody knows.
    fn cost(&self, model: &str, tokens: &TokenUsage) -> Option<u64>;
}

/// What a token costs, in millionths of a millionth of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPrice {
    /// One of the prompt.
    pub input: u64,
    /// One of the prompt that was read from a cache; as all others where there is none.
    pub cached: Option<u64>,
    /// One of the prompt that was written to a cache; as all others where there is none.
    pub cache_written: Option<u64>,
    /// One of the answer.
    pub output: u64,
}

/// A price that the operator set for models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceOverride {
    /// The models, `*` for any text, in small letters; a model's own name, or that without its vendor or its date.
    pub pattern: Glob,
    /// What their tokens cost.
    pub price: TokenPrice,
    /// What they cost in a request whose prompt has more tokens than this, where that differs.
    pub long: Option<(u64, TokenPrice)>,
    /// When it was set.
    pub updated_at: Timestamp,
}

/// Checks the pattern of a price, and writes it in small letters.
///
/// # Errors
/// When it is empty, too long, holds spaces, or has stars that can be left out or too many of them.
pub fn price_pattern(field: &str, text: &str) -> Result<Glob, FieldError> {
    short_text(field, text, LONGEST_PATTERN)?;
    let refused = |message: &str| Err(FieldError::new(field, message));
    if text.contains(char::is_whitespace) {
        return refused("must not hold spaces");
    }
    if text.contains("**") {
        return refused("must not hold two `*` beside each other");
    }
    if text.matches('*').count() > MOST_STARS {
        return refused("must hold at most 8 `*`");
    }
    Ok(Glob::new(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_models_in_small_letters() {
        let read = |text: &str| price_pattern("model", text).map(|glob| glob.as_str().to_owned()).ok();
        for (text, expected) in
            [("GPT-4o", "gpt-4o"), ("*", "*"), ("vendor/*-mini*", "vendor/*-mini*"), ("天气", "天气")]
        {
            assert_eq!(read(text).as_deref(), Some(expected));
        }
        let long = "m".repeat(201);
        for bad in ["", " ", "gpt 4", "a\u{7}", "gpt-**", "*a*b*c*d*e*f*g*h*i", &long] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(price_pattern("model", "").unwrap_err().field, "model");
    }
}
