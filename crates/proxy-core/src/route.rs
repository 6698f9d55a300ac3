//! Which door and which service a path names, and what of it goes on to the upstream.

/// A path below one of the two doors. Everything in it is as the client wrote it, percent-encoding included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) door: DoorName,
    /// The service's slug.
    pub(crate) slug: &'a str,
    /// What comes after the slug: empty, or beginning with a slash.
    pub(crate) rest: &'a str,
}

/// The two doors by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoorName {
    /// `/proxy/`.
    Generic,
    /// `/llm/`.
    Llm,
}

/// How often a segment is decoded in search of dots: some servers decode twice.
const DECODING_ROUNDS: usize = 3;

// === impl DoorName ===

impl DoorName {
    /// As it stands in paths.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Generic => "proxy",
            Self::Llm => "llm",
        }
    }
}

// === impl Route ===

impl<'a> Route<'a> {
    /// Reads a request's path.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let (door, tail) = match path.strip_prefix("/proxy/") {
            Some(tail) => (DoorName::Generic, tail),
            None => (DoorName::Llm, path.strip_prefix("/llm/")?),
        };
        let (slug, rest) = tail.split_at(tail.find('/').unwrap_or(tail.len()));
        (!slug.is_empty()).then_some(Self { door, slug, rest })
    }

    /// Whether the rest of the path tries to leave the target's base path: a segment `..`, however it is encoded,
    /// whatever separates it (`/`, `\`, or either one encoded), with or without path parameters (`..;x`).
    pub(crate) fn climbs(&self) -> bool {
        let mut path = self.rest.as_bytes().to_vec();
        for _ in 0..=DECODING_ROUNDS {
            let climbs = path
                .split(|byte| matches!(byte, b'/' | b'\\'))
                .any(|segment| segment == b".." || segment.starts_with(b"..;"));
            if climbs {
                return true;
            }
            let decoded: Vec<u8> = percent_encoding::percent_decode(&path).collect();
            if decoded == path {
                return false;
            }
            path = decoded;
        }
        // Encoded more often than anybody does in good faith.
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(rest: &str) -> Route<'_> {
        Route { door: DoorName::Generic, slug: "s", rest }
    }

    #[test]
    fn splits_door_slug_and_rest() {
        let parsed = Route::parse("/proxy/github/repos/a%2Fb").unwrap();
        assert_eq!(parsed, Route { door: DoorName::Generic, slug: "github", rest: "/repos/a%2Fb" });
        assert_eq!(Route::parse("/llm/openai").unwrap().rest, "");
        assert_eq!(Route::parse("/llm/openai/").unwrap().rest, "/");
        for none in ["/", "/proxy", "/proxy/", "/llm//x", "/other/x", "/proxyx/y"] {
            assert_eq!(Route::parse(none), None, "{none}");
        }
    }

    #[test]
    fn climbing_is_seen_through_every_disguise() {
        for bad in [
            "/..",
            "/../x",
            "/a/..",
            "/a/%2e%2e/x",
            "/a/.%2E/x",
            "/%2e%2e%2fadmin",
            "/a%2f..%2fb",
            "/..%5cx",
            "/..\\x",
            "/%252e%252e/x",
            "/%25252e%25252e/x",
            "/..;/x",
            "/..;a=b/x",
        ] {
            assert!(route(bad).climbs(), "{bad}");
        }
    }

    #[test]
    fn ordinary_dots_pass() {
        for good in ["", "/", "/a..b", "/...", "/.well-known/x", "/v1/./x", "/a%2Fb%20c", "/100%25", "/%zz", "/..a"] {
            assert!(!route(good).climbs(), "{good}");
        }
    }
}
