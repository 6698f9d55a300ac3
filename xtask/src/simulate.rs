//! The rotation against modelled upstreams with hidden limits, in virtual time.
//!
//! Drives the policy of `rotator-domain` itself, with thousands of keys and tens of nodes where wanted. A seed gives the
//! same run every time: there is no wall clock and there are no threads.
//!
//! The possible maximum is what the hidden limits allow in a part of a run, or what was offered where that is less. A limit
//! per minute allows its rate, whatever the place of its windows: those that the part cuts count in proportion. A token
//! bucket allows what it holds at the beginning besides, a day what is left of it and each day that begins in full, and a
//! limit of requests in flight that many divided by the mean time of a request, one round trip included.

mod client;
mod events;
mod node;
mod picks;
mod report;
mod scenario;
mod upstream;
mod world;

use report::{Figures, table};
use scenario::{Length, NAMES, Scenario};
use world::World;

use crate::error::TaskError;

/// Runs one scenario or all, and prints what came of them.
pub(crate) fn run(seed: u64, only: Option<&str>) -> Result<(), TaskError> {
    if only == Some("picks") {
        println!("{}", picks::measure());
        return Ok(());
    }
    let names: Vec<&str> = NAMES.into_iter().filter(|name| only.is_none_or(|only| name.starts_with(only))).collect();
    if names.is_empty() {
        return Err(TaskError::Failed(format!("there is no such scenario; there are picks, {}", NAMES.join(", "))));
    }
    for name in names {
        let Some(scenario) = Scenario::named(name, Length::Full, seed) else {
            continue;
        };
        let (rows, kinds) = rows(&scenario, seed);
        println!("{}{kinds}", table(&scenario, &rows));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

/// Runs a scenario; a row for each part, and one for all, and the use of each kind of quota in the second part.
fn rows(scenario: &Scenario, seed: u64) -> (Vec<Figures>, String) {
    let mut world = World::new(scenario, seed);
    world.run();
    let mut rows: Vec<Figures> =
        world.tallies.iter().zip(&scenario.parts).map(|(tally, part)| tally.figures(part.name)).collect();
    // Limits that change leave no maximum of the whole.
    let is_changed = scenario.parts.iter().any(|part| part.change != scenario::Change::Nothing);
    if !is_changed && let Some((first, others)) = world.tallies.split_first() {
        rows.push(others.iter().fold(first.clone(), report::Tally::and).figures("all"));
    }
    let kinds = world.tallies.get(1).map(report::Tally::kinds).unwrap_or_default();
    (rows, kinds)
}
