//! OpenRouter's limits and errors.

use rotator_domain::{LimitReading, LimitScope, Resource, Verdict};
use serde_json::Value;

use crate::dialect::{Dialect, FORBIDDEN};
use crate::error_body::ErrorBody;
use crate::limits::{COMMON, Told, count};
use crate::{Answer, midnight, openai_errors, reset};

/// <https://openrouter.ai/docs/api-reference/limits> and <https://openrouter.ai/docs/api-reference/errors>
pub(crate) static OPENROUTER: Dialect =
    Dialect { buckets: &[&COMMON], rules: &[&openai_errors::RULES], own: read, scope: LimitScope::Model };

fn read(answer: &Answer<'_>, error: &ErrorBody, told: &mut Told) -> Option<Verdict> {
    match answer.status.as_u16() {
        402 => larger_than_credit(error).then_some(FORBIDDEN),
        403 => key_limit(answer, error),
        429 => limit(answer, error, told),
        _ => None,
    }
}

/// `… but can only afford 1234`: the request reserves more than is left, and smaller ones pass.
fn larger_than_credit(error: &ErrorBody) -> bool {
    let left = error.message.split_once("can only afford ").map(|(_, rest)| rest);
    left.and_then(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok())
        .is_some_and(|tokens: u64| tokens > 0)
}

/// `Key limit exceeded (daily limit). …`: what the key's owner lets it spend, in total or by day, week or month, all of
/// which begin at midnight UTC (<https://openrouter.ai/docs/features/provisioning-api-keys>).
fn key_limit(answer: &Answer<'_>, error: &ErrorBody) -> Option<Verdict> {
    if !error.begins("Key limit exceeded") {
        return None;
    }
    let is_renewed = ["(daily", "(weekly", "(monthly"].iter().any(|period| error.message.contains(period));
    let after = is_renewed.then(|| midnight::utc(answer.now));
    Some(Verdict::OutOfQuota { after, scope: LimitScope::Key })
}

/// The numbers of its own limits come in the body, as the headers that the answer might have had. A limit at the model's
/// provider has none, and is the provider's name's.
fn limit(answer: &Answer<'_>, error: &ErrorBody, told: &mut Told) -> Option<Verdict> {
    let header = |name: &str| {
        let headers = error.metadata["headers"].as_object()?;
        headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| as_text(value))
    };
    let reading = LimitReading {
        resource: Resource::Requests,
        limit: header("X-RateLimit-Limit").as_deref().and_then(count),
        remaining: header("X-RateLimit-Remaining").as_deref().and_then(count),
        resets_after: header("X-RateLimit-Reset").and_then(|value| reset::wait(&value, answer.now)),
    };
    // Free models count together, but a key that is out of them may have credit for others.
    let is_day = error.message.contains("free-models-per-day");
    told.add(reading, is_day);
    if is_day {
        let after = reading.resets_after.filter(|wait| !wait.is_zero()).or(told.empty_until);
        let after = after.unwrap_or_else(|| midnight::utc(answer.now));
        return Some(Verdict::OutOfQuota { after: Some(after), scope: LimitScope::Model });
    }
    let after = ["Retry-After", "retry_after_seconds"].iter().find_map(|name| {
        let value = header(name).unwrap_or_else(|| as_text(&error.metadata[*name]));
        reset::wait(&value, answer.now).filter(|wait| !wait.is_zero())
    });
    after.map(|wait| Verdict::CoolDown { after: Some(wait), scope: LimitScope::Model })
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
