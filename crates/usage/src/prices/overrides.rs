//! Prices that were set while the server runs: of models by name, and of all that a pattern fits.

use std::cmp::Reverse;
use std::collections::HashMap;

use rotator_domain::rotation::Glob;
use rotator_domain::{PriceOverride, Timestamp, TokenPrice};

use super::{LongPrice, PICODOLLARS, Price, PriceRow, PriceSource, names, picodollars};

/// What was set.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    named: HashMap<String, Set>,
    /// Those that say more come first.
    patterns: Vec<(Glob, Set)>,
}

#[derive(Clone, Debug)]
struct Set {
    price: Price,
    since: Timestamp,
}

// === impl Overrides ===

impl Overrides {
    pub(super) fn new(overrides: Vec<PriceOverride>) -> Self {
        let (mut named, mut patterns) = (HashMap::new(), Vec::new());
        for PriceOverride { pattern, price, long, updated_at } in overrides {
            let set = Set { price: Price::of_tokens(price, long), since: updated_at };
            if pattern.as_str().contains('*') {
                patterns.push((pattern, set));
            } else {
                named.insert(pattern.as_str().to_owned(), set);
            }
        }
        patterns.sort_by_cached_key(|(pattern, _)| {
            let letters = pattern.as_str().chars().filter(|char| *char != '*').count();
            (Reverse(letters), pattern.as_str().to_owned())
        });
        Self { named, patterns }
    }

    /// The price of a model whose name is in small letters.
    pub(super) fn of(&self, model: &str) -> Option<&Price> {
        if self.named.is_empty() && self.patterns.is_empty() {
            return None;
        }
        let named = names(model).find_map(|name| self.named.get(name));
        let set = named.or_else(|| {
            let fits = |(pattern, _): &&(Glob, Set)| names(model).any(|name| pattern.matches(name));
            self.patterns.iter().find(fits).map(|(_, set)| set)
        });
        set.map(|set| &set.price)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = PriceRow<'_>> {
        let named = self.named.iter().map(|(model, set)| (model.as_str(), set));
        let patterns = self.patterns.iter().map(|(pattern, set)| (pattern.as_str(), set));
        named.chain(patterns).map(|(model, Set { price, since })| PriceRow {
            model,
            source: PriceSource::Api,
            since: Some(*since),
            price,
        })
    }
}

// === impl Price ===

impl Price {
    /// A price as it is stored, in US dollars a million tokens.
    #[must_use]
    pub fn of_tokens(price: TokenPrice, long: Option<(u64, TokenPrice)>) -> Self {
        let TokenPrice { input, cached, cache_written, output } = price;
        Self {
            input: dollars(input),
            cached: cached.map(dollars),
            cache_written: cache_written.map(dollars),
            output: dollars(output),
            long: long.map(|(above, TokenPrice { input, cached, cache_written, output })| LongPrice {
                above,
                input: dollars(input),
                cached: cached.map(dollars),
                cache_written: cache_written.map(dollars),
                output: dollars(output),
            }),
        }
    }

    /// The price as it is stored.
    #[must_use]
    pub fn of_token(&self) -> (TokenPrice, Option<(u64, TokenPrice)>) {
        let price = |input, cached: Option<f64>, cache_written: Option<f64>, output| TokenPrice {
            input: stored(input),
            cached: cached.map(stored),
            cache_written: cache_written.map(stored),
            output: stored(output),
        };
        let long = self.long.as_ref();
        let long = long.map(|long| (long.above, price(long.input, long.cached, long.cache_written, long.output)));
        (price(self.input, self.cached, self.cache_written, self.output), long)
    }
}

fn dollars(picodollars: u64) -> f64 {
    picodollars as f64 / PICODOLLARS
}

fn stored(dollars: f64) -> u64 {
    u64::try_from(picodollars(dollars)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prices;

    fn set(pattern: &str, dollars: u64) -> PriceOverride {
        let price = TokenPrice { input: dollars * 1_000_000, cached: None, cache_written: None, output: 0 };
        let (pattern, updated_at) = (Glob::new(pattern), Timestamp::from_millis(7));
        PriceOverride { pattern, price, long: None, updated_at }
    }

    #[test]
    fn what_was_set_comes_first_and_a_name_before_a_pattern() {
        let own =
            Prices::read(r#"{"gpt-4o": {"input": 90, "output": 0}, "mine": {"input": 91, "output": 0}}"#).unwrap();
        let overrides = vec![set("*", 1), set("gpt-*", 2), set("gpt-*-mini", 3), set("gpt-4o-mini", 4), set("x/*", 5)];
        let prices = own.with_overrides(overrides);
        let input = |model: &str| prices.of(model).map(|price| price.input);
        for (model, expected) in [
            ("gpt-4o-mini", 4.0),
            ("openai/GPT-4o-mini-2024-07-18", 4.0),
            ("gpt-4.1-mini", 3.0),
            ("vendor/gpt-4.1-mini", 3.0),
            ("gpt-4o", 2.0),
            ("x/gpt", 5.0),
            ("mine", 1.0),
            ("nobody-knows", 1.0),
        ] {
            assert_eq!(input(model), Some(expected), "{model}");
        }
        let without = prices.with_overrides(vec![set("gpt-*", 2)]);
        let input = |model: &str| without.of(model).map(|price| price.input);
        assert_eq!((input("gpt-4o"), input("mine"), input("nobody-knows")), (Some(2.0), Some(91.0), None));
    }

    #[test]
    fn rows_are_those_that_hold() {
        let own =
            Prices::read(r#"{"mine": {"input": 91, "output": 0}, "gpt-4o": {"input": 90, "output": 0}}"#).unwrap();
        let own = own.since(Some(Timestamp::from_millis(5)));
        let prices = own.with_overrides(vec![set("gpt-*", 2), set("mine", 3)]);
        let rows = prices.rows();
        assert!(rows.is_sorted_by(|one, other| one.model <= other.model));
        let row = |model: &str| rows.iter().find(|row| row.model == model).map(|row| (row.source, row.since));
        let since = |millis| Some(Timestamp::from_millis(millis));
        assert_eq!(row("gpt-*"), Some((PriceSource::Api, since(7))));
        assert_eq!(row("mine"), Some((PriceSource::Api, since(7))));
        assert_eq!(rows.iter().filter(|row| row.model == "mine").count(), 1);
        assert!(!rows.iter().any(|row| row.model.starts_with("gpt-") && row.source != PriceSource::Api));
        assert_eq!(row("claude-sonnet-4-5"), Some((PriceSource::Shipped, None)));
        let rows = own.rows();
        let file = rows.iter().filter(|row| row.source == PriceSource::File);
        assert_eq!(
            file.map(|row| (row.model, row.since)).collect::<Vec<_>>(),
            [("gpt-4o", since(5)), ("mine", since(5))]
        );
    }

    #[test]
    fn what_is_stored_is_what_was_set() {
        let text = r#"{"input": 0.0028, "cached": 0, "cache_written": 999999.999999, "output": 1000000,
            "long": {"above": 200000, "input": 0.000001, "cached": 0.1, "output": 22.5}}"#;
        let price: Price = serde_json::from_str(text).unwrap();
        let (token, long) = price.of_token();
        assert_eq!((token.input, token.cache_written, token.output), (2_800, Some(999_999_999_999), 1_000_000_000_000));
        assert_eq!(Price::of_tokens(token, long), price);
    }
}
