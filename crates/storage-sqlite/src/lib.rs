//! SQLite as a storage of API Key Rotator: a factory for the scheme `sqlite`, its pools and its pragmas.
//!
//! Never repeats the repositories: they are `storage-sea-orm`'s.
//!
//! How it is opened, and why:
//!
//! - **One writer, many readers.** SQLite takes one writer at a time. Its own way to make the others wait is to ask again
//!   and again until a timeout, in no order, so that under load some fail with `SQLITE_BUSY`. Here all changes go through
//!   a pool of one connection, where they queue first come first served. Against other processes (an offline command
//!   beside the server) stand `BEGIN IMMEDIATE` and the busy timeout. Readers are never held up: the journal is a WAL.
//! - **Durable.** `synchronous = FULL`: a change that was acknowledged survives a loss of power. Admin writes are rare and
//!   requests never write, so the price does not matter.
//! - **Private.** A new file has mode 0600 and a new folder 0700; SQLite gives its journal files the mode of the database.

mod factory;
mod fault;
mod location;

pub use factory::SqliteFactory;
