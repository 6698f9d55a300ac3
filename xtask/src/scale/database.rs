//! A database with very many services and keys.

use std::path::Path;
use std::process::Command;

use rotator_test_services::{Database, DatabaseServer, MARIADB, POSTGRES};
use tempfile::TempDir;

use crate::error::TaskError;
use crate::process;

/// A filled database, and the server that it is in where that is an own one: the database goes before its server.
pub(super) struct Filled {
    url: String,
    folder: TempDir,
    _own: Option<(Database, DatabaseServer)>,
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
        let server = match database {
            // Where all that is read stays in memory, as with a server of such a size.
            "mariadb" => Some(MARIADB.start_with(&["--innodb-buffer-pool-size=1G"]).map_err(failed)?),
            "postgres" => Some(POSTGRES.start().map_err(failed)?),
            _ => None,
        };
        let own = server.map(|server| Ok((server.database()?, server))).transpose().map_err(failed)?;
        let url = match &own {
            Some((database, _)) => database.url(),
            None if database == "sqlite" => format!("sqlite:{}", folder.path().join("scale.db").display()),
            None => database.to_owned(),
        };
        let mut fill = Command::new(program);
        fill.args(counts.map(|count| count.to_string())).envs(secrets.iter().copied()).env("DATABASE_URL", &url);
        process::run(&mut fill)?;
        if let Some((own, _)) = own.as_ref().filter(|_| database == "postgres") {
            // As its autovacuum does by itself a minute later.
            own.execute("VACUUM ANALYZE").map_err(failed)?;
        }
        Ok(Self { url, folder, _own: own })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A folder for the server.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
