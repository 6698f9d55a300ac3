//! API tokens.

use std::time::Duration;

use rotator_domain::{ADMIN_TOKEN_PREFIX, AdminTokenId, FieldError, Role, Timestamp, admin_token_prefix};
use rotator_storage_trait::AdminToken;

use super::changes::Changes;
use super::{Pass, UseCaseError, UseCases};
use crate::time::{from_rfc3339, rfc3339};
use crate::{random, wire};

const LONGEST_NAME: usize = 100;
const LONGEST_LIFE_DAYS: u32 = 3650;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a token of the actor's own.
    pub(crate) async fn create_token(&self, body: wire::AdminTokenBody) -> Result<wire::NewAdminToken, UseCaseError> {
        let name = body.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(FieldError::new("name", format!("must have 1 to {LONGEST_NAME} printable characters")).into());
        }
        let scope = body.scope.as_deref().map(|scope| Role::of_field("scope", scope)).transpose()?.unwrap_or_default();
        if scope > self.actor.role {
            return Err(UseCaseError::Forbidden { needed: scope });
        }
        let now = self.context.clock.now();
        let expires_at = self.expiry(&body, now)?;
        let value = random::secret(ADMIN_TOKEN_PREFIX)?;
        let token = AdminToken {
            id: AdminTokenId(self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?),
            name: name.to_owned(),
            digest: self.context.digest_key.admin_token(value.expose().as_bytes()),
            prefix: admin_token_prefix(value.expose()),
            scope,
            owner: self.actor.user.clone(),
            created_by: self.actor.name.clone(),
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        self.context.storage.insert_admin_token(&token).await.map_err(UseCaseError::about("the token"))?;
        let (subject, detail, about) = (subject(token.id), token.name.clone(), wire::AdminToken::from(token));
        self.audit_changes("token.create", &subject, detail, Changes::made(&about)).await?;
        Ok(wire::NewAdminToken { token: value.expose().to_owned(), about })
    }

    /// All tokens that the actor may delete.
    pub(crate) async fn tokens(&self) -> Result<Vec<wire::AdminToken>, UseCaseError> {
        let tokens = self.context.storage.admin_tokens().await.map_err(UseCaseError::Storage)?;
        let own = tokens.into_iter().filter(|token| self.is_own(token) || self.actor.role == Role::Admin);
        Ok(own.map(wire::AdminToken::from).collect())
    }

    /// Deletes a token; it stops to work at once. Those of others are for admins, and a token deletes none that may do more than
    /// it may itself.
    pub(crate) async fn delete_token(&self, id: AdminTokenId) -> Result<(), UseCaseError> {
        let tokens = self.context.storage.admin_tokens().await.map_err(UseCaseError::Storage)?;
        let token = tokens.into_iter().find(|token| token.id == id).ok_or(UseCaseError::NotFound("the token"))?;
        let may_do_no_more = matches!(self.actor.pass, Pass::Session(_)) || token.scope <= self.actor.role;
        if self.actor.role < Role::Admin && !(self.is_own(&token) && may_do_no_more) {
            return Err(UseCaseError::Forbidden { needed: Role::Admin });
        }
        self.context.storage.delete_admin_token(id).await.map_err(UseCaseError::about("the token"))?;
        let about = wire::AdminToken::from(token);
        self.audit_changes("token.delete", &subject(id), about.name.clone(), Changes::gone(&about)).await
    }

    fn is_own(&self, token: &AdminToken) -> bool {
        token.owner.is_some() && token.owner == self.actor.user
    }

    /// When a new token stops to work: not after the one through which it is made.
    fn expiry(&self, body: &wire::AdminTokenBody, now: Timestamp) -> Result<Option<Timestamp>, FieldError> {
        let expires_at = match (&body.expires_at, body.expires_in_days) {
            (Some(_), Some(_)) => {
                return Err(FieldError::new("expires_at", "must not stand beside expires_in_days"));
            }
            (None, Some(days)) if days == 0 || days > LONGEST_LIFE_DAYS => {
                return Err(FieldError::new("expires_in_days", format!("must be 1 to {LONGEST_LIFE_DAYS}")));
            }
            (None, days) => days.map(|days| now.saturating_add(DAY * days)),
            (Some(text), None) => {
                let read = from_rfc3339(text);
                let refused = || FieldError::new("expires_at", "must be a time as RFC 3339 writes it, in the future");
                Some(read.filter(|end| *end > now).ok_or_else(refused)?)
            }
        };
        match (&self.actor.pass, expires_at) {
            (Pass::Token { expires_at: Some(end), .. }, None) => Ok(Some(*end)),
            (Pass::Token { expires_at: Some(end), .. }, Some(later)) if later > *end => {
                Err(FieldError::new("expires_at", "must not be after that of the token that makes it"))
            }
            (_, expires_at) => Ok(expires_at),
        }
    }
}

fn subject(id: AdminTokenId) -> String {
    format!("token:{id}")
}

impl From<AdminToken> for wire::AdminToken {
    fn from(token: AdminToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            prefix: token.prefix,
            scope: token.scope.name().to_owned(),
            owner: token.owner,
            created_by: token.created_by,
            created_at: rfc3339(token.created_at),
            expires_at: token.expires_at.map(rfc3339),
            last_used_at: token.last_used_at.map(rfc3339),
        }
    }
}
