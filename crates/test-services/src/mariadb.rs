//! MariaDB.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::process::{self, Home, Owner, Service, with_free_port};
use crate::{Database, ServiceError};

/// The variable with the URL of a server that is there already; its user may make databases.
pub const VARIABLE: &str = "ROTATOR_TEST_MYSQL_URL";
const PACKAGE: &str = "mariadb-server";
const USER: &str = "rotator";
/// Holds what a URL must encode.
const PASSWORD: &str = "p@ss:w/rd?#%";
/// Quick rather than durable. What a server may be set to that this program must not rely on is set otherwise: the
/// character set, the mode, the time zone.
const SETTINGS: [&str; 11] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--max-connections=1000",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
    "--sql-mode=",
    "--default-time-zone=+05:00",
];

/// A running server; dropped, it is ended.
pub struct MariaDb {
    url: String,
    _service: Service,
}

// === impl MariaDb ===

impl MariaDb {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// `Missing` when it is not installed, else what it said.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&[])
    }

    /// The same with more settings, such as `--read-only=1`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(settings: &[&str]) -> Result<Self, ServiceError> {
        let [install, server] = programs()?;
        with_free_port(|port| {
            let home = Home::new(Owner::first_of(&["mysql", "nobody"]))?;
            let data = format!("--datadir={}", home.path("data").display());
            let temporary = format!("--tmpdir={}", home.path("").display());
            let normal = "--auth-root-authentication-method=normal";
            home.run(&install, &["--no-defaults", &data, &temporary, normal, "--skip-test-db", "--skip-name-resolve"])?;
            let grant = format!(
                "CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
                 GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
            );
            let grant = format!("--init-file={}", home.write("init.sql", &grant)?.display());
            let socket = format!("--socket={}", home.path("socket").display());
            let identity = format!("--pid-file={}", home.path("pid").display());
            let port_setting = format!("--port={port}");
            let own = ["--no-defaults", &data, &temporary, &grant, &socket, &identity, &port_setting];
            let url = format!("mysql://{USER}:{}@127.0.0.1:{port}", utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC));
            let ready = || execute(&url, "SELECT 1").map(|_| ());
            let arguments = [&own[..], &SETTINGS, settings].concat();
            let service = home.start(&server, &arguments, "KILL", ready)?;
            Ok(Self { url: url.clone(), _service: service })
        })
    }

    /// Its URL, without a database.
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
    static SHARED: OnceLock<Result<MariaDb, ServiceError>> = OnceLock::new();
    if let Ok(url) = std::env::var(VARIABLE) {
        return database_on(&url);
    }
    SHARED
        .get_or_init(MariaDb::start)
        .as_ref()
        .map_err(|error| ServiceError::failed("share a server", error))?
        .database()
}

pub(crate) fn installed() -> Result<(), ServiceError> {
    if std::env::var_os(VARIABLE).is_some() { client() } else { programs().and_then(|_| client()) }.map(|_| ())
}

fn programs() -> Result<[PathBuf; 2], ServiceError> {
    Ok([process::find("mariadb-install-db", PACKAGE, &[])?, process::find("mariadbd", PACKAGE, &[])?])
}

fn database_on(url: &str) -> Result<Database, ServiceError> {
    Database::new(url, execute, "CREATE DATABASE", "DROP DATABASE IF EXISTS")
}

fn client() -> Result<PathBuf, ServiceError> {
    process::find("mariadb", "mariadb-client", &[]).or_else(|_| process::find("mysql", "mariadb-client", &[]))
}

fn execute(url: &str, sql: &str) -> Result<String, ServiceError> {
    let url = Url::parse(url).map_err(|error| ServiceError::failed("read the URL of a server", error))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut command = Command::new(client()?);
    command.args(["--no-defaults", "--protocol=tcp", "--batch", "--skip-column-names"]);
    command.args(["--default-character-set=utf8mb4", "--execute", sql]);
    command.arg(format!("--host={}", url.host_str().unwrap_or("127.0.0.1")));
    command.arg(format!("--port={}", url.port().unwrap_or(3306)));
    command.arg(format!("--user={}", decoded(url.username())));
    if let Some(password) = url.password() {
        command.env("MYSQL_PWD", decoded(password));
    }
    let database = decoded(url.path().trim_start_matches('/'));
    if !database.is_empty() {
        command.arg(format!("--database={database}"));
    }
    process::run(&mut command)
}
