//! Rotation state as verbs, the counters and the memory of conversations, that a cache backend implements.
//!
//! Owns the traits [`RotationState`], [`Counters`] and [`ConversationStore`], those of backends that several nodes share
//! ([`NodeRegistry`], [`ChangeFeed`]), the error, and (with the feature `suite`) the tests that every backend runs. The interface
//! is made of what the proxy wants done (`pick`, `learn`, `settle`), so that a backend can do each
//! atomically.
//!
//! Never offers get and set, and never sees a key's value.

mod conversations;
mod counters;
mod error;
mod nodes;
mod rotation;
mod stirred;
#[cfg(feature = "suite")]
pub mod suite;

pub use conversations::{ConversationLimits, ConversationStore, Kept, Place};
pub use counters::Counters;
pub use error::CacheError;
pub use nodes::{Change, ChangeFeed, Changes, Node, NodeRegistry, OnlyNode};
pub use rotation::{Pool, RotationState};
pub use stirred::Stirred;
