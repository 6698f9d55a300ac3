//! The real server from outside: its binary, a database of its own, an upstream that misbehaves on purpose.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod admin;
mod bad_input;
mod client;
mod commands;
mod conversion;
mod conversion_endpoints;
mod conversion_state;
mod credentials;
mod durability;
mod failures;
mod formats;
mod hidden_limits;
mod protocols;
mod rotation;
mod secrets;
mod server;
mod streaming;
mod transparency;
mod upgrades;
mod vendors;
