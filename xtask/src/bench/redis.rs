//! `bench redis`: what shared state costs, as a share of what a server serves.

use std::path::Path;
use std::process::Command;

use clap::Args;
use rotator_test_services::Redis;
use serde_json::json;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{Admin, CLIENT_KEY, Server, client};
use crate::workspace::Workspace;

/// What wrk sends, and what it prints at the end: requests, microseconds, and the answers that were none or no success.
const SCRIPT: &str = r#"
wrk.method = "POST"
wrk.body = '{"model":"mock","messages":[{"role":"user","content":"Hello"}]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Proxy-Key"] = "CLIENT_KEY"
function done(summary)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("measured %d %d %d", summary.requests, summary.duration, bad))
end
"#;
/// The share of memory's throughput that Redis must leave.
const LEAST: f64 = 0.6;

/// How it is measured.
#[derive(Args)]
pub(crate) struct Plan {
    /// Rounds for each of the two, in turn.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// Connections that are kept open, each with one request at a time.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Keys of the pool.
    #[arg(long, default_value_t = 10)]
    keys: usize,
}

/// Starts two servers of the same build before the same upstream, and measures them in turn.
pub(crate) fn run(workspace: &Workspace, plan: &Plan) -> Result<(), TaskError> {
    let server = ["build", "--release", "--package", "rotator-server", "--features", "enterprise"];
    process::run(cargo(workspace).args(server))?;
    let upstream = ["build", "--release", "--package", "rotator-mock-upstream", "--example", "serve"];
    process::run(cargo(workspace).args(upstream))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    runtime.block_on(measure(workspace, plan))
}

async fn measure(workspace: &Workspace, plan: &Plan) -> Result<(), TaskError> {
    let redis = Redis::start().map_err(|error| TaskError::failed("redis", error))?;
    let upstream = Server::listening(&mut Command::new(workspace.target().join("release/examples/serve")))?;
    let folder = || tempfile::tempdir().map_err(|error| TaskError::failed("a folder for a server", error));
    let (of_memory, of_redis) = (folder()?, folder()?);
    let start = |folder: &Path, url: Option<String>| {
        let mut command = Command::new(workspace.target().join("release/rotator-server"));
        let command = command.env_clear().envs(url.map(|url| ("REDIS_URL", url)));
        Server::start(command, folder)
    };
    let memory = start(of_memory.path(), None)?;
    let shared = start(of_redis.path(), Some(redis.url()))?;
    let keys: Vec<String> = (1..=plan.keys).map(|number| format!("sk-{number}")).collect();
    for server in [&memory, &shared] {
        let service = json!({
            "name": "Bench", "slug": "bench", "config_type": "GENERIC", "target_url": upstream.base, "method": "ANY",
            "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ", "api_keys": keys,
        });
        Admin::login(&client(), server).await?.post("proxy-configs", &service).await?;
    }
    let script = of_memory.path().join("post.lua");
    let text = SCRIPT.replace("CLIENT_KEY", CLIENT_KEY);
    std::fs::write(&script, text).map_err(|error| TaskError::failed("write what wrk sends", error))?;

    // The first of each is not counted: connections are made, and what is compiled at the first use is compiled.
    for server in [&memory, &shared] {
        load(plan, &script, &server.base)?;
    }
    println!("\n  {:>5}  {:>10}  {:>10}  {:>5}", "round", "memory /s", "redis /s", "share");
    let mut shares = Vec::new();
    for round in 1..=plan.rounds.max(1) {
        let (with_memory, with_redis) = (load(plan, &script, &memory.base)?, load(plan, &script, &shared.base)?);
        let share = with_redis / with_memory;
        println!("  {round:>5}  {with_memory:>10.0}  {with_redis:>10.0}  {share:>5.2}");
        shares.push(share);
    }
    shares.sort_by(f64::total_cmp);
    let median = shares.get(shares.len() / 2).copied().unwrap_or_default();
    println!(
        "\n  With Redis {:.0} % of what is served with memory (median), {:.0} % are wanted.",
        median * 100.0,
        LEAST * 100.0
    );
    if median >= LEAST { Ok(()) } else { Err(TaskError::Failed("sharing the state costs too much".to_owned())) }
}

/// Loads a server for one round, and gives the requests that it served in a second; all must be served.
fn load(plan: &Plan, script: &Path, base: &str) -> Result<f64, TaskError> {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--connections", &plan.connections.to_string()]);
    wrk.args(["--duration", &format!("{}s", plan.seconds), "--script"]).arg(script);
    let output = wrk.arg(format!("{base}/proxy/bench/echo")).output();
    let output = output.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => TaskError::Missing { program: "wrk", advice: "Debian: apt-get install wrk" },
        _ => TaskError::failed("wrk", error),
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let measured = text.lines().find_map(|line| line.strip_prefix("measured "));
    let numbers: Vec<f64> = measured.unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [requests, micros, 0.0] if micros > 0.0 => Ok(requests * 1e6 / micros),
        _ => Err(TaskError::Failed(format!("not every request was served: {text}"))),
    }
}
