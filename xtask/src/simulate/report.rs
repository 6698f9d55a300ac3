//! What came of a run, as a table.

use std::collections::BTreeMap;

use super::client::Draws;
use super::events::Millis;
use super::scenario::Scenario;
use super::upstream::Quota;

/// What happened in one part of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// How many times as long as usual the upstream takes.
    pub(super) slowness: Millis,
    /// The quotas as they were when it began.
    pub(super) quotas: Vec<Quota>,
    pub(super) arrived: u64,
    /// By quota: requests that the upstream took on.
    pub(super) served: Vec<u64>,
    /// By quota: requests that it refused.
    pub(super) refused: Vec<u64>,
    /// Clients that saw a 429.
    pub(super) limited: u64,
    /// Clients that saw an error of the upstream.
    pub(super) failed: u64,
    pub(super) calls: u64,
    /// Calls that were refused because the key was limited.
    pub(super) wasted: u64,
    /// Calls that failed because of the upstream.
    pub(super) faults: u64,
    pub(super) picks: u64,
    /// How often an answer made a key, or its group, rest.
    pub(super) coolings: u64,
    /// Of those that were sent in the end, in milliseconds.
    pub(super) waits: Vec<u32>,
}

/// A row of the table, in numbers.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) offered: f64,
    pub(super) goodput: f64,
    /// Goodput as a share of the most that was possible: what was offered, or what the hidden limits allow.
    pub(super) of_possible: f64,
    pub(super) limited: u64,
    pub(super) failed: u64,
    pub(super) calls: u64,
    pub(super) wasted: f64,
    pub(super) faults: u64,
    /// Jain's index of the used share of each quota: 1 when all are used alike.
    pub(super) fairness: f64,
    /// The median, the 95th percentile and the longest.
    pub(super) waits: [u32; 3],
    pub(super) picks: u64,
    pub(super) coolings: u64,
}

// === impl Tally ===

impl Tally {
    pub(super) fn figures(&self, name: &str) -> Figures {
        let service = Draws::mean_service() * self.slowness as f64;
        let length = self.to - self.from;
        let seconds = length as f64 / 1000.0;
        let capacities: Vec<f64> =
            self.quotas.iter().map(|quota| quota.clone().capacity(self.from, length, service)).collect();
        let capacity: f64 = capacities.iter().sum();
        let served: u64 = self.served.iter().sum();
        let shares: Vec<f64> = self
            .served
            .iter()
            .zip(&capacities)
            .filter(|(_, capacity)| **capacity >= 1.0)
            .map(|(served, capacity)| *served as f64 / capacity)
            .collect();
        let sum: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|share| share * share).sum();
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let at = |share: f64| waits.get(((waits.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0);
        Figures {
            name: name.to_owned(),
            offered: self.arrived as f64 / seconds,
            goodput: served as f64 / seconds,
            of_possible: served as f64 / capacity.min(self.arrived as f64),
            limited: self.limited,
            failed: self.failed,
            calls: self.calls,
            wasted: self.wasted as f64 / (self.calls.max(1)) as f64,
            faults: self.faults,
            fairness: if squares > 0.0 { sum * sum / (shares.len() as f64 * squares) } else { 1.0 },
            waits: [at(0.5), at(0.95), at(1.0)],
            picks: self.picks,
            coolings: self.coolings,
        }
    }

    /// How much of each kind of quota was used: with and without headers.
    pub(super) fn kinds(&self) -> String {
        let service = Draws::mean_service() * self.slowness as f64;
        let mut kinds: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
        for (number, quota) in self.quotas.iter().enumerate() {
            let capacity = quota.clone().capacity(self.from, self.to - self.from, service);
            let entry = kinds.entry(quota.name()).or_default();
            entry.0 += self.served[number] as f64;
            entry.1 += capacity;
            entry.2 += self.refused[number] as f64;
        }
        let text = kinds.iter().map(|(name, (served, capacity, refused))| {
            format!("  {name:<24} used {:>7.2}%  refused {refused:>8}\n", served / capacity * 100.0)
        });
        text.collect()
    }

    /// Both together, one after the other.
    pub(super) fn and(mut self, next: &Self) -> Self {
        self.to = next.to;
        for (own, others) in self.served.iter_mut().zip(&next.served) {
            *own += others;
        }
        for (own, others) in self.refused.iter_mut().zip(&next.refused) {
            *own += others;
        }
        self.arrived += next.arrived;
        self.limited += next.limited;
        self.failed += next.failed;
        self.calls += next.calls;
        self.wasted += next.wasted;
        self.faults += next.faults;
        self.picks += next.picks;
        self.coolings += next.coolings;
        self.waits.extend(&next.waits);
        self
    }
}

/// The table of one scenario.
pub(super) fn table(scenario: &Scenario, rows: &[Figures]) -> String {
    let mut text = format!(
        "{}: {} keys, {} quotas, {} node(s){}\n{:<16}{:>9}{:>9}{:>8}{:>8}{:>8}{:>10}{:>8}{:>8}{:>7}{:>8}{:>8}{:>8}{:>10}{:>9}\n",
        scenario.name,
        scenario.keys.len(),
        scenario.quotas.len(),
        scenario.nodes,
        if scenario.nodes == 1 {
            ""
        } else if scenario.is_shared {
            ", one rotation"
        } else {
            ", each its own rotation"
        },
        "part",
        "offered/s",
        "goodput/s",
        "of max",
        "429s",
        "failed",
        "calls",
        "wasted",
        "faults",
        "Jain",
        "p50 ms",
        "p95 ms",
        "max ms",
        "picks",
        "coolings",
    );
    for row in rows {
        let [p50, p95, max] = row.waits;
        text += &format!(
            "{:<16}{:>9.2}{:>9.2}{:>7.2}%{:>8}{:>8}{:>10}{:>7.2}%{:>8}{:>7.3}{:>8}{:>8}{:>8}{:>10}{:>9}\n",
            row.name,
            row.offered,
            row.goodput,
            row.of_possible * 100.0,
            row.limited,
            row.failed,
            row.calls,
            row.wasted * 100.0,
            row.faults,
            row.fairness,
            p50,
            p95,
            max,
            row.picks,
            row.coolings,
        );
    }
    text
}
