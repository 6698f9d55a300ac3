//! A server that a task starts and talks to.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use crate::error::TaskError;
use crate::{process, workspace};

/// The ticks of a second in `/proc`: a constant of Linux towards programs.
const TICKS: f64 = 100.0;

pub(crate) const CLIENT_KEY: &str = "rk-demo-client-key";
pub(crate) const PASSWORD: &str = "demo-admin-password";

/// A program that listens somewhere; it is ended when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) base: String,
}

/// The admin API of a server.
pub(crate) struct Admin {
    client: Client,
    base: String,
    token: String,
}

// === impl Server ===

impl Server {
    /// Starts `rotator-server` in a folder, with the usual secrets.
    pub(crate) fn start(command: &mut Command, folder: &std::path::Path) -> Result<Self, TaskError> {
        command.current_dir(folder).env("BACKEND_PORT", "0").env("LOG_LEVEL", "warn");
        Self::listening(command.env("ADMIN_PASSWORD", PASSWORD).env("GLOBAL_PROXY_KEYS", CLIENT_KEY))
    }

    /// Starts a program that says where it listens.
    pub(crate) fn listening(command: &mut Command) -> Result<Self, TaskError> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut process = command.stdout(Stdio::piped()).spawn().map_err(|error| TaskError::failed(&name, error))?;
        let stdout = process.stdout.take();
        let mut server = Self { process, base: String::new() };
        for line in stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            if let Some((_, base)) = line.split_once("listens on ") {
                base.clone_into(&mut server.base);
                return Ok(server);
            }
        }
        Err(TaskError::Failed(format!("{name} did not start")))
    }

    /// Asks the program to end, and waits until it has.
    pub(crate) fn end(mut self) -> Result<(), TaskError> {
        process::run(Command::new("kill").args(["-TERM", &self.id().to_string()]))?;
        self.process.wait().map(drop).map_err(|error| TaskError::failed("the end of a server", error))
    }

    /// How much of a processor the process has used, in seconds.
    pub(crate) fn processor_time(&self) -> Result<f64, TaskError> {
        processor_time(self.id())
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

// === impl Admin ===

impl Admin {
    /// Logs in.
    pub(crate) async fn login(client: &Client, server: &Server) -> Result<Self, TaskError> {
        let mut admin = Self { client: client.clone(), base: server.base.clone(), token: String::new() };
        let session = admin.post("login", &json!({"username": "admin", "password": PASSWORD})).await?;
        session["access_token"].as_str().unwrap_or_default().clone_into(&mut admin.token);
        Ok(admin)
    }

    /// What a path of the admin API gives.
    pub(crate) async fn get(&self, path: &str) -> Result<Vec<u8>, TaskError> {
        let url = format!("{}/api/admin/{path}", self.base);
        let answer = self.client.get(&url).bearer_auth(&self.token).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| TaskError::failed(&url, error))?;
        answer.bytes().await.map(Into::into).map_err(|error| TaskError::failed(&url, error))
    }

    /// Posts to a path of the admin API.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, TaskError> {
        let url = format!("{}/api/admin/{path}", self.base);
        let answer = self.client.post(&url).bearer_auth(&self.token).json(body).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| TaskError::failed(&url, error))?;
        answer.json().await.map_err(|error| TaskError::failed(&url, error))
    }
}

/// How much of a processor a process has used, in seconds.
pub(crate) fn processor_time(process: u32) -> Result<f64, TaskError> {
    let status = workspace::read(format!("/proc/{process}/stat").as_ref())?;
    // The name of the program, in parentheses, may hold anything; user and system time are fields 14 and 15.
    let fields = status.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').skip(11).take(2);
    Ok(fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS)
}

/// What `/proc` says of a process's memory in one of its fields, in KiB.
pub(crate) fn memory(process: u32, field: &str) -> Result<f64, TaskError> {
    let status = workspace::read(format!("/proc/{process}/status").as_ref())?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    Ok(line.and_then(|rest| rest.trim_end_matches("kB").trim().parse().ok()).unwrap_or_default())
}

/// A client for tasks.
pub(crate) fn client() -> Client {
    // Only the first call in a process can set it; whatever is set then will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}
