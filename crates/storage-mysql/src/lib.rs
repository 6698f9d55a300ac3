//! MySQL and MariaDB as a storage of API Key Rotator: a factory for the schemes `mysql` and `mariadb`, its pool and its
//! sessions.
//!
//! Never repeats the repositories: they are `storage-sea-orm`'s.
//!
//! How it is opened, and why:
//!
//! - **Sessions of their own.** Whatever the server is set to, a session is strict (text that is too long is refused, not
//!   cut), in UTC, in `utf8mb4`, and sees what is committed; the tables say themselves that text compares exactly.
//! - **Nothing waits for ever.** A lock is waited for as long as a connection is. Of two changes that wait for one
//!   another the server undoes one, and `storage-sea-orm` does it again.
//! - **Checked.** A server that is too old or takes no changes is refused at once, and says so.
//! - **TLS** where the server offers it; `?ssl-mode=VERIFY_IDENTITY` insists on it and checks the certificate, against
//!   `?ssl-ca=FILE` or the system's authorities.

mod factory;
mod fault;
mod location;
mod server;
mod session;

pub use factory::MySqlFactory;
