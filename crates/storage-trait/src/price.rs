//! Prices that the operator set.

use async_trait::async_trait;
use rotator_domain::PriceOverride;
use rotator_domain::rotation::Glob;

use crate::StorageError;

/// Stores prices. There is one of each pattern; patterns compare exactly.
#[async_trait]
pub trait PriceRepository: Send + Sync {
    /// All prices, in no order that is the same everywhere.
    async fn prices(&self) -> Result<Vec<PriceOverride>, StorageError>;

    /// Stores a price, in the place of one with the same pattern.
    async fn put_price(&self, price: &PriceOverride) -> Result<(), StorageError>;

    /// Deletes the price of this pattern; `NotFound` where there is none.
    async fn delete_price(&self, pattern: &Glob) -> Result<(), StorageError>;
}
