//! What is logged.

use rotator_domain::FieldError;

use super::changes::Changes;
use super::{UseCaseError, UseCases};
use crate::wire::LogLevel;

// === impl UseCases ===

impl UseCases<'_> {
    /// What this node logs.
    pub(crate) fn log_level(&self) -> LogLevel {
        LogLevel { level: self.context.logs.level() }
    }

    /// Logs at another level from now on, on this node.
    pub(crate) async fn set_log_level(&self, LogLevel { level }: LogLevel) -> Result<LogLevel, UseCaseError> {
        let before = self.context.logs.level();
        let refused = |error: crate::LogLevelError| FieldError::new("level", error.to_string());
        self.context.logs.set_level(&level).map_err(refused)?;
        // What nobody could read later does not happen.
        let detail = format!("from {before} to {level}");
        let changes = Changes::default().with("level", Some(&before), Some(&level));
        if let Err(error) = self.audit_changes("log_level.change", "server", detail, changes).await {
            self.context.logs.set_level(&before).map_err(refused)?;
            return Err(error);
        }
        Ok(self.log_level())
    }
}
