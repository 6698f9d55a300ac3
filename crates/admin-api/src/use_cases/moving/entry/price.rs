//! A price that the operator set, as it travels.

use rotator_domain::{PriceOverride, TokenPrice, price_pattern};
use serde::{Deserialize, Serialize};

use super::at;
use crate::use_cases::moving::MovingError;

/// The price of a pattern, in millionths of a millionth of a US dollar a token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct PriceRecord {
    pattern: String,
    price: Token,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    long: Option<(u64, Token)>,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    input: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cached: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_written: Option<u64>,
    output: u64,
}

// === impl PriceRecord ===

impl From<PriceOverride> for PriceRecord {
    fn from(set: PriceOverride) -> Self {
        let PriceOverride { pattern, price, long, updated_at } = set;
        Self {
            pattern: pattern.as_str().to_owned(),
            price: price.into(),
            long: long.map(|(above, price)| (above, price.into())),
            updated_at: updated_at.as_millis(),
        }
    }
}

impl TryFrom<PriceRecord> for PriceOverride {
    type Error = MovingError;

    fn try_from(record: PriceRecord) -> Result<Self, MovingError> {
        let PriceRecord { pattern, price, long, updated_at } = record;
        let pattern = price_pattern("pattern", &pattern).map_err(|_| MovingError::Entry)?;
        let long = long.map(|(above, price)| (above, price.into()));
        Ok(Self { pattern, price: price.into(), long, updated_at: at(updated_at) })
    }
}

// === impl Token ===

impl From<TokenPrice> for Token {
    fn from(TokenPrice { input, cached, cache_written, output }: TokenPrice) -> Self {
        Self { input, cached, cache_written, output }
    }
}

impl From<Token> for TokenPrice {
    fn from(Token { input, cached, cache_written, output }: Token) -> Self {
        Self { input, cached, cache_written, output }
    }
}
