//! How a command fails, and with which exit code.

use std::error::Error as StdError;
use std::io::Write;
use std::process::ExitCode;

use rotator_admin_api::wire::ErrorBody;

/// Why a command failed. Each kind has an exit code of its own, so that scripts can tell them apart.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command ran, and some of what it was to do failed. Exit code 1.
    #[error("{0}")]
    Partly(String),
    /// The command cannot be understood, or a file that it names cannot be used. Exit code 2, as clap's.
    #[error("{0}")]
    Usage(String),
    /// What was asked for is not there. Exit code 3.
    #[error("{0}")]
    NotFound(String),
    /// A name or a slug is taken. Exit code 4.
    #[error("{}", told(.0))]
    Conflict(ErrorBody),
    /// The server refused a field or the request as such. Exit code 5.
    #[error("{}", told(.0))]
    Refused(ErrorBody),
    /// No login, or one that no longer holds. Exit code 6.
    #[error("{0}")]
    NotLoggedIn(String),
    /// The server cannot be reached, or failed. Exit code 7.
    #[error("{0}")]
    Server(String),
    /// A dry run would change something. Exit code 8.
    #[error("{0} would change")]
    WouldChange(String),
}

// === impl CliError ===

impl CliError {
    /// An answer that is no success.
    pub(crate) fn answered(status: u16, body: ErrorBody) -> Self {
        match status {
            401 => Self::NotLoggedIn(format!("{}; run `rotator-admin login`", body.error)),
            404 => Self::NotFound(body.error),
            409 => Self::Conflict(body),
            400..=499 => Self::Refused(body),
            _ => Self::Server(format!("the server failed: {}", body.error)),
        }
    }

    /// A request that got no answer.
    pub(crate) fn unreachable(server: &str, error: &reqwest::Error) -> Self {
        let mut cause: &dyn StdError = error;
        while let Some(below) = cause.source() {
            cause = below;
        }
        Self::Server(format!("{server} does not answer: {cause}"))
    }

    /// Prints one line on the standard error output.
    pub(crate) fn tell(&self) {
        // Where the standard error output is closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "rotator-admin: {self}");
    }

    /// Prints one line on the standard error output and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        self.tell();
        ExitCode::from(match self {
            Self::Partly(_) => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Conflict(_) => 4,
            Self::Refused(_) => 5,
            Self::NotLoggedIn(_) => 6,
            Self::Server(_) => 7,
            Self::WouldChange(_) => 8,
        })
    }
}

/// The error with its fields; the server's text names them already where there are some.
fn told(body: &ErrorBody) -> String {
    let unnamed = body.fields.iter().filter(|field| !body.error.contains(&field.field));
    let fields = unnamed.map(|field| format!("{}: {}", field.field, field.message));
    std::iter::once(body.error.clone()).chain(fields).collect::<Vec<_>>().join("; ")
}
