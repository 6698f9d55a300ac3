//! What models cost.

use rotator_domain::rotation::Glob;
use rotator_domain::{FieldError, Invalid, PriceOverride, price_pattern};
use rotator_usage::{LongPrice, Price, PriceRow, PriceSource, Prices};

use super::changes::Changes;
use super::{UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire::{LongPriceBody, PriceBody, PriceEntry};

/// The currency of all prices.
const CURRENCY: &str = "USD";

// === impl UseCases ===

impl UseCases<'_> {
    /// All prices that hold, ordered by model.
    pub(crate) fn prices(&self) -> Vec<PriceEntry> {
        self.context.prices.load().rows().into_iter().map(PriceEntry::from).collect()
    }

    /// Sets the price of all models that a pattern fits.
    pub(crate) async fn set_price(&self, model: &str, body: PriceBody) -> Result<PriceEntry, UseCaseError> {
        let mut refused = Vec::new();
        let pattern = price_pattern("model", model).map_err(|error| refused.push(error)).ok();
        if body.currency.as_deref().is_some_and(|currency| currency != CURRENCY) {
            refused.push(FieldError::new("currency", "must be USD"));
        }
        let price = Price::from(body);
        if let Err(field) = price.check() {
            refused.push(FieldError::new(field, "must be 0 to 1000000 US dollars a million tokens"));
        }
        let Some(pattern) = pattern.filter(|_| refused.is_empty()) else {
            return Err(Invalid(refused).into());
        };
        let ((token, long), updated_at) = (price.of_token(), self.context.clock.now());
        let set = PriceOverride { pattern, price: token, long, updated_at };
        let before = self.stored_price(&set.pattern).await?;
        self.context.storage.put_price(&set).await.map_err(UseCaseError::Storage)?;
        let after = PriceBody::from(price.clone());
        let changes = match before {
            Some(before) => Changes::between(&before, &after),
            None => Changes::made(&after),
        };
        self.audit_changes("price.set", &subject(&set.pattern), None, changes).await?;
        self.context.changes.prices_changed().await?;
        let (model, source) = (set.pattern.as_str(), PriceSource::Api);
        Ok(PriceRow { model, source, since: Some(updated_at), price: &price }.into())
    }

    /// Takes the price of a pattern away; what was there before holds again.
    pub(crate) async fn unset_price(&self, model: &str) -> Result<(), UseCaseError> {
        let pattern = price_pattern("model", model)?;
        let before = self.stored_price(&pattern).await?;
        self.context.storage.delete_price(&pattern).await.map_err(UseCaseError::about("the price"))?;
        let changes = before.map(|before| Changes::gone(&before)).unwrap_or_default();
        self.audit_changes("price.unset", &subject(&pattern), None, changes).await?;
        Ok(self.context.changes.prices_changed().await?)
    }

    /// The price that is set for exactly this pattern.
    async fn stored_price(&self, pattern: &Glob) -> Result<Option<PriceBody>, UseCaseError> {
        let stored = self.context.storage.prices().await.map_err(UseCaseError::Storage)?;
        let found = stored.into_iter().find(|set| set.pattern == *pattern);
        Ok(found.map(|set| Price::of_tokens(set.price, set.long).into()))
    }
}

fn subject(pattern: &Glob) -> String {
    format!("price:{}", pattern.as_str())
}

// === impl PriceEntry ===

impl From<PriceRow<'_>> for PriceEntry {
    fn from(PriceRow { model, source, since, price }: PriceRow<'_>) -> Self {
        let shipped = || (source == PriceSource::Shipped).then(|| Prices::as_of().to_owned());
        Self {
            model: model.to_owned(),
            source: source.name().to_owned(),
            date: since.map(rfc3339).or_else(shipped),
            price: price.clone().into(),
        }
    }
}

impl From<Price> for PriceBody {
    fn from(price: Price) -> Self {
        let Price { input, cached, cache_written, output, long } = price;
        let long = long.map(|LongPrice { above, input, cached, cache_written, output }| LongPriceBody {
            above,
            input,
            cached,
            cache_written,
            output,
        });
        Self { currency: Some(CURRENCY.to_owned()), input, cached, cache_written, output, long }
    }
}

// === impl Price ===

impl From<PriceBody> for Price {
    fn from(body: PriceBody) -> Self {
        let PriceBody { currency: _, input, cached, cache_written, output, long } = body;
        let long = long.map(|LongPriceBody { above, input, cached, cache_written, output }| LongPrice {
            above,
            input,
            cached,
            cache_written,
            output,
        });
        Self { input, cached, cache_written, output, long }
    }
}
