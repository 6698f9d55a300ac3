//! How the server ends when it cannot go on.

use std::error::Error as StdError;
use std::io::Write;
use std::process::ExitCode;

/// Why the program ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// A setting has a bad value. Exit code 64 (`EX_USAGE` of sysexits.h).
    #[error("{variable}: {message}")]
    Config {
        /// The variable's name.
        variable: &'static str,
        /// What is wrong, without the value.
        message: String,
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
    pub(crate) fn config(variable: &'static str, message: impl Into<String>) -> Self {
        Self::Config { variable, message: message.into() }
    }

    /// Something that could not be done because of `source`.
    pub(crate) fn failed(action: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed { action: action.into(), source: source.into() }
    }

    /// Prints one line on the standard error output and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        // Where the standard error output is closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "rotator-server: {}", line.replace('\n', " "));
        match self {
            Self::Config { .. } => ExitCode::from(64),
            Self::Failed { .. } => ExitCode::FAILURE,
        }
    }
}
