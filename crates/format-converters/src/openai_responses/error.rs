//! Errors: those of the vendor, and how answers tell them.

use serde_json::value::RawValue;

use crate::ir::ApiError;
use crate::openai_vendor::error;

pub(super) use crate::openai_vendor::error::{read, render};

/// The status of an error whose words say nothing of it.
const UNKNOWN: u16 = 500;

/// Reads an error within an answer, or an event that is one. The answer's own status said that all is well: it follows from
/// the words.
pub(super) fn within(raw: &RawValue) -> ApiError {
    let mut told = error::told(raw);
    // The type of the event is no word for the error.
    told.code.take_if(|code| code == "error");
    if told.status == UNKNOWN {
        told.status = told.code.as_deref().and_then(status).unwrap_or(UNKNOWN);
    }
    told
}

/// The code that an answer tells an error with, where the upstream had no word for it.
pub(super) fn code(error: &ApiError) -> &str {
    match (&error.code, error.status) {
        (Some(code), _) => code,
        (None, 429) => "rate_limit_exceeded",
        (None, 400..=499) => "invalid_prompt",
        (None, _) => "server_error",
    }
}

/// The status that goes with a code that only this format has; `None` where it says nothing.
fn status(code: &str) -> Option<u16> {
    let is_clients = ["invalid_", "image_", "empty_image"].iter().any(|start| code.starts_with(start));
    Some(match code {
        "server_is_overloaded" | "slow_down" => 503,
        "vector_store_timeout" => 504,
        "failed_to_download_image" | "unsupported_image_media_type" | "data_residency_mismatch" | "bio_policy" => 400,
        _ if is_clients => 400,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document;

    #[test]
    fn the_status_follows_from_the_words() {
        let cases = [
            (r#"{"code":"rate_limit_exceeded","message":"m"}"#, 429, Some("rate_limit_exceeded")),
            (r#"{"type":"error","code":null,"message":"m"}"#, 500, None),
            (r#"{"type":"insufficient_quota","message":"m"}"#, 429, Some("insufficient_quota")),
            (r#"{"code":"context_length_exceeded","message":"m"}"#, 400, Some("context_length_exceeded")),
            (r#"{"code":"invalid_image_url","message":"m"}"#, 400, Some("invalid_image_url")),
            (r#"{"code":503,"message":"m"}"#, 503, None),
            (r#"{"code":"slow_down","message":"m"}"#, 503, Some("slow_down")),
            (r#"{"code":"odd","type":"overloaded_error","message":"m"}"#, 529, Some("odd")),
            (r#"{"message":5}"#, 500, None),
        ];
        for (body, status, code) in cases {
            let error = within(document(body.as_bytes()).unwrap());
            assert_eq!((error.status, error.code.as_deref()), (status, code), "{body}");
            assert!(!error.message.is_empty());
        }
    }
}
