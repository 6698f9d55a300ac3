//! What models cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a million tokens cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBody {
    /// The currency; `USD` when absent, and no other is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Tokens of the prompt: 0 to 1,000,000.
    pub input: f64,
    /// Tokens of the prompt that were read from a cache; as all others when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Tokens of the prompt that were written to a cache; as all others when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<f64>,
    /// Tokens of the answer.
    pub output: f64,
    /// What long prompts cost, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPriceBody>,
}

/// What a million tokens of a request cost whose prompt is long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPriceBody {
    /// Prompts of more tokens than these are long.
    pub above: u64,
    /// As in the price.
    pub input: f64,
    /// As in the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// As in the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<f64>,
    /// As in the price.
    pub output: f64,
}

/// A price that holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceEntry {
    /// The model, or a pattern with `*` for any text, in small letters.
    pub model: String,
    /// Where the price comes from: `shipped` (with the program), `file` (`ROTATOR_PRICES`) or `api`.
    pub source: String,
    /// When it was set, or its table was written: a day or a time (RFC 3339); null where that is not known.
    pub date: Option<String>,
    /// The price, with its currency.
    pub price: PriceBody,
}
