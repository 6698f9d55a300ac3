//! Why a server for tests is not there.

/// Why a server for tests is not there.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A program is not installed.
    #[error("{program} is not installed (Debian: apt-get install {package})")]
    Missing {
        /// The program.
        program: &'static str,
        /// The package of Debian that it comes with.
        package: &'static str,
    },
    /// A program ended with an error, or a server did not come up.
    #[error("{what}: {detail}")]
    Failed {
        /// What was being done.
        what: String,
        /// What the program said.
        detail: String,
    },
}

// === impl ServiceError ===

impl ServiceError {
    /// Something that failed, with its cause.
    pub(crate) fn failed(what: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Failed { what: what.into(), detail: detail.to_string() }
    }
}
