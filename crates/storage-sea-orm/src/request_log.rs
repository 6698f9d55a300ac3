//! Single requests of services that log them.

use async_trait::async_trait;
use rotator_domain::Timestamp;
use rotator_storage_trait::{
    LogEntry, LogFilter, LogSlice, NewLogEntry, RequestLogRepository, StorageError, StorageErrorKind, StoredBody,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::SeaOrmStorage;
use crate::entity::request_log::{ActiveModel, Column, Entity, Model, given_id, model};
use crate::entity::{request_body, request_log_end};
use crate::error::Attempt;
use crate::storage::{again, limit, statements};

#[async_trait]
impl RequestLogRepository for SeaOrmStorage {
    async fn append_requests(&self, entries: &[NewLogEntry]) -> Result<(), StorageError> {
        let attempt = self.attempt("log requests");
        if entries.is_empty() {
            return Ok(());
        }
        let row = |entry: &NewLogEntry| Model::of(&entry.request, entry.bodies.is_some());
        let rows: Result<Vec<_>, _> = entries.iter().map(row).collect();
        let rows = rows.map_err(|error| attempt.failed(DbErr::Json(error.to_string())))?;
        again(|| append(self, attempt, entries, rows.clone())).await
    }

    async fn requests(&self, filter: &LogFilter, slice: LogSlice, most: u64) -> Result<Vec<LogEntry>, StorageError> {
        let attempt = self.attempt("read the log of requests");
        let query = filtered(filter);
        let query = match slice {
            LogSlice::Before(None) => query.order_by_desc(Column::Id),
            LogSlice::Before(Some(id)) => query.filter(Column::Id.lt(id)).order_by_desc(Column::Id),
            LogSlice::Between(above, last) => {
                query.filter(Column::Id.gt(above)).filter(Column::Id.lte(last)).order_by_asc(Column::Id)
            }
        };
        let rows = query.limit(limit(most)).all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn request(&self, id: i64) -> Result<Option<(LogEntry, Option<[StoredBody; 2]>)>, StorageError> {
        let attempt = self.attempt("read a logged request");
        let readers = &self.connections.readers;
        let row = Entity::find_by_id(id).one(readers).await.map_err(|error| attempt.failed(error))?;
        let Some(entry) = attempt.read_one::<_, LogEntry>(row)? else { return Ok(None) };
        if !entry.has_bodies {
            return Ok(Some((entry, None)));
        }
        let bodies = request_body::Entity::find().filter(request_body::Column::EntryId.eq(id));
        let mut bodies = bodies.all(readers).await.map_err(|error| attempt.failed(error))?;
        bodies.sort_by_key(|body| body.side);
        // One of them alone, or none, has been forgotten in between.
        let bodies = <[_; 2]>::try_from(bodies).ok().map(|bodies| bodies.map(StoredBody::from));
        Ok(Some((entry, bodies)))
    }

    async fn newest_request(&self) -> Result<i64, StorageError> {
        let attempt = self.attempt("find the end of the log of requests");
        let row = request_log_end::Entity::find_by_id(request_log_end::ROW).one(&self.connections.readers).await;
        Ok(end(attempt, row)?.newest_id)
    }

    async fn forget_requests(&self, before: Option<Timestamp>, size: u64, most: u64) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget logged requests");
        let readers = &self.connections.readers;
        let row = request_log_end::Entity::find_by_id(request_log_end::ROW).one(readers).await;
        let written = end(attempt, row)?.written;
        let kept_from = written.saturating_sub(i64::try_from(size).unwrap_or(i64::MAX));
        let oldest = Entity::find().select_only().columns([Column::Id, Column::EndedAt, Column::Written]);
        let oldest = oldest.order_by_asc(Column::Id).limit(limit(most));
        let oldest: Result<Vec<(i64, i64, i64)>, _> = oldest.into_tuple().all(readers).await;
        let is_over = |(_, ended_at, written): &(i64, i64, i64)| {
            *written <= kept_from || before.is_some_and(|before| *ended_at < before.as_millis())
        };
        let oldest = oldest.map_err(|error| attempt.failed(error))?;
        let Some((last, ..)) = oldest.into_iter().take_while(is_over).last() else { return Ok(0) };
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let forgotten = forget(&transaction, last).await.map_err(|error| attempt.failed(error))?;
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok(forgotten)
        })
        .await
    }
}

/// Stores rows under the next ids. The row of the log's end is locked until all of them are visible.
async fn append(
    storage: &SeaOrmStorage,
    attempt: Attempt,
    entries: &[NewLogEntry],
    rows: Vec<Model>,
) -> Result<(), StorageError> {
    use request_log_end::{Column as End, ROW};
    let sizes: Vec<i64> = entries.iter().zip(&rows).map(|(entry, row)| size(entry, row)).collect();
    let transaction = storage.begin(attempt).await?;
    let failed = |error| attempt.failed(error);
    request_log_end::Entity::update_many()
        .col_expr(End::NewestId, Expr::col(End::NewestId).add(i64::try_from(rows.len()).unwrap_or(i64::MAX)))
        .col_expr(End::Written, Expr::col(End::Written).add(sizes.iter().sum::<i64>()))
        .filter(End::Id.eq(ROW))
        .exec(&transaction)
        .await
        .map_err(failed)?;
    let newest = end(attempt, request_log_end::Entity::find_by_id(ROW).one(&transaction).await)?;
    let mut id = newest.newest_id - i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut written = newest.written - sizes.iter().sum::<i64>();
    let mut placed = Vec::with_capacity(rows.len());
    let mut bodies = Vec::new();
    for ((row, entry), size) in rows.into_iter().zip(entries).zip(sizes) {
        (id, written) = (id + 1, written + size);
        placed.push(Model { id, written, ..row });
        bodies.extend(entry.bodies.iter().flatten().zip(0..).map(|(body, side)| (id, side, body)));
    }
    for rows in statements(&placed, Model::size) {
        let rows = rows.iter().cloned().map(ActiveModel::of);
        Entity::insert_many(rows).exec_without_returning(&transaction).await.map_err(failed)?;
    }
    for bodies in statements(&bodies, |(_, _, body)| body.content.len()) {
        let rows = bodies.iter().map(|(id, side, body)| request_body::ActiveModel::of(*id, *side, body));
        request_body::Entity::insert_many(rows).exec_without_returning(&transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

fn size(entry: &NewLogEntry, row: &Model) -> i64 {
    let bodies = entry.bodies.iter().flatten().map(|body| body.content.len());
    i64::try_from(row.size() + bodies.sum::<usize>()).unwrap_or(i64::MAX)
}

async fn forget(transaction: &DatabaseTransaction, last: i64) -> Result<u64, DbErr> {
    let bodies = request_body::Entity::delete_many().filter(request_body::Column::EntryId.lte(last));
    bodies.exec(transaction).await?;
    Ok(Entity::delete_many().filter(Column::Id.lte(last)).exec(transaction).await?.rows_affected)
}

fn end(
    attempt: Attempt,
    row: Result<Option<request_log_end::Model>, DbErr>,
) -> Result<request_log_end::Model, StorageError> {
    row.map_err(|error| attempt.failed(error))?.ok_or_else(|| attempt.fail(StorageErrorKind::Corrupt))
}

fn filtered(filter: &LogFilter) -> Select<Entity> {
    let LogFilter { from, until, service, key, client, status, model: name, trace } = filter;
    let mut all = Condition::all()
        .add_option(from.map(|from| Column::EndedAt.gte(from.as_millis())))
        .add_option(until.map(|until| Column::EndedAt.lt(until.as_millis())))
        .add_option(service.map(|service| Column::ServiceId.eq(service.0)))
        .add_option(key.map(|key| Column::KeyId.eq(key.0)))
        .add_option(client.map(|client| match client {
            Some(client) => Column::ClientKeyId.eq(client.0),
            None => Column::ClientKeyId.is_null(),
        }))
        .add_option(status.map(|(first, last)| Column::Status.between(i32::from(first), i32::from(last))))
        .add_option(name.as_deref().map(|name| Column::Model.eq(model(name))));
    if let Some(id) = trace.as_deref().map(given_id) {
        all = all.add(Condition::any().add(Column::TraceId.eq(id.as_str())).add(Column::RequestId.eq(id)));
    }
    Entity::find().filter(all)
}
