//! PostgreSQL as a storage of API Key Rotator: a factory for the schemes `postgres` and `postgresql`, its pool and its
//! sessions.
//!
//! Never repeats the repositories: they are `storage-sea-orm`'s.
//!
//! How it is opened, and why:
//!
//! - **Sessions of their own.** Whatever the server is set to, a session is in UTC, in UTF-8, and sees what is committed.
//! - **Nothing waits for ever.** A lock is waited for as long as a connection is. Of two changes that wait for one
//!   another the server undoes one, and `storage-sea-orm` does it again.
//! - **Checked.** A server that is too old or takes no changes is refused at once, and says so.
//! - **TLS** where the server offers it; `?sslmode=verify-full` insists on it and checks the certificate, against
//!   `?sslrootcert=FILE` or the system's authorities.

mod factory;
mod fault;
mod location;
mod server;
mod session;

pub use factory::PostgresFactory;
