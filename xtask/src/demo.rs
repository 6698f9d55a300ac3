//! `demo`: the rotation, shown.

use std::collections::BTreeMap;
use std::process::Command;

use reqwest::Client;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::json;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{Admin, CLIENT_KEY, PASSWORD, Server, client};
use crate::workspace::Workspace;

const GOOD: &str = "sk-good";
const LIMITED: &str = "sk-limited";
const REVOKED: &str = "sk-revoked";
const REQUESTS: usize = 12;

/// Shows it; with `hold` both keep running.
pub(crate) fn run(workspace: &Workspace, hold: bool) -> Result<(), TaskError> {
    process::run(cargo(workspace).args(["build", "--quiet", "--package", "rotator-server"]))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    runtime.block_on(show(workspace, hold))
}

async fn show(workspace: &Workspace, hold: bool) -> Result<(), TaskError> {
    let upstream = MockUpstream::start().await.map_err(|error| TaskError::failed("the mock upstream", error))?;
    upstream.set_key(LIMITED, KeyBehaviour::Limited(Some("30".to_owned())));
    upstream.set_key(REVOKED, KeyBehaviour::Revoked);
    let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for the database", error))?;
    let mut command = Command::new(workspace.target().join("debug/rotator-server"));
    let server = Server::start(command.env_clear(), folder.path())?;
    let client = client();
    let service = json!({
        "name": "Demo", "slug": "demo", "config_type": "LLM", "target_base_url": format!("{}/v1", upstream.base_url()),
        "api_keys": [REVOKED, LIMITED, GOOD],
    });
    Admin::login(&client, &server).await?.post("proxy-configs", &service).await?;

    println!("\nA pool of three keys behind {}/llm/demo: {REVOKED} is revoked, {LIMITED} is", server.base);
    println!("limited for 30 s, {GOOD} is good. {REQUESTS} requests:\n");
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    println!("  {:>7}  {:>6}  asked with", "request", "status");
    for number in 1..=REQUESTS {
        let before = upstream.requests().len();
        let status = chat(&client, &server.base).await?;
        *statuses.entry(status).or_default() += 1;
        let keys: Vec<String> = upstream.requests().into_iter().skip(before).map(|request| request.key).collect();
        println!("  {number:>7}  {status:>6}  {}", keys.join(", then "));
    }
    println!("\n  {:<12}  {:>14}", "key", "times asked");
    for key in [REVOKED, LIMITED, GOOD] {
        println!("  {key:<12}  {:>14}", upstream.hits(key));
    }
    curl_lines(&server.base);
    if hold {
        println!("\nBoth run until Ctrl-C. The admin API's page: {}/docs/ (admin, {PASSWORD})", server.base);
        tokio::signal::ctrl_c().await.map_err(|error| TaskError::failed("Ctrl-C", error))?;
    }
    match statuses.get(&200) {
        Some(&REQUESTS) => Ok(()),
        _ => Err(TaskError::Failed(format!("not every request was served: {statuses:?}"))),
    }
}

fn curl_lines(base: &str) {
    println!("\nTo try it (`cargo xtask demo --hold` keeps both running):\n");
    println!("  curl {base}/llm/demo/chat/completions -H 'Authorization: Bearer {CLIENT_KEY}' \\");
    println!("    -H 'Content-Type: application/json' \\");
    println!("    -d '{{\"model\": \"mock\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'");
    println!("  curl {base}/llm/demo/models -H 'Authorization: Bearer {CLIENT_KEY}'");
    println!("  curl {base}/metrics");
}

async fn chat(client: &Client, base: &str) -> Result<u16, TaskError> {
    let body = json!({"model": "mock", "messages": [{"role": "user", "content": "Hello"}]});
    let url = format!("{base}/llm/demo/chat/completions");
    let answer = client.post(url).bearer_auth(CLIENT_KEY).json(&body).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| TaskError::failed("a request", error))
}
