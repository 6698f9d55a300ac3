//! How each part is measured.

use std::time::{Duration, Instant};

use super::Comparison;
use super::contestant::{Contestant, Ground, Kind};
use super::generator::{Body, Load, Seen};
use super::place;
use super::report::{Part, Report};
use crate::error::TaskError;

/// Bytes of small and of large bodies.
const SMALL: u32 = 64;
const LARGE: u32 = 65_536;
/// Events of a stream, and how many streams are read at once.
const EVENTS: f64 = 1000.0;
const READERS: u32 = 16;
/// How long new processes are left alone before their memory is looked at: what a start has used is given back by then.
const REST: Duration = Duration::from_secs(8);
/// How long connections are open before their memory is looked at.
const SETTLED: Duration = Duration::from_secs(1);
/// How long streams are held open.
const HELD: Duration = Duration::from_secs(5);
/// Files that a proxy has open besides two for each stream.
const OTHER_FILES: u64 = 200;

/// Chats as clients ask for them: under what name, at which path, with what body, and how many events are in the answer.
const CHATS: [(&str, &str, &str, f64); 4] = [
    (
        "whole, in the upstream's format",
        "chat/chat/completions",
        r#"{"model":"bench","messages":[{"role":"user","content":"Hello"}]}"#,
        1.0,
    ),
    (
        "whole, converted",
        "converted/v1/messages",
        r#"{"model":"bench","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}"#,
        1.0,
    ),
    (
        "1,000 events, in the upstream's format",
        "chat/chat/completions",
        r#"{"model":"bench","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#,
        EVENTS,
    ),
    (
        "1,000 events, converted",
        "converted/v1/messages",
        r#"{"model":"bench","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hello"}]}"#,
        EVENTS,
    ),
];

/// Measures with what is there, and keeps what comes of it.
pub(super) struct Bench<'a> {
    pub(super) ground: &'a Ground,
    pub(super) comparison: &'a Comparison,
    pub(super) report: &'a mut Report,
}

/// A load on somebody.
struct Turn<'a> {
    who: String,
    contestant: &'a Contestant,
    load: Load,
    /// How many of the things that are counted are in each answer.
    things: f64,
}

// === impl Bench ===

impl Bench<'_> {
    /// Measures every part that was asked for.
    pub(super) async fn run(&mut self) -> Result<(), TaskError> {
        let loads = [Part::Throughput, Part::Latency, Part::Bodies, Part::Events, Part::Conversion];
        let loads: Vec<Part> = loads.into_iter().filter(|part| self.comparison.asks(*part)).collect();
        let contestants = self.contestants(&loads).await?;
        for part in loads {
            println!("{}", part.name());
            let taking = contestants.iter().filter(|one| one.is_in(part));
            self.in_turn(part, &taking.flat_map(|one| self.turns(part, one)).collect::<Vec<_>>())?;
        }
        drop(contestants);
        if self.comparison.asks(Part::Memory) {
            self.memory().await?;
        }
        if self.comparison.asks(Part::Streams) {
            self.streams().await?;
        }
        Ok(())
    }

    /// Starts all who are in one of these parts.
    async fn contestants(&mut self, parts: &[Part]) -> Result<Vec<Contestant>, TaskError> {
        let mut all = Vec::new();
        for kind in Kind::ALL {
            if parts.iter().any(|part| kind.is_in(*part)) && self.is_there(kind) {
                all.push(self.ground.start(kind).await?);
            }
        }
        if !parts.is_empty() {
            all.extend(self.comparison.peers());
        }
        Ok(all)
    }

    /// Whether one can be measured here; where not, the report says why.
    fn is_there(&mut self, kind: Kind) -> bool {
        let Some(reason) = self.ground.missing(kind) else { return true };
        let line = format!("{}: {reason}", kind.name());
        if !self.report.left_out.contains(&line) {
            self.report.left_out.push(line);
        }
        false
    }

    /// What one is loaded with in a part.
    fn turns<'a>(&self, part: Part, contestant: &'a Contestant) -> Vec<Turn<'a>> {
        let connections = self.comparison.connections;
        let turn = |load, things| vec![Turn { who: contestant.name.clone(), contestant, load, things }];
        match part {
            Part::Bodies => turn(contestant.load(&format!("/?bytes={LARGE}"), Body::Bytes(LARGE), connections), 1.0),
            Part::Events => turn(contestant.load("/events?count=1000", Body::Bytes(SMALL), READERS), EVENTS),
            Part::Conversion => {
                let chats = CHATS.iter().filter_map(|(who, path, body, things)| {
                    let connections = if *things > 1.0 { READERS } else { connections };
                    let load = contestant.chat(path, Body::Text(body), connections)?;
                    Some(Turn { who: (*who).to_owned(), contestant, load, things: *things })
                });
                chats.collect()
            }
            _ => turn(contestant.load("/", Body::Bytes(SMALL), connections), 1.0),
        }
    }

    /// Loads all in turn, round by round. Every other round begins at the other end, so that what changes with time favours nobody.
    fn in_turn(&mut self, part: Part, turns: &[Turn<'_>]) -> Result<(), TaskError> {
        for round in 0..self.comparison.rounds.max(1) {
            let mut seen: Vec<Option<Vec<(&str, f64)>>> = turns.iter().map(|_| None).collect();
            for index in 0..turns.len() {
                let place = if round % 2 == 0 { index } else { turns.len() - 1 - index };
                seen[place] = Some(self.load(part, &turns[place])?);
            }
            // Who comes first in a table is the same in all rounds.
            for (turn, figures) in turns.iter().zip(seen) {
                for (measure, value) in figures.into_iter().flatten() {
                    self.report.add(part, &turn.who, measure, value);
                }
            }
        }
        Ok(())
    }

    /// Loads one, and gives its figures.
    fn load(&self, part: Part, turn: &Turn<'_>) -> Result<Vec<(&'static str, f64)>, TaskError> {
        let Self { ground, comparison, .. } = self;
        let times =
            || Ok::<_, TaskError>([turn.contestant.processor_time()?, turn.contestant.processor_time_of_redis()?]);
        let before = times()?;
        let seen: Seen = match part {
            Part::Latency => ground.generator.steady(&turn.load, comparison.seconds, comparison.rate)?,
            _ => ground.generator.closed(&turn.load, comparison.seconds)?,
        };
        let after = times()?;
        if seen.exchanges <= seen.bad {
            return Err(TaskError::Failed(format!("{}: {} served nothing", part.name(), turn.who)));
        }
        let mut figures = vec![("bad", seen.bad)];
        for ((measure, before), after) in ["cpu_us", "redis_cpu_us"].into_iter().zip(before).zip(after) {
            let used = before.zip(after).map(|(before, after)| after - before);
            figures.extend(used.map(|used| (measure, used * 1e6 / (seen.exchanges * turn.things))));
        }
        if part == Part::Latency {
            let percentiles =
                [("p50_us", "/latency_us/p50"), ("p99_us", "/latency_us/p99"), ("p999_us", "/latency_us/p999")];
            figures.extend(percentiles.map(|(measure, path)| (measure, seen.number(path))));
        } else {
            figures.push(("per_second", seen.number("/per_second") * turn.things));
        }
        println!("  {}: {}", turn.who, told(&figures));
        Ok(figures)
    }

    /// Starts all of a part anew, and gives them with their memory at rest, in KiB.
    async fn fresh(&mut self, part: Part) -> Result<Vec<(Contestant, f64)>, TaskError> {
        println!("{}", part.name());
        let contestants = self.contestants(&[part]).await?;
        tokio::time::sleep(REST).await;
        let with_memory = contestants.into_iter().filter(|one| one.is_in(part)).map(|one| {
            let memory = one.memory()?.unwrap_or_default();
            Ok((one, memory))
        });
        with_memory.collect()
    }

    /// Memory at rest, and what a connection takes that waits for its next request.
    async fn memory(&mut self) -> Result<(), TaskError> {
        for (one, rest) in self.fresh(Part::Memory).await? {
            let load = one.load("/", Body::Bytes(SMALL), self.comparison.idle);
            let held = self.ground.generator.hold(&load, true)?;
            tokio::time::sleep(SETTLED).await;
            let with = one.memory()?.unwrap_or_default();
            let seen = held.close()?;
            let open = seen["open"].as_f64().unwrap_or_default();
            let figures = [
                ("bad", f64::from(self.comparison.idle) - open),
                ("rest_mib", rest / 1024.0),
                ("idle_kib", (with - rest) / open.max(1.0)),
            ];
            self.note(Part::Memory, &one.name, &figures);
        }
        Ok(())
    }

    /// Streams that stay open.
    async fn streams(&mut self) -> Result<(), TaskError> {
        let asked = self.comparison.streams;
        let files = u64::from(asked) * 2 + OTHER_FILES;
        if place::most_open_files() < files {
            let line = format!("open streams: a process may not have {files} files open here (raise `ulimit -H -n`)");
            self.report.left_out.push(line);
            return Ok(());
        }
        for (one, rest) in self.fresh(Part::Streams).await? {
            let load = one.load("/events?count=1000000&every=1000", Body::Bytes(SMALL), asked);
            let held = self.ground.generator.hold(&load, false)?;
            let (begun, before) = (Instant::now(), one.processor_time()?.unwrap_or_default());
            tokio::time::sleep(HELD).await;
            let used = one.processor_time()?.unwrap_or_default() - before;
            let share = used / begun.elapsed().as_secs_f64();
            let with = one.memory()?.unwrap_or_default();
            let seen = held.close()?;
            let number = |path: &str| seen.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_default();
            let mut figures = vec![
                ("asked", f64::from(asked)),
                ("open", number("/open")),
                ("events_per_second", number("/events") / number("/seconds").max(f64::MIN_POSITIVE)),
                ("late_p50_ms", number("/delay_us/p50") / 1000.0),
                ("late_p99_ms", number("/delay_us/p99") / 1000.0),
                ("cpu_percent", share * 100.0),
            ];
            // The upstream is not begun anew: it keeps what other streams have used.
            if !one.is_upstream() {
                figures.push(("stream_kib", (with - rest) / number("/open").max(1.0)));
            }
            self.note(Part::Streams, &one.name, &figures);
        }
        Ok(())
    }

    fn note(&mut self, part: Part, who: &str, figures: &[(&'static str, f64)]) {
        println!("  {who}: {}", told(figures));
        for (measure, value) in figures {
            self.report.add(part, who, measure, *value);
        }
    }
}

/// Figures as they come, for who waits.
fn told(figures: &[(&'static str, f64)]) -> String {
    let shown = figures.iter().filter(|(measure, value)| *measure != "bad" || *value > 0.0);
    shown.map(|(measure, value)| format!("{measure} {value:.1}")).collect::<Vec<_>>().join(", ")
}
