//! Which version of a thing somebody has seen, so that nobody overwrites what somebody else wrote meanwhile.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use super::UseCaseError;

/// The versions that a change is meant for; any where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected(Option<Vec<String>>);

/// A text that is another one as soon as something of the thing is. Another release may give another text for the same, at which
/// a change that was begun before is refused and can be made again.
pub(super) fn version_of<T: Serialize>(thing: &T) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(thing).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

// === impl Expected ===

impl Expected {
    /// One of these.
    pub(crate) fn one_of(versions: Vec<String>) -> Self {
        Self(Some(versions))
    }

    /// Whether a version is asked for at all.
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses a thing that is at another version.
    pub(super) fn check(&self, what: &'static str, version: &str) -> Result<(), UseCaseError> {
        match &self.0 {
            Some(versions) if !versions.iter().any(|expected| expected == version) => Err(UseCaseError::Changed(what)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_another_as_soon_as_something_is() {
        assert_eq!(version_of(&("a", 1)), version_of(&("a", 1)));
        assert_ne!(version_of(&("a", 1)), version_of(&("a", 2)));
        let seen = Expected::one_of(vec![version_of(&1), version_of(&2)]);
        assert!(seen.check("it", &version_of(&2)).is_ok() && Expected::default().check("it", "x").is_ok());
        assert!(matches!(seen.check("it", &version_of(&3)), Err(UseCaseError::Changed("it"))));
        assert!(seen.is_some() && !Expected::default().is_some());
    }
}
