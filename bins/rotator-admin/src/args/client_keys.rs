//! `client-keys ...`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use rotator_admin_api::wire::{Budget, ClientKeyBody, ClientKeyPatch, ClientLimits, ClientLimitsPatch};

use super::policy::{Emptiable, without_empty};
use super::times::Expiry;

#[derive(Debug, Subcommand)]
pub(crate) enum ClientKeysCommand {
    /// List the client keys, without their values.
    List,
    /// Make a client key; it is shown this once.
    Create {
        /// What it is called.
        name: String,
        /// Make it disabled.
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        flags: Box<ClientKeyFlags>,
    },
    /// Show a client key and what it has used of its limits.
    Show {
        /// Its id.
        id: i64,
    },
    /// Change what is named of a client key; an empty value takes a limit, a list or the expiry away.
    Update {
        /// Its id.
        id: i64,
        /// What it is called.
        #[arg(long)]
        name: Option<String>,
        /// Let it open the doors.
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Keep it from opening the doors.
        #[arg(long)]
        disable: bool,
        #[command(flatten)]
        flags: Box<ClientKeyFlags>,
    },
    /// Give a client key another value, which is shown this once.
    Rotate {
        /// Its id.
        id: i64,
        /// How long the old value opens the doors as well, such as 90s, 30m, 24h or 7d; not at all when absent.
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = super::times::seconds)]
        grace: u64,
    },
    /// Delete a client key; it opens no door from now on.
    Delete {
        /// Its id.
        id: i64,
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
}

/// What a client key may do.
#[derive(Debug, Default, Args)]
pub(crate) struct ClientKeyFlags {
    /// After which time it stops to work, such as 12h or 30d, or when, such as 2030-01-31T12:00:00Z; never when empty.
    #[arg(long, value_name = "TIME")]
    expires: Option<Emptiable<Expiry>>,
    /// The slug of a service that it may use, * in it for any text; may come more than once. All when empty.
    #[arg(long = "service", value_name = "GLOB")]
    services: Vec<String>,
    /// A model that it may ask for, * in it for any text; may come more than once. All when empty.
    #[arg(long = "model", value_name = "GLOB")]
    models: Vec<String>,
    /// An address or a network from which it may be used; may come more than once. All when empty.
    #[arg(long = "source", value_name = "CIDR")]
    sources: Vec<String>,
    /// Requests in a minute.
    #[arg(long, value_name = "COUNT")]
    rpm: Option<Emptiable<u64>>,
    /// Requests in a day.
    #[arg(long, value_name = "COUNT")]
    rpd: Option<Emptiable<u64>>,
    /// Tokens in a minute.
    #[arg(long, value_name = "COUNT")]
    tpm: Option<Emptiable<u64>>,
    /// Tokens in a day.
    #[arg(long, value_name = "COUNT")]
    tpd: Option<Emptiable<u64>>,
    /// Requests in flight.
    #[arg(long, value_name = "COUNT")]
    max_concurrency: Option<Emptiable<u32>>,
    /// What may be spent, such as 10usd/month, 1000000tokens/day or 50usd/total; may come more than once. None when empty.
    #[arg(long = "budget", value_name = "AMOUNT")]
    budgets: Vec<Emptiable<BudgetFlag>>,
}

/// A budget as it is typed. Which units and periods there are the server knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BudgetFlag(Budget);

// === impl ClientKeyFlags ===

impl ClientKeyFlags {
    /// A new key.
    pub(crate) fn into_new(self, name: String, is_active: bool) -> ClientKeyBody {
        let budgets = budgets(self.budgets).unwrap_or_default();
        ClientKeyBody {
            name,
            is_active,
            expires_at: self.expires.and_then(Emptiable::said).map(|Expiry(at)| at),
            services: without_empty(self.services),
            models: without_empty(self.models),
            sources: without_empty(self.sources),
            limits: ClientLimits {
                rpm: self.rpm.and_then(Emptiable::said),
                rpd: self.rpd.and_then(Emptiable::said),
                tpm: self.tpm.and_then(Emptiable::said),
                tpd: self.tpd.and_then(Emptiable::said),
                max_concurrency: self.max_concurrency.and_then(Emptiable::said),
                budgets,
            },
        }
    }

    /// What to change of a key.
    pub(crate) fn into_patch(self, name: Option<String>, is_active: Option<bool>) -> ClientKeyPatch {
        let list = |list: Vec<String>| Some(list).filter(|list| !list.is_empty()).map(without_empty).map(Some);
        let limits = ClientLimitsPatch {
            rpm: self.rpm.map(Emptiable::said),
            rpd: self.rpd.map(Emptiable::said),
            tpm: self.tpm.map(Emptiable::said),
            tpd: self.tpd.map(Emptiable::said),
            max_concurrency: self.max_concurrency.map(Emptiable::said),
            budgets: budgets(self.budgets).map(Some),
        };
        ClientKeyPatch {
            name,
            is_active,
            expires_at: self.expires.map(|expires| expires.said().map(|Expiry(at)| at)),
            services: list(self.services),
            models: list(self.models),
            sources: list(self.sources),
            limits: Some(limits).filter(|limits| *limits != ClientLimitsPatch::default()).map(Some),
        }
    }
}

/// The budgets, if anything was said of them.
fn budgets(said: Vec<Emptiable<BudgetFlag>>) -> Option<Vec<Budget>> {
    let is_said = !said.is_empty();
    let budgets = said.into_iter().filter_map(Emptiable::said).map(|BudgetFlag(budget)| budget).collect();
    is_said.then_some(budgets)
}

// === impl BudgetFlag ===

impl FromStr for BudgetFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "must be an amount, a unit and a period, such as 10usd/month or 1000000tokens/day".to_owned();
        let (spent, period) = text.split_once('/').ok_or_else(form)?;
        let spent = spent.trim();
        let unit_at = spent.find(|character: char| character.is_alphabetic()).ok_or_else(form)?;
        let (amount, unit) = spent.split_at(unit_at);
        let amount = amount.trim().parse::<f64>().ok().filter(|amount| amount.is_finite()).ok_or_else(form)?;
        Ok(Self(Budget { amount, unit: unit.to_owned(), period: period.trim().to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_typed_as_they_are_said() {
        let read = |text: &str| text.parse().map(|BudgetFlag(Budget { amount, unit, period })| (amount, unit, period));
        let of = |amount, unit: &str, period: &str| Ok((amount, unit.to_owned(), period.to_owned()));
        assert_eq!(read("10usd/month"), of(10.0, "usd", "month"));
        assert_eq!(read("0.5 USD / day"), of(0.5, "USD", "day"));
        assert_eq!(read("1000000tokens/total"), of(1_000_000.0, "tokens", "total"));
        assert_eq!(read("-1usd/day"), of(-1.0, "usd", "day"));
        for text in ["", "10usd", "usd/day", "10/day", "x10usd/day"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
