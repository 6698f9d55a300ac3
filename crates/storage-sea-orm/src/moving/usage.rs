//! The tables of usage figures, whose rows are records too.

use async_trait::async_trait;
use rotator_domain::Grain;
use rotator_storage_trait::{Record, StorageError};
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, ExprTrait, QueryResult, Value};

use super::tables::{Table, TablePage, Within};
use crate::storage::limit as storable_limit;
use crate::usage::{COLUMNS, SUBJECT, add, added_up, read_row, table};

/// The figures of one grain.
pub(super) struct Usage(pub(super) Grain);

#[async_trait]
impl Table for Usage {
    async fn page(&self, within: Within<'_>, after: Option<Vec<Value>>, limit: u64) -> Result<TablePage, StorageError> {
        let Within { transaction, attempt } = within;
        let mut query = Query::select();
        query.columns(COLUMNS.iter().copied()).from(table(self.0)).limit(storable_limit(limit));
        for column in SUBJECT {
            query.order_by(column, Order::Asc);
        }
        if let Some(after) = after {
            let place = Expr::tuple(SUBJECT.map(Expr::col));
            query.and_where(place.gt(Expr::tuple(after.into_iter().map(Expr::value))));
        }
        let rows = transaction.query_all(&query).await.map_err(|error| attempt.failed(error))?;
        let last = rows.last().map(place).transpose().map_err(|error| attempt.failed(error))?;
        let records: Result<Vec<Record>, DbErr> =
            rows.iter().map(|row| Ok(Record::Usage(self.0, Box::new(read_row(row)?)))).collect();
        Ok(TablePage { records: records.map_err(|error| attempt.failed(error))?, last })
    }

    async fn holds_any(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
        let mut query = Query::select();
        query.column("at").from(table(self.0)).limit(1).lock_exclusive();
        Ok(transaction.query_one(&query).await?.is_some())
    }

    async fn store(&self, within: Within<'_>, records: &[Record]) -> Result<i64, StorageError> {
        let Within { transaction, attempt } = within;
        let rows = records.iter().filter_map(|record| match record {
            Record::Usage(grain, row) if *grain == self.0 => Some(row.as_ref()),
            _ => None,
        });
        let rows = added_up(self.0, rows);
        add(transaction, self.0, &rows).await.map_err(|error| attempt.failed(error))?;
        // They have no id of their own.
        Ok(0)
    }
}

/// The primary key of a row.
fn place(row: &QueryResult) -> Result<Vec<Value>, DbErr> {
    let [numbers @ .., text] = SUBJECT;
    let numbers = numbers.into_iter().map(|column| Ok(Value::from(row.try_get::<i64>("", column)?)));
    numbers.chain([row.try_get::<String>("", text).map(Value::from)]).collect()
}
