//! What tokens cost.

use crate::TokenUsage;

/// Knows what models cost.
pub trait Pricing: Send + Sync {
    /// What these tokens of a model cost, in thousand-millionths of a US dollar; `None` where that is not known.
    fn cost(&self, model: Option<&str>, tokens: &TokenUsage) -> Option<u64>;
}

/// Knows no price.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPrices;

// === impl NoPrices ===

impl Pricing for NoPrices {
    fn cost(&self, _: Option<&str>, _: &TokenUsage) -> Option<u64> {
        None
    }
}
