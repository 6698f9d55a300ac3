//! PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::database_server::{DatabaseServer, Kind};
use crate::process::{self, Home, Owner, with_free_port};
use crate::{Certificates, ServiceError};

/// PostgreSQL. Its settings are pairs such as `log_statement=all`.
pub static KIND: Kind = Kind {
    variable: "ROTATOR_TEST_POSTGRES_URL",
    programs,
    client,
    start,
    durable: DURABLE,
    execute,
    shared: OnceLock::new(),
};
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

/// Written to the system with each commit, which outlives the process.
const DURABLE: &[&str] = &["synchronous_commit=on"];

fn start(
    kind: &'static Kind,
    settings: &[&str],
    certificates: Option<&Certificates>,
) -> Result<DatabaseServer, ServiceError> {
    let [initialise, server] = (kind.programs)()?;
    with_free_port(|port| {
        let home = Home::new(Owner::first_of(&["postgres", "nobody"]))?;
        let data = home.path("data").display().to_string();
        let password = format!("--pwfile={}", home.write("password", PASSWORD)?.display());
        let user = format!("--username={USER}");
        let fixed = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"];
        home.run(&initialise, &[&[user.as_str(), &password], &fixed[..], &[&data]].concat())?;
        let mut own = vec![format!("unix_socket_directories={}", home.path("").display()), format!("port={port}")];
        if let Some(certificates) = certificates {
            let [certificate, key] = home.copy(certificates)?;
            own.extend([
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", certificate.display()),
                format!("ssl_key_file={}", key.display()),
            ]);
        }
        let own = own.iter().map(String::as_str);
        let settings = SETTINGS.into_iter().chain(own).chain(settings.iter().copied());
        let settings = settings.flat_map(|setting| ["-c", setting]);
        let arguments: Vec<&str> = ["-D", &data].into_iter().chain(settings).collect();
        let password = utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC);
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
        let asked = url.clone();
        let ready = move || execute(&asked, "SELECT 1").map(|_| ());
        let socket = home.path("");
        let service = home.start(&server, &arguments, "INT", ready)?;
        Ok(DatabaseServer { execute, url, socket, service })
    })
}

fn programs() -> Result<[PathBuf; 2], ServiceError> {
    let more = folders();
    Ok([process::find("initdb", PACKAGE, &more)?, process::find("postgres", PACKAGE, &more)?])
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
