//! API tokens.

use std::time::Duration;

use rotator_domain::{AdminTokenId, FieldError};
use rotator_storage_trait::AdminToken;

use super::{UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::{random, wire};

/// What every token begins with, so that a leaked one is recognised.
pub(crate) const PREFIX: &str = "rat-";

const LONGEST_NAME: usize = 100;
const LONGEST_LIFE_DAYS: u32 = 3650;

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a token.
    pub(crate) async fn create_token(&self, body: wire::AdminTokenBody) -> Result<wire::NewAdminToken, UseCaseError> {
        let name = body.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(FieldError::new("name", format!("must have 1 to {LONGEST_NAME} printable characters")).into());
        }
        if body.expires_in_days.is_some_and(|days| days == 0 || days > LONGEST_LIFE_DAYS) {
            return Err(FieldError::new("expires_in_days", format!("must be 1 to {LONGEST_LIFE_DAYS}")).into());
        }
        let now = self.context.clock.now();
        let value = random::secret(PREFIX)?;
        let day = Duration::from_secs(24 * 60 * 60);
        let token = AdminToken {
            id: AdminTokenId(self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?),
            name: name.to_owned(),
            digest: self.context.digest_key.admin_token(value.expose().as_bytes()),
            created_by: self.actor.name.clone(),
            created_at: now,
            expires_at: body.expires_in_days.map(|days| now.saturating_add(day * days)),
        };
        self.context.storage.insert_admin_token(&token).await.map_err(UseCaseError::about("the token"))?;
        self.audit("token.create", &format!("token:{}", token.id), name.to_owned()).await?;
        Ok(wire::NewAdminToken { token: value.expose().to_owned(), about: token.into() })
    }

    /// All tokens.
    pub(crate) async fn tokens(&self) -> Result<Vec<wire::AdminToken>, UseCaseError> {
        let tokens = self.context.storage.admin_tokens().await.map_err(UseCaseError::Storage)?;
        Ok(tokens.into_iter().map(wire::AdminToken::from).collect())
    }

    /// Deletes a token; it stops to work at once.
    pub(crate) async fn delete_token(&self, id: AdminTokenId) -> Result<(), UseCaseError> {
        self.context.storage.delete_admin_token(id).await.map_err(UseCaseError::about("the token"))?;
        self.audit("token.delete", &format!("token:{id}"), None).await
    }
}

impl From<AdminToken> for wire::AdminToken {
    fn from(token: AdminToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            created_by: token.created_by,
            created_at: rfc3339(token.created_at),
            expires_at: token.expires_at.map(rfc3339),
        }
    }
}
