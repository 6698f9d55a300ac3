//! Administrators, their API tokens and their ended sessions.

use async_trait::async_trait;
use rotator_domain::{AdminTokenId, Digest, Role, Timestamp};
use rotator_storage_trait::{AdminRepository, AdminToken, AdminUser, AdminUserChange, StorageError, StorageErrorKind};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::SeaOrmStorage;
use crate::entity::{admin_token, admin_user, ended_session};
use crate::error::Attempt;
use crate::storage::{again, storable};

#[async_trait]
impl AdminRepository for SeaOrmStorage {
    async fn admin_user(&self, username: &str) -> Result<Option<AdminUser>, StorageError> {
        let attempt = self.attempt("read an administrator");
        if !storable(username) {
            return Ok(None);
        }
        let row = admin_user::Entity::find_by_id(username).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn count_admin_users(&self) -> Result<u64, StorageError> {
        let attempt = self.attempt("count administrators");
        let count = admin_user::Entity::find().count(&self.connections.readers).await;
        count.map_err(|error| attempt.failed(error))
    }

    async fn admin_users(&self) -> Result<Vec<AdminUser>, StorageError> {
        let attempt = self.attempt("list administrators");
        let query = admin_user::Entity::find().order_by_asc(admin_user::Column::Username);
        attempt.read(query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?)
    }

    async fn put_admin_user(&self, user: &AdminUser) -> Result<(), StorageError> {
        let attempt = self.attempt("store an administrator");
        let replace = OnConflict::column(admin_user::Column::Username)
            .update_columns([
                admin_user::Column::PasswordHash,
                admin_user::Column::UpdatedAt,
                admin_user::Column::Role,
                admin_user::Column::IsDisabled,
                admin_user::Column::SessionEpoch,
                admin_user::Column::KeptSession,
            ])
            .to_owned();
        let insert = admin_user::Entity::insert(admin_user::ActiveModel::from(user)).on_conflict(replace);
        self.insert(attempt, insert).await
    }

    async fn insert_admin_user(&self, user: &AdminUser) -> Result<(), StorageError> {
        let attempt = self.attempt("store an administrator").unique("name");
        let insert = admin_user::Entity::insert(admin_user::ActiveModel::from(user));
        self.insert(attempt, insert).await
    }

    async fn change_admin_user(
        &self,
        username: &str,
        change: &AdminUserChange,
    ) -> Result<(AdminUser, AdminUser), StorageError> {
        let attempt = self.attempt("change an administrator");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let before =
                locked(&transaction, attempt, username, |before| !is_enabled_admin(&changed(before, change))).await?;
            let after = changed(&before, change);
            if after != before {
                let mut row = admin_user::ActiveModel::from(&after);
                row.username = ActiveValue::NotSet;
                let update = admin_user::Entity::update_many().set(row);
                let update = update.filter(admin_user::Column::Username.eq(username)).exec(&transaction).await;
                update.map_err(|error| attempt.failed(error))?;
            }
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok((before, after))
        })
        .await
    }

    async fn delete_admin_user(&self, username: &str) -> Result<AdminUser, StorageError> {
        let attempt = self.attempt("delete an administrator");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let before = locked(&transaction, attempt, username, |_| true).await?;
            let tokens = admin_token::Entity::delete_many().filter(admin_token::Column::Owner.eq(username));
            tokens.exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            let user = admin_user::Entity::delete_by_id(username).exec(&transaction).await;
            user.map_err(|error| attempt.failed(error))?;
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok(before)
        })
        .await
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

    async fn note_token_uses(&self, uses: &[(AdminTokenId, Timestamp)]) -> Result<(), StorageError> {
        use admin_token::Column::{Id, LastUsedAt};
        let attempt = self.attempt("note when tokens were used");
        for (id, at) in uses {
            let at = at.as_millis();
            let row = admin_token::ActiveModel { last_used_at: ActiveValue::Set(Some(at)), ..Default::default() };
            let earlier = Condition::any().add(LastUsedAt.is_null()).add(LastUsedAt.lt(at));
            let update = admin_token::Entity::update_many().set(row).filter(Id.eq(id.0)).filter(earlier);
            again(|| async {
                let done = update.clone().exec(&self.connections.writer).await;
                done.map(drop).map_err(|error| attempt.failed(error))
            })
            .await?;
        }
        Ok(())
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

/// An administrator, locked until the transaction ends. Where it `is_leaving` those who can manage users, others of them must
/// stay; they are locked as well, so that of two that leave at once the second one sees that the first has left.
async fn locked(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    username: &str,
    is_leaving: impl Fn(&AdminUser) -> bool,
) -> Result<AdminUser, StorageError> {
    use admin_user::Column::{IsDisabled, Role as RoleColumn, Username};
    if !storable(username) {
        return Err(attempt.fail(StorageErrorKind::NotFound));
    }
    // Everybody locks them in this order, and before any other row.
    let admins = admin_user::Entity::find().filter(RoleColumn.eq(Role::Admin.name())).filter(IsDisabled.eq(false));
    let admins = admins.order_by_asc(Username).lock_exclusive().all(transaction).await;
    let admins = admins.map_err(|error| attempt.failed(error))?;
    let row = admin_user::Entity::find_by_id(username).lock_exclusive().one(transaction).await;
    let user = attempt.read_one(row.map_err(|error| attempt.failed(error))?)?;
    let user: AdminUser = user.ok_or_else(|| attempt.fail(StorageErrorKind::NotFound))?;
    let others = admins.iter().any(|admin| admin.username != username);
    if is_enabled_admin(&user) && is_leaving(&user) && !others {
        return Err(attempt.fail(StorageErrorKind::LastAdmin));
    }
    Ok(user)
}

fn is_enabled_admin(user: &AdminUser) -> bool {
    user.role == Role::Admin && !user.is_disabled
}

fn changed(before: &AdminUser, change: &AdminUserChange) -> AdminUser {
    let AdminUserChange { role, is_disabled, password, sessions } = change.clone();
    let mut after = before.clone();
    after.role = role.unwrap_or(after.role);
    after.is_disabled = is_disabled.unwrap_or(after.is_disabled);
    if let Some((hash, at)) = password {
        (after.password_hash, after.updated_at) = (hash, at);
    }
    if let Some((epoch, kept)) = sessions {
        (after.session_epoch, after.kept_session) = (epoch, kept);
    }
    after
}
