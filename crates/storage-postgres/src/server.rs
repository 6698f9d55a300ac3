//! What kind of server answers.

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::fault;

const ACTION: &str = "open the PostgreSQL database";
const OLDEST: i32 = 13;

/// Refuses a server that is too old or takes no changes, and a database whose text is not UTF-8.
pub(crate) async fn check(pool: &PgPool) -> Result<(), StorageError> {
    let query = sqlx::query(
        "SELECT current_setting('server_version_num')::int4, pg_is_in_recovery(), \
         current_setting('transaction_read_only') = 'on', current_setting('server_encoding')",
    );
    let row = query.fetch_one(pool).await.map_err(fault::while_opening)?;
    let version: i32 = row.try_get(0).map_err(fault::while_opening)?;
    let standby: bool = row.try_get(1).map_err(fault::while_opening)?;
    let read_only: bool = row.try_get(2).map_err(fault::while_opening)?;
    let encoding: String = row.try_get(3).map_err(fault::while_opening)?;
    refuse_old(version)?;
    let refuse = |kind, source: String| Err(StorageError::new(kind, ACTION).with_source(source));
    if standby {
        return refuse(StorageErrorKind::ReadOnly, "the server is a standby; name the primary instead".to_owned());
    }
    if read_only {
        let source = "default_transaction_read_only is on for this server, database or user";
        return refuse(StorageErrorKind::ReadOnly, source.to_owned());
    }
    if encoding != "UTF8" {
        return refuse(StorageErrorKind::Refused, format!("the database's encoding is {encoding}, but must be UTF8"));
    }
    Ok(())
}

/// `number` is the major version and four digits for the minor one.
fn refuse_old(number: i32) -> Result<(), StorageError> {
    let major = number / 10_000;
    if major >= OLDEST {
        return Ok(());
    }
    let source = format!("this is PostgreSQL {major}, but {OLDEST} or later is needed");
    Err(StorageError::new(StorageErrorKind::ServerTooOld, ACTION).with_source(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_is_known() {
        assert!(refuse_old(130_000).is_ok());
        assert!(refuse_old(180_001).is_ok());
        assert_eq!(refuse_old(120_022).unwrap_err().kind(), &StorageErrorKind::ServerTooOld);
    }
}
