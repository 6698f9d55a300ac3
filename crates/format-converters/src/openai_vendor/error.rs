//! Errors as OpenAI writes them in both of its formats (<https://platform.openai.com/docs/guides/error-codes>).

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ir::ApiError;
use crate::json::{self, Kind, Object};
use crate::reply::OVERLOADED;
use crate::{ErrorReply, RenderedError};

/// The status of an error that says none.
const UNTOLD: u16 = 500;
/// The most bytes of an error that is no JSON.
const PLAIN_LIMIT: usize = 2_000;

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
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
    let error = Error { message: reply.message, r#type, param: reply.param, code: reply.code };
    RenderedError::json(reply.common_status(), &Body { error })
}

/// Reads an error that the vendor, or one who speaks its formats, answered with this status.
pub(crate) fn read(status: u16, body: &[u8]) -> ApiError {
    let told = json::document(body).ok().and_then(|raw| find(raw, 3));
    let plain = || String::from_utf8_lossy(body.get(..PLAIN_LIMIT).unwrap_or(body)).trim().to_owned();
    let mut error = told.unwrap_or_else(|| ApiError { message: plain(), ..ApiError::default() });
    if status >= 400 {
        error.status = status;
    } else if error.status == 0 {
        error.status = UNTOLD;
    }
    error
}

/// Reads an error object, or whatever stands in its place, that came without a status of its own, such as one in a stream.
/// The status is the one that goes with its words.
pub(crate) fn told(raw: &RawValue) -> ApiError {
    let error = find(raw, 3).unwrap_or_else(|| ApiError { message: raw.get().to_owned(), ..ApiError::default() });
    ApiError { status: if error.status == 0 { UNTOLD } else { error.status }, ..error }
}

/// Looks for an error in the places where servers put it: `error`, `detail`, a list of one, or bare.
fn find(raw: &RawValue, depth: u8) -> Option<ApiError> {
    let depth = depth.checked_sub(1)?;
    match json::kind(raw) {
        Kind::Text => Some(ApiError { message: json::text(raw).ok()?, ..ApiError::default() }),
        Kind::List => json::list(raw).ok()?.first().and_then(|first| find(first, depth)),
        Kind::Object => {
            let object = Object::read_leniently(raw).ok()?;
            let held = ["error", "detail", "errors"].into_iter().find_map(|name| object.raw(name));
            held.and_then(|held| find(held, depth)).or_else(|| bare(&object))
        }
        _ => None,
    }
}

fn bare(object: &Object<'_>) -> Option<ApiError> {
    let text = |name| object.text(name).ok().flatten().filter(|text| !text.is_empty());
    let number = |name| object.count(name).ok().flatten();
    let (code, r#type) = (text("code"), text("type"));
    let message = text("message").or_else(|| text("msg")).or_else(|| code.clone()).or_else(|| r#type.clone())?;
    let said = ["code", "status", "status_code"].into_iter().find_map(number).and_then(|said| u16::try_from(said).ok());
    let written = code.as_deref().and_then(|code| code.parse().ok());
    let words = [code.as_deref(), r#type.as_deref()].into_iter().flatten().find_map(status_of);
    let status = said.or(written).filter(|said| (400..600).contains(said)).or(words).unwrap_or_default();
    Some(ApiError { status, message, code: code.or(r#type), param: text("param") })
}

/// The status that goes with a word of an error.
fn status_of(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_request_error" | "invalid_prompt" | "context_length_exceeded" | "invalid_image" => 400,
        "authentication_error" | "invalid_api_key" | "invalid_authentication" => 401,
        "billing_error" | "insufficient_balance" => 402,
        "permission_error" | "permission_denied" => 403,
        "not_found_error" | "model_not_found" => 404,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" | "tokens" | "requests" => 429,
        "timeout" | "timeout_error" => 504,
        "overloaded_error" | "server_overloaded" => OVERLOADED,
        "server_error" | "api_error" | "internal_error" | "internal_server_error" => UNTOLD,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_as_openai_writes_it() {
        let reply = ErrorReply { status: 429, message: "slow \"down\"", code: Some("limited"), param: None };
        let rendered = render(&reply);
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
            let rendered = render(&ErrorReply { status, message: "m", code: None, param: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["type"].as_str()), (told, Some(expected)));
            assert!(body["error"]["code"].is_null() && body["error"]["param"].is_null());
        }
    }

    #[test]
    fn errors_are_read_as_servers_write_them() {
        let cases = [
            (
                429,
                r#"{"error":{"message":"m","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
                429,
                "m",
                "rate_limit_exceeded",
            ),
            (
                400,
                r#"{"error":{"message":"m","type":"invalid_request_error","param":"p","code":null}}"#,
                400,
                "m",
                "invalid_request_error",
            ),
            (502, r#"{"error":"no"}"#, 502, "no", ""),
            (
                422,
                r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#,
                422,
                "field required",
                "missing",
            ),
            (404, r#"{"detail":"Not Found"}"#, 404, "Not Found", ""),
            (400, r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#, 400, "m", ""),
            (200, r#"{"error":{"message":"m","code":402}}"#, 402, "m", ""),
            (200, r#"{"error":{"message":"m","code":"503"}}"#, 503, "m", "503"),
            (200, r#"{"error":{"message":"m","type":"overloaded_error"}}"#, 529, "m", "overloaded_error"),
            (200, r#"{"error":{"message":"m"}}"#, 500, "m", ""),
            (503, "<html>busy</html>", 503, "<html>busy</html>", ""),
            (503, "", 503, "", ""),
            (
                500,
                r#"{"error":{"error":{"error":{"error":1}}}}"#,
                500,
                r#"{"error":{"error":{"error":{"error":1}}}}"#,
                "",
            ),
        ];
        for (status, body, told, message, code) in cases {
            let error = read(status, body.as_bytes());
            let found = (error.status, error.message.as_str(), error.code.as_deref().unwrap_or_default());
            assert_eq!(found, (told, message, code), "{body}");
        }
        assert_eq!(read(500, &[0xff; 5_000]).message.chars().count(), PLAIN_LIMIT);
        assert_eq!(read(400, br#"{"error":{"message":"m","param":"tools[0]"}}"#).param.as_deref(), Some("tools[0]"));
    }
}
