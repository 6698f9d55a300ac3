//! Places in JSON documents.

use std::fmt;

/// Places in a JSON document: a JSON Pointer (RFC 6901) in which `*` stands for any member or index.
#[derive(Clone, PartialEq, Eq)]
pub struct Pointer(Vec<PointerStep>);

/// One step on the way to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointerStep {
    /// Into any member or element.
    Any,
    /// Into this member, or the element with this index.
    Named(String),
}

/// The longest pointer, in characters.
const LONGEST: usize = 500;
/// The most steps of one.
const MOST_STEPS: usize = 32;

// === impl Pointer ===

impl Pointer {
    /// Reads a pointer. The whole document, `""`, is none that can be left out.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("must have at most {LONGEST} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("must not hold control characters".to_owned());
        }
        let Some(steps) = text.strip_prefix('/') else {
            return Err("must begin with /, as in /messages/*/content".to_owned());
        };
        let steps: Vec<_> = steps.split('/').map(step).collect::<Result<_, _>>()?;
        if steps.len() > MOST_STEPS {
            return Err(format!("must have at most {MOST_STEPS} steps"));
        }
        Ok(Self(steps))
    }

    /// The steps from the document's root.
    #[must_use]
    pub fn steps(&self) -> &[PointerStep] {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            PointerStep::Any => f.write_str("/*"),
            PointerStep::Named(name) => write!(f, "/{}", name.replace('~', "~0").replace('/', "~1")),
        })
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn step(text: &str) -> Result<PointerStep, String> {
    if text == "*" {
        return Ok(PointerStep::Any);
    }
    if text.split('~').skip(1).any(|after| !after.starts_with(['0', '1'])) {
        return Err("must have ~0 for ~ and ~1 for / in its names".to_owned());
    }
    // In this order: `~01` is `~1` (RFC 6901, section 4).
    Ok(PointerStep::Named(text.replace("~1", "/").replace("~0", "~")))
}

// === impl PointerStep ===

impl PointerStep {
    /// Whether it leads into the member or the element of this name.
    #[must_use]
    pub fn leads_into(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(own) => own == name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_read_and_write_back() {
        for text in ["/a", "/", "/messages/*/content", "/a~1b/m~0n/0", "/~01", "/a b/密钥//x"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
        let named = |text: &str| PointerStep::Named(text.to_owned());
        let steps = [named("a/b"), PointerStep::Any, named("~1"), named("**")];
        assert_eq!(Pointer::parse("/a~1b/*/~01/**").unwrap().steps(), steps);
    }

    #[test]
    fn what_is_no_pointer_is_told() {
        let long = format!("/{}", "x".repeat(LONGEST));
        let deep = "/a".repeat(MOST_STEPS + 1);
        for text in ["", "a", "a/b", "/a~", "/a~2b", "/a\n", long.as_str(), deep.as_str()] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
        assert!(Pointer::parse(&"/a".repeat(MOST_STEPS)).is_ok());
    }
}
