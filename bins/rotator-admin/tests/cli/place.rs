//! A home folder, a server and the commands that are run there.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use rotator_storage_trait::Storage;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::admin_api::{self, PASSWORD};

/// Where commands run; the login is kept in its folder.
pub(crate) struct Place {
    folder: TempDir,
    server: String,
    /// What the place's own server stores things in.
    storage: Option<Arc<dyn Storage>>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

// === impl Place ===

impl Place {
    /// A server of its own, not logged in.
    pub(crate) async fn new() -> Self {
        let (address, storage) = admin_api::start().await;
        Self { storage: Some(storage), ..Self::at(format!("http://{address}")) }
    }

    /// A place for a server that somebody else runs, or nobody.
    pub(crate) fn at(server: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server, storage: None }
    }

    /// A server of its own, logged in.
    pub(crate) async fn logged_in() -> Self {
        let place = Self::new().await;
        place.run(&["login", "--password-from", "env:PASSWORD"]).await.with_code(0);
        place
    }

    /// What the place's own server stores things in.
    pub(crate) fn storage(&self) -> &dyn Storage {
        self.storage.as_deref().unwrap()
    }

    /// The server's address.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_input(arguments, "").await
    }

    /// A command that is not run yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rotator-admin"));
        command.env_clear().current_dir(self.folder.path()).args(arguments);
        command.env("HOME", self.folder.path()).env("ROTATOR_SERVER", &self.server);
        command.env("PASSWORD", PASSWORD).env("KEY", "sk-from-the-environment");
        command
    }

    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may have ended already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        Ended::from(child.wait_with_output().await.unwrap())
    }

    /// Runs a command that succeeds, and reads the JSON that it writes.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--output", "json"]].concat()).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Makes an LLM service with this slug.
    pub(crate) async fn service(&self, slug: &str) {
        let arguments = ["services", "create", "--slug", slug, "--type", "llm", "--base-url", "http://127.0.0.1:9"];
        self.run(&arguments).await.with_code(0);
    }
}

// === impl Ended ===

impl Ended {
    /// Checks the exit code.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}
