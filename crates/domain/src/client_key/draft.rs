//! A client key as somebody wrote it.

use super::policy::check;
use super::{Budget, ClientKey, ClientLimits, ClientPolicy, Network};
use crate::metering::{Span, Unit};
use crate::rotation::Glob;
use crate::validation::{Checks, short_text};
use crate::{FieldError, Invalid, Timestamp};

const LONGEST_NAME: usize = 100;
/// The money that is known, and how it is divided here.
const US_DOLLAR: &str = "usd";
const NANODOLLARS: f64 = 1e9;

/// What an operator says of a client key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientKeyDraft {
    /// What the operator calls it.
    pub name: String,
    /// Whether it opens the doors.
    pub is_active: bool,
    /// From when on it does not.
    pub expires_at: Option<Timestamp>,
    /// The slugs of services, `*` for any text.
    pub services: Vec<String>,
    /// The models, `*` for any text.
    pub models: Vec<String>,
    /// From where requests may come, in CIDR notation.
    pub sources: Vec<String>,
    /// How much it may use.
    pub limits: ClientLimitsDraft,
}

/// What an operator says of its limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientLimitsDraft {
    /// Requests in a minute.
    pub rpm: Option<u64>,
    /// Requests in a day.
    pub rpd: Option<u64>,
    /// Tokens in a minute.
    pub tpm: Option<u64>,
    /// Tokens in a day.
    pub tpd: Option<u64>,
    /// Requests in flight.
    pub max_concurrency: Option<u32>,
    /// What may be spent.
    pub budgets: Vec<BudgetDraft>,
}

/// What an operator says of a budget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetDraft {
    /// How much.
    pub amount: f64,
    /// `usd` or `tokens`.
    pub unit: String,
    /// `day`, `week`, `month` or `total`.
    pub period: String,
}

// === impl ClientKeyDraft ===

impl ClientKeyDraft {
    /// Makes a key what the draft says; its value stays.
    ///
    /// # Errors
    /// Names every field that is refused.
    pub fn apply(self, key: ClientKey) -> Result<ClientKey, Invalid> {
        let mut checks = Checks::default();
        let name = self.name.trim().to_owned();
        checks.take(short_text("name", &name, LONGEST_NAME));
        let read = |(at, text): (usize, String)| {
            text.trim().parse::<Network>().map_err(|message| FieldError::new(format!("sources[{at}]"), message))
        };
        let sources = self.sources.into_iter().enumerate().filter_map(|source| checks.take(read(source))).collect();
        let budgets = self.limits.budgets.iter().enumerate();
        let policy = ClientPolicy {
            services: self.services.into_iter().map(Glob::new).collect(),
            models: self.models.into_iter().map(Glob::new).collect(),
            sources,
            limits: ClientLimits {
                requests_per_minute: self.limits.rpm,
                requests_per_day: self.limits.rpd,
                tokens_per_minute: self.limits.tpm,
                tokens_per_day: self.limits.tpd,
                concurrent: self.limits.max_concurrency,
                budgets: budgets.filter_map(|(at, budget)| budget.read(at, &mut checks)).collect(),
            },
        };
        check(&mut checks, &policy);
        let (is_active, expires_at) = (self.is_active, self.expires_at);
        checks.finish(Some(ClientKey { name, is_active, expires_at, policy, ..key }))
    }
}

impl From<&ClientKey> for ClientKeyDraft {
    fn from(key: &ClientKey) -> Self {
        let ClientPolicy { services, models, sources, limits } = &key.policy;
        let texts = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
        Self {
            name: key.name.clone(),
            is_active: key.is_active,
            expires_at: key.expires_at,
            services: texts(services),
            models: texts(models),
            sources: sources.iter().map(ToString::to_string).collect(),
            limits: ClientLimitsDraft {
                rpm: limits.requests_per_minute,
                rpd: limits.requests_per_day,
                tpm: limits.tokens_per_minute,
                tpd: limits.tokens_per_day,
                max_concurrency: limits.concurrent,
                budgets: limits.budgets.iter().map(BudgetDraft::from).collect(),
            },
        }
    }
}

// === impl BudgetDraft ===

impl BudgetDraft {
    fn read(&self, at: usize, checks: &mut Checks) -> Option<Budget> {
        let field = |name: &str| format!("limits.budgets[{at}].{name}");
        let unit = match self.unit.to_ascii_lowercase().as_str() {
            US_DOLLAR => Some(Unit::Nanodollars),
            name => Unit::from_name(name).filter(|unit| *unit == Unit::Tokens),
        };
        if unit.is_none() {
            checks.refuse(&field("unit"), "must be usd or tokens");
        }
        let period = Span::from_name(&self.period.to_ascii_lowercase());
        if period.is_none() {
            checks.refuse(&field("period"), "must be day, week, month or total");
        }
        let factor = if unit == Some(Unit::Nanodollars) { NANODOLLARS } else { 1.0 };
        let amount = whole(self.amount * factor);
        if amount.is_none() {
            checks.refuse(&field("amount"), "must be more than 0, and tokens must be whole");
        }
        Some(Budget { unit: unit?, amount: amount?, period: period? })
    }
}

/// A number without a fraction. One of money comes multiplied, so that what is left of its fraction is less than can be told.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is positive, and what is too large is refused"
)]
fn whole(number: f64) -> Option<u64> {
    const NOTHING: f64 = 1e-3;
    let rounded = number.round();
    let is_whole = (number - rounded).abs() <= NOTHING.max(rounded.abs() * f64::EPSILON * 4.0);
    (is_whole && rounded >= 1.0).then_some(rounded as u64)
}

impl From<&Budget> for BudgetDraft {
    #[expect(clippy::cast_precision_loss, reason = "the largest budget is less than 2^53")]
    fn from(budget: &Budget) -> Self {
        let amount = budget.amount as f64;
        let (amount, unit) = match budget.unit {
            Unit::Nanodollars => (amount / NANODOLLARS, US_DOLLAR),
            unit => (amount, unit.name()),
        };
        Self { amount, unit: unit.to_owned(), period: budget.period.name().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientKeyId, Digest};

    fn key() -> ClientKey {
        ClientKey::new(ClientKeyId(1), "first".to_owned(), "rk-abcdef", Digest([1; 32]), Timestamp::EPOCH)
    }

    fn budget(amount: f64, unit: &str, period: &str) -> BudgetDraft {
        BudgetDraft { amount, unit: unit.to_owned(), period: period.to_owned() }
    }

    fn rich() -> ClientKeyDraft {
        ClientKeyDraft {
            name: " team ".to_owned(),
            is_active: false,
            expires_at: Some(Timestamp::from_millis(5)),
            services: vec!["openai".to_owned()],
            models: vec!["gpt-*".to_owned()],
            sources: vec!["10.0.0.0/8".to_owned(), "::1".to_owned()],
            limits: ClientLimitsDraft {
                rpm: Some(60),
                rpd: Some(1_000_000_000_000),
                tpm: Some(1),
                tpd: Some(2),
                max_concurrency: Some(3),
                budgets: vec![budget(10.01, "USD", "month"), budget(1_000_000.0, "tokens", "total")],
            },
        }
    }

    #[test]
    fn a_draft_reads_back_from_the_key_that_it_made() {
        let made = rich().apply(key()).unwrap();
        assert_eq!((made.name.as_str(), &made.digest), ("team", &key().digest));
        let amounts: Vec<u64> = made.policy.limits.budgets.iter().map(|budget| budget.amount).collect();
        assert_eq!(amounts, [10_010_000_000, 1_000_000]);
        let again = ClientKeyDraft::from(&made).apply(key()).unwrap();
        assert_eq!(again, made);
    }

    #[test]
    fn every_bad_field_is_named() {
        let limits = |limits: ClientLimitsDraft| ClientKeyDraft { limits, ..rich() };
        let budgets = |budgets: &[BudgetDraft]| {
            limits(ClientLimitsDraft { budgets: budgets.to_vec(), ..ClientLimitsDraft::default() })
        };
        let rate = ClientLimitsDraft::default;
        let cases = [
            (ClientKeyDraft { name: "  ".to_owned(), ..rich() }, "name"),
            (ClientKeyDraft { services: vec![String::new()], ..rich() }, "services[0]"),
            (ClientKeyDraft { models: vec!["m".repeat(201)], ..rich() }, "models[0]"),
            (ClientKeyDraft { models: vec!["m".to_owned(); 101], ..rich() }, "models"),
            (
                ClientKeyDraft { sources: vec!["10.0.0.0/8".to_owned(), "10.0.0.0/80".to_owned()], ..rich() },
                "sources[1]",
            ),
            (limits(ClientLimitsDraft { rpm: Some(0), ..rate() }), "limits.rpm"),
            (limits(ClientLimitsDraft { rpd: Some(u64::MAX), ..rate() }), "limits.rpd"),
            (limits(ClientLimitsDraft { tpm: Some(0), ..rate() }), "limits.tpm"),
            (limits(ClientLimitsDraft { tpd: Some(1_000_000_000_001), ..rate() }), "limits.tpd"),
            (limits(ClientLimitsDraft { max_concurrency: Some(0), ..rate() }), "limits.max_concurrency"),
            (budgets(&[budget(-1.0, "usd", "day")]), "limits.budgets[0].amount"),
            (budgets(&[budget(0.5, "tokens", "day")]), "limits.budgets[0].amount"),
            (budgets(&[budget(1_000_001.0, "usd", "day")]), "limits.budgets[0].amount"),
            (budgets(&[budget(f64::NAN, "usd", "day")]), "limits.budgets[0].amount"),
            (budgets(&[budget(1e300, "usd", "day")]), "limits.budgets[0].amount"),
            (budgets(&[budget(1.0, "eur", "day")]), "limits.budgets[0].unit"),
            (budgets(&[budget(1.0, "requests", "day")]), "limits.budgets[0].unit"),
            (budgets(&[budget(1.0, "usd", "minute")]), "limits.budgets[0].period"),
            (budgets(&[budget(1.0, "usd", "year")]), "limits.budgets[0].period"),
            (budgets(&[budget(1.0, "usd", "day"), budget(2.0, "usd", "day")]), "limits.budgets[1].period"),
        ];
        for (draft, field) in cases {
            let Invalid(errors) = draft.apply(key()).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}
