//! How much a client key may use and has used: limits, what a request asks of them, and whether it may pass.
//!
//! A request reserves what it may use when it comes in, and the real usage takes the reservation's place when its answer has
//! ended. What is reserved counts as used until then, so that no limit is ever passed by requests at the same time.

mod meter;
mod span;

pub use meter::ClientMeter;
pub use span::{Span, Window};

use std::time::Duration;

use crate::Timestamp;

/// How soon it is worth to ask again where only requests that have not ended yet are in the way.
const SOON: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Requests.
    Requests,
    /// Tokens, of prompts and answers together.
    Tokens,
    /// Money: thousand-millionths of a US dollar.
    Nanodollars,
}

/// One limit: so much in each window of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gauge {
    /// What is counted.
    pub unit: Unit,
    /// How long the windows are.
    pub span: Span,
    /// How much may be used in one.
    pub limit: u64,
}

/// All limits of a client key; none has the unit and the span of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeteredLimits {
    /// What is counted by windows.
    pub gauges: Vec<Gauge>,
    /// Requests in flight.
    pub concurrent: Option<u32>,
}

/// How much something may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// No more than this.
    AtMost(u64),
    /// That is not known: as much as its client's requests usually do, or this where nothing is known of them.
    AsUsual(u64),
}

/// What a request asks of its client's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAsk {
    /// Its tokens.
    pub tokens: Estimate,
    /// Its cost.
    pub nanodollars: Estimate,
}

/// What a request has used; `None` counts as much as was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientUse {
    /// Whether it counts as a request.
    pub is_request: bool,
    /// Its tokens.
    pub tokens: Option<u64>,
    /// Its cost.
    pub nanodollars: Option<u64>,
}

/// What is reserved or used of each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Requests.
    pub requests: u64,
    /// Tokens.
    pub tokens: u64,
    /// Cost.
    pub nanodollars: u64,
}

/// What a request that was let in has reserved, until it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// When it was let in: it counts in the windows of that time.
    pub at: Timestamp,
    /// How much is reserved.
    pub amounts: Amounts,
    /// In which meters.
    pub meters: Vec<(Unit, Span)>,
    /// Under what a shared state knows it.
    pub ticket: Option<u64>,
}

/// How one limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaugeStanding {
    /// The limit.
    pub gauge: Gauge,
    /// What was used in this window.
    pub used: u64,
    /// What requests that have not ended may use.
    pub reserved: u64,
    /// When the window ends.
    pub ends_at: Option<Timestamp>,
}

/// How all limits of a client key stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientStanding {
    /// The limits that are counted by windows.
    pub gauges: Vec<GaugeStanding>,
    /// Requests in flight.
    pub in_flight: u32,
}

/// Which limit keeps a request out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// That of requests in flight.
    Concurrent(u32),
    /// This one.
    Gauge(Gauge),
}

/// Why a request must not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun {
    /// The limit that keeps it out for the longest time.
    pub over: Over,
    /// When the same request may pass; `None` where no time will help.
    pub retry_at: Option<Timestamp>,
}

/// Whether a request may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and has reserved what it may use; the standing is that with the reservation.
    Admitted(Reservation, ClientStanding),
    /// It must not.
    Refused(Overrun, ClientStanding),
    /// What was used of these in their windows is not known here, and is to be told first.
    Unknown(Vec<Gauge>),
}

/// What was used of something in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// What is counted.
    pub unit: Unit,
    /// How long the window is.
    pub span: Span,
    /// When it began.
    pub start: Timestamp,
    /// What was used in it.
    pub used: u64,
}

/// Why a request with these amounts must not pass where the limits stand like this, if it must not.
#[must_use]
pub fn overrun(limits: &MeteredLimits, standing: &ClientStanding, amounts: Amounts, now: Timestamp) -> Option<Overrun> {
    let soon = Some(now.saturating_add(SOON));
    let concurrent = limits.concurrent.filter(|most| standing.in_flight >= *most);
    let concurrent = concurrent.map(|most| Overrun { over: Over::Concurrent(most), retry_at: soon });
    let gauges = standing.gauges.iter().filter_map(|standing| {
        let (gauge, amount) = (standing.gauge, amounts.of(standing.gauge.unit));
        let with = |before: u64| before.saturating_add(amount) > gauge.limit;
        let retry_at = match () {
            () if with(0) => None,
            () if with(standing.used) => standing.ends_at,
            () if with(standing.used.saturating_add(standing.reserved)) => soon,
            () => return None,
        };
        Some(Overrun { over: Over::Gauge(gauge), retry_at })
    });
    // Where no time helps, that is the longest time.
    gauges.chain(concurrent).max_by_key(|overrun| overrun.retry_at.unwrap_or(Timestamp::from_millis(i64::MAX)))
}

// === impl Overrun ===

impl Overrun {
    /// Whether only requests that have not ended yet are in the way.
    #[must_use]
    pub fn is_passing(&self, now: Timestamp) -> bool {
        self.retry_at.is_some_and(|retry_at| retry_at <= now.saturating_add(SOON))
    }
}

// === impl Unit ===

impl Unit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Tokens, Self::Nanodollars];

    /// Its name in states and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Nanodollars => "nanodollars",
        }
    }

    /// The unit of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }
}

// === impl Amounts ===

impl Amounts {
    /// That of a unit.
    #[must_use]
    pub const fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Requests => self.requests,
            Unit::Tokens => self.tokens,
            Unit::Nanodollars => self.nanodollars,
        }
    }
}

// === impl Estimate ===

impl Estimate {
    /// How much is reserved where requests usually use so much. What is not known is at least something: a limit that is used
    /// up lets it not pass.
    #[must_use]
    pub fn amount(self, usual: Option<u64>) -> u64 {
        match self {
            Self::AtMost(amount) => amount,
            Self::AsUsual(otherwise) => usual.unwrap_or(otherwise).max(1),
        }
    }
}

// === impl ClientUse ===

impl ClientUse {
    /// Nothing at all: as if the request had never been.
    pub const NOTHING: Self = Self { is_request: false, tokens: Some(0), nanodollars: Some(0) };

    /// What counts in the place of a reservation.
    #[must_use]
    pub fn amounts(&self, reserved: Amounts) -> Amounts {
        Amounts {
            requests: u64::from(self.is_request),
            tokens: self.tokens.unwrap_or(reserved.tokens),
            nanodollars: self.nanodollars.unwrap_or(reserved.nanodollars),
        }
    }
}

// === impl GaugeStanding ===

impl GaugeStanding {
    /// What is left of it.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.gauge.limit.saturating_sub(self.used.saturating_add(self.reserved))
    }
}

// === impl MeteredLimits ===

impl MeteredLimits {
    /// The limits of one of so many nodes that know nothing of one another: all together keep to them. None becomes nothing.
    #[must_use]
    pub fn share(&self, nodes: usize) -> Self {
        let part = |limit: u64| (limit / nodes.max(1) as u64).max(1);
        let gauges = self.gauges.iter().map(|gauge| Gauge { limit: part(gauge.limit), ..*gauge }).collect();
        let concurrent = self.concurrent.map(|limit| u32::try_from(part(u64::from(limit))).unwrap_or(limit));
        Self { gauges, concurrent }
    }
}
