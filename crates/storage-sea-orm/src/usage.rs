//! What requests used, added up.
//!
//! The tables have a column for each [`Figure`], so their statements are made from that list and not from entities.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rotator_domain::{ClientKeyId, Figure, Grain, KeyId, ServiceId, Timestamp, UsageFigures, UsageRow, UsageSubject};
use rotator_storage_trait::{
    LONGEST_USAGE_MODEL, StorageError, UsageBatch, UsageDimension, UsageGroup, UsageQuery, UsageRepository,
};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, InsertStatement, OnConflict, Order, Query, SelectStatement, SimpleExpr, Value,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult};

use crate::SeaOrmStorage;
use crate::storage::{again, limit};

/// Rows of one statement: 28 columns a row stay below the 32,766 parameters of SQLite.
const ROWS: usize = 500;
/// What a row is about, which is its primary key.
pub(crate) const SUBJECT: [&str; 5] = ["at", "service_id", "key_id", "client_key_id", "model"];
/// All columns.
pub(crate) const COLUMNS: [&str; SUBJECT.len() + Figure::ALL.len()] = {
    let mut columns = [""; SUBJECT.len() + Figure::ALL.len()];
    let mut place = 0;
    while place < columns.len() {
        columns[place] = if place < SUBJECT.len() { SUBJECT[place] } else { Figure::ALL[place - SUBJECT.len()].name() };
        place += 1;
    }
    columns
};
const SOURCES: &str = "usage_sources";

#[async_trait]
impl UsageRepository for SeaOrmStorage {
    async fn add_usage(&self, batch: &UsageBatch, rows: &[UsageRow], now: Timestamp) -> Result<bool, StorageError> {
        let attempt = self.attempt("add usage figures");
        let by_grain = Grain::ALL.map(|grain| (grain, added_up(grain, rows)));
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let is_new = is_new(&transaction, batch, now).await.map_err(|error| attempt.failed(error))?;
            if !is_new {
                return Ok(false);
            }
            for (grain, rows) in &by_grain {
                add(&transaction, *grain, rows).await.map_err(|error| attempt.failed(error))?;
            }
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok(true)
        })
        .await
    }

    async fn usage(&self, query: &UsageQuery, most: u64) -> Result<Vec<UsageGroup>, StorageError> {
        let attempt = self.attempt("read usage figures");
        let mut select = select(query, self.connections.readers.get_database_backend());
        select.limit(limit(most));
        let rows = self.connections.readers.query_all(&select).await.map_err(|error| attempt.failed(error))?;
        let groups: Result<Vec<_>, _> = rows.iter().map(|row| group(query, row)).collect();
        let mut groups = groups.map_err(|error| attempt.failed(error))?;
        // Here rather than in the database alone: each orders text by rules of its own.
        let place = |group: &UsageGroup| (group.at, group.service, group.key, group.client, group.model.clone());
        groups.sort_by_cached_key(place);
        Ok(groups)
    }

    async fn forget_usage(&self, grain: Grain, before: Timestamp, most: u64) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget usage figures");
        let mut edges = Query::select();
        edges.column("at").from(table(grain)).and_where(Expr::col("at").lt(before.as_millis()));
        edges.order_by("at", Order::Asc).limit(1).offset(limit(most));
        again(|| async {
            let edge = self.connections.readers.query_one(&edges).await.map_err(|error| attempt.failed(error))?;
            let edge = edge.map(|row| row.try_get_by_index::<i64>(0)).transpose();
            // The whole stretch goes with its first row, or a stretch with many rows would never go.
            let end = edge.map_err(|error| attempt.failed(error))?.map_or(before.as_millis(), |at| at + 1);
            let mut delete = Query::delete();
            delete.from_table(table(grain)).and_where(Expr::col("at").lt(Ord::min(end, before.as_millis())));
            let done = self.connections.writer.execute(&delete).await.map_err(|error| attempt.failed(error))?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn forget_usage_sources(&self, before: Timestamp) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget sources of usage figures");
        let mut delete = Query::delete();
        delete.from_table(SOURCES).and_where(Expr::col("seen_at").lt(before.as_millis()));
        again(|| async {
            let done = self.connections.writer.execute(&delete).await.map_err(|error| attempt.failed(error))?;
            Ok(done.rows_affected())
        })
        .await
    }
}

pub(crate) fn table(grain: Grain) -> &'static str {
    match grain {
        Grain::Minute => "usage_minutes",
        Grain::Hour => "usage_hours",
        Grain::Day => "usage_days",
    }
}

/// Figures by their primary key.
pub(crate) type Rows = BTreeMap<(Timestamp, UsageSubject), UsageFigures>;

/// The rows of longer stretches. They are in the order of their keys, in which all nodes lock them.
pub(crate) fn added_up<'r>(grain: Grain, rows: impl IntoIterator<Item = &'r UsageRow>) -> Rows {
    let mut all: BTreeMap<_, UsageFigures> = BTreeMap::new();
    for UsageRow { at, subject, figures } in rows {
        let model = subject.model.as_deref().map(storable_model).filter(|model| !model.is_empty());
        let subject = UsageSubject { model, ..subject.clone() };
        all.entry((grain.start(*at), subject)).or_default().add_all(figures);
    }
    all
}

fn storable_model(model: &str) -> String {
    model.chars().filter(|character| *character != '\0').take(LONGEST_USAGE_MODEL).collect()
}

/// Writes down that a batch is added, and says whether it was not yet.
async fn is_new(transaction: &DatabaseTransaction, batch: &UsageBatch, now: Timestamp) -> Result<bool, DbErr> {
    let mut update = Query::update();
    update
        .table(SOURCES)
        .value("last_batch", batch.number)
        .value("seen_at", now.as_millis())
        .and_where(Expr::col("source").eq(batch.source.as_str()))
        .and_where(Expr::col("last_batch").lt(batch.number));
    if transaction.execute(&update).await?.rows_affected() > 0 {
        return Ok(true);
    }
    // Whether an insert did something cannot be told on MySQL, but whether the update did can.
    let mut insert = Query::insert();
    insert
        .into_table(SOURCES)
        .columns(["source", "last_batch", "seen_at"])
        .values([batch.source.as_str().into(), i64::MIN.into(), now.as_millis().into()])
        .map_err(made_wrong)?
        .on_conflict(OnConflict::column("source").do_nothing_on(["source"]).to_owned());
    transaction.execute(&insert).await?;
    Ok(transaction.execute(&update).await?.rows_affected() > 0)
}

pub(crate) async fn add(transaction: &DatabaseTransaction, grain: Grain, rows: &Rows) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let rows: Vec<_> = rows.iter().collect();
    for chunk in rows.chunks(ROWS) {
        transaction.execute(&upsert(grain, chunk, backend)?).await?;
    }
    Ok(())
}

type AddedRow<'a> = (&'a (Timestamp, UsageSubject), &'a UsageFigures);

/// Stores the rows, or adds them to those that are there.
fn upsert(grain: Grain, rows: &[AddedRow<'_>], backend: DbBackend) -> Result<InsertStatement, DbErr> {
    let mut insert = Query::insert();
    insert.into_table(table(grain));
    insert.columns(COLUMNS);
    for ((at, subject), figures) in rows {
        let subject = [
            at.as_millis().into(),
            subject.service.0.into(),
            subject.key.map_or(0, |key| key.0).into(),
            subject.client.map_or(0, |client| client.0).into(),
            subject.model.clone().unwrap_or_default().into(),
        ];
        let figures = Figure::ALL.map(|figure| {
            let value: SimpleExpr = i64::try_from(figures.get(figure)).unwrap_or(i64::MAX).into();
            value
        });
        insert.values(subject.into_iter().chain(figures)).map_err(made_wrong)?;
    }
    let added = Figure::ALL.map(|figure| {
        let (table, column) = (table(grain), figure.name());
        let new = match backend {
            // The row's new name, which MySQL has since 8.0.19, is unknown to MariaDB.
            DbBackend::MySql => format!("VALUES({column})"),
            _ => format!("excluded.{column}"),
        };
        (column, Expr::cust(format!("{table}.{column} + {new}")))
    });
    insert.on_conflict(OnConflict::columns(SUBJECT).values(added).to_owned());
    Ok(insert)
}

fn made_wrong(error: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(error.to_string())
}

fn column(dimension: UsageDimension) -> &'static str {
    match dimension {
        UsageDimension::Time => "at",
        UsageDimension::Service => "service_id",
        UsageDimension::Key => "key_id",
        UsageDimension::Client => "client_key_id",
        UsageDimension::Model => "model",
    }
}

fn select(query: &UsageQuery, backend: DbBackend) -> SelectStatement {
    // The type of a sum differs between databases.
    let number = if backend == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    let mut select = Query::select();
    select.from(table(query.grain));
    for dimension in UsageDimension::ALL.into_iter().filter(|dimension| query.by.contains(dimension)) {
        let column = column(dimension);
        select.column(column).group_by_col(column).order_by(column, Order::Asc);
    }
    for figure in Figure::ALL {
        let sum = Expr::expr(Func::coalesce([Func::sum(Expr::col(figure.name())).into(), Expr::val(0_i64)]));
        select.expr_as(sum.cast_as(Alias::new(number)), figure.name());
    }
    // Without groups a sum of nothing is a row all the same.
    select.and_having(Expr::cust("COUNT(*) > 0"));
    select.and_where(Expr::col("at").gte(query.from.as_millis()));
    select.and_where(Expr::col("at").lt(query.until.as_millis()));
    let only = [
        ("service_id", query.service.map(|id| Value::from(id.0))),
        ("key_id", query.key.map(|id| Value::from(id.0))),
        ("client_key_id", query.client.map(|id| Value::from(id.map_or(0, |id| id.0)))),
        ("model", query.model.as_deref().map(|model| Value::from(storable_model(model)))),
    ];
    for (column, value) in only {
        if let Some(value) = value {
            select.and_where(Expr::col(column).eq(value));
        }
    }
    select
}

/// A row as it is stored.
pub(crate) fn read_row(row: &QueryResult) -> Result<UsageRow, DbErr> {
    let number = |column| row.try_get::<i64>("", column);
    let id = |column| number(column).map(|id| Some(id).filter(|id| *id > 0));
    let subject = UsageSubject {
        service: ServiceId(number("service_id")?),
        key: id("key_id")?.map(KeyId),
        client: id("client_key_id")?.map(ClientKeyId),
        model: Some(row.try_get("", "model")?).filter(|model: &String| !model.is_empty()),
    };
    Ok(UsageRow { at: Timestamp::from_millis(number("at")?), subject, figures: figures(row)? })
}

fn figures(row: &QueryResult) -> Result<UsageFigures, DbErr> {
    let figure = |figure: Figure| Ok((figure, row.try_get::<i64>("", figure.name())?.unsigned_abs()));
    Figure::ALL.into_iter().map(figure).collect()
}

fn group(query: &UsageQuery, row: &QueryResult) -> Result<UsageGroup, DbErr> {
    let mut group = UsageGroup::default();
    for dimension in &query.by {
        let number = || row.try_get::<i64>("", column(*dimension));
        match dimension {
            UsageDimension::Time => group.at = Some(Timestamp::from_millis(number()?)),
            UsageDimension::Service => group.service = Some(ServiceId(number()?)),
            UsageDimension::Key => group.key = Some(Some(number()?).filter(|id| *id > 0).map(KeyId)),
            UsageDimension::Client => group.client = Some(Some(number()?).filter(|id| *id > 0).map(ClientKeyId)),
            UsageDimension::Model => {
                let model: String = row.try_get("", column(*dimension))?;
                group.model = Some(Some(model).filter(|model| !model.is_empty()));
            }
        }
    }
    group.figures = figures(row)?;
    Ok(group)
}
