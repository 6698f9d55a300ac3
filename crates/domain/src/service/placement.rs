//! Where an upstream key goes in a request.

use http::HeaderName;

use crate::FieldError;

/// A header or a query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyLocation {
    /// A request header.
    Header,
    /// A query parameter.
    Query,
}

/// Where an upstream key goes, and what stands before it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlacement {
    location: KeyLocation,
    name: String,
    prefix: String,
}

const LONGEST_NAME: usize = 100;
const LONGEST_PREFIX: usize = 50;
/// Fields that the proxy itself sets or that frame the message; a key there would break the request.
const RESERVED: [&str; 12] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-proxy-key",
    "expect",
];

// === impl KeyLocation ===

impl KeyLocation {
    /// `header` or `query`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
        }
    }

    /// Reads the name, in any case.
    ///
    /// # Errors
    /// Names `api_key_location`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        [Self::Header, Self::Query]
            .into_iter()
            .find(|location| location.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| FieldError::new("api_key_location", "must be header or query"))
    }
}

// === impl KeyPlacement ===

impl KeyPlacement {
    /// Checks a placement.
    ///
    /// # Errors
    /// Names `api_key_name` or `api_key_prefix`.
    pub fn new(location: KeyLocation, name: &str, prefix: &str) -> Result<Self, FieldError> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(FieldError::new("api_key_name", format!("must have 1 to {LONGEST_NAME} characters")));
        }
        let name = match location {
            KeyLocation::Query if name.bytes().all(|byte| byte.is_ascii_graphic()) => name.to_owned(),
            KeyLocation::Query => {
                return Err(FieldError::new("api_key_name", "must hold visible ASCII characters only"));
            }
            KeyLocation::Header => {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| FieldError::new("api_key_name", "must be the name of a header"))?;
                if RESERVED.contains(&name.as_str()) {
                    return Err(FieldError::new("api_key_name", "must not be a header that frames the message"));
                }
                name.as_str().to_owned()
            }
        };
        if prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            let message = format!("must have at most {LONGEST_PREFIX} printable ASCII characters");
            return Err(FieldError::new("api_key_prefix", message));
        }
        Ok(Self { location, name, prefix: prefix.to_owned() })
    }

    /// Header or query.
    #[must_use]
    pub fn location(&self) -> KeyLocation {
        self.location
    }

    /// The header's name in lower case, or the query parameter's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands before the key, such as `Bearer ` with its space; often nothing.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_lowered_and_checked() {
        let placement = KeyPlacement::new(KeyLocation::Header, "X-Api-Key", "").unwrap();
        assert_eq!(placement.name(), "x-api-key");
        for bad in ["", "a b", "host", "Content-Length", "é"] {
            assert_eq!(KeyPlacement::new(KeyLocation::Header, bad, "").unwrap_err().field, "api_key_name", "{bad}");
        }
        assert_eq!(KeyPlacement::new(KeyLocation::Header, "a", "B\r\n").unwrap_err().field, "api_key_prefix");
    }

    #[test]
    fn query_names_keep_their_case() {
        assert_eq!(KeyPlacement::new(KeyLocation::Query, "apiKey", "").unwrap().name(), "apiKey");
        assert!(KeyPlacement::new(KeyLocation::Query, "a b", "").is_err());
    }
}
