//! What is logged.

use rotator_domain::FieldError;

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
        if let Err(error) = self.audit("log_level.change", "server", format!("from {before} to {level}")).await {
            self.context.logs.set_level(&before).map_err(refused)?;
            return Err(error);
        }
        Ok(self.log_level())
    }
}
