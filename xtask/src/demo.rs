//! `demo`: the rotation, shown.

use std::collections::BTreeMap;

use reqwest::Client;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::json;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{self, Server};
use crate::workspace::Workspace;

const CLIENT_KEY: &str = "rk-demo-client-key";
const PASSWORD: &str = "demo-admin-password";
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
    let variables = [("ADMIN_PASSWORD", PASSWORD), ("GLOBAL_PROXY_KEYS", CLIENT_KEY)];
    let server = Server::start(&workspace.target().join("debug/rotator-server"), folder.path(), variables)?;
    // Only the first call in a process can set it; whatever is set then will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new();
    create_service(&client, &server.base, &upstream.base_url()).await?;

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

async fn create_service(client: &Client, base: &str, upstream: &str) -> Result<(), TaskError> {
    let token = server::log_in(client, base, PASSWORD).await?;
    let service = json!({
        "name": "Demo", "slug": "demo", "config_type": "LLM", "target_base_url": format!("{upstream}/v1"),
        "api_keys": [REVOKED, LIMITED, GOOD],
    });
    server::post(client, &format!("{base}/api/admin/proxy-configs"), &token, &service).await.map(drop)
}

async fn chat(client: &Client, base: &str) -> Result<u16, TaskError> {
    let body = json!({"model": "mock", "messages": [{"role": "user", "content": "Hello"}]});
    let url = format!("{base}/llm/demo/chat/completions");
    let answer = client.post(url).bearer_auth(CLIENT_KEY).json(&body).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| TaskError::failed("a request", error))
}
