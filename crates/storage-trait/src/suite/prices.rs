//! Prices that the operator set.

use futures_util::future::join_all;
use rotator_domain::rotation::Glob;
use rotator_domain::{PriceOverride, TokenPrice};

use super::sample::{EMOJI, at};
use crate::{Served, Storage, StorageErrorKind};

/// A price with nothing that need not be there.
pub(super) fn plain(pattern: &str) -> PriceOverride {
    let price = TokenPrice { input: 1, cached: None, cache_written: None, output: 0 };
    PriceOverride { pattern: Glob::new(pattern), price, long: None, updated_at: at(1) }
}

/// One with everything.
pub(super) fn rich(pattern: &str) -> PriceOverride {
    let most = 1_000_000_000_000;
    let price = TokenPrice { input: most, cached: Some(0), cache_written: Some(2), output: most };
    let long = TokenPrice { input: 3, cached: Some(4), cache_written: Some(5), output: 6 };
    PriceOverride { price, long: Some((i64::MAX as u64, long)), updated_at: at(i64::MAX), ..plain(pattern) }
}

async fn stored(storage: &dyn Storage) -> Vec<PriceOverride> {
    let mut prices = storage.prices().await.unwrap();
    prices.sort_by(|one, other| one.pattern.as_str().cmp(other.pattern.as_str()));
    prices
}

pub async fn prices_are_stored_replaced_and_deleted(storage: &dyn Storage) {
    assert!(stored(storage).await.is_empty());
    let long = "m".repeat(200);
    let mut expected = vec![plain("*"), rich("gpt-*"), plain("gpt-4o "), plain(&long), rich(EMOJI)];
    for price in &expected {
        storage.put_price(price).await.unwrap();
    }
    assert_eq!(stored(storage).await, expected);
    // The same once more, and another one in its place.
    storage.put_price(&expected[0]).await.unwrap();
    for price in [rich("*"), plain("gpt-*")] {
        storage.put_price(&price).await.unwrap();
    }
    (expected[0], expected[1]) = (rich("*"), plain("gpt-*"));
    assert_eq!(stored(storage).await, expected);
    storage.delete_price(&Glob::new("gpt-*")).await.unwrap();
    expected.remove(1);
    assert_eq!(stored(storage).await, expected);
    let error = storage.delete_price(&Glob::new("GPT-4o")).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
}

pub async fn prices_that_are_set_at_once_all_hold(storage: &dyn Storage) {
    let prices: Vec<PriceOverride> = (0..20).map(|number| plain(&format!("m{}", number % 5))).collect();
    for done in join_all(prices.iter().map(|price| storage.put_price(price))).await {
        done.unwrap();
    }
    assert_eq!(stored(storage).await.len(), 5);
}

pub async fn every_change_of_prices_counts(storage: &dyn Storage) {
    storage.put_price(&plain("a")).await.unwrap();
    storage.put_price(&rich("a")).await.unwrap();
    storage.delete_price(&Glob::new("a")).await.unwrap();
    assert!(storage.delete_price(&Glob::new("a")).await.is_err());
    assert_eq!(storage.config_version().await.unwrap(), 3);
    let changes = storage.changes_since(0).await.unwrap();
    assert_eq!(changes.iter().map(|change| (change.served, change.version)).collect::<Vec<_>>(), [(Served::Prices, 3)]);
}
