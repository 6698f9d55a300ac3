//! Google's Gemini API.

use http::{HeaderName, StatusCode};
use rotator_domain::{Format, LimitScope, Reading, Verdict};
use serde_json::Value;

use crate::dialect::{DEAD, Dialect, FORBIDDEN, OUT_OF_CREDIT, Rule, Sign, on};
use crate::error_body::ErrorBody;
use crate::limits::{COMMON, Told};
use crate::{Adapter, Answer, KeyHeader, midnight, reset};

/// Gemini, and servers that speak its format.
#[derive(Debug)]
pub(crate) struct Gemini;

/// <https://ai.google.dev/gemini-api/docs/troubleshooting> and the reasons at
/// <https://cloud.google.com/service-infrastructure/docs/reference/rest/latest/ErrorReason>.
pub(crate) static RULES: [Rule; 13] = [
    // Google calls a bad key a bad request.
    on(&[400, 401, 403], Sign::Word("API_KEY_INVALID"), DEAD),
    on(&[400], Sign::Begins("API key not valid"), DEAD),
    on(&[400], Sign::Begins("API key expired"), DEAD),
    on(&[403], Sign::Word("SERVICE_DISABLED"), DEAD),
    on(&[403], Sign::Word("CONSUMER_SUSPENDED"), DEAD),
    on(&[403], Sign::Word("CONSUMER_INVALID"), DEAD),
    on(&[403], Sign::Word("API_KEY_SERVICE_BLOCKED"), DEAD),
    on(&[403], Sign::Holds("reported as leaked"), DEAD),
    on(&[403], Sign::Word("BILLING_DISABLED"), OUT_OF_CREDIT),
    on(&[429], Sign::Begins("Your prepayment credits are depleted"), OUT_OF_CREDIT),
    on(&[429], Sign::Begins("Your project has exceeded its monthly spending cap"), OUT_OF_CREDIT),
    // The method wants a user's token, whatever the key.
    on(&[401], Sign::Word("ACCESS_TOKEN_TYPE_UNSUPPORTED"), FORBIDDEN),
    on(&[401], Sign::Word("CREDENTIALS_MISSING"), FORBIDDEN),
];

static DIALECT: Dialect = Dialect { buckets: &[&COMMON], rules: &[&RULES], own: quota, scope: LimitScope::Model };

/// What `QuotaFailure` and `RetryInfo` say (<https://ai.google.dev/gemini-api/docs/rate-limits>,
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto>).
///
/// A quota of a day ends at midnight Pacific time, whatever `RetryInfo` says, which is seconds even then. A quota of 0 is
/// that of a model that the key's plan does not include: nothing but another plan brings it back.
pub(crate) fn quota(answer: &Answer<'_>, error: &ErrorBody, _: &mut Told) -> Option<Verdict> {
    let retry = of_type(error, "RetryInfo")
        .find_map(|info| reset::wait(info["retryDelay"].as_str()?, answer.now))
        .filter(|wait| !wait.is_zero());
    if answer.status != StatusCode::TOO_MANY_REQUESTS {
        let is_fault = answer.status.is_server_error() && retry.is_some();
        return is_fault.then_some(Verdict::UpstreamFault { after: retry });
    }
    let violations = || of_type(error, "QuotaFailure").filter_map(|failure| failure["violations"].as_array()).flatten();
    if violations().any(|violation| is_zero(violation, error)) {
        return Some(Verdict::OutOfQuota { after: None, scope: LimitScope::Model });
    }
    let daily = || violations().filter(|violation| is_daily(violation));
    if daily().next().is_some() {
        return Some(Verdict::OutOfQuota { after: Some(midnight::pacific(answer.now)), scope: scope(daily()) });
    }
    (violations().next().is_some() || retry.is_some())
        .then(|| Verdict::CoolDown { after: retry, scope: scope(violations()) })
}

fn of_type<'a>(error: &'a ErrorBody, name: &'static str) -> impl Iterator<Item = &'a Value> {
    let is_type = move |detail: &&Value| {
        detail["@type"].as_str().is_some_and(|url| url.strip_prefix("type.googleapis.com/google.rpc.") == Some(name))
    };
    error.details.iter().filter(is_type)
}

/// `GenerateRequestsPerDayPerProjectPerModel-FreeTier`, or the older metric `generate_requests_per_model_per_day`.
fn is_daily(violation: &Value) -> bool {
    names(violation).any(|name| name.contains("PerDay") || name.contains("per_day"))
}

/// A limit of 0. Protocol buffers leave a value of 0 out of their JSON, so that only the message tells it there.
fn is_zero(violation: &Value, error: &ErrorBody) -> bool {
    match &violation["quotaValue"] {
        Value::String(value) => value == "0",
        Value::Number(value) => value.as_u64() == Some(0),
        _ => ["limit: 0,", "limit: 0\n"].iter().any(|sign| error.message.contains(sign)),
    }
}

/// The model, where all of these quotas count one; with none told, the model too, as everywhere.
fn scope<'a>(mut violations: impl Iterator<Item = &'a Value>) -> LimitScope {
    let is_of_model = |violation: &Value| {
        violation["quotaDimensions"]["model"].is_string()
            || names(violation).any(|name| name.contains("PerModel") || name.contains("per_model"))
    };
    if violations.all(is_of_model) { LimitScope::Model } else { LimitScope::Key }
}

fn names(violation: &Value) -> impl Iterator<Item = &str> {
    ["quotaId", "quotaMetric"].into_iter().filter_map(|field| violation[field].as_str())
}

// === impl Gemini ===

impl Adapter for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn format(&self) -> Format {
        Format::Gemini
    }

    fn default_base_url(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com")
    }

    fn documentation(&self) -> &'static str {
        "https://ai.google.dev/api"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: HeaderName::from_static("x-goog-api-key"), prefix: "" }
    }

    fn probe_path(&self) -> &'static str {
        "v1beta/models"
    }

    fn read(&self, answer: &Answer<'_>) -> Reading {
        DIALECT.read(answer)
    }
}
