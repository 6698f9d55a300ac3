//! The tables whose rows move, and which record each row is.
//!
//! A new one has its line in [`TABLES`] and another one among the `moves!` below.

use std::marker::PhantomData;

use async_trait::async_trait;
use rotator_domain::{Grain, Sealed, ServiceId, Timestamp};
use rotator_storage_trait::{EndedSession, Record, SettingRecord, StorageError};
use sea_orm::sea_query::{Expr, ValueTuple};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, DatabaseTransaction, DbErr, EntityTrait, ExprTrait,
    FromQueryResult, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
    Value,
};

use super::usage::Usage;
use crate::entity::{
    admin_token, admin_user, audit_entry, client_key, ended_session, key_state, price, service, setting, upstream_key,
    webhook,
};
use crate::error::{Attempt, CorruptRow};
use crate::storage::{limit as storable_limit, statements};

/// All of them, in an order in which they can be filled: those that refer to others come after them.
pub(super) const TABLES: [&dyn Table; 14] = [
    &Rows::<setting::Entity>::NEW,
    &Rows::<admin_user::Entity>::NEW,
    &Rows::<admin_token::Entity>::NEW,
    &Rows::<ended_session::Entity>::NEW,
    &Rows::<client_key::Entity>::NEW,
    &Rows::<service::Entity>::NEW,
    &Rows::<upstream_key::Entity>::NEW,
    &Rows::<key_state::Entity>::NEW,
    &Rows::<audit_entry::Entity>::NEW,
    &Usage(Grain::Minute),
    &Usage(Grain::Hour),
    &Usage(Grain::Day),
    &Rows::<webhook::Entity>::NEW,
    &Rows::<price::Entity>::NEW,
];

/// A table whose rows are records.
#[async_trait]
pub(super) trait Table: Sync {
    /// Rows after the one with this primary key, in its order.
    async fn page(&self, within: Within<'_>, after: Option<Vec<Value>>, limit: u64) -> Result<TablePage, StorageError>;

    /// Whether it has rows. On MySQL, where it has none, this keeps everybody else from adding one.
    async fn holds_any(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr>;

    /// Stores those of the records that are rows of this table, and gives the highest id of them.
    async fn store(&self, within: Within<'_>, records: &[Record]) -> Result<i64, StorageError>;
}

/// The transaction in which something is done, and what that is.
#[derive(Clone, Copy)]
pub(super) struct Within<'t> {
    pub(super) transaction: &'t DatabaseTransaction,
    pub(super) attempt: Attempt,
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
    async fn page(&self, within: Within<'_>, after: Option<Vec<Value>>, limit: u64) -> Result<TablePage, StorageError> {
        let Within { transaction, attempt } = within;
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

    async fn store(&self, within: Within<'_>, records: &[Record]) -> Result<i64, StorageError> {
        let Within { transaction, attempt } = within;
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

/// Each row of the table is a record of one kind: how it is read, and how it is written.
macro_rules! moves {
    ($table:ident as $kind:ident, $row:ident => $read:expr, $record:ident => $write:expr) => {
        impl Moving for $table::Entity {
            fn record($row: $table::Model) -> Result<Option<Record>, CorruptRow> {
                Ok(Some(Record::$kind($read)))
            }

            fn row(record: &Record) -> Option<Result<$table::ActiveModel, DbErr>> {
                let Record::$kind($record) = record else { return None };
                Some($write)
            }
        }
    };
}

moves!(setting as Setting, row => read_setting(row), setting => Ok(write_setting(setting)));
moves!(admin_user as AdminUser, row => row.try_into()?, user => Ok(user.into()));
moves!(admin_token as AdminToken, row => row.try_into()?, token => Ok(token.into()));
moves!(ended_session as EndedSession, row => read_session(row), session => Ok(write_session(session)));
moves!(client_key as ClientKey, row => row.try_into()?, key => key.try_into());
moves!(service as Service, row => Box::new(row.try_into()?), service => service.as_ref().try_into());
moves!(upstream_key as UpstreamKey, row => row.try_into()?, key => key.try_into());
moves!(audit_entry as Audit, row => row.into(), entry => Ok(entry.into()));
moves!(webhook as Webhook, row => Box::new(row.try_into()?), webhook => webhook.as_ref().try_into());
moves!(price as Price, row => row.try_into()?, price => Ok(price.into()));

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

fn read_setting(row: setting::Model) -> SettingRecord {
    SettingRecord { name: row.name, sealed: Sealed(row.sealed) }
}

fn write_setting(setting: &SettingRecord) -> setting::ActiveModel {
    let SettingRecord { name, sealed } = setting.clone();
    setting::ActiveModel { name: ActiveValue::Set(name), sealed: ActiveValue::Set(sealed.0) }
}

fn read_session(row: ended_session::Model) -> EndedSession {
    EndedSession { session_id: row.session_id, expires_at: Timestamp::from_millis(row.expires_at) }
}

fn write_session(session: &EndedSession) -> ended_session::ActiveModel {
    let expires_at = ActiveValue::Set(session.expires_at.as_millis());
    ended_session::ActiveModel { session_id: ActiveValue::Set(session.session_id.clone()), expires_at }
}
