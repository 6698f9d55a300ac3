//! A database with very many services and keys.

use std::path::Path;
use std::process::Command;

use rotator_test_services::Database;
use rotator_test_services::mariadb::MariaDb;
use rotator_test_services::postgres::Postgres;
use tempfile::TempDir;

use crate::error::TaskError;
use crate::process;

/// A filled database, and the server that it is in where that is an own one.
pub(super) struct Filled {
    url: String,
    folder: TempDir,
    _server: Option<Owned>,
}

/// The database goes before its server.
enum Owned {
    MariaDb { _database: Database, _server: MariaDb },
    Postgres { database: Database, _server: Postgres },
}

// === impl Filled ===

impl Filled {
    /// Fills a database by a program that takes how many services, keys and keys of the first service to make.
    pub(super) fn fill(
        program: &Path,
        database: &str,
        counts: [u32; 3],
        secrets: &[(&str, &str)],
    ) -> Result<Self, TaskError> {
        let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for the database", error))?;
        let failed = |error| TaskError::failed("start a database", error);
        let (url, server) = match database {
            "sqlite" => (format!("sqlite:{}", folder.path().join("scale.db").display()), None),
            // Where all that is read stays in memory, as with a server of such a size.
            "mariadb" => {
                let server = MariaDb::start_with(&["--innodb-buffer-pool-size=1G"]).map_err(failed)?;
                let database = server.database().map_err(failed)?;
                (database.url(), Some(Owned::MariaDb { _database: database, _server: server }))
            }
            "postgres" => {
                let server = Postgres::start().map_err(failed)?;
                let database = server.database().map_err(failed)?;
                (database.url(), Some(Owned::Postgres { database, _server: server }))
            }
            url => (url.to_owned(), None),
        };
        let mut fill = Command::new(program);
        fill.args(counts.map(|count| count.to_string())).envs(secrets.iter().copied()).env("DATABASE_URL", &url);
        process::run(&mut fill)?;
        if let Some(Owned::Postgres { database, .. }) = &server {
            // As its autovacuum does by itself a minute later.
            database.execute("VACUUM ANALYZE").map_err(failed)?;
        }
        Ok(Self { url, folder, _server: server })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A folder for the server.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
