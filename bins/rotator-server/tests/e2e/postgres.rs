//! The same cases with PostgreSQL and Redis.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod nodes;
mod outages;
mod refused;
mod relay;

include!("cases.inc");
