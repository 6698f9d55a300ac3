//! Errors as Anthropic writes them (<https://docs.anthropic.com/en/api/errors>).

use serde::Serialize;

use crate::ir::ApiError;
use crate::json::{self, Object};
use crate::reply::OVERLOADED;
use crate::{ErrorReply, RenderedError};

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// Writes an error.
pub(super) fn render(reply: &ErrorReply<'_>) -> RenderedError {
    let r#type = match reply.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        // Only 529 means overload. A pool without a usable key (503) does not pass by itself and must not read so.
        OVERLOADED => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    RenderedError::json(reply.status, &Body { r#type: "error", error: Error { r#type, message: reply.message } })
}

/// Reads an error that the vendor answered with this status.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    let error = json::document(body).and_then(Object::read_leniently).ok().and_then(|object| told(&object));
    let message = || String::from_utf8_lossy(body).trim().to_owned();
    ApiError { status, ..error.unwrap_or_else(|| ApiError { message: message(), ..ApiError::default() }) }
}

/// The error that an object tells, with the status that goes with its type.
pub(super) fn told(object: &Object<'_>) -> Option<ApiError> {
    let error = object.object("error").ok().flatten()?;
    let code = error.text("type").ok().flatten();
    let status = match code.as_deref() {
        Some("invalid_request_error") => 400,
        Some("authentication_error") => 401,
        Some("billing_error") => 402,
        Some("permission_error") => 403,
        Some("not_found_error") => 404,
        Some("request_too_large") => 413,
        Some("rate_limit_error") => 429,
        Some("timeout_error") => 504,
        Some("overloaded_error") => OVERLOADED,
        _ => 500,
    };
    Some(ApiError { status, message: error.text("message").ok().flatten().unwrap_or_default(), code, param: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_vendors() {
        let rendered = render(&ErrorReply { status: 503, message: "say \"no\"", code: Some("no_usable_key") });
        let expected = br#"{"type":"error","error":{"type":"api_error","message":"say \"no\""}}"#;
        assert_eq!((rendered.status, &rendered.body[..]), (503, &expected[..]));
        assert_eq!(rendered.content_type, "application/json");
    }

    #[test]
    fn every_status_has_its_type() {
        let cases = [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (413, "request_too_large"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ];
        for (status, expected) in cases {
            let rendered = render(&ErrorReply { status, message: "m", code: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["type"].as_str()), (status, Some(expected)));
        }
    }
}
