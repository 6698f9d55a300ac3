//! Errors at the start of a stream whose head said 200.

use rotator_domain::Format;

use super::*;

fn event(provider: &str, format: Format, data: &str) -> Option<Verdict> {
    adapter(provider, format).read_event(data.as_bytes(), NOW).map(|reading| reading.verdict)
}

#[test]
fn an_error_event_says_what_the_answer_would_have_said() {
    let cases = [
        (
            "openai",
            Format::OpenAi,
            r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#,
            OUT_OF_CREDIT,
        ),
        (
            "openai",
            Format::OpenAi,
            r#"{"error":{"message":"Please try again in 2s.","code":"rate_limit_exceeded"}}"#,
            limited(2000),
        ),
        ("openai", Format::OpenAi, r#"{"error":{"type":"server_error","message":"The server had an error"}}"#, FAULT),
        (
            "openai",
            Format::OpenAi,
            r#"{"error":{"type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            CLIENT_FAULT,
        ),
        (
            "openai_responses",
            Format::OpenAiResponses,
            r#"{"type":"error","code":"server_error","message":"no","sequence_number":0}"#,
            FAULT,
        ),
        (
            "openai_responses",
            Format::OpenAiResponses,
            r#"{"type":"error","error":{"type":"tokens","code":"rate_limit_exceeded"}}"#,
            LIMITED,
        ),
        (
            "openai_responses",
            Format::OpenAiResponses,
            r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"Please try again in 6m0s."}}}"#,
            limited(360_000),
        ),
        (
            "openai_responses",
            Format::OpenAiResponses,
            r#"{"type":"response.failed","response":{"error":{"code":"invalid_prompt","message":"no"}}}"#,
            CLIENT_FAULT,
        ),
        (
            "anthropic",
            Format::Anthropic,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            FAULT,
        ),
        (
            "anthropic",
            Format::Anthropic,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"no"}}"#,
            LIMITED,
        ),
        ("anthropic", Format::Anthropic, r#"{"type":"error","error":{"type":"authentication_error"}}"#, DEAD),
        ("anthropic", Format::Anthropic, r#"{"type":"error","error":{"type":"invalid_request_error"}}"#, CLIENT_FAULT),
        ("gemini", Format::Gemini, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"no"}}"#, LIMITED),
        (
            "gemini",
            Format::Gemini,
            r#"[{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"RequestsPerDayPerModel","quotaValue":"9"}]}]}}]"#,
            out_of_quota(12 * 3600, LimitScope::Model),
        ),
        ("gemini", Format::Gemini, r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#, FAULT),
        (
            "openrouter",
            Format::OpenAi,
            r#"{"id":"g","error":{"code":429,"message":"Provider returned error"},"choices":[]}"#,
            LIMITED,
        ),
        ("openrouter", Format::OpenAi, r#"{"error":{"code":402,"message":"Insufficient credits"}}"#, OUT_OF_CREDIT),
        ("mistral", Format::OpenAi, r#"{"error":{"type":"rate_limited","code":"1300"}}"#, LIMITED),
        ("ollama", Format::OpenAi, r#"{"error":"model runner has stopped"}"#, FAULT),
    ];
    for (provider, format, data, expected) in cases {
        assert_eq!(event(provider, format, data), Some(expected), "{provider} {data}");
    }
}

#[test]
fn anything_else_is_no_error() {
    let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(100_000));
    let events = [
        r#"{"id":"c","object":"chat.completion.chunk","choices":[{"delta":{"content":"error 429"}}]}"#,
        r#"{"choices":[],"error":null}"#,
        r#"{"type":"response.created","response":{"id":"r","status":"in_progress","error":null}}"#,
        r#"{"type":"message_start","message":{"id":"m"}}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"error"}]}}]}"#,
        r#"{"error":{"code":429"#,
        "[DONE]",
        "",
        &long,
    ];
    for adapter in rotator_llm_adapters::all() {
        for data in events {
            assert_eq!(adapter.read_event(data.as_bytes(), NOW), None, "{} {data:.60}", adapter.name());
        }
    }
}
