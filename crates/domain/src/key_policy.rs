//! How one key is used: the checks of what an operator says, and its changes.

use crate::limits::{LimitsChange, check_limits};
use crate::rotation::{Glob, KeyPolicy, QuotaGroup};
use crate::validation::{Checks, short_text};
use crate::{FieldError, Invalid};

const LARGEST_WEIGHT: u32 = 65_536;
const MOST_MODELS: usize = 100;
const LONGEST_MODEL: usize = 200;
const LONGEST_GROUP: usize = 100;

/// What to change of a key's policy; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPolicyChange {
    /// How often it is used, in proportion to the others.
    pub weight: Option<u32>,
    /// Keys of a lower tier are used first.
    pub tier: Option<u8>,
    /// Its own limits.
    pub limits: LimitsChange,
    /// The models that it may serve; an empty list means all.
    pub models: Option<Vec<Glob>>,
    /// The keys with which it shares its quota; `Some(None)` takes it out of its group.
    pub group: Option<Option<QuotaGroup>>,
}

/// Checks a key's policy: a weight of 1 to 65,536, limits of at least 1, at most 100 models of 1 to 200 characters, a group's
/// name of 1 to 100 characters.
///
/// # Errors
/// Names every field that is refused.
pub fn check_key_policy(policy: &KeyPolicy) -> Result<(), Invalid> {
    let mut checks = Checks::default();
    check(&mut checks, policy);
    checks.finish(Some(()))
}

/// As [`check_key_policy`], among other checks.
pub(crate) fn check(checks: &mut Checks, policy: &KeyPolicy) {
    if !(1..=LARGEST_WEIGHT).contains(&policy.weight) {
        checks.refuse("weight", "must be 1 to 65536");
    }
    check_limits(checks, "limits", policy.limits);
    if policy.models.len() > MOST_MODELS {
        checks.refuse("models", "must be at most 100");
    }
    for (at, model) in policy.models.iter().enumerate().take(MOST_MODELS) {
        checks.take(short_text(&format!("models[{at}]"), model.as_str(), LONGEST_MODEL));
    }
    if let Some(QuotaGroup(name)) = &policy.group {
        checks.take(check_group_name("quota_group", name));
    }
}

/// Checks the name of a quota group.
pub(crate) fn check_group_name(field: &str, name: &str) -> Result<(), FieldError> {
    short_text(field, name, LONGEST_GROUP)
}

// === impl KeyPolicyChange ===

impl KeyPolicyChange {
    /// The policy with what is named changed.
    #[must_use]
    pub fn of(self, policy: KeyPolicy) -> KeyPolicy {
        KeyPolicy {
            weight: self.weight.unwrap_or(policy.weight),
            tier: self.tier.unwrap_or(policy.tier),
            limits: self.limits.of(policy.limits),
            models: self.models.unwrap_or(policy.models),
            group: self.group.unwrap_or(policy.group),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::Limits;

    fn rich() -> KeyPolicy {
        KeyPolicy {
            weight: 65_536,
            tier: 255,
            limits: Limits { requests_per_day: Some(1), ..Limits::default() },
            models: vec![Glob::new("gpt-*"); 100],
            group: Some(QuotaGroup("g".repeat(100))),
        }
    }

    #[test]
    fn bad_fields_are_named() {
        assert_eq!(check_key_policy(&KeyPolicy::default()), Ok(()));
        assert_eq!(check_key_policy(&rich()), Ok(()));
        let zero = Limits { tokens_per_minute: Some(0), max_concurrency: Some(0), ..Limits::default() };
        let cases = [
            (KeyPolicy { weight: 0, ..rich() }, vec!["weight"]),
            (
                KeyPolicy { weight: 65_537, limits: zero, ..rich() },
                vec!["weight", "limits.tpm", "limits.max_concurrency"],
            ),
            (KeyPolicy { models: vec![Glob::new("*"); 101], ..rich() }, vec!["models"]),
            (KeyPolicy { models: vec![Glob::new("*"), Glob::new("")], ..rich() }, vec!["models[1]"]),
            (KeyPolicy { models: vec![Glob::new("m".repeat(201))], ..rich() }, vec!["models[0]"]),
            (KeyPolicy { group: Some(QuotaGroup(String::new())), ..rich() }, vec!["quota_group"]),
            (KeyPolicy { group: Some(QuotaGroup("a\nb".into())), ..rich() }, vec!["quota_group"]),
            (KeyPolicy { group: Some(QuotaGroup("g".repeat(101))), ..rich() }, vec!["quota_group"]),
        ];
        for (policy, expected) in cases {
            let Invalid(errors) = check_key_policy(&policy).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_change_touches_only_what_is_named() {
        assert_eq!(KeyPolicyChange::default().of(rich()), rich());
        let change = KeyPolicyChange { tier: Some(3), group: Some(None), ..KeyPolicyChange::default() };
        assert_eq!(change.of(rich()), KeyPolicy { tier: 3, group: None, ..rich() });
        let change = KeyPolicyChange { weight: Some(2), models: Some(Vec::new()), ..KeyPolicyChange::default() };
        assert_eq!(change.of(rich()), KeyPolicy { weight: 2, models: Vec::new(), ..rich() });
    }
}
