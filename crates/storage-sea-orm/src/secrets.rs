//! The server's own sealed settings, and the exchange of everything that is sealed.

use async_trait::async_trait;
use rotator_domain::{KeyId, Sealed, WebhookId};
use rotator_storage_trait::{ResealFn, SealedPlace, SecretRepository, StorageError, StorageErrorKind};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IsolationLevel,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use crate::SeaOrmStorage;
use crate::entity::{setting, upstream_key, webhook};
use crate::error::Attempt;
use crate::storage::{CHUNK, again, storable};

#[async_trait]
impl SecretRepository for SeaOrmStorage {
    async fn setting(&self, name: &str) -> Result<Option<Sealed>, StorageError> {
        let attempt = self.attempt("read a setting");
        if !storable(name) {
            return Ok(None);
        }
        let row = setting::Entity::find_by_id(name).one(&self.connections.readers).await;
        Ok(row.map_err(|error| attempt.failed(error))?.map(|row| Sealed(row.sealed)))
    }

    async fn setting_or_insert(&self, name: &str, value: &Sealed) -> Result<Sealed, StorageError> {
        let attempt = self.attempt("store a setting");
        let row =
            setting::ActiveModel { name: ActiveValue::Set(name.to_owned()), sealed: ActiveValue::Set(value.0.clone()) };
        let keep = OnConflict::column(setting::Column::Name).do_nothing_on([setting::Column::Name]).to_owned();
        let insert = setting::Entity::insert(row).on_conflict(keep);
        self.insert(attempt, insert).await?;
        // Read where it was written: a reader may be a replica that is behind.
        let row = setting::Entity::find_by_id(name).one(&self.connections.writer).await;
        let row = row.map_err(|error| attempt.failed(error))?;
        row.map(|row| Sealed(row.sealed)).ok_or_else(|| attempt.fail(StorageErrorKind::NotFound))
    }

    async fn reseal_all(&self, reseal: &ResealFn<'_>) -> Result<u64, StorageError> {
        let attempt = self.attempt("seal everything anew");
        again(|| async {
            let transaction = self.begin_alone(attempt).await?;
            let keys = reseal_keys(&transaction, attempt, reseal).await?;
            let settings = reseal_settings(&transaction, attempt, reseal).await?;
            let webhooks = reseal_webhooks(&transaction, attempt, reseal).await?;
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok(keys + settings + webhooks)
        })
        .await
    }
}

impl SeaOrmStorage {
    /// Begins a change of every row, beside which no row can be added unseen. MySQL keeps them out by locking what is
    /// read and the gaps between, which only this isolation does; PostgreSQL locks no gaps, but tables.
    pub(crate) async fn begin_alone(&self, attempt: Attempt) -> Result<DatabaseTransaction, StorageError> {
        let backend = self.connections.writer.get_database_backend();
        if backend == DbBackend::MySql {
            let level = Some(IsolationLevel::RepeatableRead);
            let transaction = self.connections.writer.begin_with_config(level, None).await;
            return transaction.map_err(|error| attempt.failed(error));
        }
        let transaction = self.begin(attempt).await?;
        if backend == DbBackend::Postgres {
            let lock = "LOCK TABLE upstream_keys, settings, webhooks IN SHARE ROW EXCLUSIVE MODE";
            transaction.execute_unprepared(lock).await.map_err(|error| attempt.failed(error))?;
        }
        Ok(transaction)
    }
}

/// Page by page, so that a large pool is never held whole.
async fn reseal_keys(db: &DatabaseTransaction, attempt: Attempt, reseal: &ResealFn<'_>) -> Result<u64, StorageError> {
    use upstream_key::{Column, Entity};
    let mut count = 0;
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, Vec<u8>)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Sealed])
            .filter(Column::Id.gt(after))
            .order_by_asc(Column::Id)
            .limit(CHUNK as u64)
            .lock_exclusive()
            .into_tuple()
            .all(db)
            .await
            .map_err(|error| attempt.failed(error))?;
        let Some((last, _)) = page.last() else {
            return Ok(count);
        };
        after = *last;
        for (id, sealed) in page {
            let anew = reseal(&SealedPlace::UpstreamKey(KeyId(id)), &Sealed(sealed))?;
            Entity::update_many()
                .col_expr(Column::Sealed, Expr::value(anew.0))
                .filter(Column::Id.eq(id))
                .exec(db)
                .await
                .map_err(|error| attempt.failed(error))?;
            count += 1;
        }
    }
}

async fn reseal_settings(
    db: &DatabaseTransaction,
    attempt: Attempt,
    reseal: &ResealFn<'_>,
) -> Result<u64, StorageError> {
    use setting::{Column, Entity};
    let rows = Entity::find().lock_exclusive().all(db).await.map_err(|error| attempt.failed(error))?;
    let mut count = 0;
    for row in rows {
        let anew = reseal(&SealedPlace::Setting(row.name.clone()), &Sealed(row.sealed))?;
        Entity::update_many()
            .col_expr(Column::Sealed, Expr::value(anew.0))
            .filter(Column::Name.eq(row.name))
            .exec(db)
            .await
            .map_err(|error| attempt.failed(error))?;
        count += 1;
    }
    Ok(count)
}

async fn reseal_webhooks(
    db: &DatabaseTransaction,
    attempt: Attempt,
    reseal: &ResealFn<'_>,
) -> Result<u64, StorageError> {
    use webhook::{Column, Entity};
    let rows = Entity::find().lock_exclusive().all(db).await.map_err(|error| attempt.failed(error))?;
    let mut count = 0;
    for row in rows {
        let place = SealedPlace::Webhook(WebhookId(row.id));
        let previous = row.previous_sealed.map(|previous| reseal(&place, &Sealed(previous))).transpose()?;
        count += 1 + u64::from(previous.is_some());
        let anew = reseal(&place, &Sealed(row.sealed))?;
        Entity::update_many()
            .col_expr(Column::Sealed, Expr::value(anew.0))
            .col_expr(Column::PreviousSealed, Expr::value(previous.map(|previous| previous.0)))
            .filter(Column::Id.eq(row.id))
            .exec(db)
            .await
            .map_err(|error| attempt.failed(error))?;
    }
    Ok(count)
}
