//! The command line from outside: its binary against the real admin API over a database of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin_api;
mod apply;
mod client_keys;
mod keys;
mod logs;
mod place;
mod prices;
mod services;
mod sessions;
mod users;
mod webhooks;
