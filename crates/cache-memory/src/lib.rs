//! Rotation state and counters in this process, for one node.
//!
//! Owns the locks around the pure rotation policy of `rotator-domain`, and the counters in a moka cache.
//!
//! Never holds a key's value, and never holds a lock across an await.

mod counters;
mod rotation;

pub use counters::MemoryCounters;
pub use rotation::MemoryRotation;
