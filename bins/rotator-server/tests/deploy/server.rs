//! The server, which says what its settings are called and whether it can use them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// Where it runs in an image, and with which port, as `cargo xtask dist` writes them.
pub(crate) const PROGRAM: &str = "/usr/local/bin/rotator-server";
pub(crate) const PORT: u16 = 8000;

/// A running server; dropped, it is ended.
pub(crate) struct Running {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

static HELP: LazyLock<String> = LazyLock::new(|| {
    let output = command().arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
});

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rotator-server"));
    command.env_clear();
    command
}

/// Whether the server has a setting of this name, itself or through a file.
pub(crate) fn knows(variable: &str) -> bool {
    // Lines are broken where they are long.
    let help = HELP.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_setting = |name: &str| help.contains(&format!("[env: {name}]"));
    is_setting(variable) || variable.strip_suffix("_FILE").is_some_and(is_setting)
}

/// Whether the server has a command of this name.
pub(crate) fn has_command(name: &str) -> bool {
    HELP.lines().any(|line| line.split_whitespace().next() == Some(name))
}

/// Lets the server check these settings, with something in each file that they name, and gives what it says. What this build
/// does not hold says nothing.
pub(crate) fn checked(variables: &BTreeMap<String, String>) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command();
    command.arg("check-config").current_dir(folder.path());
    for (name, value) in variables {
        assert!(knows(name), "the server has no setting {name}");
        if name.ends_with("_FILE") {
            let file = folder.path().join(name);
            // It is all that any of them asks for: 64 hexadecimal digits.
            std::fs::write(&file, format!("{}\n", "0a".repeat(32))).unwrap();
            command.env(name, file);
        } else {
            command.env(name, value);
        }
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let is_held = cfg!(feature = "mysql") && cfg!(feature = "postgres") && cfg!(feature = "redis");
    if !is_held && error.contains("this server was built without the") {
        return None;
    }
    assert!(output.status.success(), "{error}");
    Some(said)
}

// === impl Running ===

impl Running {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command();
        command.current_dir(folder.path()).env("BACKEND_PORT", "0").env("LOG_LEVEL", "error");
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address =
            lines.find_map(|line| line.split_once("listens on http://").map(|(_, address)| address.to_owned()));
        Self { process, address: address.unwrap(), _folder: folder }
    }

    /// What a path is answered with.
    pub(crate) fn status(&self, path: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: rotator\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
