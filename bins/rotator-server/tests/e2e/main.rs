//! The real server from outside: its binary, a database of its own, an upstream that misbehaves on purpose.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod files;
mod full_disk;
mod logs;
mod million;
mod shell;

include!("cases.inc");
