//! Asks for load, and reads what came of it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::place;
use crate::error::TaskError;

/// Where load is made.
pub(super) struct Generator {
    pub(super) program: PathBuf,
}

/// What is asked.
pub(super) struct Load {
    pub(super) url: String,
    pub(super) headers: Vec<String>,
    pub(super) body: Body,
    pub(super) connections: u32,
}

/// What a request carries.
#[derive(Clone)]
pub(super) enum Body {
    Text(&'static str),
    /// JSON of so many bytes.
    Bytes(u32),
}

/// What a load of some seconds came to.
pub(super) struct Seen {
    /// All requests, those that warmed up among them.
    pub(super) exchanges: f64,
    pub(super) bad: f64,
    pub(super) answer: Value,
}

/// Connections that are held open until this is closed.
pub(super) struct Held {
    process: Child,
    lines: BufReader<ChildStdout>,
}

// === impl Generator ===

impl Generator {
    /// Asks as fast as answers come.
    pub(super) fn closed(&self, load: &Load, seconds: f64) -> Result<Seen, TaskError> {
        let mut command = self.command("closed", load);
        Seen::of(command.args(["--seconds", &seconds.to_string()]))
    }

    /// Asks so often in a second.
    pub(super) fn steady(&self, load: &Load, seconds: f64, rate: f64) -> Result<Seen, TaskError> {
        let mut command = self.command("steady", load);
        Seen::of(command.args(["--seconds", &seconds.to_string(), "--rate", &rate.to_string()]))
    }

    /// Opens streams, or connections that do nothing after one request, and gives them when all are open.
    pub(super) fn hold(&self, load: &Load, is_idle: bool) -> Result<Held, TaskError> {
        let mut command = self.command("hold", load);
        command.args(is_idle.then_some("--idle")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| TaskError::failed("the load", error))?;
        let stdout = process.stdout.take().ok_or_else(|| TaskError::Failed("the load tells nothing".to_owned()))?;
        let mut held = Held { process, lines: BufReader::new(stdout) };
        held.line()?;
        Ok(held)
    }

    fn command(&self, mode: &str, load: &Load) -> Command {
        let mut command = place::beside(&self.program);
        command.args([mode, "--url", &load.url, "--connections", &load.connections.to_string()]);
        command.args(load.headers.iter().flat_map(|header| ["--header", header]));
        match &load.body {
            Body::Text(text) => command.args(["--body", text]),
            Body::Bytes(bytes) => command.args(["--body-bytes", &bytes.to_string()]),
        };
        command
    }
}

// === impl Seen ===

impl Seen {
    fn of(command: &mut Command) -> Result<Self, TaskError> {
        let output = command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| TaskError::failed("the load", error))?;
        let answer = read(&String::from_utf8_lossy(&output.stdout))?;
        let number = |name: &str| answer[name].as_f64().unwrap_or_default();
        Ok(Self { exchanges: number("exchanges"), bad: number("bad"), answer })
    }

    /// A figure of the answer, by its path.
    pub(super) fn number(&self, path: &str) -> f64 {
        self.answer.pointer(path).and_then(Value::as_f64).unwrap_or_default()
    }
}

// === impl Held ===

impl Held {
    /// Closes all, and gives what was seen of them.
    pub(super) fn close(mut self) -> Result<Value, TaskError> {
        drop(self.process.stdin.take());
        self.line()
    }

    fn line(&mut self) -> Result<Value, TaskError> {
        let mut line = String::new();
        self.lines.read_line(&mut line).map_err(|error| TaskError::failed("the load", error))?;
        read(&line)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It ends with its input; it may have ended already.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn read(text: &str) -> Result<Value, TaskError> {
    serde_json::from_str(text).map_err(|error| TaskError::failed("what the load tells", error))
}
