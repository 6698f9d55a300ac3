//! A server of one task.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use crate::error::TaskError;

/// A server that is ended when dropped.
pub(crate) struct Server {
    process: Child,
    /// Where it answers, without a slash at the end.
    pub(crate) base: String,
}

// === impl Server ===

impl Server {
    /// Starts the program on a free port, with these variables and no others, and waits until it listens.
    pub(crate) fn start<'a>(
        program: &Path,
        folder: &Path,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TaskError> {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().stdout(Stdio::piped());
        command.env("BACKEND_PORT", "0").env("LOG_LEVEL", "warn").envs(variables);
        let mut process = command.spawn().map_err(|error| TaskError::failed("rotator-server", error))?;
        let stdout = process.stdout.take();
        let mut server = Self { process, base: String::new() };
        for line in stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            if let Some((_, base)) = line.split_once("listens on ") {
                base.clone_into(&mut server.base);
                return Ok(server);
            }
        }
        Err(TaskError::Failed("rotator-server did not start".to_owned()))
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

/// A token of the administrator.
pub(crate) async fn log_in(client: &Client, base: &str, password: &str) -> Result<String, TaskError> {
    let login = json!({"username": "admin", "password": password});
    let session = post(client, &format!("{base}/api/admin/login"), "", &login).await?;
    Ok(session["access_token"].as_str().unwrap_or_default().to_owned())
}

/// Posts to the admin API; an error status is an error.
pub(crate) async fn post(client: &Client, url: &str, token: &str, body: &Value) -> Result<Value, TaskError> {
    let answer = client.post(url).bearer_auth(token).json(body).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|error| TaskError::failed(url, error))?;
    answer.json().await.map_err(|error| TaskError::failed(url, error))
}
