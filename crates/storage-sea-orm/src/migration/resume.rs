//! Migrations on MySQL, whose changes of a schema are not transactional.
//!
//! What is begun is written down first. A migration that was cut off (by a crash, or a connection that broke) is found
//! begun and not applied; it is run again, and each of its steps passes over what is there already. One that was not
//! begun must find none of its tables: they would be another program's.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;

use super::schema::count;
use super::{Migrator, tables_of};

/// Where begun migrations are written down; there only while any are.
pub(super) const BEGUN: &str = "rotator_migrations_begun";

/// Brings the schema up to date.
pub(crate) async fn up(db: &DatabaseTransaction) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::MySql {
        return Migrator::up(db, None).await;
    }
    let pending = Migrator::get_pending_migrations(db).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let begun = begun(db).await?;
    let make = format!("CREATE TABLE IF NOT EXISTS {BEGUN} (version VARCHAR(255) NOT NULL PRIMARY KEY)");
    db.execute_unprepared(&make).await?;
    for migration in pending {
        let version = migration.name();
        if !begun.iter().any(|begun| begun == version) {
            for table in tables_of(version) {
                refuse_taken(db, table).await?;
            }
            let statement = format!("INSERT INTO {BEGUN} VALUES (?)");
            db.execute_raw(Statement::from_sql_and_values(DbBackend::MySql, statement, [version.into()])).await?;
        }
        Migrator::up(db, Some(1)).await?;
    }
    db.execute_unprepared(&format!("DROP TABLE {BEGUN}")).await?;
    Ok(())
}

/// The migrations that were begun, applied or not.
pub(super) async fn begun<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, DbErr> {
    if db.get_database_backend() != DbBackend::MySql || !has_table(db, BEGUN).await? {
        return Ok(Vec::new());
    }
    let query = Statement::from_string(DbBackend::MySql, format!("SELECT version FROM {BEGUN}"));
    db.query_all_raw(query).await?.into_iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn refuse_taken<C: ConnectionTrait>(db: &C, table: &str) -> Result<(), DbErr> {
    if !has_table(db, table).await? {
        return Ok(());
    }
    Err(DbErr::Migration(format!(
        "the table {table} is there already, but no record of this program having made it: either it is another \
         program's (use another database), or a reset was interrupted (reset once more)"
    )))
}

async fn has_table<C: ConnectionTrait>(db: &C, table: &str) -> Result<bool, DbErr> {
    let query = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
    Ok(count(db, Statement::from_sql_and_values(DbBackend::MySql, query, [table.into()])).await? > 0)
}
