//! Users: who may log in, and what they may do.

use rotator_domain::{FieldError, Invalid, Role, check_admin_name, check_password};
use rotator_storage_trait::{AdminUser, AdminUserChange};

use super::changes::Changes;
use super::logins::{self, LoginError};
use super::{Pass, UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire;

const USER: &str = "the user";
const PASSWORD: &str = "password";

// === impl UseCases ===

impl UseCases<'_> {
    /// All users.
    pub(crate) async fn users(&self) -> Result<Vec<wire::AdminUser>, UseCaseError> {
        let users = self.context.storage.admin_users().await.map_err(UseCaseError::Storage)?;
        Ok(users.iter().map(wire::AdminUser::from).collect())
    }

    /// Makes a user.
    pub(crate) async fn create_user(&self, body: wire::AdminUserBody) -> Result<wire::AdminUser, UseCaseError> {
        let wire::AdminUserBody { name, password, role, disabled } = body;
        let role = role.as_deref().map_or(Ok(Role::default()), |role| Role::of_field("role", role));
        let checks = [check_admin_name(&name), check_password(PASSWORD, &password), role.clone().map(drop)];
        let role = all_right(checks).and(role.map_err(UseCaseError::from))?;
        let user = AdminUser {
            username: name,
            password_hash: logins::hashed(password).await?,
            updated_at: self.context.clock.now(),
            role,
            is_disabled: disabled,
            session_epoch: self.next_epoch().await?,
            kept_session: None,
        };
        self.context.storage.insert_admin_user(&user).await.map_err(UseCaseError::about(USER))?;
        let about = wire::AdminUser::from(&user);
        let changes = Changes::made(&about).with_hidden(PASSWORD, false);
        self.audit_changes("user.create", &subject(&user.username), about.role.clone(), changes).await?;
        Ok(about)
    }

    /// Changes what is named of a user. With a new password, or disabled, their sessions end; another role holds at once.
    pub(crate) async fn change_user(
        &self,
        name: &str,
        patch: wire::AdminUserPatch,
    ) -> Result<wire::AdminUser, UseCaseError> {
        let wire::AdminUserPatch { role, password, disabled } = patch;
        let role = role.as_deref().map(|role| Role::of_field("role", role)).transpose();
        let is_own = self.actor.user.as_deref() == Some(name);
        let checked = match &password {
            Some(_) if is_own => Err(FieldError::new(PASSWORD, "is your own: PUT me/password asks for the old one")),
            Some(password) => check_password(PASSWORD, password),
            None => Ok(()),
        };
        let role = all_right([checked, role.clone().map(drop)]).and(role.map_err(UseCaseError::from))?;
        let has_password = password.is_some();
        let sessions = match has_password || disabled == Some(true) {
            true => Some((self.next_epoch().await?, None)),
            false => None,
        };
        let password = match password {
            Some(password) => Some((logins::hashed(password).await?, self.context.clock.now())),
            None => None,
        };
        let change = AdminUserChange { role, is_disabled: disabled, password, sessions };
        let (before, after) = self.change_stored(name, &change).await?;
        let mut changes = Changes::between(&before, &after);
        if has_password {
            changes = changes.with_hidden(PASSWORD, true);
        }
        self.audit_changes("user.update", &subject(name), changes.names(), changes).await?;
        Ok(after)
    }

    /// Deletes a user with their tokens; their sessions end.
    pub(crate) async fn delete_user(&self, name: &str) -> Result<(), UseCaseError> {
        let tokens = self.context.storage.admin_tokens().await.map_err(UseCaseError::Storage)?;
        let tokens = tokens.into_iter().filter(|token| token.owner.as_deref() == Some(name));
        let tokens: Vec<String> = tokens.map(|token| token.name).collect();
        let user = self.context.storage.delete_admin_user(name).await.map_err(UseCaseError::about(USER))?;
        let mut changes = Changes::gone(&wire::AdminUser::from(&user));
        if !tokens.is_empty() {
            changes = changes.with("tokens", Some(tokens), None);
        }
        self.audit_changes("user.delete", &subject(name), None, changes).await
    }

    /// Gives the actor another password; their other sessions end.
    pub(crate) async fn change_own_password(&self, body: wire::PasswordBody) -> Result<(), LoginError> {
        let wire::PasswordBody { current_password, new_password } = body;
        let Pass::Session(claims) = &self.actor.pass else { return Err(UseCaseError::SessionNeeded.into()) };
        check_password("new_password", &new_password).map_err(UseCaseError::from)?;
        let (context, origin) = (self.context, &self.actor.origin);
        match logins::verified(context, origin, "password.fail", &claims.sub, current_password).await {
            Err(LoginError::Wrong) => {
                return Err(UseCaseError::from(FieldError::new("current_password", "is wrong")).into());
            }
            verified => verified?,
        };
        let password = Some((logins::hashed(new_password).await?, context.clock.now()));
        let sessions = Some((self.next_epoch().await?, Some(claims.jti.clone())));
        let change = AdminUserChange { password, sessions, ..AdminUserChange::default() };
        let (before, after) = self.change_stored(&claims.sub, &change).await?;
        let changes = Changes::between(&before, &after).with_hidden(PASSWORD, true);
        Ok(self.audit_changes("user.update", &subject(&claims.sub), PASSWORD.to_owned(), changes).await?)
    }

    async fn change_stored(
        &self,
        name: &str,
        change: &AdminUserChange,
    ) -> Result<(wire::AdminUser, wire::AdminUser), UseCaseError> {
        let changed = self.context.storage.change_admin_user(name, change).await;
        let (before, after) = changed.map_err(UseCaseError::about(USER))?;
        Ok(((&before).into(), (&after).into()))
    }

    /// An epoch of sessions that no user ever had, so that no session of a deleted user opens anything for a new one.
    async fn next_epoch(&self) -> Result<i64, UseCaseError> {
        self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)
    }
}

fn subject(name: &str) -> String {
    format!("user:{name}")
}

/// All refusals in one.
fn all_right(checks: impl IntoIterator<Item = Result<(), FieldError>>) -> Result<(), UseCaseError> {
    let refused: Vec<FieldError> = checks.into_iter().filter_map(Result::err).collect();
    if refused.is_empty() { Ok(()) } else { Err(Invalid(refused).into()) }
}

impl From<&AdminUser> for wire::AdminUser {
    fn from(user: &AdminUser) -> Self {
        Self {
            name: user.username.clone(),
            role: user.role.name().to_owned(),
            disabled: user.is_disabled,
            password_set_at: rfc3339(user.updated_at),
        }
    }
}
