//! The methods that a generic service serves.

use std::fmt;

use http::Method;

use crate::FieldError;

/// One method, a list of methods, or any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodSet {
    /// Every method.
    Any,
    /// These methods, in the order given.
    Only(Vec<Method>),
}

// === impl MethodSet ===

impl MethodSet {
    /// Reads `ANY` (also `*` or nothing), or one or more methods with commas or white space between them; in any case.
    ///
    /// # Errors
    /// Names `method`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let mut methods = Vec::new();
        for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
            if word == "*" || word.eq_ignore_ascii_case("any") {
                return Ok(Self::Any);
            }
            let method = known(word)
                .ok_or_else(|| FieldError::new("method", "must be ANY or a list of HTTP methods such as GET,POST"))?;
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        Ok(if methods.is_empty() { Self::Any } else { Self::Only(methods) })
    }

    /// Whether `method` is one of them.
    #[must_use]
    pub fn allows(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::Only(methods) => methods.contains(method),
        }
    }
}

impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("ANY"),
            Self::Only(methods) => {
                let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

/// The methods of RFC 9110 and RFC 5789 but CONNECT, which no gateway passes on.
fn known(word: &str) -> Option<Method> {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ]
    .into_iter()
    .find(|method| method.as_str().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_a_list_or_any() {
        assert_eq!(MethodSet::parse("any").unwrap(), MethodSet::Any);
        assert_eq!(MethodSet::parse("GET, *").unwrap(), MethodSet::Any);
        assert_eq!(MethodSet::parse("").unwrap(), MethodSet::Any);
        let list = MethodSet::parse("get, POST get").unwrap();
        assert_eq!(list.to_string(), "GET,POST");
        assert!(list.allows(&Method::POST) && !list.allows(&Method::PUT));
        assert_eq!(MethodSet::parse("GET;POST").unwrap_err().field, "method");
        assert_eq!(MethodSet::parse("CONNECT").unwrap_err().field, "method");
    }
}
