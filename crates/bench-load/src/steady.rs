//! Asks at a fixed rate whatever comes back: how long answers take at a load that a server has not chosen.
//!
//! A request is due at its time; where no connection is free then, it waits for one, and the waiting counts. So a server that
//! stops for a while is seen with all the requests that it kept waiting (no coordinated omission).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::Times;
use crate::latencies::Latencies;
use crate::link::Link;
use crate::target::Aim;

/// How long after the last request is due it may still be asked: a server that cannot keep up is not waited for in vain.
const PATIENCE: Duration = Duration::from_secs(5);
/// For the connections, before the first request is due.
const CONNECTING: Duration = Duration::from_millis(200);

/// When requests are due.
struct Schedule {
    begins: Instant,
    rate: f64,
    /// How many in all.
    count: u64,
    /// The first of them that counts.
    counts_from: u64,
    next: AtomicU64,
    /// One permit for each request whose time has come. Connections wait in line for them, so that all are used.
    due: Semaphore,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    exchanges: u64,
    bad: u64,
    latencies: Latencies,
    /// From when a request was due until it was sent.
    waits: Latencies,
}

/// Loads until all requests are answered, and tells what was seen; an error where answers do not end.
pub(crate) async fn run(aim: &Aim, times: Times, rate: f64) -> io::Result<Value> {
    let begins = Instant::now() + CONNECTING;
    let schedule = Arc::new(Schedule::new(begins, rate, times));
    let pacing = std::thread::spawn({
        let schedule = Arc::clone(&schedule);
        move || schedule.pace()
    });
    let mut connections = JoinSet::new();
    for _ in 0..aim.connections {
        connections.spawn(connection(Link::new(aim.asked.clone()), Arc::clone(&schedule)));
    }
    let mut all = Seen::default();
    let patience = schedule.time(schedule.count) + 2 * PATIENCE;
    while let Some(seen) = timeout_at(patience.into(), connections.join_next()).await? {
        let mut seen = seen.map_err(io::Error::other)?;
        all.exchanges += seen.exchanges;
        all.bad += seen.bad;
        all.latencies.append(&mut seen.latencies);
        all.waits.append(&mut seen.waits);
    }
    pacing.join().map_err(|_| io::Error::other("the thread that keeps time has ended early"))?;
    Ok(json!({
        "exchanges": all.exchanges, "bad": all.bad, "counted": all.latencies.len(), "rate": rate,
        "latency_us": all.latencies.summary(), "wait_us": all.waits.summary(),
    }))
}

async fn connection(mut link: Link, schedule: Arc<Schedule>) -> Seen {
    let mut seen = Seen::default();
    while let Some((index, due)) = schedule.next().await {
        let now = Instant::now();
        if schedule.is_too_late(now) {
            seen.bad += 1;
            continue;
        }
        let is_good = link.exchange().await;
        seen.exchanges += 1;
        seen.bad += u64::from(!is_good);
        if is_good && index >= schedule.counts_from {
            seen.latencies.add(due.elapsed());
            seen.waits.add(now.saturating_duration_since(due));
        }
    }
    seen
}

// === impl Schedule ===

impl Schedule {
    fn new(begins: Instant, rate: f64, times: Times) -> Self {
        let count = |time: Duration| (time.as_secs_f64() * rate) as u64;
        let (next, due) = (AtomicU64::new(0), Semaphore::new(0));
        Self { begins, rate, count: count(times.warm_up + times.seconds), counts_from: count(times.warm_up), next, due }
    }

    /// When a request is due.
    fn time(&self, index: u64) -> Instant {
        self.begins + Duration::from_secs_f64(index as f64 / self.rate)
    }

    /// Waits until another request is due; none when all were.
    async fn next(&self) -> Option<(u64, Instant)> {
        // Who has taken a number stands in line at once, so that permits come in the order of numbers.
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.count {
            return None;
        }
        self.due.acquire().await.ok()?.forget();
        Some((index, self.time(index)))
    }

    /// Whether the load should have ended long ago.
    fn is_too_late(&self, now: Instant) -> bool {
        now > self.time(self.count) + PATIENCE
    }

    /// Lets each request go at its time. A thread of its own, for Tokio's timers are as coarse as a millisecond.
    fn pace(&self) {
        for index in 0..self.count {
            let wait = self.time(index).saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            self.due.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: f64) -> Schedule {
        let times = Times { seconds: Duration::from_secs(2), warm_up: Duration::from_millis(500) };
        Schedule::new(Instant::now(), rate, times)
    }

    #[test]
    fn requests_are_due_evenly_and_do_not_drift() {
        let schedule = schedule(3000.0);
        assert_eq!((schedule.count, schedule.counts_from), (7500, 1500));
        assert_eq!(schedule.time(0), schedule.begins);
        assert_eq!(schedule.time(7500) - schedule.begins, Duration::from_millis(2500));
        assert!(!schedule.is_too_late(schedule.time(7500)));
        assert!(schedule.is_too_late(schedule.time(7500) + Duration::from_secs(6)));
    }

    #[tokio::test]
    async fn what_waited_for_a_connection_has_waited_since_it_was_due() {
        let schedule = schedule(1000.0);
        schedule.due.add_permits(2);
        let (first, second) = (schedule.next().await.unwrap(), schedule.next().await.unwrap());
        assert_eq!((first.0, second.0), (0, 1));
        assert_eq!(second.1 - first.1, Duration::from_millis(1));
        schedule.next.store(schedule.count, Ordering::Relaxed);
        assert!(schedule.next().await.is_none());
    }
}
