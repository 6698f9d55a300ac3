//! Logging in and out. Failed tries are counted, slowed and written into the audit log.

use std::time::Duration;

use rotator_domain::{Secret, Timestamp};
use rotator_storage_trait::AdminUser;

use super::actors::{Origin, Pass};
use super::audit::{Deed, audit_log};
use super::{UseCaseError, UseCases};
use crate::session::{self, Claims};
use crate::wire::{LoginAnswer, LoginBody};
use crate::{AdminContext, password, random};

/// How many tries may fail before the next one has to wait.
const FREE_FAILURES: u64 = 5;
/// How long a count of failures is kept after the last one; the longest wait.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// What a login is about, in the audit log.
const SESSION: &str = "session";

/// Why a login failed.
pub(crate) enum LoginError {
    /// Name or password is wrong.
    Wrong,
    /// Too many tries failed; wait so long.
    Slowed(Duration),
    /// Something else.
    Other(UseCaseError),
}

/// Checks name and password and begins a session.
pub(crate) async fn log_in(
    context: &AdminContext,
    origin: &Origin,
    body: LoginBody,
) -> Result<LoginAnswer, LoginError> {
    let user = verified(context, origin, "login.fail", &body.username, body.password).await?;
    let answer = begin(context, &user)?;
    let deed = Deed { action: "login", subject: SESSION.to_owned(), ..Deed::default() };
    audit_log(context, &user.username, None, origin, deed).await?;
    Ok(answer)
}

/// The user with this name and password. A failure is counted, slowed and written down as `failure`.
pub(super) async fn verified(
    context: &AdminContext,
    origin: &Origin,
    failure: &'static str,
    username: &str,
    password: String,
) -> Result<AdminUser, LoginError> {
    // One address guessing one name is slowed; the others are not locked out by it.
    let from = origin.remote.map(|address| address.to_string()).unwrap_or_default();
    let name: String = username.chars().take(100).collect();
    let (tries, blocked) = (format!("login:tries:{from}:{name}"), format!("login:blocked:{from}:{name}"));
    let failures = context.counters.counted(&tries).await.unwrap_or_else(uncounted);
    if failures >= FREE_FAILURES && context.counters.counted(&blocked).await.unwrap_or_else(uncounted) > 0 {
        return Err(LoginError::Slowed(wait_after(failures)));
    }
    let user = context.storage.admin_user(username).await.map_err(UseCaseError::Storage)?;
    // Whoever is disabled is answered as somebody who is not there.
    let user = user.filter(|user| !user.is_disabled);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = blocking(move || password::verify(&Secret::new(password), hash.as_deref())).await?;
    let Some(user) = user.filter(|_| is_right) else {
        let failures = context.counters.count(&tries, WINDOW).await.unwrap_or_else(uncounted);
        if failures >= FREE_FAILURES {
            context.counters.count(&blocked, wait_after(failures)).await.unwrap_or_else(uncounted);
        }
        tracing::warn!(user = %name, remote = %from, failures, "a login failed");
        let deed = Deed { action: failure, subject: SESSION.to_owned(), ..Deed::default() };
        audit_log(context, &name, None, origin, deed).await?;
        return Err(LoginError::Wrong);
    };
    if let Err(error) = context.counters.forget(&tries).await {
        uncounted(error);
    }
    Ok(user)
}

/// Hashes a new password.
pub(super) async fn hashed(password: String) -> Result<String, UseCaseError> {
    let hashed = blocking(move || password::hash(&Secret::new(password))).await?;
    hashed.map_err(|error| {
        tracing::error!(error = %error, "a password could not be set");
        UseCaseError::Interrupted
    })
}

/// Does what takes long where that holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, UseCaseError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| UseCaseError::Interrupted)
}

fn begin(context: &AdminContext, user: &AdminUser) -> Result<LoginAnswer, UseCaseError> {
    let now = context.clock.now();
    let end = now.saturating_add(context.session_ttl);
    let claims = Claims {
        sub: user.username.clone(),
        epoch: user.session_epoch,
        jti: random::session_id()?,
        iat: now.as_millis() / 1000,
        exp: end.as_millis().div_euclid(1000),
    };
    let access_token = session::sign(&claims, &context.jwt_secret).map_err(|error| {
        tracing::error!(error = %error, "a session could not be signed");
        UseCaseError::Interrupted
    })?;
    Ok(LoginAnswer {
        access_token,
        token_type: "bearer".to_owned(),
        expires_in: context.session_ttl.as_secs(),
        success: true,
        message: "logged in".to_owned(),
    })
}

/// Doubles with every failure, from 2 s to the whole window.
fn wait_after(failures: u64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(FREE_FAILURES)).unwrap_or(u32::MAX).min(20);
    Duration::from_secs(2 << doublings).min(WINDOW)
}

/// Logins go on when the counters do not answer; the log says so.
fn uncounted(error: rotator_cache_trait::CacheError) -> u64 {
    tracing::warn!(error = %error, "failed logins cannot be counted");
    0
}

// === impl LoginError ===

impl From<UseCaseError> for LoginError {
    fn from(error: UseCaseError) -> Self {
        Self::Other(error)
    }
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Ends the actor's session; a token's bearer has none to end.
    pub(crate) async fn log_out(&self) -> Result<(), UseCaseError> {
        if let Pass::Session(claims) = &self.actor.pass {
            let (now, end) = (self.context.clock.now(), Timestamp::from_millis(claims.exp.saturating_mul(1000)));
            self.context.storage.end_session(&claims.jti, end, now).await.map_err(UseCaseError::Storage)?;
        }
        self.audit("logout", SESSION, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_window() {
        let waits: Vec<u64> = [5, 6, 7, 13, 14, 1000].iter().map(|failures| wait_after(*failures).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 512, 900, 900]);
    }
}
