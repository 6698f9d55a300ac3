//! One node at a time changes the schema.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

/// How long a node waits for another one to be done, in seconds.
const PATIENCE: u32 = 60;
/// What PostgreSQL's advisory lock is called: `rotator` in ASCII.
const NUMBER: i64 = 0x72_6f74_6174_6f72;

/// Waits for the lock; `false` when another node held it all the while. SQLite has it already: the transaction writes.
pub(crate) async fn take(db: &DatabaseTransaction) -> Result<bool, DbErr> {
    match db.get_database_backend() {
        DbBackend::MySql => {
            let query = format!("SELECT COALESCE(GET_LOCK({}, {PATIENCE}), 0)", name());
            let row = db.query_one_raw(Statement::from_string(DbBackend::MySql, query)).await?;
            Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()? == Some(1))
        }
        DbBackend::Postgres => {
            // It ends with the transaction, and so does the setting.
            db.execute_unprepared(&format!("SET LOCAL lock_timeout = '{PATIENCE}s'")).await?;
            db.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({NUMBER})")).await?;
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Gives the lock back where that does not happen by itself. MySQL's belongs to the connection, not to the transaction.
pub(crate) async fn give_back(db: &DatabaseTransaction) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::MySql {
        db.query_one_raw(Statement::from_string(DbBackend::MySql, format!("SELECT RELEASE_LOCK({})", name()))).await?;
    }
    Ok(())
}

/// MySQL's names are the whole server's and have 64 characters at the most; so may the name of a database.
fn name() -> &'static str {
    "CONCAT('rotator.', MD5(DATABASE()))"
}
