//! The server under test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::backend::Backend;
use crate::client::{Answer, TestBody, TestClient, full};

pub(crate) const CLIENT_KEY: &str = "rk-planted-client-key-0123456789";
pub(crate) const PASSWORD: &str = "planted-admin-password-0123456789";

/// A running server; it is killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) base: String,
    pub(crate) client: TestClient,
    token: String,
    place: Place,
}

/// A folder with a server's database and logs.
pub(crate) struct Place {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// Where the state is that is not in the folder; nodes share it.
    pub(crate) backend: Option<Arc<Backend>>,
}

// === impl Place ===

impl Place {
    pub(crate) fn new() -> Self {
        Self::sharing(Backend::new().map(Arc::new))
    }

    /// A place for another node with the same state.
    pub(crate) fn sharing(backend: Option<Arc<Backend>>) -> Self {
        let environment = backend.as_ref().map(|backend| backend.environment());
        Self { folder: tempfile::tempdir().unwrap(), environment: environment.unwrap_or_default(), backend }
    }

    /// Sets a variable for every command in this place.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server's command, with nothing of this process's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rotator-server"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("BACKEND_PORT", "0").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end, which must come by itself.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::from(self.command());
        let output = command.args(arguments).kill_on_drop(true).output();
        tokio::time::timeout(Duration::from_secs(60), output).await.unwrap().unwrap()
    }

    /// Starts the server and logs in.
    pub(crate) async fn start(self) -> Server {
        Server::start(self).await
    }
}

// === impl Server ===

impl Server {
    /// A server with the usual secrets, logging everything.
    pub(crate) async fn new() -> Self {
        Self::usual().start().await
    }

    /// The usual secrets and the fullest log.
    pub(crate) fn usual() -> Place {
        Place::new().set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY).set("LOG_LEVEL", "trace")
    }

    async fn start(place: Place) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(place.path("stderr.log")).unwrap();
        let process = place.command().stdout(Stdio::piped()).stderr(log).spawn();
        let mut process = process.unwrap();
        let stdout = tokio::process::ChildStdout::from_std(process.stdout.take().unwrap()).unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let mut shown = String::new();
        let base = loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("the server ended: {}", std::fs::read_to_string(place.path("stderr.log")).unwrap());
            };
            shown.push_str(&line);
            shown.push('\n');
            if let Some((_, base)) = line.split_once("listens on ") {
                break base.to_owned();
            }
        };
        std::fs::write(place.path("stdout.log"), shown).unwrap();
        let mut server = Self { process, base, client: TestClient::new(), token: String::new(), place };
        let login = json!({"username": "admin", "password": PASSWORD});
        let (status, session) = server.admin(Method::POST, "login", Some(login)).await;
        // A test that has another password logs in by itself.
        if status == StatusCode::OK {
            session["access_token"].as_str().unwrap().clone_into(&mut server.token);
        }
        server
    }

    /// Calls the admin API.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let answer = self.admin_answer(method, path, body).await;
        let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        (answer.status, value)
    }

    pub(crate) async fn admin_answer(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.client.send(self.admin_request(method, path, body)).await
    }

    /// A request to the admin API with the test's own session.
    pub(crate) fn admin_request(&self, method: Method, path: &str, body: Option<Value>) -> Request<TestBody> {
        let mut request = Request::builder().method(method).uri(format!("{}/api/admin/{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", self.bearer());
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        request.body(full(body)).unwrap()
    }

    /// The `Authorization` of the test's own session.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Makes a config and gives its id.
    pub(crate) async fn create(&self, config: Value) -> i64 {
        let (status, created) = self.admin(Method::POST, "proxy-configs", Some(config)).await;
        assert_eq!(status, StatusCode::CREATED, "{created}");
        created["id"].as_i64().unwrap()
    }

    /// Makes a generic service whose key goes into `Authorization: Bearer`.
    pub(crate) async fn generic(&self, slug: &str, target: &str, keys: &[&str]) -> i64 {
        self.create(json!({
            "name": slug, "slug": slug, "config_type": "GENERIC", "target_url": target, "method": "ANY",
            "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ",
            "api_keys": keys,
        }))
        .await
    }

    /// Makes an LLM service.
    pub(crate) async fn llm(&self, slug: &str, api_format: &str, target: &str, keys: &[&str]) -> i64 {
        self.create(json!({
            "name": slug, "slug": slug, "config_type": "LLM", "target_base_url": target, "api_format": api_format,
            "api_keys": keys,
        }))
        .await
    }

    /// A request to the generic door with the client key.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("{}{path}", self.base)).header("x-proxy-key", CLIENT_KEY)
    }

    /// Gets a path with the client key.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.send(self.request(Method::GET, path).body(full("")).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<TestBody>) -> Answer {
        self.client.send(request).await
    }

    /// The folder that it runs in.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Everything that the server has written: its terminal and its log.
    pub(crate) fn output(&self) -> String {
        let read = |name| std::fs::read_to_string(self.place.path(name)).unwrap();
        read("stdout.log") + &read("stderr.log")
    }

    /// The most memory that the process has had resident, in bytes, but for the pages of its own file: those of a debug build
    /// are twice as many as those of a release build, and the system may drop them at any time.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.id().to_string()).join("status")).unwrap();
        let kibibytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        (kibibytes("VmHWM:") - kibibytes("RssFile:")) * 1024
    }

    /// Asks the server to end, as a service manager does.
    pub(crate) fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Kills the server and gives its place.
    pub(crate) fn kill(mut self) -> Place {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.place, Place::sharing(None))
    }

    /// Waits until the process has ended by itself.
    pub(crate) async fn ended(mut self) -> Place {
        let mut process = std::mem::replace(&mut self.process, Command::new("true").spawn().unwrap());
        let status = tokio::task::spawn_blocking(move || process.wait().unwrap()).await.unwrap();
        assert!(status.success());
        std::mem::replace(&mut self.place, Place::sharing(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
