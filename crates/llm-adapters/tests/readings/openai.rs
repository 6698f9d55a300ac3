//! OpenAI, and those that copy it whole.

use rotator_domain::Format;

use super::*;

const CASES: &[Case] = &[
    (
        429,
        &[],
        r#"{"error":{"message":"Over your quota.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        OUT_OF_CREDIT,
    ),
    // A wait does not bring credit back, whatever the headers say.
    (429, &[("retry-after", "2")], r#"{"error":{"type":"insufficient_quota","code":null}}"#, OUT_OF_CREDIT),
    (429, &[], r#"{"error":{"type":"insufficient_quota","code":"project_spend_limit_exceeded"}}"#, OUT_OF_CREDIT),
    (429, &[], r#"{"error":{"code":"credit_balance_exhausted"}}"#, OUT_OF_CREDIT),
    (429, &[], r#"{"error":{"code":"billing_hard_limit_reached"}}"#, OUT_OF_CREDIT),
    (400, &[], r#"{"error":{"code":"billing_hard_limit_reached","type":"invalid_request_error"}}"#, OUT_OF_CREDIT),
    (429, &[], r#"{"error":{"code":"billing_not_active"}}"#, OUT_OF_CREDIT),
    (402, &[], "", OUT_OF_CREDIT),
    (401, &[], r#"{"error":{"type":"invalid_request_error","code":"invalid_api_key"}}"#, DEAD),
    (401, &[], "", DEAD),
    (401, &[], r#"{"error":{"code":"account_deactivated"}}"#, DEAD),
    (403, &[], r#"{"error":{"code":"account_deactivated"}}"#, DEAD),
    (403, &[], r#"{"error":{"code":"invalid_api_key"}}"#, DEAD),
    (401, &[], r#"{"error":{"code":"mismatched_organization"}}"#, FORBIDDEN),
    (401, &[], r#"{"error":{"message":"Not allowed. Missing scopes: api.files.read."}}"#, FORBIDDEN),
    (403, &[], r#"{"error":{"code":"unsupported_country_region_territory"}}"#, FORBIDDEN),
    (403, &[], r#"{"error":{"message":"No access to this model","code":"model_not_found"}}"#, FORBIDDEN),
    (400, &[], r#"{"error":{"type":"invalid_request_error","code":"context_length_exceeded"}}"#, CLIENT_FAULT),
    // A client that makes the upstream repeat its words does no harm.
    (400, &[], r#"{"error":{"message":"Unknown role: insufficient_quota. Incorrect API key provided"}}"#, CLIENT_FAULT),
    (404, &[], r#"{"error":{"code":"model_not_found"}}"#, CLIENT_FAULT),
    (408, &[], "", CLIENT_FAULT),
    (409, &[], "", CLIENT_FAULT),
    (413, &[], r#"{"error":{"code":"rate_limit_exceeded"}}"#, CLIENT_FAULT),
    (422, &[("retry-after", "9"), ("x-ratelimit-remaining-requests", "0")], "", CLIENT_FAULT),
    (500, &[], r#"{"error":{"type":"server_error"}}"#, FAULT),
    (503, &[("retry-after", "3")], r#"{"error":{"code":"slow_down"}}"#, fault(3000)),
    (429, &[("retry-after", "3")], r#"{"error":{"message":"The engine is currently overloaded, wait."}}"#, fault(3000)),
    (429, &[], r#"{"error":{"type":"service_unavailable_error","code":"server_is_overloaded"}}"#, FAULT),
    (429, &[], r#"{"error":{"type":"rate_limit_error","code":"slow_down"}}"#, LIMITED),
    (429, &[], "", LIMITED),
    (429, &[("retry-after", "30")], r#"{"error":{"code":"rate_limit_exceeded","type":"requests"}}"#, limited(30_000)),
    (429, &[("retry-after-ms", "20"), ("retry-after", "1")], "", limited(20)),
    // Only the empty bucket decides.
    (
        429,
        &[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "1h0m0s"),
        ],
        "",
        limited(360_000),
    ),
    // Of several empty ones, the last.
    (
        429,
        &[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "20ms"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1.5s"),
        ],
        "",
        limited(1500),
    ),
    // None is empty: the resets say nothing.
    (
        429,
        &[("x-ratelimit-remaining-requests", "4"), ("x-ratelimit-reset-requests", "6m0s"), ("retry-after", "7")],
        "",
        limited(7000),
    ),
    (429, &[("x-ratelimit-remaining-requests", "4"), ("x-ratelimit-reset-requests", "6m0s")], "", LIMITED),
    // They contradict each other: `Retry-After` is for this request, the reset for a full bucket.
    (
        429,
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s"), ("retry-after", "7")],
        "",
        limited(7000),
    ),
    (
        429,
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "20ms"), ("retry-after", "7")],
        "",
        limited(7000),
    ),
    (
        429,
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "9s"), ("retry-after", "0")],
        "",
        limited(9000),
    ),
    // The message is asked last.
    (
        429,
        &[],
        r#"{"error":{"message":"Limit 3, used 3. Please try again in 20ms.","code":"rate_limit_exceeded"}}"#,
        limited(20),
    ),
    (
        429,
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "9s")],
        r#"{"error":{"message":"Please try again in 6m0s. Read the docs.","code":"rate_limit_exceeded"}}"#,
        limited(9000),
    ),
    (
        429,
        &[],
        r#"{"error":{"message":"Please try again in 6m0s. Read the docs.","code":"rate_limit_exceeded"}}"#,
        limited(360_000),
    ),
    // It is larger than the whole minute of this key.
    (
        429,
        &[("x-ratelimit-remaining-tokens", "10000")],
        r#"{"error":{"message":"Request too large for m: Limit 10000, Requested 13000.","code":"rate_limit_exceeded"}}"#,
        FORBIDDEN,
    ),
];

#[test]
fn its_answers_are_read() {
    check(adapter("openai", Format::OpenAi), CASES);
    check(adapter("openai_responses", Format::OpenAiResponses), CASES);
    check(adapter("openai_compatible", Format::OpenAi), CASES);
    check(adapter("groq", Format::OpenAi), CASES);
}

#[test]
fn a_served_request_tells_the_limits_too() {
    let fields = [
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-limit-tokens", "150000"),
        ("x-ratelimit-remaining-tokens", "149984"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ];
    let limits = vec![
        limit(Resource::Requests, Some(60), Some(0), Some(1000)),
        limit(Resource::Tokens, Some(150_000), Some(149_984), Some(360_000)),
    ];
    let expected = |verdict| Reading { limits: limits.clone(), ..Reading::plain(verdict) };
    let openai = adapter("openai", Format::OpenAi);
    // A body is of interest only when the status says that it is an error.
    let body = br#"{"error":{"code":"invalid_api_key"}}"#;
    assert_eq!(read(openai, 200, &fields, body), expected(Verdict::Healthy));
    assert_eq!(read(openai, 400, &fields, b""), expected(CLIENT_FAULT));
    assert_eq!(read(openai, 429, &fields, b""), expected(limited(1000)));
}
