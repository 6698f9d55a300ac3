//! Anthropic's Messages API.

use http::HeaderName;
use rotator_domain::{Format, LimitScope, Reading, Resource, Verdict};

use crate::dialect::{DEAD, Dialect, FORBIDDEN, OUT_OF_CREDIT, Rule, Sign, UPSTREAM_FAULT, on};
use crate::error_body::ErrorBody;
use crate::limits::{Bucket, Told, bucket};
use crate::{Adapter, Answer, KeyHeader, midnight, reset};

/// Anthropic, and servers that speak its format.
#[derive(Debug)]
pub(crate) struct Anthropic;

/// <https://docs.anthropic.com/en/api/rate-limits>
static BUCKETS: [Bucket; 4] = [
    bucket(
        Resource::Requests,
        [
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ],
    ),
    bucket(
        Resource::Tokens,
        [
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ],
    ),
    bucket(
        Resource::InputTokens,
        [
            "anthropic-ratelimit-input-tokens-limit",
            "anthropic-ratelimit-input-tokens-remaining",
            "anthropic-ratelimit-input-tokens-reset",
        ],
    ),
    bucket(
        Resource::OutputTokens,
        [
            "anthropic-ratelimit-output-tokens-limit",
            "anthropic-ratelimit-output-tokens-remaining",
            "anthropic-ratelimit-output-tokens-reset",
        ],
    ),
];

/// <https://docs.anthropic.com/en/api/errors>; the messages as users report them at
/// <https://github.com/anthropics/claude-code/issues>, since the page names types only.
static RULES: [Rule; 8] = [
    on(&[400, 402, 403, 429], Sign::Begins("Your credit balance is too low"), OUT_OF_CREDIT),
    on(&[400, 402, 403, 429], Sign::Begins("Credit balance is too low"), OUT_OF_CREDIT),
    on(&[400, 401, 403], Sign::Begins("This organization has been disabled"), DEAD),
    // The request's length needs another plan; shorter ones pass.
    on(&[429], Sign::Begins("Extra usage is required for long context"), FORBIDDEN),
    on(&[429], Sign::Begins("Usage credits are required for long context"), FORBIDDEN),
    on(&[401, 403], Sign::Word("authentication_error"), DEAD),
    on(&[], Sign::Word("billing_error"), OUT_OF_CREDIT),
    on(&[], Sign::Word("overloaded_error"), UPSTREAM_FAULT),
];

static DIALECT: Dialect =
    Dialect { buckets: &[&BUCKETS], rules: &[&RULES], own: spend_limit, scope: LimitScope::Model };

/// The limit that an organization sets itself, which comes as a bad request and names the day when it ends:
/// `… You will regain access on 2026-02-01 at 00:00 UTC.`
fn spend_limit(answer: &Answer<'_>, error: &ErrorBody, _: &mut Told) -> Option<Verdict> {
    let is_refusal = [400, 403, 429].contains(&answer.status.as_u16());
    if !is_refusal || !error.begins("You have reached your specified API usage limits") {
        return None;
    }
    let day = error.message.split_once("regain access on ").and_then(|(_, rest)| rest.get(..10));
    let after = day.and_then(|day| reset::wait(&format!("{day}T00:00:00Z"), answer.now));
    // It ends at a midnight in any case.
    let after = after.filter(|wait| !wait.is_zero()).unwrap_or_else(|| midnight::utc(answer.now));
    Some(Verdict::OutOfQuota { after: Some(after), scope: LimitScope::Key })
}

// === impl Anthropic ===

impl Adapter for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn format(&self) -> Format {
        Format::Anthropic
    }

    fn default_base_url(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com")
    }

    fn documentation(&self) -> &'static str {
        "https://docs.anthropic.com/en/api/overview"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: HeaderName::from_static("x-api-key"), prefix: "" }
    }

    fn probe_path(&self) -> &'static str {
        "v1/models"
    }

    fn read(&self, answer: &Answer<'_>) -> Reading {
        DIALECT.read(answer)
    }
}
