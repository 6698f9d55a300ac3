//! `bench overhead`: what counting, limits and prices cost, as a share of what a server serves without them.

use std::time::Duration;

use serde_json::{Value, json};

use super::load::{self, Loaded, Plan};
use crate::error::TaskError;
use crate::server::{Admin, CLIENT_KEY, Server, client};
use crate::workspace::Workspace;

/// The share of the throughput that everything together must leave.
const LEAST: f64 = 0.9;
/// What is asked for: a language model, so that there are tokens and prices.
const PATH: &str = "/llm/bench/chat/completions";
/// How often the metrics are read.
const SCRAPING: Duration = Duration::from_secs(1);

/// Starts servers of the same build before the same upstream, with nothing and with everything, and measures them in turn.
pub(super) async fn measure(workspace: &Workspace, plan: &Plan) -> Result<(), TaskError> {
    let upstream = load::upstream(workspace)?;
    let service = |fields: Value| {
        let mut service = plan.service(&upstream, &fields);
        service["config_type"] = json!("LLM");
        service["target_base_url"] = json!(format!("{}/v1", upstream.base));
        service
    };
    let (plain, logging) = (service(Value::Null), service(json!({"log_requests": "metadata"})));
    let nothing = [("ROTATOR_USAGE", "false")];
    let (off, _) = Loaded::start(workspace, "off", &nothing, &plain, PATH).await?;
    off.asks_with(CLIENT_KEY)?;
    let (on, admin) = Loaded::start(workspace, "on", &[], &plain, PATH).await?;
    on.asks_with(&limited_key(&admin).await?)?;
    let (logged, admin) = Loaded::start(workspace, "on and log", &[], &logging, PATH).await?;
    logged.asks_with(&limited_key(&admin).await?)?;
    let scraping = [tokio::spawn(scrape(&on.server)), tokio::spawn(scrape(&logged.server))];
    let servers = [off, on, logged];
    let medians = tokio::task::block_in_place(|| plan.compare(&servers));
    scraping.iter().for_each(tokio::task::JoinHandle::abort);
    let medians = medians?;
    for (server, median) in servers[1..].iter().zip(&medians) {
        println!("\n  {}: {:.1} % of what is served with everything off (median)", server.name, median * 100.0);
    }
    println!("\n  Without the log of requests {:.0} % are wanted.", LEAST * 100.0);
    match medians.first() {
        Some(median) if *median >= LEAST => Ok(()),
        _ => Err(TaskError::Failed("counting costs too much".to_owned())),
    }
}

/// A client key with limits of every kind, none of which is reached.
pub(super) async fn limited_key(admin: &Admin) -> Result<String, TaskError> {
    let budget = |unit: &str, amount: u64| json!({"unit": unit, "period": "month", "amount": amount});
    let limits = json!({
        "rpm": 100_000_000, "rpd": 1_000_000_000, "tpm": 1_000_000_000, "max_concurrency": 10_000,
        "budgets": [budget("tokens", 1_000_000_000_000), budget("usd", 1_000_000)],
    });
    let made = admin.post("client-keys", &json!({"name": "Bench", "limits": limits})).await?;
    let value = made["key_value"].as_str().map(str::to_owned);
    value.ok_or_else(|| TaskError::Failed("no client key was made".to_owned()))
}

/// Reads the metrics, again and again.
pub(super) fn scrape(server: &Server) -> impl Future<Output = ()> + Send + 'static {
    let (client, url) = (client(), format!("{}/metrics", server.base));
    async move {
        let mut ticks = tokio::time::interval(SCRAPING);
        loop {
            ticks.tick().await;
            // One that fails is missed by nobody: the load fails then, and is looked at.
            if let Ok(answer) = client.get(&url).send().await {
                drop(answer.bytes().await);
            }
        }
    }
}
