//! The secrets of a pool.

use crate::key_policy;
use crate::rotation::KeyPolicy;
use crate::validation::Checks;
use crate::{FieldError, Invalid, KeyId, Secret, ServiceId, Timestamp};

const LONGEST_VALUE: usize = 4096;
const LONGEST_LABEL: usize = 200;

/// What an operator calls a key: at most 200 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLabel(String);

/// One upstream key of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamKey {
    /// Its id.
    pub id: KeyId,
    /// The service whose pool it belongs to.
    pub service_id: ServiceId,
    /// The secret itself.
    pub value: Secret,
    /// What the operator calls it.
    pub label: Option<KeyLabel>,
    /// Whether it may be picked.
    pub is_active: bool,
    /// How it is used.
    pub policy: KeyPolicy,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An upstream key as somebody wrote it, not yet checked.
#[derive(Clone, Debug)]
pub struct UpstreamKeyDraft {
    /// The secret.
    pub value: Secret,
    /// What the operator calls it.
    pub label: Option<String>,
    /// Whether it may be picked.
    pub is_active: bool,
    /// How it is used.
    pub policy: KeyPolicy,
}

// === impl KeyLabel ===

impl KeyLabel {
    /// Checks a label.
    ///
    /// # Errors
    /// Names `label` when the text is too long or holds control characters.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.chars().count() > LONGEST_LABEL {
            return Err(FieldError::new("label", format!("must have at most {LONGEST_LABEL} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(FieldError::new("label", "must not hold control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// === impl UpstreamKeyDraft ===

impl UpstreamKeyDraft {
    /// Checks the draft and makes it a key of `service_id`.
    ///
    /// # Errors
    /// Names every field that is refused.
    pub fn into_key(self, id: KeyId, service_id: ServiceId, now: Timestamp) -> Result<UpstreamKey, Invalid> {
        let mut checks = Checks::default();
        let value = checks.take(upstream_key_value(self.value.expose()));
        let label = checks.take(self.label.as_deref().map(KeyLabel::new).transpose());
        key_policy::check(&mut checks, &self.policy);
        let key = value.zip(label).map(|(value, label)| UpstreamKey {
            id,
            service_id,
            value,
            label,
            is_active: self.is_active,
            policy: self.policy,
            created_at: now,
            updated_at: now,
        });
        checks.finish(key)
    }
}

/// Checks the value of an upstream key, trimmed: 1 to 4,096 visible ASCII characters or spaces between them, which is
/// what a header field can carry (RFC 9110, section 5.5).
///
/// # Errors
/// Names `key_value`; the message never holds the value.
pub fn upstream_key_value(text: &str) -> Result<Secret, FieldError> {
    let refuse = |message: &str| Err(FieldError::new("key_value", message));
    let value = text.trim_matches([' ', '\t', '\r', '\n']);
    if value.is_empty() {
        return refuse("must not be empty");
    }
    if value.len() > LONGEST_VALUE {
        return refuse("must have at most 4096 characters");
    }
    if !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return refuse("must hold printable ASCII characters only, and no line break");
    }
    Ok(Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_and_must_fit_into_a_header() {
        assert_eq!(upstream_key_value(" sk-1\r\n").unwrap().expose(), "sk-1");
        for bad in ["", " \n", "a\nb", "a\0b", "schlüssel", &"k".repeat(4097)] {
            let error = upstream_key_value(bad).unwrap_err();
            assert_eq!(error.field, "key_value");
            assert!(bad.trim().is_empty() || !error.message.contains(bad));
        }
    }

    #[test]
    fn a_draft_names_every_bad_field() {
        let policy = KeyPolicy { weight: 0, ..KeyPolicy::default() };
        let draft = UpstreamKeyDraft { value: Secret::new(""), label: Some("a\u{7}".into()), is_active: true, policy };
        let Invalid(errors) = draft.into_key(KeyId(1), ServiceId(1), Timestamp::EPOCH).unwrap_err();
        assert_eq!(
            errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
            ["key_value", "label", "weight"]
        );
    }
}
