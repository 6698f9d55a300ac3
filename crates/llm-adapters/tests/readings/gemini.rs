//! Gemini, and Google's errors behind OpenAI's format.

use rotator_domain::Format;

use super::*;

/// From noon in California to its midnight.
const MIDNIGHT: u64 = 12 * 3600;
const MODEL: Verdict = Verdict::OutOfQuota { after: None, scope: LimitScope::Model };
const KEY_LIMITED: Verdict = Verdict::CoolDown { after: Some(Duration::from_secs(9)), scope: LimitScope::Key };

const CASES: &[Case] = &[
    (
        400,
        &[],
        r#"{"error":{"code":400,"message":"API key not valid. Try another.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#,
        DEAD,
    ),
    (400, &[], r#"{"error":{"code":400,"message":"API key expired. Renew it.","status":"INVALID_ARGUMENT"}}"#, DEAD),
    (
        400,
        &[],
        r#"{"error":{"code":400,"message":"contents: must not be empty","status":"INVALID_ARGUMENT"}}"#,
        CLIENT_FAULT,
    ),
    (400, &[], r#"{"error":{"code":400,"status":"FAILED_PRECONDITION"}}"#, CLIENT_FAULT),
    (403, &[], r#"{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}"#, DEAD),
    (403, &[], r#"{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"CONSUMER_SUSPENDED"}]}}"#, DEAD),
    (403, &[], r#"{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"API_KEY_SERVICE_BLOCKED"}]}}"#, DEAD),
    (
        403,
        &[],
        r#"{"error":{"status":"PERMISSION_DENIED","message":"This API key was reported as leaked. Use another."}}"#,
        DEAD,
    ),
    (403, &[], r#"{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"BILLING_DISABLED"}]}}"#, OUT_OF_CREDIT),
    (
        403,
        &[],
        r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no access to the tuned model"}}"#,
        FORBIDDEN,
    ),
    (401, &[], r#"{"error":{"status":"UNAUTHENTICATED","details":[{"reason":"CREDENTIALS_MISSING"}]}}"#, FORBIDDEN),
    (401, &[], r#"{"error":{"status":"UNAUTHENTICATED"}}"#, DEAD),
    (404, &[], r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#, CLIENT_FAULT),
    (503, &[], r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}"#, FAULT),
    (
        503,
        &[],
        r#"{"error":{"code":503,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"8s"}]}}"#,
        fault(8000),
    ),
    // A day's quota, whose `RetryInfo` says seconds.
    (
        429,
        &[],
        r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"over quota","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
                {"quotaMetric":"x/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaDimensions":{"model":"m"},"quotaValue":"5"},
                {"quotaMetric":"x/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaDimensions":{"model":"m","location":"global"},"quotaValue":"20"}]},
            {"@type":"type.googleapis.com/google.rpc.Help","links":[]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.074824224s"}]}}"#,
        out_of_quota(MIDNIGHT, LimitScope::Model),
    ),
    (
        429,
        &[],
        r#"[{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"x/generate_requests_per_model_per_day","quotaValue":"50"}]}]}}]"#,
        out_of_quota(MIDNIGHT, LimitScope::Model),
    ),
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"RequestsPerDayPerProject","quotaValue":"50"}]}]}}"#,
        out_of_quota(MIDNIGHT, LimitScope::Key),
    ),
    // A minute's.
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier","quotaValue":"250000"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}"#,
        limited(34_500),
    ),
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"RequestsPerMinutePerProject","quotaValue":"5"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"9s"}]}}"#,
        KEY_LIMITED,
    ),
    // A quota of nothing: the plan does not include the model.
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"0"}]}]}}"#,
        MODEL,
    ),
    (
        429,
        &[],
        r#"{"error":{"code":429,"message":"over quota\n* metric: x, limit: 0, model: m","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}"#,
        MODEL,
    ),
    (429, &[], r#"{"error":{"code":429,"message":"Your prepayment credits are depleted."}}"#, OUT_OF_CREDIT),
    (429, &[], r#"{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota)."}}"#, LIMITED),
    (429, &[], r#"{"error":{"code":429,"message":"over quota\nPlease retry in 20.04466179s."}}"#, limited(20_044)),
    (429, &[("retry-after", "4")], "", limited(4000)),
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"999999999s"}]}}"#,
        limited(86_400_000),
    ),
    (
        429,
        &[],
        r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"soon"}, 3, null]}}"#,
        LIMITED,
    ),
];

#[test]
fn its_answers_are_read() {
    // Nanoseconds are Google's own; the table counts in milliseconds.
    let gemini = adapter("gemini", Format::Gemini);
    for (status, fields, body, expected) in CASES {
        let verdict = in_millis(read(gemini, *status, fields, body.as_bytes()).verdict);
        assert_eq!(verdict, *expected, "{status} {body}");
    }
}

#[test]
fn its_errors_are_known_behind_another_format() {
    let compatible = adapter("openai_compatible", Format::OpenAi);
    for (status, fields, body, expected) in CASES {
        let list = format!("[{body}]");
        let body = if body.starts_with('{') { list.as_bytes() } else { body.as_bytes() };
        let verdict = in_millis(read(compatible, *status, fields, body).verdict);
        assert_eq!(verdict, *expected, "{status} {}", String::from_utf8_lossy(body));
    }
}

fn in_millis(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::CoolDown { after: Some(wait), scope } => {
            Verdict::CoolDown { after: Some(Duration::from_millis(wait.as_millis().try_into().unwrap())), scope }
        }
        other => other,
    }
}
