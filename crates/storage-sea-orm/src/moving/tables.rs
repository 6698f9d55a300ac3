//! The tables whose rows move, and which record each row is.
//!
//! A new one has its line in [`TABLES`] and a [`Moving`] at the end of this file.

use std::marker::PhantomData;

use async_trait::async_trait;
use rotator_domain::{Sealed, ServiceId, Timestamp};
use rotator_storage_trait::{EndedSession, Record, SettingRecord, StorageError};
use sea_orm::sea_query::{Expr, ValueTuple};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, DatabaseTransaction, DbErr, EntityTrait, ExprTrait,
    FromQueryResult, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
    Value,
};

use crate::entity::{
    admin_token, admin_user, audit_entry, client_key, ended_session, key_state, service, setting, upstream_key,
};
use crate::error::{Attempt, CorruptRow};
use crate::storage::{limit as storable_limit, statements};

/// All of them, in an order in which they can be filled: those that refer to others come after them.
pub(super) const TABLES: [&dyn Table; 9] = [
    &Rows::<setting::Entity>::NEW,
    &Rows::<admin_user::Entity>::NEW,
    &Rows::<admin_token::Entity>::NEW,
    &Rows::<ended_session::Entity>::NEW,
    &Rows::<client_key::Entity>::NEW,
    &Rows::<service::Entity>::NEW,
    &Rows::<upstream_key::Entity>::NEW,
    &Rows::<key_state::Entity>::NEW,
    &Rows::<audit_entry::Entity>::NEW,
];

/// A table whose rows are records.
#[async_trait]
pub(super) trait Table: Sync {
    /// Rows after the one with this primary key, in its order.
    async fn page(
        &self,
        transaction: &DatabaseTransaction,
        attempt: Attempt,
        after: Option<Vec<Value>>,
        limit: u64,
    ) -> Result<TablePage, StorageError>;

    /// Whether it has rows; where it has none, nobody can add one before the transaction ends.
    async fn holds_any(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr>;

    /// Stores those of the records that are rows of this table, and gives the highest id of them.
    async fn store(
        &self,
        transaction: &DatabaseTransaction,
        attempt: Attempt,
        records: &[Record],
    ) -> Result<i64, StorageError>;
}

/// Some rows of a table.
pub(super) struct TablePage {
    pub(super) records: Vec<Record>,
    /// The primary key of the last row; none at the end.
    pub(super) last: Option<Vec<Value>>,
}

/// An entity whose rows are records of one kind.
trait Moving: EntityTrait {
    /// What the row is; none where this version does not know it.
    fn record(row: Self::Model) -> Result<Option<Record>, CorruptRow>;

    /// The row of a record of this kind.
    fn row(record: &Record) -> Option<Result<Self::ActiveModel, DbErr>>;
}

/// The rows of one entity.
struct Rows<E>(PhantomData<fn() -> E>);

// === impl Rows ===

impl<E> Rows<E> {
    const NEW: Self = Self(PhantomData);
}

#[async_trait]
impl<E> Table for Rows<E>
where
    E: Moving,
    E::Model: FromQueryResult + IntoActiveModel<E::ActiveModel> + Send + Sync,
    E::ActiveModel: ActiveModelBehavior + Send + Sync,
    E::PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
{
    async fn page(
        &self,
        transaction: &DatabaseTransaction,
        attempt: Attempt,
        after: Option<Vec<Value>>,
        limit: u64,
    ) -> Result<TablePage, StorageError> {
        let mut query = E::find().limit(storable_limit(limit));
        for column in primary_key::<E>() {
            query = query.order_by_asc(column);
        }
        if let Some(after) = after {
            let columns = Expr::tuple(primary_key::<E>().map(Expr::col));
            query = query.filter(columns.gt(Expr::tuple(after.into_iter().map(Expr::value))));
        }
        let rows = query.all(transaction).await.map_err(|error| attempt.failed(error))?;
        let last = rows.last().map(|row| primary_key::<E>().map(|column| row.get(column)).collect());
        let records: Result<Vec<Option<Record>>, CorruptRow> = rows.into_iter().map(E::record).collect();
        let records = records.map_err(|error| attempt.corrupt(error))?.into_iter().flatten().collect();
        Ok(TablePage { records, last })
    }

    async fn holds_any(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
        Ok(E::find().limit(1).lock_exclusive().one(transaction).await?.is_some())
    }

    async fn store(
        &self,
        transaction: &DatabaseTransaction,
        attempt: Attempt,
        records: &[Record],
    ) -> Result<i64, StorageError> {
        let rows: Result<Vec<E::ActiveModel>, DbErr> = records.iter().filter_map(E::row).collect();
        let rows = rows.map_err(|error| attempt.failed(error))?;
        for statement in statements(&rows, bytes) {
            let insert = E::insert_many(statement.iter().cloned()).exec_without_returning(transaction);
            insert.await.map_err(|error| attempt.failed(error))?;
        }
        Ok(rows.iter().filter_map(id).max().unwrap_or(0))
    }
}

fn primary_key<E>() -> impl Iterator<Item = E::Column>
where
    E: EntityTrait,
    E::PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
{
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

/// The id of a row that has one alone.
fn id<A: ActiveModelTrait>(row: &A) -> Option<i64> {
    match row.get_primary_key_value()? {
        ValueTuple::One(Value::BigInt(id)) => id,
        _ => None,
    }
}

/// About how long a row is.
fn bytes<A: ActiveModelTrait>(row: &A) -> usize {
    const REST: usize = 20;
    let values = <A::Entity as EntityTrait>::Column::iter().map(|column| match row.get(column).into_value() {
        Some(Value::String(Some(text))) => text.len(),
        Some(Value::Bytes(Some(bytes))) => bytes.len(),
        _ => 0,
    });
    values.map(|length| length + REST).sum()
}

// === impl Moving ===

impl Moving for setting::Entity {
    fn record(row: setting::Model) -> Result<Option<Record>, CorruptRow> {
        Ok(Some(Record::Setting(SettingRecord { name: row.name, sealed: Sealed(row.sealed) })))
    }

    fn row(record: &Record) -> Option<Result<setting::ActiveModel, DbErr>> {
        let Record::Setting(SettingRecord { name, sealed }) = record else { return None };
        let sealed = ActiveValue::Set(sealed.0.clone());
        Some(Ok(setting::ActiveModel { name: ActiveValue::Set(name.clone()), sealed }))
    }
}

impl Moving for admin_user::Entity {
    fn record(row: admin_user::Model) -> Result<Option<Record>, CorruptRow> {
        Ok(Some(Record::AdminUser(row.into())))
    }

    fn row(record: &Record) -> Option<Result<admin_user::ActiveModel, DbErr>> {
        if let Record::AdminUser(user) = record { Some(Ok(user.into())) } else { None }
    }
}

impl Moving for admin_token::Entity {
    fn record(row: admin_token::Model) -> Result<Option<Record>, CorruptRow> {
        row.try_into().map(|token| Some(Record::AdminToken(token)))
    }

    fn row(record: &Record) -> Option<Result<admin_token::ActiveModel, DbErr>> {
        if let Record::AdminToken(token) = record { Some(Ok(token.into())) } else { None }
    }
}

impl Moving for ended_session::Entity {
    fn record(row: ended_session::Model) -> Result<Option<Record>, CorruptRow> {
        let expires_at = Timestamp::from_millis(row.expires_at);
        Ok(Some(Record::EndedSession(EndedSession { session_id: row.session_id, expires_at })))
    }

    fn row(record: &Record) -> Option<Result<ended_session::ActiveModel, DbErr>> {
        let Record::EndedSession(EndedSession { session_id, expires_at }) = record else { return None };
        let expires_at = ActiveValue::Set(expires_at.as_millis());
        Some(Ok(ended_session::ActiveModel { session_id: ActiveValue::Set(session_id.clone()), expires_at }))
    }
}

impl Moving for client_key::Entity {
    fn record(row: client_key::Model) -> Result<Option<Record>, CorruptRow> {
        row.try_into().map(|key| Some(Record::ClientKey(key)))
    }

    fn row(record: &Record) -> Option<Result<client_key::ActiveModel, DbErr>> {
        if let Record::ClientKey(key) = record { Some(Ok(key.into())) } else { None }
    }
}

impl Moving for service::Entity {
    fn record(row: service::Model) -> Result<Option<Record>, CorruptRow> {
        row.try_into().map(|service| Some(Record::Service(Box::new(service))))
    }

    fn row(record: &Record) -> Option<Result<service::ActiveModel, DbErr>> {
        if let Record::Service(service) = record { Some(service.as_ref().try_into()) } else { None }
    }
}

impl Moving for upstream_key::Entity {
    fn record(row: upstream_key::Model) -> Result<Option<Record>, CorruptRow> {
        row.try_into().map(|key| Some(Record::UpstreamKey(key)))
    }

    fn row(record: &Record) -> Option<Result<upstream_key::ActiveModel, DbErr>> {
        if let Record::UpstreamKey(key) = record { Some(key.try_into()) } else { None }
    }
}

impl Moving for key_state::Entity {
    fn record(row: key_state::Model) -> Result<Option<Record>, CorruptRow> {
        let service = ServiceId(row.service_id);
        Ok(row.checkpoint().map(|state| Record::KeyState(service, state)))
    }

    fn row(record: &Record) -> Option<Result<key_state::ActiveModel, DbErr>> {
        let Record::KeyState(service, state) = record else { return None };
        Some(Ok(key_state::ActiveModel::of(*service, state)))
    }
}

impl Moving for audit_entry::Entity {
    fn record(row: audit_entry::Model) -> Result<Option<Record>, CorruptRow> {
        Ok(Some(Record::Audit(row.into())))
    }

    fn row(record: &Record) -> Option<Result<audit_entry::ActiveModel, DbErr>> {
        if let Record::Audit(entry) = record { Some(Ok(entry.into())) } else { None }
    }
}
