//! Rotation state, the limits of client keys, counters and the memory of conversations in this process, for one node.
//!
//! Owns the locks around the pure policies of `rotator-domain`, and the moka caches of the others.
//!
//! Never holds a key's value, and never holds a lock across an await.

mod clients;
mod conversations;
mod counters;
mod rotation;

pub use clients::MemoryClientMeters;
pub use conversations::MemoryConversations;
pub use counters::MemoryCounters;
pub use rotation::MemoryRotation;
