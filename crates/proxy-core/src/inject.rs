//! The one place where a secret meets a request.

use http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rotator_domain::Secret;

use crate::EntryError;
use crate::catalog::Injection;

/// An upstream key in the form in which it goes into requests.
pub(crate) enum KeyMaterial {
    /// The header's whole value, marked sensitive.
    Header(HeaderValue),
    /// `name=value`, percent-encoded.
    Query(String),
}

// === impl KeyMaterial ===

impl KeyMaterial {
    /// Prepares a key for its place, once, when the catalog is made.
    pub(crate) fn new(injection: &Injection, prefix: &str, secret: &Secret) -> Result<Self, EntryError> {
        match injection {
            Injection::Header(_) => {
                let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose()))
                    .map_err(|_| EntryError::KeyMaterial)?;
                value.set_sensitive(true);
                Ok(Self::Header(value))
            }
            Injection::Query(name) => {
                let value = format!("{prefix}{}", secret.expose());
                let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                Ok(Self::Query(format!("{}={}", encode(name), encode(&value))))
            }
        }
    }

    /// Puts the key into the headers, in place of whatever the client had there; nothing to do for a query parameter.
    pub(crate) fn write_header(&self, injection: &Injection, headers: &mut HeaderMap) {
        if let (Injection::Header(name), Self::Header(value)) = (injection, self) {
            headers.insert(name, value.clone());
        }
    }

    /// The key's own value, which a prefix of this length stands before.
    pub(crate) fn secret(&self, prefix_length: usize) -> Option<Secret> {
        let value = match self {
            Self::Header(value) => value.as_bytes().to_vec(),
            Self::Query(pair) => percent_decode_str(pair.split_once('=')?.1).collect(),
        };
        Some(Secret::new(std::str::from_utf8(value.get(prefix_length..)?).ok()?))
    }

    /// What to append to the query.
    pub(crate) fn query(&self) -> Option<&str> {
        match self {
            Self::Header(_) => None,
            Self::Query(pair) => Some(pair),
        }
    }
}

impl std::fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("*****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_key_replaces_every_value_and_is_sensitive() {
        let injection = Injection::Header("authorization".parse().unwrap());
        let material = KeyMaterial::new(&injection, "Bearer ", &Secret::new("sk-1")).unwrap();
        let mut headers = HeaderMap::new();
        headers.append("authorization", HeaderValue::from_static("a"));
        headers.append("authorization", HeaderValue::from_static("b"));
        material.write_header(&injection, &mut headers);
        let values: Vec<_> = headers.get_all("authorization").iter().collect();
        assert_eq!(values, ["Bearer sk-1"]);
        assert!(values[0].is_sensitive());
        assert_eq!(format!("{material:?}"), "*****");
        assert_eq!(material.secret(7), Some(Secret::new("sk-1")));
    }

    #[test]
    fn a_query_key_is_encoded() {
        let injection = Injection::Query("api key".into());
        let material = KeyMaterial::new(&injection, "", &Secret::new("a&b=c/ä")).unwrap();
        assert_eq!(material.query(), Some("api%20key=a%26b%3Dc%2F%C3%A4"));
        assert_eq!(material.secret(0), Some(Secret::new("a&b=c/ä")));
    }
}
