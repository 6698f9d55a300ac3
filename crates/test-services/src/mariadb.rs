//! MariaDB.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::database_server::{DatabaseServer, Kind};
use crate::process::{self, Home, Owner, with_free_port};
use crate::{Certificates, ServiceError};

/// MariaDB. Its settings are options such as `--read-only=1`.
pub static KIND: Kind = Kind {
    variable: "ROTATOR_TEST_MYSQL_URL",
    programs,
    client,
    start,
    durable: DURABLE,
    execute,
    shared: OnceLock::new(),
};
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

/// Written to the system with each commit, which outlives the process.
const DURABLE: &[&str] = &["--innodb-flush-log-at-trx-commit=2"];

fn start(
    kind: &'static Kind,
    settings: &[&str],
    certificates: Option<&Certificates>,
) -> Result<DatabaseServer, ServiceError> {
    let [install, server] = (kind.programs)()?;
    with_free_port(|port| {
        let home = Home::new(Owner::first_of(&["mysql", "nobody"]))?;
        let data = format!("--datadir={}", home.path("data").display());
        let temporary = format!("--tmpdir={}", home.path("").display());
        let normal = "--auth-root-authentication-method=normal";
        home.run(&install, &["--no-defaults", &data, &temporary, normal, "--skip-test-db", "--skip-name-resolve"])?;
        // Who comes by the socket is `localhost`.
        let grant = |host: &str| {
            format!(
                "CREATE USER IF NOT EXISTS '{USER}'@'{host}' IDENTIFIED BY '{PASSWORD}';\n\
                 GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION;\n"
            )
        };
        let grants = ["127.0.0.1", "localhost"].map(grant).concat();
        let grants = format!("--init-file={}", home.write("init.sql", &grants)?.display());
        let socket = home.path("socket");
        let socket_setting = format!("--socket={}", socket.display());
        let identity = format!("--pid-file={}", home.path("pid").display());
        let port_setting = format!("--port={port}");
        let own = ["--no-defaults", &data, &temporary, &grants, &socket_setting, &identity, &port_setting];
        let tls = match certificates {
            Some(certificates) => {
                let [certificate, key] = home.copy(certificates)?;
                vec![format!("--ssl-cert={}", certificate.display()), format!("--ssl-key={}", key.display())]
            }
            None => Vec::new(),
        };
        let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
        let url = format!("mysql://{USER}:{}@127.0.0.1:{port}", utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC));
        let asked = url.clone();
        let ready = move || execute(&asked, "SELECT 1").map(|_| ());
        let arguments = [&own[..], &SETTINGS, &tls, settings].concat();
        let service = home.start(&server, &arguments, "KILL", ready)?;
        Ok(DatabaseServer { execute, url, socket, service })
    })
}

fn programs() -> Result<[PathBuf; 2], ServiceError> {
    Ok([process::find("mariadb-install-db", PACKAGE, &[])?, process::find("mariadbd", PACKAGE, &[])?])
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
