//! Asks again as soon as an answer has come: how much can be served.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::Times;
use crate::latencies::Latencies;
use crate::link::Link;
use crate::target::Aim;

/// How long the last answers may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one connection saw.
#[derive(Default)]
struct Seen {
    /// All exchanges, those of the warm-up among them.
    exchanges: u64,
    bad: u64,
    /// Of those that ended in the time that counts.
    latencies: Latencies,
}

/// Loads until the time is over, and tells what was seen; an error where answers do not end.
pub(crate) async fn run(aim: &Aim, times: Times) -> io::Result<Value> {
    let counts_from = Instant::now() + times.warm_up;
    let ends = counts_from + times.seconds;
    let mut connections = JoinSet::new();
    for _ in 0..aim.connections {
        connections.spawn(connection(Link::new(aim.asked.clone()), counts_from, ends));
    }
    let mut all = Seen::default();
    while let Some(seen) = timeout_at((ends + PATIENCE).into(), connections.join_next()).await? {
        let mut seen = seen.map_err(io::Error::other)?;
        all.exchanges += seen.exchanges;
        all.bad += seen.bad;
        all.latencies.append(&mut seen.latencies);
    }
    Ok(json!({
        "exchanges": all.exchanges, "bad": all.bad, "per_second": all.latencies.len() as f64 / times.seconds.as_secs_f64(),
        "latency_us": all.latencies.summary(),
    }))
}

async fn connection(mut link: Link, counts_from: Instant, ends: Instant) -> Seen {
    let mut seen = Seen::default();
    loop {
        let begun = Instant::now();
        if begun >= ends {
            return seen;
        }
        let is_good = link.exchange().await;
        let now = Instant::now();
        seen.exchanges += 1;
        seen.bad += u64::from(!is_good);
        if is_good && now >= counts_from && now < ends {
            seen.latencies.add(now - begun);
        }
        if !is_good {
            // A server that refuses at once must not make a spin of this.
            tokio::task::yield_now().await;
        }
    }
}
