//! The official SDKs, in a virtual environment of their own below `target`.

use std::path::PathBuf;
use std::process::Command;

use crate::error::TaskError;
use crate::process;
use crate::workspace::Workspace;

const REQUIREMENTS: &str = "xtask/sdk/requirements.txt";

/// Installs the SDKs where that has not been done, and gives the interpreter.
pub(crate) fn with_sdks(workspace: &Workspace) -> Result<PathBuf, TaskError> {
    if !process::works(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        let advice = "install Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv)";
        return Err(TaskError::Missing { program: "python3", advice });
    }
    let wanted = workspace.read(REQUIREMENTS)?;
    let folder = workspace.target().join("sdk-venv");
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let requirements = workspace.path(REQUIREMENTS);
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    process::run(Command::new(&python).args(install).arg(requirements))?;
    std::fs::write(&installed, wanted)
        .map_err(|source| TaskError::File { path: installed.display().to_string(), source })?;
    Ok(python)
}
