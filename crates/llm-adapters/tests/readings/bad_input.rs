//! Headers and bodies that no vendor should send: every reading is bounded, and none costs a key.

use proptest::prelude::*;
use rotator_llm_adapters::{BODY_LOOK, all, plain_reading};

use super::*;

const LONGEST: Duration = Duration::from_secs(25 * 3600);

fn is_bounded(reading: &Reading) -> bool {
    let after = match reading.verdict {
        Verdict::CoolDown { after, .. } | Verdict::OutOfQuota { after, .. } | Verdict::UpstreamFault { after } => after,
        _ => None,
    };
    after.into_iter().chain(reading.limits.iter().filter_map(|limit| limit.resets_after)).all(|wait| wait <= LONGEST)
}

#[test]
fn a_wait_that_nobody_means_is_bounded_or_ignored() {
    let long = "9".repeat(40 * 1024);
    let cases = [
        ("315360000", limited(86_400_000)),
        ("Tue, 01 Jan 2036 00:00:00 GMT", limited(86_400_000)),
        ("Wed, 01 Jan 2020 00:00:00 GMT", LIMITED),
        ("-5", LIMITED),
        ("NaN", LIMITED),
        ("inf", LIMITED),
        ("1e9", LIMITED),
        ("later", LIMITED),
        ("0", LIMITED),
        (&long, LIMITED),
    ];
    for adapter in all() {
        for (value, expected) in &cases {
            let reading = read(adapter, 429, &[("retry-after", value)], b"");
            assert_eq!(reading.verdict, *expected, "{} {value:.40}", adapter.name());
        }
    }
}

#[test]
fn a_header_that_makes_no_sense_is_named() {
    let long = "9".repeat(40 * 1024);
    let cases = [
        ("retry-after", "315360000", true),
        ("retry-after", "NaN", true),
        ("retry-after", &long, true),
        ("retry-after-ms", "soon", true),
        ("retry-after", "60", false),
        ("x-ratelimit-remaining", "lots", true),
        ("x-ratelimit-reset", "-5", true),
        ("x-ratelimit-limit", "-1", false),
        ("x-ratelimit-limit", "", false),
        ("x-ratelimit-remaining", &long, true),
        ("x-other", "NaN", false),
    ];
    for (name, value, is_odd) in cases {
        let fields = headers(&[(name, value)]);
        let answer = Answer { status: StatusCode::TOO_MANY_REQUESTS, headers: &fields, body: b"", now: NOW };
        let expected = if is_odd { vec![name] } else { Vec::new() };
        assert_eq!(plain_reading(&answer).odd_headers, expected, "{name}: {value:.40}");
    }
}

#[test]
fn a_clients_mistake_says_nothing_about_the_key() {
    // What a client can make an upstream repeat, after whatever the upstream itself begins with.
    let words = "API_KEY_INVALID API key not valid insufficient_quota credit balance is too low is suspended \
                 Incorrect API key provided reported as leaked You have reached your specified API usage limits";
    for adapter in all() {
        for status in [400, 404, 413, 422] {
            let body = format!(r#"{{"error":{{"message":"Bad value: '{words}'","type":"invalid_request_error"}}}}"#);
            let fields = [("retry-after", "60"), ("x-ratelimit-remaining-requests", "0")];
            assert_eq!(read(adapter, status, &fields, body.as_bytes()).verdict, CLIENT_FAULT, "{}", adapter.name());
        }
    }
}

#[test]
fn a_body_that_cannot_be_read_leaves_the_status() {
    let quota = r#"{"error":{"type":"insufficient_quota","message":""#;
    let cut = format!("{quota}{}", "x".repeat(BODY_LOOK));
    let long = format!("{quota}{}\"}}}}", "x".repeat(BODY_LOOK));
    let deep = format!(r#"{{"error":{}"#, "{\"error\":".repeat(BODY_LOOK / 9));
    let wide = format!("[{}0]", "[],".repeat(BODY_LOOK / 3 - 2));
    let bodies =
        [&cut, &long, &deep, &wide, "<html>429</html>", "null", "[]", "[[]]", "\u{feff}{}", "{\"error\":[[1]]}"];
    for adapter in all() {
        for body in bodies {
            assert_eq!(read(adapter, 429, &[], body.as_bytes()).verdict, LIMITED, "{} {body:.40}", adapter.name());
            assert_eq!(adapter.read_event(body.as_bytes(), NOW), None, "{} {body:.40}", adapter.name());
        }
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_read_and_bounded(
        status in 100..1000_u16,
        value in prop::collection::vec(any::<u8>(), 0..100),
        body in prop::collection::vec(any::<u8>(), 0..300),
        millis: i64,
    ) {
        let names = [
            "retry-after", "retry-after-ms", "ratelimit", "x-ratelimit-reset-requests", "x-ratelimit-remaining-requests",
            "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining", "x-ratelimit-reset",
        ];
        let value = HeaderValue::from_bytes(&value).unwrap_or(HeaderValue::from_static("0"));
        let headers: HeaderMap = names.iter().map(|name| (HeaderName::from_static(name), value.clone())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: &headers, body: &body, now: Timestamp::from_millis(millis) };
        prop_assert!(is_bounded(&plain_reading(&answer)));
        for adapter in all() {
            prop_assert!(is_bounded(&adapter.read(&answer)));
            prop_assert!(adapter.read_event(&body, answer.now).is_none_or(|reading| is_bounded(&reading)));
        }
    }

    #[test]
    fn whatever_an_error_says_it_is_read_and_bounded(
        status in prop::sample::select(vec![400_u16, 401, 402, 403, 412, 429, 500, 503]),
        word in "(insufficient_quota|API_KEY_INVALID|429|[a-z_]{0,12})",
        message in "(Please try again in |You have reached your specified API usage limits[.] You will regain access on \
            |but can only afford |Key limit exceeded \\(daily|free-models-per-day|)[0-9a-zäµ.:-]{0,20}",
        delay in "[0-9.]{0,12}(s|ms|)",
        millis: i64,
    ) {
        let body = format!(
            r#"{{"error":{{"code":"{word}","message":"{message}","metadata":{{"headers":{{"X-RateLimit-Reset":"{delay}"}}}},"details":[
                {{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}},
                {{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaId":"{word}","quotaValue":"{delay}"}}]}}]}}}}"#
        );
        let status = StatusCode::from_u16(status).unwrap();
        let headers = HeaderMap::new();
        let answer = Answer { status, headers: &headers, body: body.as_bytes(), now: Timestamp::from_millis(millis) };
        for adapter in all() {
            prop_assert!(is_bounded(&adapter.read(&answer)));
            prop_assert!(adapter.read_event(body.as_bytes(), answer.now).is_some_and(|reading| is_bounded(&reading)));
        }
    }
}
