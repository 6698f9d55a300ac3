//! What the holder of a client key may do.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Network;
use crate::Invalid;
use crate::metering::{Gauge, MeteredLimits, Span, Unit};
use crate::rotation::Glob;
use crate::validation::{Checks, short_text};

const MOST_GLOBS: usize = 100;
const LONGEST_GLOB: usize = 200;
const MOST_SOURCES: usize = 1000;
const MOST_BUDGETS: usize = 8;
/// The largest limit of requests or tokens: more is no limit but a slip of the hand.
const LARGEST_LIMIT: u64 = 1_000_000_000_000;
const LARGEST_CONCURRENCY: u32 = 1_000_000;
/// The largest budget: a million US dollars, or as many tokens as those are thousand-millionths. A cache that counts in
/// floating point (2^53) stays exact far beyond.
const LARGEST_BUDGET: u64 = 1_000_000_000_000_000;

/// What the holder of a client key may do. Empty lists allow everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPolicy {
    /// The slugs of services.
    pub services: Vec<Glob>,
    /// The models of LLM services, as the holder calls them.
    pub models: Vec<Glob>,
    /// From where requests may come.
    pub sources: Vec<Network>,
    /// How much it may use.
    pub limits: ClientLimits,
}

/// How much the holder of a client key may use. Windows are those of the calendar in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientLimits {
    /// Requests in a minute.
    pub requests_per_minute: Option<u64>,
    /// Requests in a day.
    pub requests_per_day: Option<u64>,
    /// Tokens, of prompts and answers together, in a minute.
    pub tokens_per_minute: Option<u64>,
    /// The same in a day.
    pub tokens_per_day: Option<u64>,
    /// Requests in flight.
    pub concurrent: Option<u32>,
    /// What may be spent.
    pub budgets: Vec<Budget>,
}

/// What may be spent in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Tokens or money.
    pub unit: Unit,
    /// How much of it.
    pub amount: u64,
    /// In which time.
    pub period: Span,
}

/// Checks a policy: how many entries, how long they are, and that limits are no slips of the hand.
///
/// # Errors
/// Names every field that is refused.
pub fn check_client_policy(policy: &ClientPolicy) -> Result<(), Invalid> {
    let mut checks = Checks::default();
    check(&mut checks, policy);
    checks.finish(Some(()))
}

/// As [`check_client_policy`], among other checks.
pub(super) fn check(checks: &mut Checks, policy: &ClientPolicy) {
    for (field, globs) in [("services", &policy.services), ("models", &policy.models)] {
        if globs.len() > MOST_GLOBS {
            checks.refuse(field, &format!("must be at most {MOST_GLOBS}"));
        }
        for (at, glob) in globs.iter().enumerate().take(MOST_GLOBS) {
            checks.take(short_text(&format!("{field}[{at}]"), glob.as_str(), LONGEST_GLOB));
        }
    }
    if policy.sources.len() > MOST_SOURCES {
        checks.refuse("sources", &format!("must be at most {MOST_SOURCES}"));
    }
    let limits = &policy.limits;
    let named = [
        ("limits.rpm", limits.requests_per_minute),
        ("limits.rpd", limits.requests_per_day),
        ("limits.tpm", limits.tokens_per_minute),
        ("limits.tpd", limits.tokens_per_day),
    ];
    for (field, limit) in named {
        if limit.is_some_and(|limit| !(1..=LARGEST_LIMIT).contains(&limit)) {
            checks.refuse(field, &format!("must be 1 to {LARGEST_LIMIT}"));
        }
    }
    if limits.concurrent.is_some_and(|limit| !(1..=LARGEST_CONCURRENCY).contains(&limit)) {
        checks.refuse("limits.max_concurrency", &format!("must be 1 to {LARGEST_CONCURRENCY}"));
    }
    check_budgets(checks, &limits.budgets);
}

fn check_budgets(checks: &mut Checks, budgets: &[Budget]) {
    if budgets.len() > MOST_BUDGETS {
        checks.refuse("limits.budgets", &format!("must be at most {MOST_BUDGETS}"));
    }
    let mut seen = HashSet::new();
    for (at, budget) in budgets.iter().enumerate().take(MOST_BUDGETS) {
        let field = |name: &str| format!("limits.budgets[{at}].{name}");
        if !(1..=LARGEST_BUDGET).contains(&budget.amount) {
            checks.refuse(&field("amount"), "must be more than 0, and at most a million US dollars or 10^15 tokens");
        }
        if budget.unit == Unit::Requests {
            checks.refuse(&field("unit"), "must be usd or tokens");
        }
        if budget.period == Span::Minute {
            checks.refuse(&field("period"), "must be day, week, month or total");
        }
        if !seen.insert((budget.unit, budget.period)) {
            checks.refuse(&field("period"), "has a budget of this unit already");
        }
    }
}

// === impl ClientPolicy ===

impl ClientPolicy {
    /// Whether a service may be asked.
    #[must_use]
    pub fn allows_service(&self, slug: &str) -> bool {
        allows(&self.services, slug)
    }

    /// Whether a model may be asked for.
    #[must_use]
    pub fn allows_model(&self, model: &str) -> bool {
        allows(&self.models, model)
    }

    /// Whether requests may come from an address; from one that is not known only where all may.
    #[must_use]
    pub fn allows_source(&self, address: Option<IpAddr>) -> bool {
        let is_inside = |address| self.sources.iter().any(|network| network.contains(address));
        self.sources.is_empty() || address.is_some_and(is_inside)
    }
}

fn allows(globs: &[Glob], name: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
}

// === impl ClientLimits ===

impl ClientLimits {
    /// What is to be counted for them; `None` where there are none. Of two limits of the same thing the lower one holds.
    #[must_use]
    pub fn metered(&self) -> Option<MeteredLimits> {
        let gauge = |unit, span, limit: Option<u64>| limit.map(|limit| Gauge { unit, span, limit });
        let mut gauges: Vec<Gauge> = [
            gauge(Unit::Requests, Span::Minute, self.requests_per_minute),
            gauge(Unit::Requests, Span::Day, self.requests_per_day),
            gauge(Unit::Tokens, Span::Minute, self.tokens_per_minute),
            gauge(Unit::Tokens, Span::Day, self.tokens_per_day),
        ]
        .into_iter()
        .flatten()
        .collect();
        for Budget { unit, amount: limit, period: span } in self.budgets.iter().copied() {
            match gauges.iter_mut().find(|gauge| (gauge.unit, gauge.span) == (unit, span)) {
                Some(gauge) => gauge.limit = gauge.limit.min(limit),
                None => gauges.push(Gauge { unit, span, limit }),
            }
        }
        let limits = MeteredLimits { gauges, concurrent: self.concurrent };
        (!limits.gauges.is_empty() || limits.concurrent.is_some()).then_some(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_allow_everything_and_others_what_they_name() {
        let open = ClientPolicy::default();
        assert!(open.allows_service("a") && open.allows_model("m") && open.allows_source(None));
        let narrow = ClientPolicy {
            services: vec![Glob::new("team-*")],
            models: vec![Glob::new("gpt-*"), Glob::new("o3")],
            sources: vec!["10.0.0.0/8".parse().unwrap()],
            ..open
        };
        assert!(narrow.allows_service("team-a") && !narrow.allows_service("other"));
        assert!(narrow.allows_model("o3") && !narrow.allows_model("o3-pro"));
        let from = |address: &str| narrow.allows_source(Some(address.parse().unwrap()));
        assert!(from("10.1.1.1") && !from("11.1.1.1") && !narrow.allows_source(None));
    }

    #[test]
    fn of_two_limits_of_one_thing_the_lower_one_holds() {
        let budget = |unit, amount, period| Budget { unit, amount, period };
        let limits = ClientLimits {
            tokens_per_day: Some(100),
            budgets: vec![budget(Unit::Tokens, 50, Span::Day), budget(Unit::Nanodollars, 9, Span::Total)],
            ..ClientLimits::default()
        };
        let gauge = |unit, span, limit| Gauge { unit, span, limit };
        let gauges = vec![gauge(Unit::Tokens, Span::Day, 50), gauge(Unit::Nanodollars, Span::Total, 9)];
        assert_eq!(limits.metered(), Some(MeteredLimits { gauges, concurrent: None }));
        assert_eq!(ClientLimits::default().metered(), None);
    }
}
