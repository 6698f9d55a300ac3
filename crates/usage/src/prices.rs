//! What models cost: a table that is shipped, a file of the operator's own that comes before it, and prices that were set while the
//! server runs, which come before both.

mod in_force;
mod overrides;

pub use in_force::SharedPrices;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::iter::{once, once_with};
use std::sync::LazyLock;

use rotator_domain::{PriceOverride, Pricing, Timestamp, TokenUsage};
use serde::{Deserialize, Serialize};

use self::overrides::Overrides;

/// The table that is shipped.
const TABLE: &str = include_str!("prices/table.json");
/// The highest price that is believed, in US dollars a million tokens.
const HIGHEST: f64 = 1_000_000.0;
/// A US dollar a million tokens, in thousand-millionths of a thousandth of a US dollar a token.
const PICODOLLARS: f64 = 1_000_000.0;

static SHIPPED: LazyLock<Table> = LazyLock::new(|| {
    // A test reads it; a build with a table that does not read has no prices.
    serde_json::from_str(TABLE).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Table {
    as_of: String,
    models: HashMap<String, Price>,
}

/// What a model costs, in US dollars a million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of the prompt.
    pub input: f64,
    /// Tokens of the prompt that were read from a cache; as all others when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Tokens of the prompt that were written to a cache; as all others when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<f64>,
    /// Tokens of the answer.
    pub output: f64,
    /// What long prompts cost, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrice>,
}

/// What a request costs whose prompt is long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// Prompts of more tokens than these are long.
    pub above: u64,
    /// As in [`Price`].
    pub input: f64,
    /// As in [`Price`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// As in [`Price`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<f64>,
    /// As in [`Price`].
    pub output: f64,
}

/// Why prices were refused.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// They are no JSON of the right shape.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// A price that none can be.
    #[error("{model}: {field} must be 0 to 1000000 US dollars a million tokens")]
    Absurd {
        /// The model.
        model: String,
        /// Which of its prices.
        field: &'static str,
    },
    /// A row without a model.
    #[error("a row has no model")]
    Nameless,
}

/// The prices that hold.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// Those of the operator's file.
    own: HashMap<String, Price>,
    own_since: Option<Timestamp>,
    /// Those that were set.
    set: Overrides,
}

/// Where a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceSource {
    /// The admin API.
    Api,
    /// The operator's file.
    File,
    /// The table that is shipped.
    Shipped,
}

/// A price that holds for the models of a name or a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRow<'a> {
    /// The name, or a pattern with `*` in it.
    pub model: &'a str,
    /// Where the price comes from.
    pub source: PriceSource,
    /// When it was set, or its file changed, where that is known; a shipped one is of [`Prices::as_of`].
    pub since: Option<Timestamp>,
    /// The price.
    pub price: &'a Price,
}

// === impl PriceSource ===

impl PriceSource {
    /// Its name in the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::File => "file",
            Self::Shipped => "shipped",
        }
    }
}

// === impl Prices ===

impl Prices {
    /// The shipped table, and before it rows of the operator's own.
    ///
    /// # Errors
    /// Names the row that cannot be.
    pub fn with(rows: impl IntoIterator<Item = (String, Price)>) -> Result<Self, PriceError> {
        let mut own = HashMap::new();
        for (model, price) in rows {
            let name = model.trim().to_ascii_lowercase();
            if name.is_empty() {
                return Err(PriceError::Nameless);
            }
            price.check().map_err(|field| PriceError::Absurd { model, field })?;
            own.insert(name, price);
        }
        Ok(Self { own, ..Self::default() })
    }

    /// The same, with the time at which the operator's own rows were written.
    #[must_use]
    pub fn since(self, since: Option<Timestamp>) -> Self {
        Self { own_since: since, ..self }
    }

    /// The same with these prices that were set, in the place of all that were.
    #[must_use]
    pub fn with_overrides(&self, overrides: Vec<PriceOverride>) -> Self {
        Self { set: Overrides::new(overrides), ..self.clone() }
    }

    /// Reads rows of the operator's own: a JSON object of models and their prices.
    ///
    /// # Errors
    /// Names the place or the row that is wrong.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        Self::with(serde_json::from_str::<BTreeMap<String, Price>>(text)?)
    }

    /// The day of the shipped table, as RFC 3339 writes it.
    #[must_use]
    pub fn as_of() -> &'static str {
        &SHIPPED.as_of
    }

    /// What a model costs: by its own name, without the vendor before it, or without the date behind it; what was set first,
    /// then the operator's own rows. Of what was set a name comes before a pattern, and a pattern that says more before one
    /// that says less.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<&Price> {
        let is_lowercase = !model.bytes().any(|byte| byte.is_ascii_uppercase());
        let name = if is_lowercase { Cow::Borrowed(model) } else { Cow::Owned(model.to_ascii_lowercase()) };
        self.set.of(&name).or_else(|| {
            let mut tables = [&self.own, &SHIPPED.models].into_iter().filter(|table| !table.is_empty());
            tables.find_map(|table| names(&name).find_map(|name| table.get(name)))
        })
    }

    /// All prices that hold, ordered by model. One in whose place another holds is not among them.
    #[must_use]
    pub fn rows(&self) -> Vec<PriceRow<'_>> {
        let file = self.own.iter().map(|(model, price)| (model, PriceSource::File, self.own_since, price));
        let shipped = SHIPPED.models.iter().map(|(model, price)| (model, PriceSource::Shipped, None, price));
        let named = file.chain(shipped).map(|(model, source, since, price)| PriceRow { model, source, since, price });
        let holding = named.filter(|row| self.of(row.model).is_some_and(|price| std::ptr::eq(price, row.price)));
        let mut rows: Vec<_> = self.set.rows().chain(holding).collect();
        rows.sort_by(|one, other| (one.model, one.source).cmp(&(other.model, other.source)));
        rows
    }
}

impl Pricing for Prices {
    fn cost(&self, model: &str, tokens: &TokenUsage) -> Option<u64> {
        self.of(model).map(|price| price.of(tokens))
    }
}

/// The names under which a model may stand in a table.
fn names(model: &str) -> impl Iterator<Item = &str> {
    // One after the other: nearly always the first is the one.
    let with_and_without_date = |name| once(name).chain(once_with(move || undated(name)).flatten());
    let plain = once_with(move || model.rsplit_once('/')).flatten().map(|(_, name)| name);
    with_and_without_date(model).chain(plain.flat_map(with_and_without_date))
}

/// A name without a date behind it: `-20250929` or `-2024-08-06`.
fn undated(name: &str) -> Option<&str> {
    let is_date =
        |text: &str| text.len() >= 8 && text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, last) = name.rsplit_once('-')?;
    if is_date(last) {
        return Some(rest);
    }
    let begin = name.len().checked_sub("-2024-08-06".len())?;
    let (rest, date) = (name.get(..begin)?, name.get(begin..)?.strip_prefix('-')?);
    let digits: String = date.split('-').collect();
    (date.split('-').count() == 3 && is_date(&digits)).then_some(rest)
}

// === impl Price ===

impl Price {
    /// What so many tokens cost, in thousand-millionths of a US dollar.
    fn of(&self, tokens: &TokenUsage) -> u64 {
        let (input, cached, written, output) = match &self.long {
            Some(long) if tokens.input > long.above => (long.input, long.cached, long.cache_written, long.output),
            _ => (self.input, self.cached, self.cache_written, self.output),
        };
        let plain = tokens.input.saturating_sub(tokens.cached).saturating_sub(tokens.cache_written);
        let parts = [
            (plain, input),
            (tokens.cached, cached.unwrap_or(input)),
            (tokens.cache_written, written.unwrap_or(input)),
            (tokens.output, output),
        ];
        let picodollars: u128 = parts.into_iter().map(|(tokens, price)| u128::from(tokens) * picodollars(price)).sum();
        u64::try_from(picodollars / 1000).unwrap_or(u64::MAX)
    }

    /// Checks that each price is 0 to 1,000,000 US dollars a million tokens.
    ///
    /// # Errors
    /// Names the field that none can be.
    pub fn check(&self) -> Result<(), &'static str> {
        let long = self.long.as_ref();
        let fields = [
            ("input", Some(self.input)),
            ("cached", self.cached),
            ("cache_written", self.cache_written),
            ("output", Some(self.output)),
            ("long.input", long.map(|long| long.input)),
            ("long.cached", long.and_then(|long| long.cached)),
            ("long.cache_written", long.and_then(|long| long.cache_written)),
            ("long.output", long.map(|long| long.output)),
        ];
        let absurd = |(_, price): &(_, Option<f64>)| price.is_some_and(|price| !(0.0..=HIGHEST).contains(&price));
        fields.into_iter().find(absurd).map_or(Ok(()), |(field, _)| Err(field))
    }
}

/// A price of one token; whoever made the price has checked it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 1e12")]
fn picodollars(dollars_a_million: f64) -> u128 {
    (dollars_a_million * PICODOLLARS).round() as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: u64, cached: u64, cache_written: u64, output: u64) -> TokenUsage {
        TokenUsage { input, cached, cache_written, output, reasoning: output }
    }

    #[test]
    fn the_shipped_table_reads_and_makes_sense() {
        let table: Table = serde_json::from_str(TABLE).unwrap();
        assert_eq!(table.as_of.len(), "2026-01-01".len());
        assert!(table.models.len() > 300);
        for (model, price) in &table.models {
            assert_eq!(price.check(), Ok(()), "{model}");
            assert_eq!(model, &model.to_ascii_lowercase());
            assert!(price.cached.is_none_or(|cached| cached <= price.input), "{model}");
        }
    }

    #[test]
    fn costs_are_exact() {
        let prices = Prices::read(
            r#"{"M": {"input": 2.5, "cached": 1.25, "cache_written": 3.125, "output": 10,
                "long": {"above": 1000, "input": 5, "output": 15}}, "cheap": {"input": 0.0028, "output": 0}}"#,
        )
        .unwrap();
        let cost = |model: &str, tokens| prices.cost(model, &tokens);
        assert_eq!(cost("m", tokens(1000, 0, 0, 100)), Some(2_500_000 + 1_000_000));
        assert_eq!(cost("m", tokens(1000, 400, 100, 0)), Some(500 * 2500 + 400 * 1250 + 100 * 3125));
        assert_eq!(cost("m", tokens(1001, 400, 0, 1)), Some(1001 * 5000 + 15_000));
        assert_eq!(cost("cheap", tokens(5, 0, 0, 9)), Some(14));
        assert_eq!(cost("m", tokens(1, 5, 5, 0)), Some(5 * 1250 + 5 * 3125));
        assert_eq!(cost("m", TokenUsage { input: u64::MAX, ..tokens(0, 0, 0, 0) }), Some(u64::MAX));
        assert_eq!(cost("nobody", tokens(1, 0, 0, 1)), None);
    }

    #[test]
    fn a_model_is_found_without_its_vendor_and_its_date() {
        let prices =
            Prices::with([("own-model".to_owned(), prices_of(7.0)), ("gpt-4o".to_owned(), prices_of(1.0))]).unwrap();
        let input = |model: &str| prices.of(model).map(|price| price.input);
        for name in ["own-model", "OWN-MODEL", "vendor/own-model", "own-model-20260101", "a/b/own-model-2026-01-01"] {
            assert_eq!(input(name), Some(7.0), "{name}");
        }
        assert_eq!(input("gpt-4o-2024-11-20"), Some(1.0), "the operator's own row comes first");
        assert_eq!(input("claude-sonnet-4-5-20250929"), Some(3.0));
        for name in ["own-model-1", "own", "own-model-2026", "own-model-10260101", "-2026-01-01", "", "é-2026-01-01"] {
            assert_eq!(input(name), None, "{name}");
        }
    }

    #[test]
    fn a_bad_row_is_named() {
        let cases = [
            ("[]", "invalid type"),
            (r#"{"a": {"input": -1, "output": 1}}"#, "a: input must"),
            (r#"{"a": {"input": 1, "output": 1e7}}"#, "a: output must"),
            (r#"{"a": {"input": 1, "output": 1, "cached": -0.1}}"#, "a: cached must"),
            (
                r#"{"a": {"input": 1, "output": 1, "long": {"above": 1, "input": 1, "output": -2}}}"#,
                "a: long.output must",
            ),
            (r#"{"a": {"input": 1}}"#, "missing field `output`"),
            (r#"{"a": {"input": 1, "output": 1, "x": 1}}"#, "unknown field `x`"),
            ("{\"a\": {\"input\": 1,\n \"output\": }}", "line 2"),
            (r#"{" ": {"input": 1, "output": 1}}"#, "has no model"),
        ];
        for (text, expected) in cases {
            let message = Prices::read(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    fn prices_of(input: f64) -> Price {
        Price { input, cached: None, cache_written: None, output: 0.0, long: None }
    }
}
