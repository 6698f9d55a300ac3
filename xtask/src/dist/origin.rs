//! Where a build comes from: the commit, and its time, which stands for the time of the build.

use std::process::Command;

use jiff::Timestamp;

use crate::error::TaskError;
use crate::workspace::Workspace;

/// The variable that says which time stands in what is built (reproducible-builds.org/specs/source-date-epoch).
pub(super) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// What is written into images and lists of where they come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The commit; `-dirty` where the sources differ from it.
    pub(super) revision: String,
    /// In seconds since 1970.
    pub(super) epoch: u64,
    pub(super) version: String,
    pub(super) licence: String,
    /// The address of the sources, where the workspace tells one.
    pub(super) source: Option<String>,
}

// === impl Origin ===

impl Origin {
    pub(super) fn of(workspace: &Workspace) -> Result<Self, TaskError> {
        let revision = git(workspace, &["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])?;
        let epoch = match std::env::var(EPOCH) {
            Ok(told) => told,
            Err(_) => git(workspace, &["log", "-1", "--format=%ct"])?,
        };
        let epoch = epoch.parse().map_err(|error| TaskError::failed(EPOCH, error))?;
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(workspace.root()).no_deps().exec();
        let metadata = metadata.map_err(|error| TaskError::failed("cargo metadata", error))?;
        let server = metadata.packages.into_iter().find(|package| package.name.as_str() == "rotator-server");
        let server = server.ok_or_else(|| TaskError::Failed("the workspace has no rotator-server".to_owned()))?;
        Ok(Self {
            revision,
            epoch,
            version: server.version.to_string(),
            licence: server.license.unwrap_or_default(),
            source: server.repository,
        })
    }

    /// The time as RFC 3339 has it.
    pub(super) fn created(&self) -> String {
        let second = i64::try_from(self.epoch).ok().and_then(|epoch| Timestamp::from_second(epoch).ok());
        second.unwrap_or(Timestamp::UNIX_EPOCH).to_string()
    }
}

#[cfg(test)]
impl Origin {
    /// One for tests.
    pub(super) fn example() -> Self {
        Self {
            revision: "0123abcd".to_owned(),
            epoch: 1_700_000_000,
            version: "1.2.3".to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            source: Some("https://example.org/rotator".to_owned()),
        }
    }
}

fn git(workspace: &Workspace, arguments: &[&str]) -> Result<String, TaskError> {
    let output = Command::new("git").args(arguments).current_dir(workspace.root()).output();
    let output = output.map_err(|error| TaskError::failed("git", error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(TaskError::failed("git says nothing of the commit", said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
