//! An upstream for tests and demonstrations: an HTTP/1.1 and h2c server in this process that records what reaches it.
//!
//! Owns the behaviour of keys (good, limited, revoked, ...), a set of paths that misbehave on purpose, and a mix of requests for
//! them that counts what a proxy in between must count.
//!
//! Never a dependency of anything that is shipped.

mod body;
mod canned;
mod key;
mod ledger;
mod llm;
mod mix;
mod record;
mod routes;
mod server;
mod websocket;

pub use canned::Canned;
pub use key::{Asked, KeyBehaviour};
pub use ledger::Ledger;
pub use mix::{Compared, Mix, Seen};
pub use record::Recorded;
pub use server::MockUpstream;
