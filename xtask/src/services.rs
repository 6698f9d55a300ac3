//! The servers that tests need: each is started once for all of them, and ended after them.

use std::process::Command;

use rotator_test_services::{DatabaseServer, Kind, MARIADB, POSTGRES, ServiceError, installed};

use crate::error::TaskError;
use crate::process;

/// Running servers; dropped, they are ended. Those that a variable names already are somebody else's.
pub(crate) struct Services {
    mariadb: Option<DatabaseServer>,
    postgres: Option<DatabaseServer>,
}

// === impl Services ===

impl Services {
    /// Starts the servers. What is missing is installed where that is possible.
    pub(crate) fn start() -> Result<Self, TaskError> {
        install_missing()?;
        let failed = |error| TaskError::failed("start a server for the tests", error);
        // Each takes a few seconds of its own.
        std::thread::scope(|scope| {
            let postgres = scope.spawn(|| unless_named(&POSTGRES));
            let mariadb = unless_named(&MARIADB).map_err(failed)?;
            let ended = |_| ServiceError::Failed { what: "start PostgreSQL".to_owned(), detail: String::new() };
            let postgres = postgres.join().map_err(ended).and_then(|started| started).map_err(failed)?;
            Ok(Self { mariadb, postgres })
        })
    }

    /// The variables that tell tests where the servers are.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mariadb = self.mariadb.as_ref().map(|server| (MARIADB.variable, server.url()));
        let postgres = self.postgres.as_ref().map(|server| (POSTGRES.variable, server.url()));
        mariadb.into_iter().chain(postgres)
    }
}

fn unless_named(kind: &'static Kind) -> Result<Option<DatabaseServer>, ServiceError> {
    if std::env::var_os(kind.variable).is_some() { Ok(None) } else { kind.start().map(Some) }
}

/// Installs the packages of servers that are not there, on Debian and as its superuser; elsewhere says what to install.
fn install_missing() -> Result<(), TaskError> {
    let mut packages: Vec<&str> = installed().into_iter().filter_map(missing).collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !process::is_superuser() || !process::works(Command::new("apt-get").arg("--version")) {
        return Err(TaskError::Failed(format!(
            "tests need servers that are not installed (Debian: sudo apt-get install {list}); or name servers that are \
             there in {} and {}",
            MARIADB.variable, POSTGRES.variable
        )));
    }
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    process::run(apt().args(["update", "--quiet"]))?;
    process::run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&packages))
}

/// The package that has to be installed.
fn missing(server: Result<(), ServiceError>) -> Option<&'static str> {
    match server {
        Err(ServiceError::Missing { package, .. }) => Some(package),
        _ => None,
    }
}
