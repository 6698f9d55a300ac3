//! Errors as Anthropic writes them (<https://docs.anthropic.com/en/api/errors>).

use serde::Serialize;

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

/// What Anthropic answers when it cannot take more: not 503, which its SDKs do not know.
const OVERLOADED: u16 = 529;

/// Writes an error.
pub(super) fn render(reply: &ErrorReply<'_>) -> RenderedError {
    let (status, r#type) = match reply.status {
        401 => (401, "authentication_error"),
        402 => (402, "billing_error"),
        403 => (403, "permission_error"),
        404 => (404, "not_found_error"),
        413 => (413, "request_too_large"),
        429 => (429, "rate_limit_error"),
        503 | OVERLOADED => (OVERLOADED, "overloaded_error"),
        504 => (504, "timeout_error"),
        status @ 500.. => (status, "api_error"),
        status => (status, "invalid_request_error"),
    };
    RenderedError::json(status, &Body { r#type: "error", error: Error { r#type, message: reply.message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_pool_reads_as_overload() {
        let rendered = render(&ErrorReply { status: 503, message: "m", code: Some("no_usable_key") });
        let expected = br#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
        assert_eq!((rendered.status, &rendered.body[..]), (529, &expected[..]));
    }
}
