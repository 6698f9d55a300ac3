//! Errors as Google writes them (<https://cloud.google.com/apis/design/errors>).

use serde::Serialize;

use crate::{ErrorReply, RenderedError};

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
}

/// Writes an error.
pub(super) fn render(reply: &ErrorReply<'_>) -> RenderedError {
    let status = match reply.status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    let error = Error { code: reply.status, message: reply.message, status };
    RenderedError::json(reply.status, &Body { error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_reads_as_google_writes_it() {
        let rendered = render(&ErrorReply { status: 401, message: "m", code: Some("invalid_client_key") });
        let expected = br#"{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}"#;
        assert_eq!((rendered.status, &rendered.body[..]), (401, &expected[..]));
    }
}
