//! A value that must never be shown.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret string: wiped when dropped, compared in constant time, printed as `*****`.
///
/// There is no `Serialize` and no `Display`; whoever needs the value says so with [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// What [`Secret`] prints instead of its value.
const STARS: &str = "*****";
/// A value shorter than this would give away too much of itself with ten characters shown.
const SHORTEST_PARTLY_SHOWN: usize = 16;

// === impl Secret ===

impl Secret {
    /// Takes `value` as a secret.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first six and the last four characters, the rest as `*****`; a value under 16 characters is hidden whole.
    #[must_use]
    pub fn masked(&self) -> String {
        let count = self.0.chars().count();
        if count < SHORTEST_PARTLY_SHOWN {
            return STARS.to_owned();
        }
        let head = self.0.chars().take(6);
        let tail = self.0.chars().skip(count - 4);
        head.chain(STARS.chars()).chain(tail).collect()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_stars() {
        assert_eq!(format!("{:?}", Secret::new("sk-planted")), STARS);
    }

    #[test]
    fn masks_the_middle_and_hides_short_values_whole() {
        assert_eq!(Secret::new("sk-proj-0123456789abcdef").masked(), "sk-pro*****cdef");
        assert_eq!(Secret::new("0123456789abcde").masked(), STARS);
        assert_eq!(Secret::new("密钥密钥密钥密钥密钥密钥密钥密钥").masked(), "密钥密钥密钥*****密钥密钥");
    }

    #[test]
    fn equality_is_by_value() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
