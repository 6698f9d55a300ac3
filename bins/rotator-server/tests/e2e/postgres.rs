//! The same cases with PostgreSQL and Redis.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod chaos;
mod nodes;
mod nodes_commands;
mod nodes_limits;
mod outages;
mod refused;
mod relay;

include!("cases.inc");
