//! Why a value was refused, field by field.

use std::fmt;

/// One refused field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name as the admin API spells it.
    pub field: String,
    /// What is wrong with it, without the value.
    pub message: String,
}

/// A draft that cannot become a valid thing: every refused field, at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Invalid(pub Vec<FieldError>);

// === impl FieldError ===

impl FieldError {
    /// A refusal of `field` because of `message`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

// === impl Invalid ===

impl From<FieldError> for Invalid {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

/// Collects the refusals of several fields, so that one answer names them all.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    /// Keeps the error, if there is one, and gives the value otherwise.
    pub(crate) fn take<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// Refuses `field`.
    pub(crate) fn refuse(&mut self, field: &str, message: &str) {
        self.0.push(FieldError::new(field, message));
    }

    /// The whole draft's result: `value` when nothing was refused.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Invalid> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Invalid(self.0)),
        }
    }
}

/// Checks a text of 1 to `longest` characters, none of them a control character.
pub(crate) fn short_text(field: &str, text: &str, longest: usize) -> Result<(), FieldError> {
    if text.is_empty() || text.chars().count() > longest {
        return Err(FieldError::new(field, format!("must have 1 to {longest} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(field, "must not hold control characters"));
    }
    Ok(())
}
