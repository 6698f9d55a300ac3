//! Bodies and ids of requests, with errors that name the place.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::{ClientKeyId, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::error::ApiError;
use crate::wire::{ProxyConfig, ProxyConfigBody};

/// The client keys of the settings, in parameters.
const NO_CLIENT: &str = "none";

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

/// A proxy config, with or without the read-only fields of an answer.
pub(super) struct ConfigBody {
    pub(super) body: ProxyConfigBody,
    /// Whether each of its `api_keys` carries an `id`, as an answer's do.
    pub(super) keys_are_known: bool,
}

/// Whether everything is only checked, and nothing stored.
#[derive(Clone, Copy, IntoParams)]
#[into_params(names("dry_run"), parameter_in = Query)]
pub(super) struct DryRun(
    /// Whether everything is only checked, and nothing stored; no when absent.
    pub(super) bool,
);

#[derive(Deserialize)]
struct DryRunQuery {
    #[serde(default)]
    dry_run: bool,
}

/// The id in a path.
pub(super) struct Id(pub(super) i64);

/// The name in a path.
pub(super) struct Name(pub(super) String);

// === impl FromRequest ===

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = json_bytes(request, state).await?;
        let value = parse::<Value>(&bytes)?;
        typed(value).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for ConfigBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = json_bytes(request, state).await?;
        let mut fields: Map<String, Value> = match parse(&bytes)? {
            Value::Object(fields) => fields,
            _ => return Err(ApiError::BadBody(StatusCode::UNPROCESSABLE_ENTITY, "the body must be an object".into())),
        };
        for name in ProxyConfig::READ_ONLY {
            fields.remove(name);
        }
        let has_id = |key: &Value| key.get("id").is_some();
        let keys = fields.get("api_keys").and_then(Value::as_array);
        let keys_are_known = keys.is_some_and(|keys| keys.iter().all(has_id));
        if keys_are_known {
            fields.remove("api_keys");
        }
        Ok(Self { body: typed(Value::Object(fields))?, keys_are_known })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| ApiError::field("id", "must be a whole number"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|_| ApiError::field("name", "must be UTF-8"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DryRun {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<DryRunQuery>::from_request_parts(parts, state).await;
        let query = query.map_err(|_: QueryRejection| ApiError::field("dry_run", "must be true or false"))?;
        Ok(Self(query.0.dry_run))
    }
}

/// A moment that a parameter names.
pub(super) fn moment(field: &'static str, text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let refused =
        || ApiError::field(field, "must be a time as RFC 3339 writes it, a day, or how long ago, such as 24h");
    text.map(|text| crate::time::moment(text, now).ok_or_else(refused)).transpose()
}

/// A client key that a parameter names by its id, or those of the settings.
pub(super) fn client(text: Option<&str>) -> Result<Option<Option<ClientKeyId>>, ApiError> {
    match text {
        None => Ok(None),
        Some(NO_CLIENT) => Ok(Some(None)),
        Some(id) => {
            let id = id.parse().map_err(|_| ApiError::field("client", "must be an id or none"))?;
            Ok(Some(Some(ClientKeyId(id))))
        }
    }
}

async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    if !is_json(request.headers()) {
        let error = "the content type must be application/json".to_owned();
        return Err(ApiError::BadBody(StatusCode::UNSUPPORTED_MEDIA_TYPE, error));
    }
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        let status = rejection.status();
        let error =
            if status == StatusCode::PAYLOAD_TOO_LARGE { "the body is too long" } else { "the body ended early" };
        ApiError::BadBody(status, error.to_owned())
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        // Its text would quote a part of the body, which may be a secret.
        let error = format!("the body is no JSON: line {}, column {}", error.line(), error.column());
        ApiError::BadBody(StatusCode::BAD_REQUEST, error)
    })
}

/// Makes JSON a wire type; what does not fit is named by its path.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        // Serde names a missing or an unknown field only in its text, between backticks.
        let named =
            text.split('`').nth(1).filter(|_| text.starts_with("missing field") || text.starts_with("unknown field"));
        let prefix = if path == "." { String::new() } else { format!("{path}.") };
        match named {
            Some(name) if text.starts_with("missing") => ApiError::field(format!("{prefix}{name}"), "is missing"),
            Some(name) => {
                let parent = path.strip_suffix(name).unwrap_or(&prefix);
                ApiError::field(format!("{parent}{name}"), "is not known here")
            }
            None => ApiError::field(path, wrong_type(&text)),
        }
    })
}

/// What type was expected, without the value that came: it may be a secret.
fn wrong_type(text: &str) -> String {
    match text.split(", expected ").nth(1) {
        Some(expected) => format!("must be {expected}"),
        None => "has the wrong type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse;
    use serde_json::json;

    use super::*;
    use crate::wire::{BatchBody, ErrorBody};

    async fn refused<T: DeserializeOwned>(value: Value) -> (u16, String, String) {
        let Err(error) = typed::<T>(value) else { panic!("was taken") };
        let response = error.into_response();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let mut error: ErrorBody = serde_json::from_slice(&body).unwrap();
        let field = error.fields.remove(0);
        (status, field.field, field.message)
    }

    #[tokio::test]
    async fn what_does_not_fit_is_named_without_its_value() {
        let base = || json!({"name": "n", "slug": "s", "config_type": "LLM"});
        let with = |name: &str, value: Value| {
            let mut base = base();
            base[name] = value;
            base
        };
        let cases = [
            (with("is_active", json!("yes")), "is_active", "must be a boolean"),
            (with("idle_timeout_ms", json!(-1)), "idle_timeout_ms", "must be u64"),
            (with("surprise", json!("sk-planted")), "surprise", "is not known here"),
            (json!({"name": "n", "slug": "s"}), "config_type", "is missing"),
            (with("slug", json!(["sk-planted"])), "slug", "must be a string"),
        ];
        for (value, field, message) in cases {
            let expected = (422, field.to_owned(), message.to_owned());
            assert_eq!(refused::<ProxyConfigBody>(value).await, expected);
        }
        let (_, field, message) = refused::<BatchBody>(json!({"keys": ["a", {"sk-planted": 1}]})).await;
        assert_eq!((field.as_str(), message.as_str()), ("keys[1]", "must be a string"));
    }
}
