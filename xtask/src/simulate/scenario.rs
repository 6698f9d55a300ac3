//! What is simulated: pools, loads and what happens meanwhile.

use super::events::{Millis, Random};
use super::upstream::{Kind, MINUTE, Quota};

/// How long a run is: as the command runs it, or short for the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Full,
    #[cfg(test)]
    Short,
}

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) quotas: Vec<Quota>,
    pub(super) keys: Vec<KeySetup>,
    pub(super) nodes: usize,
    /// Whether all nodes use one rotation, as with a shared cache; else each learns alone.
    pub(super) is_shared: bool,
    /// The load, as a share of the mean capacity of the whole run with the limits at the beginning.
    pub(super) load: f64,
    /// Parts of the run, told apart in the report; limits change only where one begins.
    pub(super) parts: Vec<Part>,
    pub(super) end: Millis,
}

/// A key and the quota that it uses.
#[derive(Clone, Debug)]
pub(super) struct KeySetup {
    pub(super) quota: usize,
    /// Whether the operator told that the keys of the quota are a group.
    pub(super) is_grouped: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) from: Millis,
    pub(super) change: Change,
}

/// What happens at the beginning of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    Nothing,
    /// Every limit becomes so many times what it was.
    Limits(f64),
    Upstream(Condition),
}

/// How the upstream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Up,
    /// It refuses connections.
    Unreachable,
    /// It answers 503.
    Failing,
    /// It takes three times as long, and notices late that a request has ended.
    Slow,
}

pub(super) const NAMES: [&str; 10] = [
    "hidden-limits-95",
    "hidden-limits-150",
    "limits-change",
    "quota-group",
    "outage",
    "slow",
    "thousands-95",
    "thousands-150",
    "thousands-apart-95",
    "thousands-apart-150",
];

// === impl Scenario ===

impl Scenario {
    /// A scenario by its name.
    pub(super) fn named(name: &str, length: Length, seed: u64) -> Option<Self> {
        let mut random = Random::new(seed);
        match name {
            "hidden-limits-95" => Some(hidden(name, length, 0.95, &mut random)),
            "hidden-limits-150" => Some(hidden(name, length, 1.5, &mut random)),
            "limits-change" => Some(limits_change(name, length, &mut random)),
            "quota-group" => Some(quota_group(name)),
            "outage" => Some(outage(name)),
            "slow" => Some(slow(name, length, &mut random)),
            "thousands-95" => Some(thousands(name, length, 0.95, true, &mut random)),
            "thousands-150" => Some(thousands(name, length, 1.5, true, &mut random)),
            "thousands-apart-95" => Some(thousands(name, length, 0.95, false, &mut random)),
            "thousands-apart-150" => Some(thousands(name, length, 1.5, false, &mut random)),
            _ => None,
        }
    }

    fn of_keys(name: &str, quotas: Vec<Quota>, load: f64, parts: Vec<Part>, end: Millis) -> Self {
        let keys = (0..quotas.len()).map(|quota| KeySetup { quota, is_grouped: false }).collect();
        Self { name: name.to_owned(), quotas, keys, nodes: 1, is_shared: true, load, parts, end }
    }
}

fn part(name: &'static str, from: Millis) -> Part {
    Part { name, from, change: Change::Nothing }
}

/// Quotas of all kinds; those of ten keys in twenty tell their state. Days hold about 1 % of what the pool can do.
fn mixed(count: usize, minutes: (u32, u32), day: (u32, Millis), random: &mut Random) -> Vec<Quota> {
    let kinds = [Kind::FixedMinute, Kind::SlidingMinute, Kind::TokenBucket, Kind::Concurrency, Kind::Day];
    let quota = |number: usize| {
        let kind = kinds[number % 5];
        let tells = (number / 5).is_multiple_of(2);
        let (limit, phase) = match kind {
            Kind::Concurrency => (random.between(1, 4), 0),
            Kind::Day => (random.between(day.0 * 8 / 10, day.0 * 12 / 10), day.1),
            _ => (random.between(minutes.0, minutes.1), Millis::from(random.between(0, 59_999))),
        };
        Quota::new(kind, limit, tells, phase)
    };
    (0..count).map(quota).collect()
}

/// 20 keys with a hidden limit each, for a day. The upstream's day ends in the middle of the run.
fn hidden(name: &str, length: Length, load: f64, random: &mut Random) -> Scenario {
    let end = match length {
        Length::Full => 24 * 60 * MINUTE,
        #[cfg(test)]
        Length::Short => 60 * MINUTE,
    };
    let per_day = u32::try_from(end / MINUTE * 3 / 2).unwrap_or(0);
    let quotas = mixed(20, (30, 120), (per_day, end / 2), random);
    let parts = vec![part("warm-up", 0), part("steady", 10 * MINUTE)];
    Scenario::of_keys(name, quotas, load, parts, end)
}

/// The same, but the limits halve and later double.
fn limits_change(name: &str, length: Length, random: &mut Random) -> Scenario {
    let each = match length {
        Length::Full => 60 * MINUTE,
        #[cfg(test)]
        Length::Short => 30 * MINUTE,
    };
    let per_day = u32::try_from(each / MINUTE * 6).unwrap_or(0);
    let quotas = mixed(20, (30, 120), (per_day, each * 3 / 2), random);
    let changed = |name, from, factor| Part { name, from, change: Change::Limits(factor) };
    let parts = vec![
        part("warm-up", 0),
        part("steady", 10 * MINUTE),
        changed("halved: 10 min", each, 0.5),
        part("halved: after", each + 10 * MINUTE),
        changed("doubled: 10 min", 2 * each, 2.0),
        part("doubled: after", 2 * each + 10 * MINUTE),
    ];
    Scenario::of_keys(name, quotas, 1.2, parts, 3 * each)
}

/// Four keys of one project, which is limited, beside ten with plenty of room.
fn quota_group(name: &str) -> Scenario {
    let mut quotas = vec![Quota::new(Kind::FixedMinute, 60, true, 0), Quota::new(Kind::FixedMinute, 60, false, 30_000)];
    quotas.extend((0..10).map(|_| Quota::new(Kind::FixedMinute, 600, true, 0)));
    let grouped = |quota| (0..4).map(move |_| KeySetup { quota, is_grouped: true });
    let alone = (2..12).map(|quota| KeySetup { quota, is_grouped: false });
    let keys = grouped(0).chain(grouped(1)).chain(alone).collect();
    let parts = vec![part("warm-up", 0), part("steady", 10 * MINUTE)];
    Scenario { keys, ..Scenario::of_keys(name, quotas, 0.6, parts, 30 * MINUTE) }
}

/// The upstream is away, and later fails, for two minutes each.
fn outage(name: &str) -> Scenario {
    let quotas = (0..20).map(|number| Quota::new(Kind::FixedMinute, 120, number % 2 == 0, number * 3000)).collect();
    let turned = |name, from, condition| Part { name, from, change: Change::Upstream(condition) };
    let parts = vec![
        part("steady", 0),
        turned("unreachable", 10 * MINUTE, Condition::Unreachable),
        turned("back: 30 s", 12 * MINUTE, Condition::Up),
        part("back: after", 12 * MINUTE + 30_000),
        turned("failing", 15 * MINUTE, Condition::Failing),
        turned("back again", 17 * MINUTE, Condition::Up),
    ];
    Scenario::of_keys(name, quotas, 0.5, parts, 20 * MINUTE)
}

/// A service that names no models, of which half of the keys serve a few requests at once and do not say so. The upstream
/// becomes slow, so that more is offered than it can serve, and all who can wait do.
fn slow(name: &str, length: Length, random: &mut Random) -> Scenario {
    let each = match length {
        Length::Full => 20 * MINUTE,
        #[cfg(test)]
        Length::Short => 5 * MINUTE,
    };
    let quota = |number: usize| {
        let (kind, limit) = match number % 2 {
            0 => (Kind::Concurrency, random.between(1, 4)),
            _ => (Kind::FixedMinute, random.between(60, 120)),
        };
        Quota::new(kind, limit, number % 4 == 1, Millis::from(random.between(0, 59_999))).of_key()
    };
    let quotas = (0..20).map(quota).collect();
    let turned = |name, from, condition| Part { name, from, change: Change::Upstream(condition) };
    let parts = vec![
        part("quick", 0),
        turned("slow: 1 min", each, Condition::Slow),
        part("slow: after", each + MINUTE),
        turned("quick again", 2 * each, Condition::Up),
    ];
    Scenario::of_keys(name, quotas, 0.95, parts, 3 * each)
}

/// 5,000 keys and 20 nodes.
fn thousands(name: &str, length: Length, load: f64, is_shared: bool, random: &mut Random) -> Scenario {
    let (count, nodes, end) = match length {
        Length::Full => (5000, 20, 30 * MINUTE),
        #[cfg(test)]
        Length::Short => (200, 10, 20 * MINUTE),
    };
    let quotas = mixed(count, (5, 20), (u32::try_from(end / MINUTE).unwrap_or(0), end / 2), random);
    let parts = vec![part("warm-up", 0), part("steady", 10 * MINUTE)];
    Scenario { nodes, is_shared, ..Scenario::of_keys(name, quotas, load, parts, end) }
}
