//! Errors as Anthropic writes them (<https://platform.claude.com/docs/en/api/errors>).

use bytes::Bytes;
use serde::Serialize;

use crate::ir::ApiError;
use crate::json::{Kind, Object, document, kind};
use crate::reply::OVERLOADED;
use crate::{ErrorReply, RenderedError};

/// The most characters of a body that is told as it stands.
const MOST_TOLD: usize = 2_000;

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
    let body = body(reply.status, reply.message);
    RenderedError { status: reply.status, content_type: "application/json", body }
}

/// The body of an error, which is the data of an `error` event too.
pub(super) fn body(status: u16, message: &str) -> Bytes {
    let error = Error { r#type: type_of(status), message };
    serde_json::to_vec(&Body { r#type: "error", error }).unwrap_or_default().into()
}

/// Reads an error that the vendor answered with this status.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    let object = document(body).and_then(Object::read_leniently);
    let told = object.ok().and_then(|object| {
        let message = ["message", "detail"].into_iter().find_map(|name| object.text(name).ok().flatten());
        told(&object).or_else(|| message.map(|message| ApiError { message, ..ApiError::default() }))
    });
    let error = told.unwrap_or_else(|| {
        let text: String = String::from_utf8_lossy(body).trim().chars().take(MOST_TOLD).collect();
        let message = if text.is_empty() { format!("the upstream answered with status {status}") } else { text };
        ApiError { message, ..ApiError::default() }
    });
    ApiError { status, ..error }
}

/// The error that an object tells, with the status that goes with its words; `None` where it tells none.
pub(super) fn told(object: &Object<'_>) -> Option<ApiError> {
    let raw = object.raw("error")?;
    if kind(raw) == Kind::Text {
        let message = object.text("error").ok()??;
        return Some(ApiError { status: status_of(None), message, code: None, param: None });
    }
    let error = Object::read_leniently(raw).ok()?;
    let code = error.text("type").ok().flatten();
    let message = error.text("message").ok().flatten();
    let message = message.or_else(|| code.clone()).unwrap_or_else(|| raw.get().chars().take(MOST_TOLD).collect());
    Some(ApiError { status: status_of(code.as_deref()), message, code, param: None })
}

fn type_of(status: u16) -> &'static str {
    match status {
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
    }
}

fn status_of(r#type: Option<&str>) -> u16 {
    match r#type {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_vendors() {
        let rendered =
            render(&ErrorReply { status: 503, message: "say \"no\"", code: Some("no_usable_key"), param: None });
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
            let rendered = render(&ErrorReply { status, message: "m", code: None, param: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["type"].as_str()), (status, Some(expected)));
        }
    }

    #[test]
    fn errors_are_read_with_their_words() {
        let cases: [(&str, u16, &str, Option<&str>); 6] = [
            (
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"r"}"#,
                429,
                "slow down",
                Some("rate_limit_error"),
            ),
            (r#"{"error":"no"}"#, 400, "no", None),
            (r#"{"error":{"message":5}}"#, 400, r#"{"message":5}"#, None),
            (r#"{"detail":"gone"}"#, 404, "gone", None),
            ("<html>", 502, "<html>", None),
            ("", 503, "the upstream answered with status 503", None),
        ];
        for (body, status, message, code) in cases {
            let expected = ApiError { status, message: message.to_owned(), code: code.map(str::to_owned), param: None };
            assert_eq!(read(status, body.as_bytes()), expected, "{body}");
        }
        assert_eq!(read(500, &[0xff, b'a']).message, "\u{fffd}a");
    }

    #[test]
    fn words_and_statuses_stand_for_each_other() {
        for status in [400, 401, 402, 403, 404, 413, 429, 500, 504, 529] {
            assert_eq!(status_of(Some(type_of(status))), status);
        }
        assert_eq!((status_of(None), status_of(Some("new_error"))), (500, 500));
    }
}
