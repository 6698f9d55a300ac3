//! How services and keys are used: between what travels and the domain.

use rotator_domain::rotation::{self, Glob, KeyPolicy, QuotaGroup};
use rotator_domain::{FallbackDraft, KeyLabel, KeyPolicyChange, LimitsChange, check_key_policy};
use rotator_storage_trait::KeyChange;

use super::UseCaseError;
use crate::wire::{Fallback, KeyPatch, Limits, LimitsPatch, NewKey, PoolKey};

/// What a new key's policy is.
pub(super) fn policy_of(key: &NewKey) -> KeyPolicy {
    let usual = KeyPolicy::default();
    KeyPolicy {
        weight: key.weight.unwrap_or(usual.weight),
        tier: key.tier.unwrap_or(usual.tier),
        limits: key.limits.unwrap_or_default().into(),
        models: globs(key.models.clone().unwrap_or_default()),
        group: key.quota_group.clone().map(QuotaGroup),
    }
}

/// A patch as the storage takes it, checked.
pub(super) fn change_of(patch: &KeyPatch) -> Result<KeyChange, UseCaseError> {
    let label = match &patch.label {
        Some(Some(text)) => Some(Some(KeyLabel::new(text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let policy = KeyPolicyChange::from(patch);
    // What is not named stays as it is, and is good; so the change is checked as that of a usual key.
    check_key_policy(&policy.clone().of(KeyPolicy::default()))?;
    Ok(KeyChange { is_active: patch.is_active, label, policy })
}

/// The patterns' text.
pub(super) fn patterns(models: &[Glob]) -> Vec<String> {
    models.iter().map(|glob| glob.as_str().to_owned()).collect()
}

fn globs(models: Vec<String>) -> Vec<Glob> {
    models.into_iter().map(Glob::new).collect()
}

fn limits_change(limits: Option<Option<LimitsPatch>>) -> LimitsChange {
    limits.map_or_else(LimitsChange::default, |limits| limits.map_or(LimitsChange::NONE, LimitsChange::from))
}

/// A change of a key's policy, as a patch and a wanted pool spell it alike.
fn policy_change(
    weight: Option<u32>,
    tier: Option<u8>,
    limits: Option<Option<LimitsPatch>>,
    models: &Option<Option<Vec<String>>>,
    quota_group: &Option<Option<String>>,
) -> KeyPolicyChange {
    KeyPolicyChange {
        weight,
        tier,
        limits: limits_change(limits),
        models: models.clone().map(|models| globs(models.unwrap_or_default())),
        group: quota_group.clone().map(|group| group.map(QuotaGroup)),
    }
}

// === impl From ===

impl From<&KeyPatch> for KeyPolicyChange {
    fn from(patch: &KeyPatch) -> Self {
        let KeyPatch { weight, tier, limits, models, quota_group, .. } = patch;
        policy_change(*weight, *tier, *limits, models, quota_group)
    }
}

impl From<&PoolKey> for KeyPolicyChange {
    fn from(key: &PoolKey) -> Self {
        let PoolKey { weight, tier, limits, models, quota_group, .. } = key;
        policy_change(*weight, *tier, *limits, models, quota_group)
    }
}

impl From<LimitsPatch> for LimitsChange {
    fn from(patch: LimitsPatch) -> Self {
        Self {
            requests_per_minute: patch.rpm,
            tokens_per_minute: patch.tpm,
            requests_per_day: patch.rpd,
            max_concurrency: patch.max_concurrency,
        }
    }
}

impl From<Limits> for rotation::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            requests_per_minute: limits.rpm,
            tokens_per_minute: limits.tpm,
            requests_per_day: limits.rpd,
            max_concurrency: limits.max_concurrency,
        }
    }
}

impl From<rotation::Limits> for Limits {
    fn from(limits: rotation::Limits) -> Self {
        Self {
            rpm: limits.requests_per_minute,
            tpm: limits.tokens_per_minute,
            rpd: limits.requests_per_day,
            max_concurrency: limits.max_concurrency,
        }
    }
}

impl From<Fallback> for FallbackDraft {
    fn from(fallback: Fallback) -> Self {
        Self { slug: fallback.slug, models: fallback.models.unwrap_or_default() }
    }
}

impl From<FallbackDraft> for Fallback {
    fn from(draft: FallbackDraft) -> Self {
        Self { slug: draft.slug, models: Some(draft.models).filter(|models| !models.is_empty()) }
    }
}
