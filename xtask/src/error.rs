//! Why a task failed.

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// A program that the task needs is not installed.
    #[error("{program} is missing: {advice}")]
    Missing { program: &'static str, advice: &'static str },
    /// A program ended with an error, which it told itself.
    #[error("`{0}` failed")]
    Program(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    /// What was checked does not hold.
    #[error("{0}")]
    Failed(String),
}

// === impl TaskError ===

impl TaskError {
    /// Something that went wrong, with its cause.
    pub(crate) fn failed(action: &str, cause: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{action}: {cause}"))
    }
}
