//! Errors that come as events of a stream whose head said 200: which status they would have had.

use http::StatusCode;

use crate::error_body::ErrorBody;

/// The words for errors and the statuses that go with them, as the vendors pair them in answers:
/// OpenAI (<https://developers.openai.com/api/docs/guides/error-codes> and the codes of `response.failed`,
/// <https://platform.openai.com/docs/api-reference/responses/object>), Anthropic
/// (<https://docs.anthropic.com/en/api/errors>), Google (<https://cloud.google.com/apis/design/errors>), Mistral.
const STATUSES: [(&str, u16); 39] = [
    ("invalid_request_error", 400),
    ("invalid_request", 400),
    ("invalid_prompt", 400),
    ("context_length_exceeded", 400),
    ("content_filter", 400),
    ("content_policy_violation", 400),
    ("unsupported_image_media_type", 400),
    ("empty_image_file", 400),
    ("failed_to_download_image", 400),
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("OUT_OF_RANGE", 400),
    ("authentication_error", 401),
    ("invalid_api_key", 401),
    ("UNAUTHENTICATED", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("PERMISSION_DENIED", 403),
    ("not_found_error", 404),
    ("model_not_found", 404),
    ("NOT_FOUND", 404),
    ("request_too_large", 413),
    ("rate_limit_exceeded", 429),
    ("rate_limit_error", 429),
    ("rate_limited", 429),
    ("slow_down", 429),
    ("insufficient_quota", 429),
    ("too_many_requests", 429),
    ("too_many_requests_error", 429),
    ("RESOURCE_EXHAUSTED", 429),
    ("server_error", 500),
    ("api_error", 500),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("server_is_overloaded", 503),
    ("service_unavailable_error", 503),
    ("timeout_error", 504),
    ("DEADLINE_EXCEEDED", 504),
    ("overloaded_error", 529),
];

/// The status of an error in an event's data; `None` when it is no error. A number in the error counts before its words,
/// its code before its type; what nobody knows is the upstream's fault, so that it says nothing about the key.
pub(crate) fn status(data: &[u8]) -> Option<StatusCode> {
    let error = ErrorBody::of_event(data)?;
    let number = error.words.iter().find_map(|word| word.parse().ok().filter(|code| (400..600).contains(code)));
    let named =
        || error.words.iter().find_map(|own| STATUSES.iter().find(|(word, _)| own == word).map(|(_, code)| *code));
    // `invalid_image`, `image_too_large` and their like, in OpenAI's Responses.
    let is_about_request = || error.words.iter().any(|word| word.starts_with("invalid_") || word.starts_with("image_"));
    let code = number.or_else(named).unwrap_or_else(|| if is_about_request() { 400 } else { 500 });
    StatusCode::from_u16(code).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_status_that_it_would_have_had() {
        let cases = [
            (r#"{"error":{"message":"no","type":"rate_limit_exceeded","code":null}}"#, Some(429)),
            (r#"{"error":{"message":"no","type":"insufficient_quota","code":"insufficient_quota"}}"#, Some(429)),
            (r#"{"error":{"message":"no","code":502,"metadata":{}},"choices":[]}"#, Some(502)),
            (r#"{"error":{"message":"no","type":"server_error","code":"429"}}"#, Some(429)),
            (r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#, Some(401)),
            (r#"{"type":"error","code":"server_error","message":"no"}"#, Some(500)),
            (r#"{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}}"#, Some(429)),
            (r#"{"type":"response.failed","response":{"error":{"code":"image_too_large"}}}"#, Some(400)),
            (r#"{"type":"response.failed","response":{"error":{"code":"invalid_prompt"}}}"#, Some(400)),
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#, Some(529)),
            (r#"{"type":"error","error":{"type":"rate_limit_error","message":"no"}}"#, Some(429)),
            (r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, Some(429)),
            (r#"{"error":{"status":"UNAVAILABLE"}}"#, Some(503)),
            (r#"{"error":{"type":"new_error","code":7}}"#, Some(500)),
            (r#"{"error":"something broke"}"#, Some(500)),
            (r#"{"choices":[{"delta":{"content":"an error"}}]}"#, None),
        ];
        for (data, expected) in cases {
            assert_eq!(status(data.as_bytes()).map(|status| status.as_u16()), expected, "{data}");
        }
    }

    #[test]
    fn every_word_stands_once() {
        let words: std::collections::HashSet<_> = STATUSES.iter().map(|(word, _)| word).collect();
        assert_eq!(words.len(), STATUSES.len());
    }
}
