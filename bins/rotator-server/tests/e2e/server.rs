//! The server under test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::backend::Backend;
use crate::client::{Answer, TestBody, TestClient, full};
use crate::outcome::{code, text, until};

pub(crate) const CLIENT_KEY: &str = "rk-planted-client-key-0123456789";
pub(crate) const PASSWORD: &str = "planted-admin-password-0123456789";

/// What is logged once of a database that does not answer.
pub(crate) const WAITING: &str = "the database does not answer, and is tried again until it does";

/// A running server; it is killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) base: String,
    pub(crate) client: TestClient,
    token: String,
    place: Place,
}

/// A server that does not serve yet; it is killed when dropped.
pub(crate) struct Starting {
    process: Option<Child>,
    place: Option<Place>,
}

/// A folder with a server's database and logs.
pub(crate) struct Place {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// What the shell does before the server starts, both as the superuser of a namespace with mounts of its own.
    pub(crate) before: Option<String>,
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
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: environment.unwrap_or_default(),
            before: None,
            backend,
        }
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
        let program = env!("CARGO_BIN_EXE_rotator-server");
        let mut command = match &self.before {
            None => Command::new(program),
            Some(before) => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
                command.args([&format!("{before} && exec \"$0\" \"$@\""), program]);
                command
            }
        };
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
        self.begin().serving().await
    }

    /// Starts the server and waits for nothing.
    pub(crate) fn begin(self) -> Starting {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("stderr.log")).unwrap();
        let process = self.command().stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        Starting { process: Some(process), place: Some(self) }
    }

    /// Starts a server that is refused: one line says all of this and not that secret, and nothing is made beside the database.
    pub(crate) async fn is_refused(&self, says: &[&str], secret: &str) {
        // On a busy machine it says besides that the start takes a while.
        let output = self.run(&["serve", "--log-level", "warn"]).await;
        let told = text(&output);
        assert_eq!((code(&output), told.lines().count()), (1, 1), "{told}");
        assert!(told.starts_with("rotator-server: could not "), "{told}");
        assert!(says.iter().all(|part| told.contains(part)) && !told.contains(secret), "{told}");
        assert!(!self.path("data").exists());
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("stderr.log")).unwrap()
    }
}

// === impl Starting ===

impl Starting {
    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        self.place.as_ref().unwrap().log()
    }

    /// Waits until it waits for its database, and gives the address at which it says so.
    pub(crate) async fn waiting(&self) -> String {
        let mut address = None;
        until("the server waits", async || {
            let log = self.log();
            let line = log.lines().find(|line| line.contains("/healthz says that the server lives"));
            address = line.and_then(|line| Some(line.split_once("address=")?.1.trim().to_owned()));
            address.is_some() && log.contains(WAITING)
        })
        .await;
        format!("http://{}", address.unwrap())
    }

    /// Waits until it serves, and logs in.
    pub(crate) async fn serving(mut self) -> Server {
        let (mut process, place) = (self.process.take().unwrap(), self.place.take().unwrap());
        let stdout = tokio::process::ChildStdout::from_std(process.stdout.take().unwrap()).unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let mut shown = String::new();
        let base = loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("the server ended: {}", place.log());
            };
            shown.push_str(&line);
            shown.push('\n');
            if let Some((_, base)) = line.split_once("listens on ") {
                break base.to_owned();
            }
        };
        std::fs::write(place.path("stdout.log"), shown).unwrap();
        let mut server = Server { process, base, client: TestClient::new(), token: String::new(), place };
        server.log_in(PASSWORD).await;
        server
    }

    /// Asks the server to end, and gives how it did.
    pub(crate) async fn terminated(mut self) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        terminate(process.id());
        tokio::task::spawn_blocking(move || process.wait().unwrap()).await.unwrap()
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn terminate(process: u32) {
    let killed = Command::new("kill").args(["-TERM", &process.to_string()]).status().unwrap();
    assert!(killed.success());
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

    /// Begins a session. A test that has another password logs in by itself.
    pub(crate) async fn log_in(&mut self, password: &str) {
        let login = json!({"username": "admin", "password": password});
        let (status, session) = self.admin(Method::POST, "login", Some(login)).await;
        if status == StatusCode::OK {
            session["access_token"].as_str().unwrap().clone_into(&mut self.token);
        }
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
        terminate(self.id());
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
