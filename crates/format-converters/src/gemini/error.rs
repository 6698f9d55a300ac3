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
    let code = reply.common_status();
    let status = match code {
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
    RenderedError::json(code, &Body { error: Error { code, message: reply.message, status } })
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

    #[test]
    fn every_status_has_its_name() {
        let cases = [
            (400, "INVALID_ARGUMENT", 400),
            (401, "UNAUTHENTICATED", 401),
            (403, "PERMISSION_DENIED", 403),
            (404, "NOT_FOUND", 404),
            (413, "INVALID_ARGUMENT", 413),
            (429, "RESOURCE_EXHAUSTED", 429),
            (500, "INTERNAL", 500),
            (501, "UNIMPLEMENTED", 501),
            (503, "UNAVAILABLE", 503),
            (504, "DEADLINE_EXCEEDED", 504),
            (529, "UNAVAILABLE", 503),
        ];
        for (status, expected, told) in cases {
            let rendered = render(&ErrorReply { status, message: "m", code: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["status"].as_str()), (told, Some(expected)));
            assert_eq!(body["error"]["code"], told);
        }
    }
}
