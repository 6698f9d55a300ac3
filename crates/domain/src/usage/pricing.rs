//! What tokens cost.

use super::TokenUsage;

/// Knows what models cost.
pub trait Pricing: Send + Sync {
    /// What so many tokens of a model cost, in thousand-millionths of a US dollar; `None` where nobody knows.
    fn cost(&self, model: &str, tokens: &TokenUsage) -> Option<u64>;
}
