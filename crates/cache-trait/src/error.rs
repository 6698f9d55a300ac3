//! Why a cache call failed.

use std::error::Error as StdError;

/// An error of a cache backend.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The backend does not answer; the call may be repeated.
    #[error("the cache does not answer")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The backend answered something that makes no sense.
    #[error("the cache gave an answer that does not read")]
    Corrupt(#[source] Box<dyn StdError + Send + Sync>),
}
