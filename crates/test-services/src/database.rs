//! A database of a test's own on a server that many share.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;

use crate::ServiceError;
use crate::database_server::Execute;

/// An empty database; dropped, it is gone.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    execute: Execute,
}

// === impl Database ===

impl Database {
    /// Makes a database under a new name.
    pub(crate) fn new(server: &str, execute: Execute) -> Result<Self, ServiceError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("rotator_{}_{number}_{}", std::process::id(), since.as_micros());
        execute(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { server: server.to_owned(), name, execute })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, as a server takes it in `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        with_path(&self.server, &self.name)
    }

    /// Runs SQL in it by the server's own client, and gives what that printed: one line a row, tabs between.
    ///
    /// # Errors
    /// What the client said.
    pub fn execute(&self, sql: &str) -> Result<String, ServiceError> {
        (self.execute)(&self.url(), sql)
    }

    /// Runs SQL as the server's administrator, outside of this database.
    ///
    /// # Errors
    /// What the client said.
    pub fn administer(&self, sql: &str) -> Result<String, ServiceError> {
        (self.execute)(&self.server, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // One that stays behind, as where connections are still closing, disturbs nobody: its name is never used again.
        let _ = (self.execute)(&self.server, &format!("DROP DATABASE IF EXISTS {}", self.name));
    }
}

/// The URL of another database of the same server.
fn with_path(server: &str, name: &str) -> String {
    match Url::parse(server) {
        Ok(mut url) => {
            url.set_path(name);
            url.into()
        }
        Err(_) => format!("{server}/{name}"),
    }
}
