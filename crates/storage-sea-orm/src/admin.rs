//! Administrators, their API tokens and their ended sessions.

use async_trait::async_trait;
use rotator_domain::{AdminTokenId, Digest, Timestamp};
use rotator_storage_trait::{AdminRepository, AdminToken, AdminUser, StorageError, StorageErrorKind};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::SeaOrmStorage;
use crate::entity::{admin_token, admin_user, ended_session};
use crate::storage::{again, storable};

#[async_trait]
impl AdminRepository for SeaOrmStorage {
    async fn admin_user(&self, username: &str) -> Result<Option<AdminUser>, StorageError> {
        let attempt = self.attempt("read an administrator");
        if !storable(username) {
            return Ok(None);
        }
        let row = admin_user::Entity::find_by_id(username).one(&self.connections.readers).await;
        Ok(row.map_err(|error| attempt.failed(error))?.map(AdminUser::from))
    }

    async fn count_admin_users(&self) -> Result<u64, StorageError> {
        let attempt = self.attempt("count administrators");
        let count = admin_user::Entity::find().count(&self.connections.readers).await;
        count.map_err(|error| attempt.failed(error))
    }

    async fn put_admin_user(&self, user: &AdminUser) -> Result<(), StorageError> {
        let attempt = self.attempt("store an administrator");
        let replace = OnConflict::column(admin_user::Column::Username)
            .update_columns([admin_user::Column::PasswordHash, admin_user::Column::UpdatedAt])
            .to_owned();
        let insert = admin_user::Entity::insert(admin_user::ActiveModel::from(user)).on_conflict(replace);
        self.insert(attempt, insert).await
    }

    async fn insert_admin_token(&self, token: &AdminToken) -> Result<(), StorageError> {
        let attempt = self.attempt("store an API token").unique("token");
        let insert = admin_token::Entity::insert(admin_token::ActiveModel::from(token));
        self.insert(attempt, insert).await
    }

    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StorageError> {
        let attempt = self.attempt("list API tokens");
        let query = admin_token::Entity::find().order_by_asc(admin_token::Column::Id);
        attempt.read(query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?)
    }

    async fn admin_token(&self, digest: &Digest) -> Result<Option<AdminToken>, StorageError> {
        let attempt = self.attempt("read an API token");
        let query = admin_token::Entity::find().filter(admin_token::Column::Digest.eq(digest.0.to_vec()));
        attempt.read_one(query.one(&self.connections.readers).await.map_err(|error| attempt.failed(error))?)
    }

    async fn delete_admin_token(&self, id: AdminTokenId) -> Result<(), StorageError> {
        let attempt = self.attempt("delete an API token");
        again(|| async {
            let delete = admin_token::Entity::delete_by_id(id.0).exec(&self.connections.writer).await;
            match delete.map_err(|error| attempt.failed(error))?.rows_affected {
                0 => Err(attempt.fail(StorageErrorKind::NotFound)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn end_session(&self, session_id: &str, expires_at: Timestamp, now: Timestamp) -> Result<(), StorageError> {
        let attempt = self.attempt("end a session");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            ended_session::Entity::delete_many()
                .filter(ended_session::Column::ExpiresAt.lte(now.as_millis()))
                .exec(&transaction)
                .await
                .map_err(|error| attempt.failed(error))?;
            let row = ended_session::ActiveModel {
                session_id: ActiveValue::Set(session_id.to_owned()),
                expires_at: ActiveValue::Set(expires_at.as_millis()),
            };
            let anew = OnConflict::column(ended_session::Column::SessionId)
                .update_column(ended_session::Column::ExpiresAt)
                .to_owned();
            ended_session::Entity::insert(row)
                .on_conflict(anew)
                .exec_without_returning(&transaction)
                .await
                .map_err(|error| attempt.failed(error))?;
            transaction.commit().await.map_err(|error| attempt.failed(error))
        })
        .await
    }

    async fn is_session_ended(&self, session_id: &str) -> Result<bool, StorageError> {
        let attempt = self.attempt("look up a session");
        if !storable(session_id) {
            return Ok(false);
        }
        let row = ended_session::Entity::find_by_id(session_id).one(&self.connections.readers).await;
        Ok(row.map_err(|error| attempt.failed(error))?.is_some())
    }
}
