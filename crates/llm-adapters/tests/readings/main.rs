//! Answers of every vendor, in its own shapes, and what is read from them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod anthropic;
mod bad_input;
mod compatible;
mod events;
mod gemini;
mod openai;
mod openrouter;
mod plain;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rotator_domain::{Format, LimitReading, LimitScope, Reading, Resource, TargetUrl, Timestamp, Verdict};
use rotator_llm_adapters::{Adapter, Answer, find};

/// 2026-01-15T20:00:00Z, noon in California.
const NOW: Timestamp = Timestamp::from_millis(1_768_507_200_000);

const DEAD: Verdict = Verdict::Dead;
const FORBIDDEN: Verdict = Verdict::Forbidden;
const CLIENT_FAULT: Verdict = Verdict::ClientFault;
const OUT_OF_CREDIT: Verdict = Verdict::OutOfQuota { after: None, scope: LimitScope::Key };
const LIMITED: Verdict = Verdict::CoolDown { after: None, scope: LimitScope::Model };
const FAULT: Verdict = Verdict::UpstreamFault { after: None };

type Fields = &'static [(&'static str, &'static str)];
/// A status, headers, a body and what the three say.
type Case = (u16, Fields, &'static str, Verdict);

const fn limited(millis: u64) -> Verdict {
    Verdict::CoolDown { after: Some(Duration::from_millis(millis)), scope: LimitScope::Model }
}

const fn out_of_quota(seconds: u64, scope: LimitScope) -> Verdict {
    Verdict::OutOfQuota { after: Some(Duration::from_secs(seconds)), scope }
}

const fn fault(millis: u64) -> Verdict {
    Verdict::UpstreamFault { after: Some(Duration::from_millis(millis)) }
}

const fn limit(resource: Resource, limit: Option<u64>, remaining: Option<u64>, millis: Option<u64>) -> LimitReading {
    let resets_after = match millis {
        Some(millis) => Some(Duration::from_millis(millis)),
        None => None,
    };
    LimitReading { resource, limit, remaining, resets_after }
}

fn adapter(provider: &str, format: Format) -> &'static dyn Adapter {
    find(Some(provider), format, &TargetUrl::parse("https://upstream.example").unwrap()).unwrap()
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field =
        |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    fields.iter().map(field).collect()
}

fn read(adapter: &dyn Adapter, status: u16, fields: &[(&'static str, &str)], body: &[u8]) -> Reading {
    let status = StatusCode::from_u16(status).unwrap();
    adapter.read(&Answer { status, headers: &headers(fields), body, now: NOW })
}

fn check(adapter: &dyn Adapter, cases: &[Case]) {
    for (status, fields, body, expected) in cases {
        let reading = read(adapter, *status, fields, body.as_bytes());
        assert_eq!(reading.verdict, *expected, "{}: {status} {fields:?} {body}", adapter.name());
    }
}
