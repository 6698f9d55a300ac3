//! Why Redis cannot be used.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use rotator_cache_trait::CacheError;

/// An error of the Redis cache. None holds a password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RedisCacheError {
    /// The URL is none of a Redis.
    #[error("the redis url does not read: {0}")]
    Url(String),
    /// Nobody answers there.
    #[error("redis cannot be reached")]
    Unreachable(#[source] RedisError),
    /// It did not answer in time.
    #[error("redis did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The user or the password is wrong, or there must be one.
    #[error("redis refuses the user or the password")]
    Credentials(#[source] RedisError),
    /// The user may not do what is needed.
    #[error("the redis user lacks a permission")]
    Permission(#[source] RedisError),
    /// The server is older than what is supported.
    #[error("redis {version} is too old: 6.0 or later is needed")]
    TooOld {
        /// What it says that it is.
        version: String,
    },
    /// The server is a replica, which cannot be written to.
    #[error("this redis is a read-only replica: give the address of its primary")]
    Replica,
    /// The server is still reading its data, or it is out of memory, or a script was stopped.
    #[error("redis refuses a command")]
    Refused(#[source] RedisError),
    /// The answer is none of those that the scripts give.
    #[error("redis gave an answer that does not read: {0}")]
    Answer(String),
}

// === impl RedisCacheError ===

impl RedisCacheError {
    /// Whether another try with the same settings may succeed: nobody answers now.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut(_) | Self::Refused(_))
    }
}

impl From<RedisError> for RedisCacheError {
    fn from(error: RedisError) -> Self {
        match (error.kind(), error.code()) {
            (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS" | "NOAUTH")) => Self::Credentials(error),
            // What an unknown client is told of any command but the one that names it.
            (ErrorKind::Server(ServerErrorKind::ResponseError), _) if error.to_string().contains("uthentication") => {
                Self::Credentials(error)
            }
            (ErrorKind::Server(ServerErrorKind::NoPerm), _) => Self::Permission(error),
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Self::Replica,
            (ErrorKind::InvalidClientConfig, _) => Self::Url(error.to_string()),
            (ErrorKind::Io, _) => Self::Unreachable(error),
            (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => Self::Answer(error.to_string()),
            _ => Self::Refused(error),
        }
    }
}

impl From<RedisCacheError> for CacheError {
    fn from(error: RedisCacheError) -> Self {
        match error {
            RedisCacheError::Answer(_) => Self::Corrupt(Box::new(error)),
            _ => Self::Unavailable(Box::new(error)),
        }
    }
}
