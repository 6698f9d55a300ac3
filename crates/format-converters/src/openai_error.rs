//! Errors as OpenAI writes them in both of its formats (<https://platform.openai.com/docs/guides/error-codes>).

use serde::Serialize;

use crate::{ErrorReply, RenderedError};

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<()>,
    code: Option<&'a str>,
}

/// Writes an error.
pub(crate) fn render(reply: &ErrorReply<'_>) -> RenderedError {
    let r#type = match reply.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    let error = Error { message: reply.message, r#type, param: None, code: reply.code };
    RenderedError::json(reply.common_status(), &Body { error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_as_openai_writes_it() {
        let rendered = render(&ErrorReply { status: 429, message: "slow \"down\"", code: Some("limited") });
        let expected =
            br#"{"error":{"message":"slow \"down\"","type":"rate_limit_error","param":null,"code":"limited"}}"#;
        assert_eq!((rendered.status, &rendered.body[..]), (429, &expected[..]));
    }

    #[test]
    fn every_status_has_its_type() {
        let cases = [
            (400, "invalid_request_error", 400),
            (401, "authentication_error", 401),
            (402, "billing_error", 402),
            (403, "permission_error", 403),
            (404, "invalid_request_error", 404),
            (413, "invalid_request_error", 413),
            (429, "rate_limit_error", 429),
            (500, "server_error", 500),
            (504, "server_error", 504),
            (529, "server_error", 503),
        ];
        for (status, expected, told) in cases {
            let rendered = render(&ErrorReply { status, message: "m", code: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["type"].as_str()), (told, Some(expected)));
            assert!(body["error"]["code"].is_null() && body["error"]["param"].is_null());
        }
    }
}
