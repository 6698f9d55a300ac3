//! How services and keys are used, as their operators say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::present;

/// Declared limits, each at least 1; an absent one is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests in any 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u32>,
    /// Tokens, of prompts and answers together, in any 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<u32>,
    /// Requests in any 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpd: Option<u32>,
    /// Requests in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
}

/// What to change of declared limits: what is absent stays as it is, null takes a limit away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsPatch {
    /// Requests in any 60 seconds.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub rpm: Option<Option<u32>>,
    /// Tokens, of prompts and answers together, in any 60 seconds.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub tpm: Option<Option<u32>>,
    /// Requests in any 24 hours.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub rpd: Option<Option<u32>>,
    /// Requests in flight.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub max_concurrency: Option<Option<u32>>,
}

/// A config that steps in for another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Its slug.
    pub slug: String,
    /// The models of the config that it steps in for, and what they are called here; a model that is not named keeps its
    /// name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<BTreeMap<String, String>>,
}

// === impl LimitsPatch ===

impl LimitsPatch {
    /// The limits of something new.
    #[must_use]
    pub fn into_new(self) -> Limits {
        Limits {
            rpm: self.rpm.flatten(),
            tpm: self.tpm.flatten(),
            rpd: self.rpd.flatten(),
            max_concurrency: self.max_concurrency.flatten(),
        }
    }
}
