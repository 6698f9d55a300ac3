//! OpenRouter.

use rotator_domain::Format;

use super::*;

const CASES: &[Case] = &[
    (401, &[], r#"{"error":{"message":"User not found.","code":401}}"#, DEAD),
    (402, &[], r#"{"error":{"message":"Insufficient credits.","code":402}}"#, OUT_OF_CREDIT),
    (402, &[], "", OUT_OF_CREDIT),
    // The request wants more than is left; a smaller one passes.
    (
        402,
        &[],
        r#"{"error":{"message":"You asked for 65536 tokens, but can only afford 1234. Pay.","code":402}}"#,
        FORBIDDEN,
    ),
    (
        402,
        &[],
        r#"{"error":{"message":"You asked for 65536 tokens, but can only afford 0. Pay.","code":402}}"#,
        OUT_OF_CREDIT,
    ),
    (
        403,
        &[],
        r#"{"error":{"message":"Key limit exceeded (total limit). See the settings.","code":403}}"#,
        OUT_OF_CREDIT,
    ),
    (
        403,
        &[],
        r#"{"error":{"message":"Key limit exceeded (daily limit). See the settings.","code":403}}"#,
        out_of_quota(4 * 3600, LimitScope::Key),
    ),
    (403, &[], r#"{"error":{"message":"flagged","code":403,"metadata":{"reasons":["violence"]}}}"#, FORBIDDEN),
    (400, &[], r#"{"error":{"message":"no such model","code":400}}"#, CLIENT_FAULT),
    (408, &[], r#"{"error":{"message":"timed out","code":408}}"#, CLIENT_FAULT),
    (502, &[], r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"provider_name":"P"}}}"#, FAULT),
    // 2026-01-15T20:00:30Z, in milliseconds.
    (
        429,
        &[],
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1768507230000"}}}}"#,
        limited(30_000),
    ),
    (
        429,
        &[("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1768507230000")],
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429}}"#,
        limited(30_000),
    ),
    (
        429,
        &[],
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-day. Pay.","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":1768521600000}}}}"#,
        out_of_quota(4 * 3600, LimitScope::Model),
    ),
    (
        429,
        &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1768521600000")],
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-day-high-balance.","code":429}}"#,
        out_of_quota(4 * 3600, LimitScope::Model),
    ),
    (
        429,
        &[],
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-day.","code":"429"}}"#,
        out_of_quota(4 * 3600, LimitScope::Model),
    ),
    // The model's provider is busy.
    (
        429,
        &[],
        r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"m is rate-limited upstream","provider_name":"P"}}}"#,
        LIMITED,
    ),
    (
        429,
        &[],
        r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"provider_name":"P","retry_after_seconds":12}}}"#,
        limited(12_000),
    ),
    (429, &[("retry-after", "5")], r#"{"error":{"code":429,"metadata":{"provider_name":"P"}}}"#, limited(5000)),
    (429, &[], r#"{"error":{"code":429,"metadata":{"headers":["X-RateLimit-Reset"]}}}"#, LIMITED),
];

#[test]
fn its_answers_are_read() {
    check(adapter("openrouter", Format::OpenAi), CASES);
}

#[test]
fn the_numbers_in_the_body_are_a_limit() {
    let body = br#"{"error":{"code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1768507230000"}}}}"#;
    let reading = read(adapter("openrouter", Format::OpenAi), 429, &[], body);
    assert_eq!(reading.limits, [limit(Resource::Requests, Some(20), Some(0), Some(30_000))]);
}
