//! Who acts: whoever shows a session or a token, with the rights that its user has at this moment.

use std::net::IpAddr;

use rotator_domain::{ADMIN_TOKEN_PREFIX, Digest, Role, Timestamp};
use rotator_storage_trait::AdminUser;

use super::UseCaseError;
use crate::AdminContext;
use crate::session::{self, Claims};

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// A user's name, or `token:` and a token's name.
    pub(crate) name: String,
    /// The user, or whose token it is; nobody for tokens that were made through others before owners were kept.
    pub(crate) user: Option<String>,
    /// What they may do.
    pub(crate) role: Role,
    pub(crate) origin: Origin,
    pub(crate) pass: Pass,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) remote: Option<IpAddr>,
    pub(crate) request_id: Option<String>,
}

/// What an actor has shown.
#[derive(Clone, Debug)]
pub(crate) enum Pass {
    /// A session.
    Session(Claims),
    /// A token.
    Token {
        digest: Digest,
        /// When it stops to work.
        expires_at: Option<Timestamp>,
    },
}

// === impl Pass ===

impl Pass {
    /// Reads what a bearer shows; `None` when it is no session of ours.
    pub(crate) fn read(context: &AdminContext, bearer: &str) -> Option<Self> {
        if bearer.starts_with(ADMIN_TOKEN_PREFIX) {
            let digest = context.digest_key.admin_token(bearer.as_bytes());
            return Some(Self::Token { digest, expires_at: None });
        }
        session::read(bearer, &context.jwt_secret, context.clock.now()).map(Self::Session)
    }
}

// === impl Actor ===

impl Actor {
    /// Whoever has shown this, as they are at this moment; `None` when it opens nothing any more.
    pub(crate) async fn of(context: &AdminContext, pass: Pass, origin: Origin) -> Result<Option<Self>, UseCaseError> {
        match pass {
            Pass::Session(claims) => of_session(context, claims, origin).await,
            Pass::Token { digest, .. } => of_token(context, digest, origin).await,
        }
    }

    /// Whether the actor still may do what their role allowed when the request came.
    pub(crate) async fn is_still_there(&self, context: &AdminContext) -> Result<bool, UseCaseError> {
        let now = Self::of(context, self.pass.clone(), self.origin.clone()).await?;
        Ok(now.is_some_and(|now| now.role >= self.role))
    }
}

async fn of_session(context: &AdminContext, claims: Claims, origin: Origin) -> Result<Option<Actor>, UseCaseError> {
    let user = context.storage.admin_user(&claims.sub).await.map_err(UseCaseError::Storage)?;
    let goes_on = |user: &AdminUser| {
        user.session_epoch == claims.epoch || user.kept_session.as_deref() == Some(claims.jti.as_str())
    };
    let Some(user) = user.filter(|user| !user.is_disabled && goes_on(user)) else { return Ok(None) };
    if context.storage.is_session_ended(&claims.jti).await.map_err(UseCaseError::Storage)? {
        return Ok(None);
    }
    let AdminUser { username, role, .. } = user;
    Ok(Some(Actor { name: username.clone(), user: Some(username), role, origin, pass: Pass::Session(claims) }))
}

async fn of_token(context: &AdminContext, digest: Digest, origin: Origin) -> Result<Option<Actor>, UseCaseError> {
    let now = context.clock.now();
    let token = context.storage.admin_token(&digest).await.map_err(UseCaseError::Storage)?;
    let Some(token) = token.filter(|token| token.expires_at.is_none_or(|end| end > now)) else { return Ok(None) };
    let role = match &token.owner {
        None => token.scope,
        Some(owner) => {
            let owner = context.storage.admin_user(owner).await.map_err(UseCaseError::Storage)?;
            let Some(owner) = owner.filter(|owner| !owner.is_disabled) else { return Ok(None) };
            token.scope.min(owner.role)
        }
    };
    context.token_uses.note(token.id, now);
    let pass = Pass::Token { digest, expires_at: token.expires_at };
    Ok(Some(Actor { name: format!("token:{}", token.name), user: token.owner, role, origin, pass }))
}
