//! The prices that hold now, for all who ask.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rotator_domain::{PriceOverride, Pricing, TokenUsage};

use super::Prices;

/// Prices that change while requests ask for them; cheap to clone, and readers never wait.
#[derive(Clone, Debug, Default)]
pub struct SharedPrices(Arc<ArcSwap<Prices>>);

// === impl SharedPrices ===

impl SharedPrices {
    /// Shares these prices.
    #[must_use]
    pub fn new(prices: Prices) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(prices)))
    }

    /// The prices as they are now.
    #[must_use]
    pub fn load(&self) -> Arc<Prices> {
        self.0.load_full()
    }

    /// Makes these the prices that were set. Only one may do so at a time.
    pub fn set_overrides(&self, overrides: Vec<PriceOverride>) {
        self.0.store(Arc::new(self.load().with_overrides(overrides)));
    }
}

impl Pricing for SharedPrices {
    fn cost(&self, model: &str, tokens: &TokenUsage) -> Option<u64> {
        self.0.load().cost(model, tokens)
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::rotation::Glob;
    use rotator_domain::{Timestamp, TokenPrice};

    use super::*;

    #[test]
    fn all_who_share_prices_see_what_is_set() {
        let prices = SharedPrices::default();
        let other = prices.clone();
        let tokens = TokenUsage { input: 1000, ..TokenUsage::default() };
        assert_eq!(other.cost("unknown", &tokens), None);
        let price = TokenPrice { input: 2_000_000, cached: None, cache_written: None, output: 0 };
        let (pattern, updated_at) = (Glob::new("unknown"), Timestamp::EPOCH);
        prices.set_overrides(vec![PriceOverride { pattern, price, long: None, updated_at }]);
        assert_eq!(other.cost("unknown", &tokens), Some(2_000_000));
        prices.set_overrides(Vec::new());
        assert_eq!(other.cost("unknown", &tokens), None);
    }
}
