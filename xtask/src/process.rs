//! Running other programs.

use std::process::{Command, Stdio};

use crate::error::TaskError;
use crate::workspace::Workspace;

/// Cargo, in the checkout, as from a shell. What the cargo that runs this tells of its package stays out: build scripts that watch
/// it (ring's does) would run again, and most of the dependencies be compiled again, whenever the two take turns.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    for (name, _) in std::env::vars_os() {
        let is_of_a_package = ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
        if is_of_a_package {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end; what it writes is seen as it comes.
pub(crate) fn run(command: &mut Command) -> Result<(), TaskError> {
    let line = line(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(TaskError::Program(line)),
        Err(error) => Err(TaskError::failed(&line, error)),
    }
}

/// Whether a program is there and runs.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether this process may do everything.
pub(crate) fn is_superuser() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The program's name and arguments, as one would type them.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
