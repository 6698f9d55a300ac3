//! Debian's packages of what tests need.

use std::process::Command;

use crate::error::TaskError;
use crate::process;

/// Installs packages, on Debian and as its superuser; elsewhere the error says what to install, or what to do `instead`.
pub(crate) fn install(packages: &[&str], instead: &str) -> Result<(), TaskError> {
    let list = packages.join(" ");
    if !process::is_superuser() || !process::works(Command::new("apt-get").arg("--version")) {
        return Err(TaskError::Failed(format!(
            "tests need what is not installed (Debian: sudo apt-get install {list}); {instead}"
        )));
    }
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    process::run(apt().args(["update", "--quiet"]))?;
    process::run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
}
