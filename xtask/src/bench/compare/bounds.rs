//! What the figures must keep to.

use super::contestant::Kind;
use super::report::{Part, Report};

/// How often nginx's figure the server's may be.
pub(super) const PROCESSOR: f64 = 1.5;
const PROCESSOR_WITH_REDIS: f64 = 2.5;
pub(super) const LATENCY: f64 = 1.5;
/// MiB.
const AT_REST: f64 = 30.0;
/// KiB.
pub(super) const OPEN_STREAM: f64 = 40.0;
/// The share of the events of open streams that must come in their time.
const EVENTS: f64 = 0.99;
/// How late an event may come, in milliseconds: a second one of the same stream is due then.
const LATE: f64 = 1000.0;

/// A bound, and what was found.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) what: String,
    pub(super) bound: String,
    /// Nothing where it could not be judged.
    pub(super) found: Option<String>,
    pub(super) holds: bool,
}

// === impl Verdict ===

impl Verdict {
    fn new(what: &str, bound: String, found: Option<String>, holds: Option<bool>) -> Self {
        Self { what: what.to_owned(), bound, found, holds: holds.unwrap_or_default() }
    }

    /// At most so much.
    fn most(what: &str, found: Option<f64>, most: f64, unit: &str) -> Self {
        let holds = found.map(|found| found <= most);
        let found = found.map(|found| format!("{found:.2}{unit}"));
        Self::new(what, format!("at most {most}{unit}"), found, holds)
    }

    pub(super) const fn told(&self) -> &'static str {
        match (&self.found, self.holds) {
            (None, _) => "not judged",
            (Some(_), true) => "holds",
            (Some(_), false) => "broken",
        }
    }

    /// Whether something was found that does not do.
    pub(super) const fn is_broken(&self) -> bool {
        self.found.is_some() && !self.holds
    }
}

/// Judges what was measured, part by part.
pub(super) fn judge(report: &Report) -> Vec<Verdict> {
    let parts = [Part::Throughput, Part::Latency, Part::Memory, Part::Streams];
    let measured = parts.into_iter().filter(|part| !report.who(*part).is_empty());
    let mut verdicts: Vec<Verdict> = measured.flat_map(|part| of_part(report, part)).collect();
    let bad = |name: &str| {
        let figures =
            report.figures.iter().filter(|figure| figure.measure == name && figure.who.starts_with("rotator"));
        figures.flat_map(|figure| &figure.rounds).sum::<f64>()
    };
    verdicts.push(Verdict::most("requests that this server did not serve", Some(bad("bad")), 0.0, ""));
    verdicts
}

fn of_part(report: &Report, part: Part) -> Vec<Verdict> {
    let (own, nginx) = (Kind::Server.name(), Kind::Nginx.name());
    match part {
        Part::Throughput => vec![
            Verdict::most(
                "processor time of a request, beside nginx's",
                report.ratio(part, "cpu_us", own, nginx),
                PROCESSOR,
                " times",
            ),
            Verdict::most(
                "the same with Redis",
                report.ratio(part, "cpu_us", Kind::Redis.name(), nginx),
                PROCESSOR_WITH_REDIS,
                " times",
            ),
        ],
        Part::Latency => vec![Verdict::most(
            "p99 at a fixed rate, beside nginx's",
            report.ratio(part, "p99_us", own, nginx),
            LATENCY,
            " times",
        )],
        Part::Memory => [Kind::Server, Kind::Lightweight]
            .into_iter()
            .map(|kind| {
                let found = report.median(part, kind.name(), "rest_mib");
                Verdict::most(&format!("memory at rest: {}", kind.name()), found, AT_REST, " MiB")
            })
            .collect(),
        Part::Streams => streams(report, own),
        _ => Vec::new(),
    }
}

fn streams(report: &Report, own: &str) -> Vec<Verdict> {
    let figure = |measure| report.median(Part::Streams, own, measure);
    let (asked, open) = (figure("asked"), figure("open"));
    let share = asked.zip(figure("events_per_second")).map(|(asked, events)| events / asked);
    vec![
        Verdict::most("memory of an open stream", figure("stream_kib"), OPEN_STREAM, " KiB"),
        Verdict::new(
            "streams that stay open on one processor",
            asked.map(|asked| format!("all {asked:.0}")).unwrap_or_default(),
            open.map(|open| format!("{open:.0}")),
            asked.zip(open).map(|(asked, open)| open >= asked),
        ),
        Verdict::new(
            "events of each stream in a second",
            format!("1, with {:.0} % of them", EVENTS * 100.0),
            share.map(|share| format!("{share:.3}")),
            share.map(|share| share >= EVENTS),
        ),
        Verdict::most("how late an event comes, p99", figure("late_p99_ms"), LATE, " ms"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(figures: &[(Part, &str, &str, f64)]) -> Report {
        let mut report = Report::default();
        figures.iter().for_each(|(part, who, measure, value)| report.add(*part, who, measure, *value));
        report
    }

    fn told(report: &Report) -> Vec<(String, &'static str)> {
        judge(report).iter().map(|verdict| (verdict.what.clone(), verdict.told())).collect()
    }

    #[test]
    fn what_nginx_takes_is_the_measure() {
        let (own, nginx, redis) = (Kind::Server.name(), Kind::Nginx.name(), Kind::Redis.name());
        let cpu = |own_takes| {
            report(&[
                (Part::Throughput, nginx, "cpu_us", 10.0),
                (Part::Throughput, own, "cpu_us", own_takes),
                (Part::Throughput, redis, "cpu_us", 25.0),
            ])
        };
        let verdicts = judge(&cpu(15.0));
        assert!(verdicts.iter().all(|verdict| verdict.holds), "{verdicts:?}");
        let verdicts = judge(&cpu(15.1));
        assert_eq!((verdicts[0].is_broken(), verdicts[0].found.as_deref()), (true, Some("1.51 times")));
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let alone = report(&[(Part::Latency, Kind::Server.name(), "p99_us", 90.0)]);
        let expected = [
            ("p99 at a fixed rate, beside nginx's", "not judged"),
            ("requests that this server did not serve", "holds"),
        ];
        assert_eq!(told(&alone), expected.map(|(what, told)| (what.to_owned(), told)));
        assert!(!judge(&alone).iter().any(Verdict::is_broken));
    }

    #[test]
    fn lost_streams_late_events_and_lost_requests_are_seen() {
        let own = Kind::Server.name();
        let mut report = report(&[
            (Part::Streams, own, "asked", 5000.0),
            (Part::Streams, own, "open", 4999.0),
            (Part::Streams, own, "events_per_second", 4000.0),
            (Part::Streams, own, "late_p99_ms", 1500.0),
            (Part::Streams, own, "stream_kib", 39.0),
        ]);
        report.add(Part::Throughput, own, "bad", 1.0);
        let broken: Vec<String> =
            judge(&report).into_iter().filter(Verdict::is_broken).map(|verdict| verdict.what).collect();
        let expected = [
            "streams that stay open on one processor",
            "events of each stream in a second",
            "how late an event comes, p99",
            "requests that this server did not serve",
        ];
        assert_eq!(broken, expected);
    }
}
