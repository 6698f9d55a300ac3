//! SeaORM entities, migrations and repositories, written once for every SQL database.
//!
//! Owns the schema, and the way between rows and the domain's types: a row becomes a domain value through the domain's own
//! checks, so there is one place for validation; a row that fails them is `Corrupt`.
//!
//! Never picks a driver: a backend opens its pools, says how its driver's errors read, and hands both over as
//! [`Connections`]. Statements are those that SQLite, MySQL and PostgreSQL share: no `RETURNING`, ids that are never
//! made by the database, times as `i64` milliseconds.

mod admin;
mod audit;
mod changes;
mod client_key;
mod connections;
mod entity;
mod error;
mod key;
mod key_counts;
mod legacy;
mod migration;
mod moving;
mod price;
mod request_log;
mod secrets;
mod service;
mod state;
mod storage;
mod usage;
mod webhook;

pub use connections::{Classify, Connections};
pub use legacy::read_legacy;
pub use storage::SeaOrmStorage;
