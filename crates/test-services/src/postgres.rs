//! PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::process::{self, Home, Owner, Service, with_free_port};
use crate::{Database, ServiceError};

/// The variable with the URL of a server that is there already; its user may make databases.
pub const VARIABLE: &str = "ROTATOR_TEST_POSTGRES_URL";
const PACKAGE: &str = "postgresql";
const USER: &str = "rotator";
/// Holds what a URL must encode.
const PASSWORD: &str = "p@ss:w/rd?#%";
/// Quick rather than durable. What a server may be set to that this program must not rely on is set otherwise: the time
/// zone, the isolation of transactions.
const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=400",
    "timezone=Asia/Karachi",
    "default_transaction_isolation=serializable",
];

/// A running server; dropped, it is ended.
pub struct Postgres {
    url: String,
    _service: Service,
}

// === impl Postgres ===

impl Postgres {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// `Missing` when it is not installed, else what it said.
    pub fn start() -> Result<Self, ServiceError> {
        let [initialise, server] = programs()?;
        with_free_port(|port| {
            let home = Home::new(Owner::first_of(&["postgres", "nobody"]))?;
            let data = home.path("data").display().to_string();
            let password = format!("--pwfile={}", home.write("password", PASSWORD)?.display());
            let user = format!("--username={USER}");
            let fixed = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"];
            home.run(&initialise, &[&[user.as_str(), &password], &fixed[..], &[&data]].concat())?;
            let sockets = format!("unix_socket_directories={}", home.path("").display());
            let port_setting = format!("port={port}");
            let settings = SETTINGS.into_iter().chain([sockets.as_str(), &port_setting]);
            let settings = settings.flat_map(|setting| ["-c", setting]);
            let arguments: Vec<&str> = ["-D", &data].into_iter().chain(settings).collect();
            let password = utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC);
            let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
            let ready = || execute(&url, "SELECT 1").map(|_| ());
            let service = home.start(&server, &arguments, "INT", ready)?;
            Ok(Self { url: url.clone(), _service: service })
        })
    }

    /// Its URL, with the database that every server has.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new database on it.
    ///
    /// # Errors
    /// What the client said.
    pub fn database(&self) -> Result<Database, ServiceError> {
        database_on(&self.url)
    }
}

/// A new database on the server that all tests share.
///
/// # Errors
/// When there is no server.
pub fn database() -> Result<Database, ServiceError> {
    static SHARED: OnceLock<Result<Postgres, ServiceError>> = OnceLock::new();
    if let Ok(url) = std::env::var(VARIABLE) {
        return database_on(&url);
    }
    SHARED
        .get_or_init(Postgres::start)
        .as_ref()
        .map_err(|error| ServiceError::failed("share a server", error))?
        .database()
}

pub(crate) fn installed() -> Result<(), ServiceError> {
    if std::env::var_os(VARIABLE).is_some() { client() } else { programs().and_then(|_| client()) }.map(|_| ())
}

fn programs() -> Result<[PathBuf; 2], ServiceError> {
    let more = folders();
    Ok([process::find("initdb", PACKAGE, &more)?, process::find("postgres", PACKAGE, &more)?])
}

fn database_on(url: &str) -> Result<Database, ServiceError> {
    // Where connections are still closing, it stays behind.
    Database::new(url, execute, "CREATE DATABASE", "DROP DATABASE IF EXISTS")
}

fn client() -> Result<PathBuf, ServiceError> {
    process::find("psql", "postgresql-client", &folders())
}

/// Where the versions of PostgreSQL are, the newest first.
fn folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn execute(url: &str, sql: &str) -> Result<String, ServiceError> {
    let mut command = Command::new(client()?);
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"]);
    command.args(["--set=ON_ERROR_STOP=1", "--dbname", url, "--command", sql]);
    process::run(&mut command)
}
