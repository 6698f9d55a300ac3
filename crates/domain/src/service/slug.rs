//! A service's place in the doors' paths.

use std::fmt;

use crate::FieldError;

const LONGEST: usize = 100;

/// 1 to 100 ASCII letters, digits, `-`, `_` and `.`, the first a letter or a digit; compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

// === impl Slug ===

impl Slug {
    /// Checks a slug.
    ///
    /// # Errors
    /// Names `slug`.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > LONGEST {
            return Err(FieldError::new("slug", format!("must have 1 to {LONGEST} characters")));
        }
        if !text.bytes().all(legal) || !text.as_bytes()[0].is_ascii_alphanumeric() || text.contains("..") {
            return Err(FieldError::new(
                "slug",
                "must begin with an ASCII letter or digit and hold only letters, digits, '-', '_' and single dots",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_one_plain_path_segment() {
        for good in ["openai", "Open_AI-2", "gpt-4.1", "7"] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a/b", "..", "a..b", ".a", "-a", "a b", "ä", "a%2Fb", &"a".repeat(101)] {
            assert_eq!(Slug::new(bad).unwrap_err().field, "slug", "{bad}");
        }
    }
}
