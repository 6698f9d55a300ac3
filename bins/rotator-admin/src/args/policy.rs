//! How services and keys are used: the flags that they share.

use std::str::FromStr;

use clap::Args;
use rotator_admin_api::wire::{KeyPatch, Limits, LimitsPatch, NewKey};

/// A value, or nothing in place of the one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emptiable<T>(Option<T>);

/// Declared limits; an empty value takes one away.
#[derive(Debug, Default, Args)]
pub(crate) struct LimitFlags {
    /// Requests in any 60 seconds.
    #[arg(long, value_name = "COUNT")]
    rpm: Option<Emptiable<u32>>,
    /// Tokens in any 60 seconds.
    #[arg(long, value_name = "COUNT")]
    tpm: Option<Emptiable<u32>>,
    /// Requests in any 24 hours.
    #[arg(long, value_name = "COUNT")]
    rpd: Option<Emptiable<u32>>,
    /// Requests in flight.
    #[arg(long, value_name = "COUNT")]
    max_concurrency: Option<Emptiable<u32>>,
}

/// How a key is used; what is absent stays as it is, or takes its usual value.
#[derive(Debug, Default, Args)]
pub(crate) struct KeyFlags {
    /// What you call it.
    #[arg(long)]
    label: Option<String>,
    /// How often it is used under the strategy weighted, in proportion to the others; 1 to 65536.
    #[arg(long)]
    weight: Option<u32>,
    /// Keys of a lower tier are used first; 0 to 255.
    #[arg(long)]
    tier: Option<u8>,
    #[command(flatten)]
    limits: LimitFlags,
    /// A model that it may serve, * in it for any text; may come more than once. All models when empty.
    #[arg(long = "model", value_name = "GLOB")]
    models: Vec<String>,
    /// The keys with which it shares its upstream quota.
    #[arg(long, value_name = "NAME")]
    quota_group: Option<String>,
}

// === impl Emptiable ===

impl<T> Emptiable<T> {
    /// The value, if it is not empty.
    pub(crate) fn said(self) -> Option<T> {
        self.0
    }

    /// Writes what was said, if anything was.
    pub(crate) fn write(said: Option<Self>, field: &mut Option<T>) {
        if let Some(Self(value)) = said {
            *field = value;
        }
    }
}

impl<T: FromStr> FromStr for Emptiable<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

// === impl LimitFlags ===

impl LimitFlags {
    /// Changes what is named.
    pub(crate) fn write_to(self, field: &mut Option<Limits>) {
        let mut limits = field.unwrap_or_default();
        Emptiable::write(self.rpm, &mut limits.rpm);
        Emptiable::write(self.tpm, &mut limits.tpm);
        Emptiable::write(self.rpd, &mut limits.rpd);
        Emptiable::write(self.max_concurrency, &mut limits.max_concurrency);
        *field = Some(limits).filter(|limits| *limits != Limits::default());
    }

    fn into_patch(self) -> Option<LimitsPatch> {
        let said = |limit: Option<Emptiable<u32>>| limit.map(|Emptiable(limit)| limit);
        let patch = LimitsPatch {
            rpm: said(self.rpm),
            tpm: said(self.tpm),
            rpd: said(self.rpd),
            max_concurrency: said(self.max_concurrency),
        };
        Some(patch).filter(|patch| *patch != LimitsPatch::default())
    }
}

// === impl KeyFlags ===

impl KeyFlags {
    /// A new key.
    pub(crate) fn into_new(self, key_value: String, is_active: bool) -> NewKey {
        let mut key = NewKey { is_active, label: self.label, ..NewKey::new(key_value) };
        key.weight = self.weight;
        key.tier = self.tier;
        self.limits.write_to(&mut key.limits);
        key.models = Some(without_empty(self.models)).filter(|models| !models.is_empty());
        key.quota_group = self.quota_group.filter(|group| !group.is_empty());
        key
    }

    /// What to change of a key.
    pub(crate) fn into_patch(self) -> KeyPatch {
        let said = |text: Option<String>| text.map(|text| Some(text).filter(|text| !text.is_empty()));
        KeyPatch {
            is_active: None,
            label: said(self.label),
            weight: self.weight,
            tier: self.tier,
            limits: self.limits.into_patch().map(Some),
            models: Some(self.models).filter(|models| !models.is_empty()).map(without_empty).map(Some),
            quota_group: said(self.quota_group),
        }
    }
}

pub(super) fn without_empty(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
