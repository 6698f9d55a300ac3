//! Keeps single requests of services that log them.
//!
//! Owns the way from a request that has ended to the storage: a bounded queue, the redaction and packing of bodies, and how
//! long all of it is kept. Whoever brings a request never waits; where the storage does not keep up, requests are not logged,
//! and counted.
//!
//! Never reads a request off the wire and never knows a database.
#![forbid(unsafe_code)]

mod packing;
mod queue;
mod redaction;
mod retention;
mod writer;

pub use packing::unpacked;
pub use queue::{LogQueue, Logged};
pub use retention::Retention;
pub use writer::LogWriter;
