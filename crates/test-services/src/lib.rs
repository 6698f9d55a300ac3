//! Private servers for tests, each in a folder and on a port of its own; whoever starts one ends it.
//!
//! Starting a server takes seconds, so `cargo xtask test` starts each once and hands its address over in a variable
//! (`ROTATOR_TEST_MYSQL_URL`, `ROTATOR_TEST_POSTGRES_URL`, `ROTATOR_TEST_REDIS_URL`). Where it is not set, the first test
//! of a process starts a server for all of them, which ends with the process however that ends.
//!
//! Never a dependency of anything that is shipped.

mod certificates;
mod database;
mod database_server;
mod error;
mod mariadb;
mod postgres;
mod process;
mod redis;

pub use certificates::Certificates;
pub use database::Database;
pub use database_server::{DatabaseServer, Kind};
pub use error::ServiceError;
pub use mariadb::KIND as MARIADB;
pub use postgres::KIND as POSTGRES;
pub use process::find;
pub use redis::Redis;

/// Whether the programs of each server are there: MariaDB, PostgreSQL, Redis, nginx.
pub fn installed() -> [Result<(), ServiceError>; 4] {
    [MARIADB.installed(), POSTGRES.installed(), redis::installed(), nginx().map(drop)]
}

/// The program of nginx, which reads what `deploy` holds for it.
///
/// # Errors
/// It is not installed.
pub fn nginx() -> Result<std::path::PathBuf, ServiceError> {
    process::find("nginx", "nginx-light", &[])
}
