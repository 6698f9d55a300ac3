//! Errors as the API answers them.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rotator_domain::{FieldError, Invalid};
use rotator_storage_trait::StorageErrorKind;

use crate::use_cases::{LoginError, UseCaseError};
use crate::wire::{ErrorBody, FieldErrorBody};

/// Why a request is refused.
pub(crate) enum ApiError {
    /// No valid bearer token.
    Unauthorized,
    /// A cookie came with a request that may be of another site's page.
    OtherSite,
    /// Name or password is wrong.
    WrongLogin,
    /// Too many logins failed; wait so many seconds.
    Slowed(u64),
    /// What was asked for is not there.
    NotFound(&'static str),
    /// The route has no such method.
    MethodNotAllowed(Method),
    /// The body cannot be read at all.
    BadBody(StatusCode, String),
    /// A use case failed.
    UseCase(UseCaseError),
}

// === impl ApiError ===

impl ApiError {
    /// A refused field.
    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::UseCase(FieldError::new(field, message).into())
    }
}

impl From<UseCaseError> for ApiError {
    fn from(error: UseCaseError) -> Self {
        Self::UseCase(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let plain = |status, error: &str| (status, Vec::new(), error.to_owned());
        let (status, fields, error) = match self {
            Self::Unauthorized => {
                let mut response =
                    answer(StatusCode::UNAUTHORIZED, Vec::new(), "a valid bearer token is needed".to_owned());
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                return response;
            }
            Self::OtherSite => plain(StatusCode::FORBIDDEN, "a cookie counts in requests of the UI's own page only"),
            Self::WrongLogin => plain(StatusCode::UNAUTHORIZED, "the name or the password is wrong"),
            Self::Slowed(seconds) => {
                let error = format!("too many failed logins; try again in {seconds} s");
                let mut response = answer(StatusCode::TOO_MANY_REQUESTS, Vec::new(), error);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                return response;
            }
            Self::NotFound(what) => (StatusCode::NOT_FOUND, Vec::new(), format!("{what} was not found")),
            Self::MethodNotAllowed(method) => {
                (StatusCode::METHOD_NOT_ALLOWED, Vec::new(), format!("this route has no {method}"))
            }
            Self::BadBody(status, error) => (status, Vec::new(), error),
            Self::UseCase(error) => use_case(error),
        };
        answer(status, fields, error)
    }
}

fn use_case(error: UseCaseError) -> (StatusCode, Vec<FieldError>, String) {
    let text = error.to_string();
    match error {
        UseCaseError::NotFound(_) => (StatusCode::NOT_FOUND, Vec::new(), text),
        UseCaseError::Forbidden { .. } | UseCaseError::SessionNeeded => (StatusCode::FORBIDDEN, Vec::new(), text),
        UseCaseError::Changed(_) => (StatusCode::PRECONDITION_FAILED, Vec::new(), text),
        UseCaseError::LastAdmin => (StatusCode::CONFLICT, Vec::new(), text),
        UseCaseError::Invalid(Invalid(fields)) => (StatusCode::UNPROCESSABLE_ENTITY, fields, text),
        UseCaseError::Conflict { field } => (StatusCode::CONFLICT, vec![FieldError::new(field, "is taken")], text),
        other => {
            let unavailable = match &other {
                UseCaseError::Storage(error) => {
                    let is_away = matches!(error.kind(), StorageErrorKind::Unavailable | StorageErrorKind::Collided);
                    is_away.then(|| "the database does not answer".to_owned())
                }
                UseCaseError::Cache(_) => Some(text.clone()),
                _ => None,
            };
            let causes = std::iter::successors(std::error::Error::source(&other), |cause| cause.source());
            let causes: Vec<String> = causes.map(ToString::to_string).collect();
            tracing::error!(error = %other, cause = causes.join(": "), "an admin request failed");
            match unavailable {
                Some(text) => (StatusCode::SERVICE_UNAVAILABLE, Vec::new(), text),
                None => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), text),
            }
        }
    }
}

fn answer(status: StatusCode, fields: Vec<FieldError>, error: String) -> Response {
    let fields = fields.into_iter().map(|FieldError { field, message }| FieldErrorBody { field, message }).collect();
    (status, Json(ErrorBody { error, fields })).into_response()
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::WrongLogin,
            LoginError::Slowed(wait) => Self::Slowed(wait.as_secs().max(1)),
            LoginError::Other(error) => Self::UseCase(error),
        }
    }
}
