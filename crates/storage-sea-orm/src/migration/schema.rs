//! The words in which migrations are written.
//!
//! MySQL commits each of these statements by itself, so a migration that is cut off there stays half done, and is run
//! again: on MySQL each step passes over what is there already. That this is what the migration itself made, and nobody
//! else, is for `resume` to know.

use sea_orm::sea_query::{ColumnDef, Index, OnConflict, Query, Table, TableCreateStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use sea_orm_migration::SchemaManager;

/// The schema that a migration changes.
pub(super) struct Schema<'m> {
    manager: &'m SchemaManager<'m>,
    /// How MySQL's tables compare text.
    collation: Option<String>,
}

/// A new index.
pub(super) struct NewIndex {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) unique: bool,
}

// === impl Schema ===

impl<'m> Schema<'m> {
    pub(super) async fn of(manager: &'m SchemaManager<'m>) -> Result<Self, DbErr> {
        let collation = match manager.get_database_backend() {
            DbBackend::MySql => Some(exact_collation(manager.get_connection()).await?),
            _ => None,
        };
        Ok(Self { manager, collation })
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.manager.get_database_backend()
    }

    /// Begins a table. MySQL's default collation takes `a` for `A`, so its tables say that text compares exactly; the
    /// others do so anyway.
    pub(super) fn table(&self, name: &'static str) -> TableCreateStatement {
        let mut table = Table::create();
        table.table(name);
        if let Some(collation) = &self.collation {
            table.engine("InnoDB").character_set("utf8mb4").collate(collation).if_not_exists();
        }
        table
    }

    pub(super) async fn create_table(&self, table: TableCreateStatement) -> Result<(), DbErr> {
        self.manager.create_table(table).await
    }

    pub(super) async fn create_index(&self, new: NewIndex) -> Result<(), DbErr> {
        let there = "SELECT COUNT(*) FROM information_schema.statistics \
                     WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?";
        if self.is_there(there, new.table, new.name).await? {
            return Ok(());
        }
        let mut index = Index::create();
        index.name(new.name).table(new.table);
        if new.unique {
            index.unique();
        }
        for column in new.columns {
            index.col(*column);
        }
        self.manager.create_index(index).await
    }

    pub(super) async fn add_column(&self, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
        let there = "SELECT COUNT(*) FROM information_schema.columns \
                     WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?";
        if self.is_there(there, table, &column.get_column_name()).await? {
            return Ok(());
        }
        let mut change = Table::alter();
        change.table(table).add_column(column);
        self.manager.alter_table(change).await
    }

    /// Fills a table that holds one number in one row.
    pub(super) async fn insert_only_row(
        &self,
        table: &'static str,
        column: &'static str,
        value: i64,
    ) -> Result<(), DbErr> {
        let mut row = Query::insert();
        row.into_table(table)
            .columns(["id", column])
            .values([1_i64.into(), value.into()])
            .map_err(|error| DbErr::Migration(error.to_string()))?
            .on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned());
        self.manager.execute(row).await
    }

    /// Whether MySQL counts any of these; the others undo what is cut off.
    async fn is_there(&self, query: &'static str, table: &str, name: &str) -> Result<bool, DbErr> {
        if self.backend() != DbBackend::MySql {
            return Ok(false);
        }
        let values: [Value; 2] = [table.into(), name.into()];
        let statement = Statement::from_sql_and_values(DbBackend::MySql, query, values);
        Ok(count(self.manager.get_connection(), statement).await? > 0)
    }
}

/// The number that a query gives.
pub(super) async fn count<C: ConnectionTrait>(db: &C, statement: Statement) -> Result<i64, DbErr> {
    let row = db.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::Migration("a count gave nothing".to_owned()))?.try_get_by_index(0)
}

/// The collation that takes no two texts for one another. The oldest, `utf8mb4_bin`, passes over spaces at the end;
/// MariaDB and MySQL each have a better one under a name of their own.
async fn exact_collation<C: ConnectionTrait>(db: &C) -> Result<String, DbErr> {
    const NAMES: [&str; 2] = ["utf8mb4_nopad_bin", "utf8mb4_0900_bin"];
    for name in NAMES {
        let query = "SELECT COUNT(*) FROM information_schema.collations WHERE collation_name = ?";
        let statement = Statement::from_sql_and_values(DbBackend::MySql, query, [name.into()]);
        if count(db, statement).await? > 0 {
            return Ok(name.to_owned());
        }
    }
    Ok("utf8mb4_bin".to_owned())
}
