//! The others that speak OpenAI's format, where they differ from it.

use rotator_domain::Format;

use super::*;

const CASES: &[(&str, &[Case])] = &[
    (
        "groq",
        &[
            (
                429,
                &[
                    ("retry-after", "2"),
                    ("x-ratelimit-remaining-requests", "14369"),
                    ("x-ratelimit-reset-requests", "2m59.56s"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "7.66s"),
                ],
                r#"{"error":{"type":"tokens","code":"rate_limit_exceeded"}}"#,
                limited(2000),
            ),
            (413, &[], r#"{"error":{"message":"Request too large for m","code":"rate_limit_exceeded"}}"#, CLIENT_FAULT),
        ],
    ),
    (
        "deepseek",
        &[
            (402, &[], r#"{"error":{"message":"Insufficient Balance","code":"invalid_request_error"}}"#, OUT_OF_CREDIT),
            (401, &[], r#"{"error":{"type":"authentication_error"}}"#, DEAD),
            (429, &[], "", LIMITED),
            (503, &[], "", FAULT),
        ],
    ),
    (
        "xai",
        &[
            (400, &[], r#"{"code":"Bad argument","error":"Incorrect API key provided: xa***. Get one."}"#, DEAD),
            (400, &[], r#"{"code":"Bad argument","error":"Role `Incorrect API key provided`"}"#, CLIENT_FAULT),
            (
                429,
                &[],
                r#"{"code":"limit","error":"Your team t has either used all available credits or more."}"#,
                OUT_OF_CREDIT,
            ),
            (403, &[], r#"{"code":"denied","error":"The team doesn't have any credits yet."}"#, OUT_OF_CREDIT),
            (403, &[], r#"{"code":"denied","error":"not this model"}"#, FORBIDDEN),
            (429, &[], r#"{"code":"limit","error":"Too many requests for team t and model m."}"#, LIMITED),
            (
                429,
                &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1768507230")],
                "",
                limited(30_000),
            ),
        ],
    ),
    (
        "mistral",
        &[
            (401, &[], r#"{"detail":"Unauthorized"}"#, DEAD),
            (429, &[], r#"{"object":"error","message":"too fast","type":"rate_limited","code":"1300"}"#, LIMITED),
            (429, &[("ratelimitbysize-remaining", "0"), ("ratelimitbysize-reset", "38")], "", limited(38_000)),
            (429, &[("x-ratelimit-remaining-req-minute", "0")], "", LIMITED),
            (
                429,
                &[("x-ratelimit-remaining-tokens-month", "0"), ("retry-after", "600")],
                "",
                out_of_quota(600, LimitScope::Model),
            ),
        ],
    ),
    (
        "cerebras",
        &[
            (
                429,
                &[
                    ("x-ratelimit-remaining-requests-day", "0"),
                    ("x-ratelimit-reset-requests-day", "33011.0"),
                    ("x-ratelimit-remaining-tokens-minute", "100"),
                    ("x-ratelimit-reset-tokens-minute", "11.3"),
                ],
                "",
                out_of_quota(33_011, LimitScope::Model),
            ),
            (
                429,
                &[("x-ratelimit-remaining-tokens-minute", "0"), ("x-ratelimit-reset-tokens-minute", "11.5")],
                "",
                limited(11_500),
            ),
            (429, &[], r#"{"message":"high traffic","type":"too_many_requests_error","code":"queue_exceeded"}"#, FAULT),
        ],
    ),
    (
        "sambanova",
        &[(
            429,
            &[("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-requests-day", "4h17m")],
            "",
            out_of_quota(15_420, LimitScope::Model),
        )],
    ),
    (
        "together",
        &[
            (429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3")], "", limited(3000)),
            (429, &[("x-tokenlimit-remaining", "0"), ("x-tokenlimit-reset", "2")], "", limited(2000)),
        ],
    ),
    (
        "fireworks",
        &[
            (412, &[], r#"{"error":{"message":"Account a is suspended, perhaps for a bill."}}"#, OUT_OF_CREDIT),
            (412, &[], r#"{"error":{"message":"no deployment"}}"#, CLIENT_FAULT),
            (429, &[("x-ratelimit-remaining-tokens-generated", "0"), ("retry-after", "1")], "", limited(1000)),
        ],
    ),
    (
        "moonshot",
        &[
            (429, &[], r#"{"error":{"type":"exceeded_current_quota_error"}}"#, OUT_OF_CREDIT),
            (429, &[], r#"{"error":{"type":"engine_overloaded_error"}}"#, FAULT),
            (
                429,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "8")],
                r#"{"error":{"type":"rate_limit_reached_error"}}"#,
                limited(8000),
            ),
        ],
    ),
    (
        "zhipu",
        &[
            (429, &[], r#"{"error":{"code":"1113","message":"nothing left"}}"#, OUT_OF_CREDIT),
            (429, &[], r#"{"error":{"code":"1302","message":"too many at once"}}"#, LIMITED),
        ],
    ),
    (
        "qwen",
        &[
            (429, &[], r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}"#, LIMITED),
            (400, &[], r#"{"error":{"code":"Arrearage","type":"Arrearage"}}"#, OUT_OF_CREDIT),
        ],
    ),
    ("siliconflow", &[(403, &[], r#"{"code":30001,"message":"balance","data":null}"#, OUT_OF_CREDIT)]),
    ("perplexity", &[(401, &[], r#"{"error":{"type":"insufficient_quota","code":401}}"#, OUT_OF_CREDIT)]),
    (
        "openai_compatible",
        &[
            (429, &[("ratelimit", r#""default";r=0;t=30"#)], "", limited(30_000)),
            (429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")], "", limited(30_000)),
            (401, &[], "<html>no</html>", DEAD),
        ],
    ),
];

#[test]
fn their_answers_are_read() {
    for (provider, cases) in CASES {
        check(adapter(provider, Format::OpenAi), cases);
    }
}

#[test]
fn mistral_tells_its_limits_in_its_own_names() {
    let fields = [
        ("x-ratelimit-limit-tokens-minute", "5000000"),
        ("x-ratelimit-remaining-tokens-minute", "4999911"),
        ("x-ratelimit-limit-req-minute", "720"),
        ("x-ratelimit-remaining-req-minute", "717"),
    ];
    let expected = [
        limit(Resource::Requests, Some(720), Some(717), None),
        limit(Resource::Tokens, Some(5_000_000), Some(4_999_911), None),
    ];
    assert_eq!(read(adapter("mistral", Format::OpenAi), 200, &fields, b"").limits, expected);
}
