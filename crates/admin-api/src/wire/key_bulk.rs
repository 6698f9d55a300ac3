//! Many upstream keys at once, and one in clear.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::KeyPatch;

/// Which keys of a config; all when nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// Only those in this state: `active`, `cooling`, `exhausted`, `dead` or `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only those whose id, masked value, label, quota group or models hold this text, whatever the case; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// What is to be done to many keys of a config, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBulkBody {
    /// The keys' ids, at most 200,000; those that the config does not have are passed over. Either these or `filter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<i64>>,
    /// The keys that it lets through when this is done. Either this or `ids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<KeyFilter>,
    /// The ids of keys that `filter` lets through and that stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<i64>,
    /// What is to be done.
    pub action: KeyAction,
    /// What changes, for the action `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<KeyPatch>,
}

/// What can be done to many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyAction {
    /// Let them be picked.
    Enable,
    /// Keep them from being picked.
    Disable,
    /// Delete them.
    Delete,
    /// Forget what keeps enabled ones from serving: that they are cooling, exhausted or dead.
    Reset,
    /// Change what `change` names.
    Change,
}

/// What became of many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyBulkReport {
    /// How many keys it was done to.
    pub count: u64,
}

/// A key in clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevealedKey {
    /// Its id.
    pub id: i64,
    /// The secret.
    pub key_value: String,
}

// === impl KeyAction ===

impl KeyAction {
    /// Its name, as it travels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }
}

// === impl Debug, without the secret ===

impl fmt::Debug for RevealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_travel_by_their_names_and_no_secret_is_printed() {
        for action in [KeyAction::Enable, KeyAction::Disable, KeyAction::Delete, KeyAction::Reset, KeyAction::Change] {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
        let revealed = RevealedKey { id: 7, key_value: "sk-planted".to_owned() };
        assert_eq!(format!("{revealed:?}"), "RevealedKey { id: 7, .. }");
    }
}
