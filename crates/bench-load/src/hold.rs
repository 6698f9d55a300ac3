//! Keeps connections open: streams whose events are read, or connections with nothing to do.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::events::{EventReader, now};
use crate::latencies::Latencies;
use crate::link::Link;
use crate::target::Aim;

/// How many are being opened at once.
const AT_ONCE: usize = 64;
/// How long it may take to open all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where all of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Opening,
    Counting,
    Over,
}

/// What one stream saw while it counted.
#[derive(Default)]
struct Seen {
    events: u64,
    /// From when an event was sent until it was here.
    delays: Latencies,
    has_ended: bool,
}

/// Opens everything, says so, and goes on until the standard input ends; then tells what was seen.
pub(crate) async fn run(aim: &Aim, is_idle: bool) -> io::Result<()> {
    let (phase, phases) = watch::channel(Phase::Opening);
    let opening = Arc::new(Semaphore::new(AT_ONCE));
    let opened = Arc::new(Semaphore::new(0));
    let patience = Instant::now() + PATIENCE;
    let mut streams = JoinSet::new();
    for _ in 0..aim.connections {
        let (link, phases) = (Link::new(aim.asked.clone()), phases.clone());
        let (opening, opened) = (Arc::clone(&opening), Arc::clone(&opened));
        streams.spawn(async move {
            let begun = async {
                let _permit = opening.acquire_owned().await.ok()?;
                Held::open(link, is_idle).await
            };
            let held = timeout_at(patience, begun).await.ok().flatten();
            opened.add_permits(1);
            Some(held?.keep(phases).await)
        });
    }
    let all = u32::try_from(aim.connections).map_err(io::Error::other)?;
    opened.acquire_many(all).await.map_err(io::Error::other)?.forget();
    say(&json!({"opened": true}))?;
    phase.send_replace(Phase::Counting);
    let begun = Instant::now();
    until_input_ends().await;
    phase.send_replace(Phase::Over);
    let seconds = begun.elapsed().as_secs_f64();
    let (mut open, mut failed, mut ended, mut events, mut delays) = (0, 0, 0, 0, Latencies::default());
    while let Some(joined) = streams.join_next().await {
        match joined.map_err(io::Error::other)? {
            None => failed += 1,
            Some(mut seen) => {
                open += u64::from(!seen.has_ended);
                ended += u64::from(seen.has_ended);
                events += seen.events;
                delays.append(&mut seen.delays);
            }
        }
    }
    say(&json!({
        "open": open, "failed": failed, "ended": ended, "events": events, "seconds": seconds, "delay_us": delays.summary(),
    }))
}

/// What is held open.
struct Held {
    /// What keeps the connection.
    _link: Link,
    body: Option<Incoming>,
    reader: EventReader,
}

// === impl Held ===

impl Held {
    /// Opens a stream up to its first bytes, or asks for one answer; nothing where that is not served.
    async fn open(mut link: Link, is_idle: bool) -> Option<Self> {
        let mut reader = EventReader::default();
        if is_idle {
            return link.exchange().await.then_some(Self { _link: link, body: None, reader });
        }
        let response = link.ask().await.ok().filter(|response| response.status().is_success())?;
        let mut body = response.into_body();
        let first = body.frame().await?.ok()?;
        reader.read(first.data_ref()?);
        Some(Self { _link: link, body: Some(body), reader })
    }

    /// Reads what comes until all is over.
    async fn keep(mut self, mut phases: watch::Receiver<Phase>) -> Seen {
        let mut seen = Seen::default();
        let Some(mut body) = self.body else {
            // The sender outlives the streams.
            let _ = phases.wait_for(|phase| *phase == Phase::Over).await;
            return seen;
        };
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                _ = phases.wait_for(|phase| *phase == Phase::Over) => return seen,
            };
            let Some(Ok(frame)) = frame else {
                seen.has_ended = true;
                return seen;
            };
            let times = frame.data_ref().map(|data| self.reader.read(data)).unwrap_or_default();
            if *phases.borrow() == Phase::Counting {
                let arrived = now();
                for sent in times {
                    seen.events += 1;
                    seen.delays.add(arrived.saturating_sub(sent));
                }
            }
        }
    }
}

/// Waits for the end of the standard input, on a thread of its own.
async fn until_input_ends() {
    let ended = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    // Whatever became of it, there is no more input.
    let _ = ended.await;
}

fn say(line: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}
