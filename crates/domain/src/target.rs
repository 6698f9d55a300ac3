//! Where a service sends its requests.

use std::fmt;

use url::Url;

/// An absolute `http` or `https` URL with a host, without credentials and without a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl(Url);

const LONGEST: usize = 2048;

// === impl TargetUrl ===

impl TargetUrl {
    /// Checks a target URL; the error is a message without the field's name, which differs by kind of service.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("must have at most 2048 characters");
        }
        let url = Url::parse(text.trim()).map_err(|_| "must be an absolute http or https URL")?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("must be an absolute http or https URL");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password");
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment");
        }
        Ok(Self(url))
    }

    /// The URL's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL, parsed.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_http_urls_only() {
        for good in ["https://api.openai.com/v1", "http://127.0.0.1:9099", " http://[::1]:80/a?b=c "] {
            assert!(TargetUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "api.openai.com", "ftp://a/b", "http://", "http://u:p@h/", "http://h/#f", "javascript:1"] {
            assert!(TargetUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
