//! Anthropic.

use rotator_domain::Format;

use super::*;

const CASES: &[Case] = &[
    (401, &[], r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, DEAD),
    (403, &[], r#"{"type":"error","error":{"type":"permission_error","message":"not for this key"}}"#, FORBIDDEN),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low for this."}}"#,
        OUT_OF_CREDIT,
    ),
    (402, &[], r#"{"type":"error","error":{"type":"billing_error","message":"pay"}}"#, OUT_OF_CREDIT),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: missing"}}"#,
        CLIENT_FAULT,
    ),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"tools.0: `Your credit balance is too low`"}}"#,
        CLIENT_FAULT,
    ),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"This organization has been disabled."}}"#,
        DEAD,
    ),
    (404, &[], r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#, CLIENT_FAULT),
    (413, &[], r#"{"type":"error","error":{"type":"request_too_large"}}"#, CLIENT_FAULT),
    (500, &[], r#"{"type":"error","error":{"type":"api_error"}}"#, FAULT),
    (529, &[], r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, FAULT),
    (529, &[("retry-after", "5")], "", fault(5000)),
    (429, &[], r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#, LIMITED),
    (
        429,
        &[
            ("anthropic-ratelimit-requests-remaining", "12"),
            ("anthropic-ratelimit-requests-reset", "2026-01-15T20:10:00Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-01-15T20:00:25Z"),
            ("anthropic-ratelimit-output-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-01-15T20:00:40Z"),
        ],
        r#"{"type":"error","error":{"type":"rate_limit_error"}}"#,
        limited(40_000),
    ),
    (
        429,
        &[
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-15T20:01:00Z"),
            ("retry-after", "11"),
        ],
        "",
        limited(11_000),
    ),
    (
        429,
        &[],
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"Extra usage is required for long context requests."}}"#,
        FORBIDDEN,
    ),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-01-16 at 00:00 UTC."}}"#,
        out_of_quota(4 * 3600, LimitScope::Key),
    ),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-02-01 at 00:00 UTC."}}"#,
        out_of_quota(24 * 3600, LimitScope::Key),
    ),
    (
        400,
        &[],
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on someday."}}"#,
        out_of_quota(4 * 3600, LimitScope::Key),
    ),
];

#[test]
fn its_answers_are_read() {
    check(adapter("anthropic", Format::Anthropic), CASES);
}

#[test]
fn all_four_buckets_are_told() {
    let fields = [
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-01-15T20:00:01Z"),
        ("anthropic-ratelimit-tokens-limit", "90000"),
        ("anthropic-ratelimit-input-tokens-remaining", "80000"),
        ("anthropic-ratelimit-output-tokens-reset", "2026-01-15T20:00:02.5+00:00"),
    ];
    let reading = read(adapter("anthropic", Format::Anthropic), 200, &fields, b"");
    let expected = [
        limit(Resource::Requests, Some(50), Some(49), Some(1000)),
        limit(Resource::Tokens, Some(90_000), None, None),
        limit(Resource::InputTokens, None, Some(80_000), None),
        limit(Resource::OutputTokens, None, None, Some(2500)),
    ];
    assert_eq!(reading, Reading { limits: expected.to_vec(), ..Reading::plain(Verdict::Healthy) });
}
