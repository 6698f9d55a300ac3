//! What `deploy` holds agrees with the server: names, ports, paths, commands and features.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod compose;
mod docker;
mod files;
mod kubernetes;
mod proxies;
mod server;
mod systemd;
