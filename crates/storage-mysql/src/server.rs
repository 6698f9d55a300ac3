//! What kind of server answers.

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sqlx::Row;
use sqlx::mysql::MySqlPool;

use crate::fault;

const ACTION: &str = "open the MySQL database";
const OLDEST_MYSQL: (u32, u32) = (8, 0);
const OLDEST_MARIADB: (u32, u32) = (10, 6);

/// Refuses a server that is too old or takes no changes.
pub(crate) async fn check(pool: &MySqlPool) -> Result<(), StorageError> {
    let query = sqlx::query("SELECT VERSION(), CAST(@@global.read_only AS CHAR)");
    let row = query.fetch_one(pool).await.map_err(fault::while_opening)?;
    let version: String = row.try_get(0).map_err(fault::while_opening)?;
    let read_only: String = row.try_get(1).map_err(fault::while_opening)?;
    refuse_old(&version)?;
    if !matches!(read_only.as_str(), "0" | "OFF") {
        let source = "the server is set to read_only, as a replica is; name the primary instead";
        return Err(StorageError::new(StorageErrorKind::ReadOnly, ACTION).with_source(source));
    }
    Ok(())
}

fn refuse_old(version: &str) -> Result<(), StorageError> {
    let (product, oldest) =
        if version.contains("MariaDB") { ("MariaDB", OLDEST_MARIADB) } else { ("MySQL", OLDEST_MYSQL) };
    // Behind some proxies MariaDB says 5.5.5- before its own version, for old replicas.
    let digits = version.trim_start_matches("5.5.5-");
    let mut numbers = digits.split(|at: char| !at.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= oldest {
        return Ok(());
    }
    let (major, minor) = oldest;
    let source = format!("this is {product} {version}, but {product} {major}.{minor} or later is needed");
    Err(StorageError::new(StorageErrorKind::ServerTooOld, ACTION).with_source(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_versions_are_known() {
        for version in ["8.0.0", "8.4.2-commercial", "9.1.0", "10.6.0-MariaDB", "11.4.2-MariaDB-ubu2404"] {
            assert!(refuse_old(version).is_ok(), "{version}");
        }
        for version in ["5.7.44-log", "10.5.9-MariaDB", "5.5.5-10.3.1-MariaDB-log", "7", ""] {
            let error = refuse_old(version).unwrap_err();
            assert_eq!(error.kind(), &StorageErrorKind::ServerTooOld, "{version}");
        }
        assert!(refuse_old("5.5.5-10.11.6-MariaDB").is_ok());
    }
}
