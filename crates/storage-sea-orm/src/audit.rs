//! The audit log.

use async_trait::async_trait;
use rotator_domain::Timestamp;
use rotator_storage_trait::{AuditEntry, AuditFilter, AuditRepository, Page, StorageError};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::SeaOrmStorage;
use crate::entity::audit_entry::{ActiveModel, Column, Entity, text};
use crate::storage::{CHUNK, again, limit};

#[async_trait]
impl AuditRepository for SeaOrmStorage {
    async fn append_audit(&self, entry: &AuditEntry) -> Result<(), StorageError> {
        let attempt = self.attempt("add to the audit log");
        let insert = Entity::insert(ActiveModel::from(entry));
        self.insert(attempt, insert).await
    }

    async fn audit(&self, filter: &AuditFilter, page: Page<i64>) -> Result<Vec<AuditEntry>, StorageError> {
        let attempt = self.attempt("read the audit log");
        let mut query = filtered(filter).order_by_desc(Column::Id).limit(limit(page.limit));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }

    async fn forget_audit(&self, before: Timestamp, most: u64) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget entries of the audit log");
        let oldest = Entity::find().select_only().column(Column::Id).filter(Column::At.lt(before.as_millis()));
        let oldest = oldest.order_by_asc(Column::At).order_by_asc(Column::Id).limit(limit(most));
        let oldest: Result<Vec<i64>, _> = oldest.into_tuple().all(&self.connections.readers).await;
        let mut forgotten = 0;
        for ids in oldest.map_err(|error| attempt.failed(error))?.chunks(CHUNK) {
            let delete = Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied()));
            forgotten += again(|| async {
                let deleted = delete.clone().exec(&self.connections.writer).await;
                Ok(deleted.map_err(|error| attempt.failed(error))?.rows_affected)
            })
            .await?;
        }
        Ok(forgotten)
    }
}

fn filtered(filter: &AuditFilter) -> Select<Entity> {
    let AuditFilter { actor, action, subject, from, until } = filter;
    let actor = actor.as_deref().map(text);
    let all = Condition::all()
        .add_option(actor.map(|name| Condition::any().add(Column::Actor.eq(name.as_str())).add(Column::Owner.eq(name))))
        .add_option(action.as_deref().map(text).map(|action| match action.strip_suffix('*') {
            Some(beginning) => Expr::col(Column::Action).like(beginning_with(beginning)),
            None => Column::Action.eq(action),
        }))
        .add_option(subject.as_deref().map(|subject| Column::Subject.eq(text(subject))))
        .add_option(from.map(|from| Column::At.gte(from.as_millis())))
        .add_option(until.map(|until| Column::At.lt(until.as_millis())));
    Entity::find().filter(all)
}

/// A pattern in which nothing but its end stands for something else. The usual escape, a backslash, is one of MySQL's own as well.
fn beginning_with(text: &str) -> LikeExpr {
    let escaped: String = text.chars().flat_map(|c| "!%_".contains(c).then_some('!').into_iter().chain([c])).collect();
    LikeExpr::new(format!("{escaped}%")).escape('!')
}
