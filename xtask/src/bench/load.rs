//! Loads servers in turn with wrk, and compares what they serve.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{Admin, Server, client};
use crate::workspace::Workspace;

/// What wrk sends, and what it prints at the end: requests, microseconds, and the answers that were none or no success.
const SCRIPT: &str = r#"
wrk.method = "POST"
wrk.body = '{"model":"MODEL","messages":[{"role":"user","content":"Hello"}]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Proxy-Key"] = "CLIENT_KEY"
function done(summary)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("measured %d %d %d", summary.requests, summary.duration, bad))
end
"#;
/// A model that has a price.
const MODEL: &str = "gpt-4o-mini";

/// How it is measured.
#[derive(Args)]
pub(crate) struct Plan {
    /// Rounds for each server, in turn.
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

/// What a server did in a round.
struct Served {
    per_second: f64,
    /// Of a processor for each request, in microseconds.
    micros: f64,
}

/// A server of the release build that is loaded.
pub(super) struct Loaded {
    /// In the table.
    pub(super) name: &'static str,
    pub(super) server: Server,
    script: PathBuf,
    path: &'static str,
    _folder: TempDir,
}

// === impl Plan ===

impl Plan {
    /// The service that is asked, with some fields besides.
    pub(super) fn service(&self, upstream: &Server, fields: &Value) -> Value {
        service(upstream, self.keys, fields)
    }

    /// Loads the servers in turn, prints what each serves in a second, and gives of each but the first the median share of what the
    /// first serves.
    pub(super) fn compare(&self, servers: &[Loaded]) -> Result<Vec<f64>, TaskError> {
        // The first of each is not counted: connections are made, and what is compiled at the first use is compiled.
        for server in servers {
            self.load(server)?;
        }
        print!("\n  {:>5}", "round");
        servers.iter().for_each(|server| print!("  {:>14}", format!("{} /s", server.name)));
        println!("  shares");
        let others = servers.len().saturating_sub(1);
        let mut shares = vec![Vec::new(); others];
        let mut micros = vec![Vec::new(); servers.len()];
        for round in 1..=self.rounds.max(1) {
            // Every other round begins at the other end, so that what changes with time favours nobody.
            let mut served = vec![0.0; servers.len()];
            let order: Vec<usize> = (0..servers.len()).collect();
            let turns: Box<dyn Iterator<Item = &usize>> =
                if round % 2 == 0 { Box::new(order.iter().rev()) } else { Box::new(order.iter()) };
            for place in turns {
                let now = self.load(&servers[*place])?;
                served[*place] = now.per_second;
                micros[*place].push(now.micros);
            }
            print!("  {round:>5}");
            served.iter().for_each(|served| print!("  {served:>14.0}"));
            for (all, served_now) in shares.iter_mut().zip(&served[1..]) {
                let share = served_now / served[0];
                print!("  {share:.3}");
                all.push(share);
            }
            println!();
        }
        println!();
        for (server, micros) in servers.iter().zip(micros) {
            println!("  {}: {:.1} µs of a processor for a request (median)", server.name, median(micros));
        }
        Ok(shares.into_iter().map(median).collect())
    }

    /// Loads a server for one round, and gives the requests that it served; all must be served.
    fn load(&self, loaded: &Loaded) -> Result<Served, TaskError> {
        let before = loaded.server.processor_time()?;
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads", "1", "--connections", &self.connections.to_string()]);
        wrk.args(["--duration", &format!("{}s", self.seconds), "--script"]).arg(&loaded.script);
        let output = wrk.arg(format!("{}{}", loaded.server.base, loaded.path)).output();
        let output = output.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                TaskError::Missing { program: "wrk", advice: "Debian: apt-get install wrk" }
            }
            _ => TaskError::failed("wrk", error),
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let measured = text.lines().find_map(|line| line.strip_prefix("measured "));
        let numbers: Vec<f64> = measured.unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect();
        match numbers[..] {
            [requests, micros, 0.0] if micros > 0.0 && requests > 0.0 => {
                let used = loaded.server.processor_time()? - before;
                Ok(Served { per_second: requests * 1e6 / micros, micros: used * 1e6 / requests })
            }
            _ => Err(TaskError::Failed(format!("not every request was served: {text}"))),
        }
    }
}

// === impl Loaded ===

impl Loaded {
    /// Starts a server with these variables, and makes the service.
    pub(super) async fn start(
        workspace: &Workspace,
        name: &'static str,
        variables: &[(&str, &str)],
        service: &Value,
        path: &'static str,
    ) -> Result<(Self, Admin), TaskError> {
        let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for a server", error))?;
        let mut command = Command::new(workspace.target().join("release/rotator-server"));
        let command = command.env_clear().envs(variables.iter().copied());
        let server = Server::start(command, folder.path())?;
        let admin = Admin::login(&client(), &server).await?;
        admin.post("proxy-configs", service).await?;
        let script = folder.path().join("post.lua");
        Ok((Self { name, server, script, path, _folder: folder }, admin))
    }

    /// Its requests show this client key.
    pub(super) fn asks_with(&self, client_key: &str) -> Result<(), TaskError> {
        let text = SCRIPT.replace("CLIENT_KEY", client_key).replace("MODEL", MODEL);
        std::fs::write(&self.script, text).map_err(|error| TaskError::failed("write what wrk sends", error))
    }
}

/// A service before the upstream with so many keys, and with some fields besides.
pub(super) fn service(upstream: &Server, keys: usize, fields: &Value) -> Value {
    let keys: Vec<String> = (1..=keys).map(|number| format!("sk-{number}")).collect();
    let mut service = json!({
        "name": "Bench", "slug": "bench", "config_type": "GENERIC", "target_url": upstream.base, "method": "ANY",
        "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ", "api_keys": keys,
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        service[name] = value.clone();
    }
    service
}

/// Builds what is measured.
pub(super) fn build(workspace: &Workspace) -> Result<(), TaskError> {
    let server = ["build", "--release", "--package", "rotator-server", "--features", "enterprise"];
    process::run(cargo(workspace).args(server))?;
    let upstream = ["build", "--release", "--package", "rotator-mock-upstream", "--example", "serve"];
    process::run(cargo(workspace).args(upstream))
}

/// Starts an upstream of the release build.
pub(super) fn upstream(workspace: &Workspace) -> Result<Server, TaskError> {
    Server::listening(&mut Command::new(example(workspace)))
}

fn example(workspace: &Workspace) -> PathBuf {
    workspace.target().join(Path::new("release/examples/serve"))
}

/// The one in the middle.
pub(super) fn median(mut shares: Vec<f64>) -> f64 {
    shares.sort_by(f64::total_cmp);
    shares.get(shares.len() / 2).copied().unwrap_or_default()
}
