//! Errors as Google writes them (<https://cloud.google.com/apis/design/errors>).

use serde::Serialize;
use serde_json::value::RawValue;

use super::wire::Manner;
use crate::ir::ApiError;
use crate::json::{self, Kind};
use crate::{ErrorReply, RenderedError};

/// The status of each name, the usual one first (<https://cloud.google.com/apis/design/errors#handling_errors>).
const STATUSES: [(&str, u16); 16] = [
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("OUT_OF_RANGE", 400),
    ("UNAUTHENTICATED", 401),
    ("PERMISSION_DENIED", 403),
    ("NOT_FOUND", 404),
    ("ABORTED", 409),
    ("ALREADY_EXISTS", 409),
    ("RESOURCE_EXHAUSTED", 429),
    ("CANCELLED", 499),
    ("INTERNAL", 500),
    ("UNKNOWN", 500),
    ("DATA_LOSS", 500),
    ("UNIMPLEMENTED", 501),
    ("UNAVAILABLE", 503),
    ("DEADLINE_EXCEEDED", 504),
];
/// The status of an error that says nothing of it.
const UNKNOWN: u16 = 500;
/// The most characters of a body that is no error of the vendor's.
const MOST_CHARACTERS: usize = 2_000;

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

/// Reads an error that the vendor answered with this status. The body may be a list of one.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    let told = json::document(body).ok().and_then(|raw| {
        let raw = if json::kind(raw) == Kind::List { *json::list(raw).ok()?.first()? } else { raw };
        told(Manner::Lenient.object(raw).ok()?.raw("error")?)
    });
    let as_it_stands = || {
        let message = String::from_utf8_lossy(body).trim().chars().take(MOST_CHARACTERS).collect();
        ApiError { message, ..ApiError::default() }
    };
    ApiError { status, ..told.unwrap_or_else(as_it_stands) }
}

/// Reads what stands under `error`: the status that goes with its words, the vendor's name, and the field to blame.
pub(super) fn told(raw: &RawValue) -> Option<ApiError> {
    if json::kind(raw) == Kind::Text {
        let message = json::text(raw).ok()?;
        return Some(ApiError { status: UNKNOWN, message, ..ApiError::default() });
    }
    let error = Manner::Lenient.object(raw).ok()?;
    let name = error.text("status").ok().flatten();
    let of_name = name.as_ref().and_then(|name| STATUSES.iter().find(|(known, _)| known == name));
    let of_code = error.value::<u16>("code", "a status").ok().flatten().filter(|code| (400..600).contains(code));
    let status = of_code.or(of_name.map(|(_, status)| *status)).unwrap_or(UNKNOWN);
    let message = error.text("message").ok().flatten().unwrap_or_else(|| raw.get().to_owned());
    let violations = error.each("details", |raw| {
        Manner::Lenient.object(raw)?.each("fieldViolations", |raw| Manner::Lenient.object(raw)?.text("field"))
    });
    let param = violations.unwrap_or_default().into_iter().flatten().flatten().find(|field| !field.is_empty());
    Some(ApiError { status, message, code: name, param })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_reads_as_google_writes_it() {
        let rendered = render(&ErrorReply { status: 401, message: "m", code: Some("invalid_client_key"), param: None });
        let expected = br#"{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}"#;
        assert_eq!((rendered.status, &rendered.body[..]), (401, &expected[..]));
    }

    #[test]
    fn an_error_is_read_as_far_as_it_can_be() {
        let error = |status, message: &str, code: Option<&str>, param: Option<&str>| ApiError {
            status,
            message: message.into(),
            code: code.map(str::to_owned),
            param: param.map(str::to_owned),
        };
        let whole = r#"{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT","details":[
            {"reason":"X"},{"fieldViolations":[{"field":"contents[0]"}]}]}}"#;
        let cases = [
            (whole.to_owned(), error(418, "bad", Some("INVALID_ARGUMENT"), Some("contents[0]"))),
            (format!("[{whole}]"), error(418, "bad", Some("INVALID_ARGUMENT"), Some("contents[0]"))),
            (r#"{"error":"bad"}"#.into(), error(418, "bad", None, None)),
            (r#"{"error":{"x":1}}"#.into(), error(418, r#"{"x":1}"#, None, None)),
            (" <html>\n".into(), error(418, "<html>", None, None)),
            ("[]".into(), error(418, "[]", None, None)),
            (String::new(), error(418, "", None, None)),
        ];
        for (body, expected) in cases {
            assert_eq!(read(418, body.as_bytes()), expected, "{body}");
        }
        assert_eq!(read(500, b"\xff").message, "\u{fffd}");
    }

    #[test]
    fn an_error_without_a_status_has_the_one_of_its_name() {
        let cases = [
            (r#"{"status":"UNAVAILABLE","message":"m"}"#, 503),
            (r#"{"code":429,"status":"UNAVAILABLE"}"#, 429),
            (r#"{"code":8}"#, 500),
            (r#""m""#, 500),
        ];
        for (body, expected) in cases {
            assert_eq!(told(json::document(body.as_bytes()).unwrap()).unwrap().status, expected, "{body}");
        }
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
            let rendered = render(&ErrorReply { status, message: "m", code: None, param: None });
            let body: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert_eq!((rendered.status, body["error"]["status"].as_str()), (told, Some(expected)));
            assert_eq!(body["error"]["code"], told);
        }
    }
}
