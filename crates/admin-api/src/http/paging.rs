//! Lists that come in pages, ordered by id.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
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
    path: String,
}

const LARGEST: u64 = 1000;
const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

// === impl Paged ===

impl Paged {
    /// The page, for the storage.
    pub(super) fn page<Id>(&self, id: impl Fn(i64) -> Id) -> Page<Id> {
        Page { after: self.query.after.map(id), limit: self.limit() }
    }

    /// `Link` to the next page, when this one is full (RFC 8288), and the length of the whole list, where it is known.
    pub(super) fn headers(&self, ids: impl ExactSizeIterator<Item = i64>, total: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(total) = total {
            headers.insert(TOTAL_COUNT, HeaderValue::from(total));
        }
        let is_full = ids.len() as u64 == self.limit();
        if let Some(last) = ids.last().filter(|_| is_full) {
            let link = format!("<{}?limit={}&after={last}>; rel=\"next\"", self.path, self.limit());
            if let Ok(link) = HeaderValue::from_str(&link) {
                headers.insert(LINK, link);
            }
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
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path()).to_owned();
        Ok(Self { query, path })
    }
}
