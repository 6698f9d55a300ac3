//! What is the same for every kind of database server.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::process::Service;
use crate::{Certificates, Database, ServiceError};

/// Runs SQL on the server at this URL, and gives what that printed.
pub(crate) type Execute = fn(&str, &str) -> Result<String, ServiceError>;
/// Starts a server with settings more, and with certificates where it is to take TLS.
type Start = fn(&'static Kind, &[&str], Option<&Certificates>) -> Result<DatabaseServer, ServiceError>;

/// A kind of database server.
pub struct Kind {
    /// The variable with the URL of a server that is there already; its user may make databases.
    pub variable: &'static str,
    pub(crate) programs: fn() -> Result<[PathBuf; 2], ServiceError>,
    pub(crate) client: fn() -> Result<PathBuf, ServiceError>,
    pub(crate) start: Start,
    /// The settings with which a server that is killed forgets nothing that it has committed.
    pub(crate) durable: &'static [&'static str],
    pub(crate) execute: Execute,
    /// The one that all tests of this process share.
    pub(crate) shared: OnceLock<Result<DatabaseServer, ServiceError>>,
}

/// A running server; dropped, it is ended.
pub struct DatabaseServer {
    pub(crate) execute: Execute,
    pub(crate) url: String,
    pub(crate) socket: PathBuf,
    pub(crate) service: Service,
}

// === impl Kind ===

impl Kind {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// `Missing` when it is not installed, else what it said.
    pub fn start(&'static self) -> Result<DatabaseServer, ServiceError> {
        self.start_with(&[])
    }

    /// The same with more settings, as the server's own command takes them.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(&'static self, settings: &[&str]) -> Result<DatabaseServer, ServiceError> {
        (self.start)(self, settings, None)
    }

    /// The same, so that nothing that was committed is lost when it is killed.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_durable(&'static self) -> Result<DatabaseServer, ServiceError> {
        self.start_with(self.durable)
    }

    /// The same with certificates, for clients that ask for TLS.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_tls(&'static self, certificates: &Certificates) -> Result<DatabaseServer, ServiceError> {
        (self.start)(self, &[], Some(certificates))
    }

    /// A new database on the server that all tests share.
    ///
    /// # Errors
    /// When there is no server.
    pub fn database(&'static self) -> Result<Database, ServiceError> {
        if let Ok(url) = std::env::var(self.variable) {
            return Database::new(&url, self.execute);
        }
        let shared = self.shared.get_or_init(|| self.start()).as_ref();
        shared.map_err(|error| ServiceError::failed("share a server", error))?.database()
    }

    /// Whether what tests need of it is there.
    pub(crate) fn installed(&self) -> Result<(), ServiceError> {
        if std::env::var_os(self.variable).is_none() {
            (self.programs)()?;
        }
        (self.client)().map(drop)
    }
}

// === impl DatabaseServer ===

impl DatabaseServer {
    /// Its URL, as a user who may make databases, with the database that every server has where there is one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its Unix socket, or the folder of it where the kind of server names that.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A new database on it.
    ///
    /// # Errors
    /// What the client said.
    pub fn database(&self) -> Result<Database, ServiceError> {
        Database::new(&self.url, self.execute)
    }

    /// Ends it at once, as a crash does.
    ///
    /// # Errors
    /// The process cannot be ended.
    pub fn kill(&mut self) -> Result<(), ServiceError> {
        self.service.kill()
    }

    /// Starts it again on the same port, with all that it had stored, and waits until it answers.
    ///
    /// # Errors
    /// What it said.
    pub fn restart(&mut self) -> Result<(), ServiceError> {
        self.service.restart()
    }
}
