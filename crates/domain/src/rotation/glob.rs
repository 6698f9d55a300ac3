//! Patterns of model names.

/// A pattern in which `*` stands for any text, the empty one too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob(String);

// === impl Glob ===

impl Glob {
    /// A pattern.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name fits, in any case. The time is bounded by both lengths multiplied.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = strip_prefix(name, first) else {
            return false;
        };
        let Some(mut part) = parts.next() else {
            return rest.is_empty();
        };
        // Every part but the last is found as early as it can be, which leaves most to those after it.
        for next in parts {
            let Some(at) = find(rest, part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
            part = next;
        }
        rest.len() >= part.len()
            && rest.is_char_boundary(rest.len() - part.len())
            && rest[rest.len() - part.len()..].eq_ignore_ascii_case(part)
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn find(text: &str, part: &str) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?)
        .find(|at| text.get(*at..at + part.len()).is_some_and(|found| found.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let fits = [
            ("gpt-4o", "gpt-4o"),
            ("gpt-4o", "GPT-4o"),
            ("gpt-*", "gpt-"),
            ("gpt-*", "gpt-4o-mini"),
            ("*-mini", "gpt-4o-mini"),
            ("*4o*", "gpt-4o-mini"),
            ("a*b*c", "a-b-b-c"),
            ("*", ""),
            ("**", "x"),
            ("", ""),
            ("模*", "模型"),
        ];
        for (pattern, name) in fits {
            assert!(Glob::new(pattern).matches(name), "{pattern} {name}");
        }
        let others = [
            ("gpt-4o", "gpt-4o-mini"),
            ("gpt-*", "gp"),
            ("*-mini", "mini"),
            ("a*b*c", "a-c-b"),
            ("", "x"),
            ("ab*ba", "aba"),
        ];
        for (pattern, name) in others {
            assert!(!Glob::new(pattern).matches(name), "{pattern} {name}");
        }
    }
}
