//! Lists that come in pages, ordered by id.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use rotator_storage_trait::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::ApiError;

/// How many entries the client wants, and after which id.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// How many entries at the most: 1 to 1000, 1000 when absent.
    limit: Option<u64>,
    /// The id after which the page begins, as the `Link` header of the page before names it.
    after: Option<i64>,
}

/// A page that was asked for, and where.
pub(super) struct Paged {
    query: PageQuery,
    uri: Uri,
}

const LARGEST: u64 = 1000;
const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

// === impl Paged ===

impl Paged {
    /// The page, for the storage.
    pub(super) fn page<Id>(&self, id: impl Fn(i64) -> Id) -> Page<Id> {
        Page { after: self.query.after.map(id), limit: self.limit() }
    }

    /// `Link` to the next page, when this one is full, and the length of the whole list, where it is known.
    pub(super) fn headers(&self, ids: impl ExactSizeIterator<Item = i64>, total: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(total) = total {
            headers.insert(TOTAL_COUNT, HeaderValue::from(total));
        }
        let is_full = ids.len() as u64 == self.limit();
        if let Some(last) = ids.last().filter(|_| is_full) {
            link_next(&mut headers, &self.uri, last);
        }
        headers
    }

    fn limit(&self) -> u64 {
        self.query.limit.unwrap_or(LARGEST)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paged {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<PageQuery>::from_request_parts(parts, state).await;
        let Query(query) =
            query.map_err(|_: QueryRejection| ApiError::field("limit, after", "must be whole numbers"))?;
        if query.limit.is_some_and(|limit| limit == 0 || limit > LARGEST) {
            return Err(ApiError::field("limit", format!("must be 1 to {LARGEST}")));
        }
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri).clone();
        Ok(Self { query, uri })
    }
}

/// Names the next page, which begins after this id (RFC 8288).
pub(super) fn link_next(headers: &mut HeaderMap, uri: &Uri, after: i64) {
    if let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next_page(uri, after))) {
        headers.insert(LINK, link);
    }
}

/// The same list from this id on.
fn next_page(uri: &Uri, after: i64) -> String {
    let query = uri.query().unwrap_or_default();
    let is_place = |pair: &str| pair.starts_with("after=") || pair.starts_with("offset=");
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_place(pair));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("after={after}")]).collect();
    format!("{}?{}", uri.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_has_the_same_filters() {
        let next = |uri: &'static str| next_page(&Uri::from_static(uri), 7);
        assert_eq!(next("/api/admin/request-logs"), "/api/admin/request-logs?after=7");
        let filtered = "/api/admin/request-logs?status=5xx&after=9&model=a%26b";
        assert_eq!(next(filtered), "/api/admin/request-logs?status=5xx&model=a%26b&after=7");
        let far_down = "/api/admin/proxy-configs/1/keys?offset=5000&state=dead";
        assert_eq!(next(far_down), "/api/admin/proxy-configs/1/keys?state=dead&after=7");
    }
}
