//! What came of a mix, as its clients and its upstream saw it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::Ledger;

/// What a token costs of the model that is asked, in thousand-millionths of a US dollar.
const INPUT_PRICE: u64 = 150;
const OUTPUT_PRICE: u64 = 600;
/// The longest answer of a mix, in bytes.
const LONGEST_ANSWER: u64 = 8 * 1024;
/// For so long before it is killed a server may not have heard that a client went away.
const UNHEARD: Duration = Duration::from_secs(1);

/// Figures, by the names that the usage API has for them.
pub(super) type Figures = BTreeMap<&'static str, u64>;

/// The figures that are compared.
const COMPARED: [&str; 17] = [
    "requests",
    "errors_client",
    "errors_limited",
    "errors_unavailable",
    "errors_upstream",
    "errors_timeout",
    "errors_aborted",
    "attempts",
    "attempts_limited",
    "attempts_refused",
    "attempts_failed",
    "input_tokens",
    "output_tokens",
    "cost_nanodollars",
    "uncounted",
    "bytes_in",
    "bytes_out",
];

/// How a request ended, as its client saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Whole(StatusCode),
    Broken,
    Left,
}

/// What came of a mix.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of what is certain to have been counted.
    least: Figures,
    /// Of what may have been counted besides.
    more: Figures,
    /// Of requests whose clients went away, with the times when they did.
    left: Vec<(Instant, Figures)>,
    /// Requests that a kill cut off.
    cut: u64,
    /// Answers that were not to be expected: their paths, statuses and number.
    surprises: BTreeMap<(String, u16), u64>,
}

/// One figure, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its name in the usage API.
    pub figure: &'static str,
    /// What clients and upstream have counted at least.
    pub least: u64,
    /// What they have counted with all that a kill cut off.
    pub most: u64,
    /// What is stored.
    pub stored: u64,
}

// === impl Seen ===

impl Seen {
    /// A request has ended.
    pub(super) fn ended(&mut self, ended: Ended, bytes_in: u64, bytes_out: u64, ledger: Ledger) {
        let mut figures = of_ledger(ledger);
        add(&mut figures, [("requests", 1), ("bytes_in", bytes_in), ("bytes_out", bytes_out)]);
        if let Some(error) = error(ended) {
            add(&mut figures, [(error, 1)]);
        }
        if ended == Ended::Left {
            self.left.push((Instant::now(), figures));
        } else {
            add(&mut self.least, figures);
        }
    }

    /// A kill has cut a request off: whether it was counted, and as what, nobody knows.
    pub(super) fn cut(&mut self, bytes_in: u64, ledger: Ledger) {
        self.cut += 1;
        add(&mut self.more, of_ledger(ledger));
        let errors = COMPARED.into_iter().filter(|name| name.starts_with("errors_")).map(|name| (name, 1));
        add(&mut self.more, errors);
        let rest = [("requests", 1), ("uncounted", 1), ("bytes_in", bytes_in), ("bytes_out", LONGEST_ANSWER)];
        add(&mut self.more, rest);
    }

    /// An answer was not to be expected.
    pub(super) fn surprise(&mut self, path: &str, status: StatusCode) {
        *self.surprises.entry((path.to_owned(), status.as_u16())).or_default() += 1;
    }

    /// All is over; the server was killed at these times.
    pub(super) fn close(&mut self, kills: &[Instant]) {
        for (at, figures) in std::mem::take(&mut self.left) {
            let is_heard = kills.iter().all(|kill| *kill < at || *kill - at > UNHEARD);
            add(if is_heard { &mut self.least } else { &mut self.more }, figures);
        }
    }

    /// How many requests a kill cut off.
    #[must_use]
    pub const fn cut_off(&self) -> u64 {
        self.cut
    }

    /// Answers that were not to be expected: their paths, statuses and number.
    #[must_use]
    pub const fn surprises(&self) -> &BTreeMap<(String, u16), u64> {
        &self.surprises
    }

    /// What has been counted of a figure at least.
    #[must_use]
    pub fn least(&self, figure: &str) -> u64 {
        self.least.get(figure).copied().unwrap_or_default()
    }

    /// Each figure beside what is stored of it.
    #[must_use]
    pub fn compare(&self, stored: &BTreeMap<String, u64>) -> Vec<Compared> {
        let compared = COMPARED.into_iter().map(|figure| {
            let least = self.least(figure);
            let most = least + self.more.get(figure).copied().unwrap_or_default();
            Compared { figure, least, most, stored: stored.get(figure).copied().unwrap_or_default() }
        });
        compared.collect()
    }
}

// === impl Compared ===

impl Compared {
    /// Whether what is stored is what was counted.
    #[must_use]
    pub fn is_right(&self) -> bool {
        (self.least..=self.most).contains(&self.stored)
    }
}

fn add(figures: &mut Figures, more: impl IntoIterator<Item = (&'static str, u64)>) {
    for (name, value) in more {
        *figures.entry(name).or_default() += value;
    }
}

fn of_ledger(ledger: Ledger) -> Figures {
    let Ledger { attempts, limited, refused, failed, input_tokens, output_tokens } = ledger;
    Figures::from([
        ("attempts", attempts),
        ("attempts_limited", limited),
        ("attempts_refused", refused),
        ("attempts_failed", failed),
        ("input_tokens", input_tokens),
        ("output_tokens", output_tokens),
        ("cost_nanodollars", input_tokens * INPUT_PRICE + output_tokens * OUTPUT_PRICE),
    ])
}

/// The figure of errors that an end belongs to.
fn error(ended: Ended) -> Option<&'static str> {
    let status = match ended {
        Ended::Left => return Some("errors_aborted"),
        Ended::Broken => return Some("errors_upstream"),
        Ended::Whole(status) => status.as_u16(),
    };
    match status {
        429 => Some("errors_limited"),
        503 => Some("errors_unavailable"),
        504 => Some("errors_timeout"),
        400..500 => Some("errors_client"),
        500.. => Some("errors_upstream"),
        _ => None,
    }
}
