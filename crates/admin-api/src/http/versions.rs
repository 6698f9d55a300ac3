//! Versions over HTTP: `ETag` of what is answered, `If-Match` of what is changed (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use utoipa::IntoParams;

use super::error::ApiError;
use crate::use_cases::Expected;

/// The versions that a change is meant for.
#[derive(IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub(super) struct IfMatch(
    /// The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
    /// is 412.
    #[param(value_type = Option<String>)]
    pub(super) Expected,
);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut versions = Vec::new();
        for value in parts.headers.get_all(IF_MATCH) {
            let tags = value.to_str().ok().and_then(tags);
            versions.push(tags.ok_or_else(|| ApiError::field("If-Match", "must be * or entity tags in quotes"))?);
        }
        let is_any = versions.iter().any(|tags| tags.iter().any(|tag| tag == ANY));
        if versions.is_empty() || is_any {
            return Ok(Self(Expected::default()));
        }
        Ok(Self(Expected::one_of(versions.concat())))
    }
}

/// What stands for every version.
const ANY: &str = "*";

/// The tags of a list. Weak ones equal none here.
fn tags(text: &str) -> Option<Vec<String>> {
    if text.trim() == ANY {
        return Some(vec![ANY.to_owned()]);
    }
    let tag = |tag: &str| match tag.trim().strip_prefix("W/") {
        Some(_) => Some(None),
        None => Some(Some(tag.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned())),
    };
    let tags: Option<Vec<Option<String>>> = text.split(',').map(tag).collect();
    tags.map(|tags| tags.into_iter().flatten().collect())
}

/// An answer with its version.
pub(super) fn tagged<T>(body: T, version: impl FnOnce(&T) -> &str) -> (HeaderMap, Json<T>) {
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", version(&body))) {
        headers.insert(ETAG, tag);
    }
    (headers, Json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_from_lists() {
        let read = |text| tags(text).map(|tags| tags.join(" "));
        assert_eq!(read("\"a\"").as_deref(), Some("a"));
        assert_eq!(read(" \"a\" ,W/\"b\", \"c\"").as_deref(), Some("a c"));
        assert_eq!(read("*").as_deref(), Some("*"));
        for bad in ["", "a", "\"a", "\"a\",", "\""] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(tagged("v", |version| version).0[ETAG], "\"v\"");
    }
}
