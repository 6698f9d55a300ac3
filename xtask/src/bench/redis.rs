//! `bench redis`: what shared state costs, as a share of what a server serves.

use rotator_test_services::Redis;
use serde_json::Value;

use super::load::{self, Loaded, Plan};
use crate::error::TaskError;
use crate::server::CLIENT_KEY;
use crate::workspace::Workspace;

/// The share of memory's throughput that Redis must leave.
const LEAST: f64 = 0.6;
/// What is asked for.
const PATH: &str = "/proxy/bench/echo";

/// Starts two servers of the same build before the same upstream, and measures them in turn.
pub(super) async fn measure(workspace: &Workspace, plan: &Plan) -> Result<(), TaskError> {
    let redis = Redis::start().map_err(|error| TaskError::failed("redis", error))?;
    let (upstream, url) = (load::upstream(workspace)?, redis.url());
    let service = plan.service(&upstream, &Value::Null);
    let mut servers = Vec::new();
    for (name, variables) in [("memory", &[][..]), ("redis", &[("REDIS_URL", url.as_str())])] {
        let (server, _) = Loaded::start(workspace, name, variables, &service, PATH).await?;
        server.asks_with(CLIENT_KEY)?;
        servers.push(server);
    }
    let median = plan.compare(&servers)?.first().copied().unwrap_or_default();
    println!(
        "\n  With Redis {:.0} % of what is served with memory (median), {:.0} % are wanted.",
        median * 100.0,
        LEAST * 100.0
    );
    if median >= LEAST { Ok(()) } else { Err(TaskError::Failed("sharing the state costs too much".to_owned())) }
}
