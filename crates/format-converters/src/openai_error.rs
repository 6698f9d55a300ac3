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
    RenderedError::json(reply.status, &Body { error })
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
}
