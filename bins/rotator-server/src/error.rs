//! How the server ends when it cannot go on.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io::Write;
use std::process::ExitCode;

use rotator_storage_trait::{StorageError, StorageErrorKind};

/// Why the program ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// A setting has a bad value. Exit code 64 (`EX_USAGE` of sysexits.h).
    #[error("{variable}: {message}")]
    Config {
        /// The variable's name.
        variable: Cow<'static, str>,
        /// What is wrong, without the value.
        message: String,
    },
    /// The database does not answer, or not now.
    #[error("{action}")]
    Away {
        /// What was being done, as "could not ...".
        action: String,
        /// Why not.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Something could not be done.
    #[error("{action}")]
    Failed {
        /// What was being done, as "could not ...".
        action: String,
        /// Why not.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

// === impl AppError ===

impl AppError {
    /// A bad value of `variable`.
    pub(crate) fn config(variable: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Config { variable: variable.into(), message: message.into() }
    }

    /// Something that could not be done because of `source`.
    pub(crate) fn failed(action: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed { action: action.into(), source: source.into() }
    }

    /// Something that could not be done because of the storage.
    pub(crate) fn storage(action: impl Into<String>, source: StorageError) -> Self {
        let is_passing = *source.kind() == StorageErrorKind::Unavailable;
        Self::failed_for(action, source, is_passing)
    }

    /// Something that could not be done: for now, or at all.
    pub(crate) fn failed_for(
        action: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
        is_passing: bool,
    ) -> Self {
        let (action, source) = (action.into(), source.into());
        if is_passing { Self::Away { action, source } } else { Self::Failed { action, source } }
    }

    /// Whether it may be done later: the database does not answer now.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// It and its causes, in one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line.replace('\n', " ")
    }

    /// Prints one line on the standard error output and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        // Where the standard error output is closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "rotator-server: {}", self.line());
        match self {
            Self::Config { .. } => ExitCode::from(64),
            Self::Away { .. } | Self::Failed { .. } => ExitCode::FAILURE,
        }
    }
}
