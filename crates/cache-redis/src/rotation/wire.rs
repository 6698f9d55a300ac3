//! How requests and answers are written for the script, and its answers read.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Value;
use rotator_domain::rotation::{
    Checkpoint, Cooling, CoolingReason, Ending, KeyState, Learning, Lease, Limits, Next, OutReason, PickRequest,
    PoolKey, RotationPolicy,
};
use rotator_domain::{KeyId, LimitReading, LimitScope, Reading, Resource, Timestamp, Verdict};
use serde::Serialize;

use crate::RedisCacheError;

/// The largest number that the script's numbers hold exactly, as they are of 64 bits with a fraction.
const LARGEST: u64 = (1 << 53) - 1;
/// The longest time that makes a date with any date, in milliseconds: 140,000 years.
const LONGEST: u64 = 1 << 52;
/// What an answer said of a key that works, and nothing else.
const SERVED: &str = "h";

/// What can be seen of one key.
pub(super) struct Row {
    pub(super) key: KeyId,
    pub(super) in_flight: u32,
    pub(super) checkpoints: Vec<Checkpoint>,
}

#[derive(Serialize)]
struct LimitsText {
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<u32>,
}

#[derive(Serialize)]
struct KeyText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    w: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l: Option<LimitsText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    m: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    g: Option<&'a str>,
}

#[derive(Serialize)]
struct PolicyText<'a> {
    strategy: &'static str,
    affinity: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsText>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<&'a str, LimitsText>,
}

#[derive(Serialize)]
struct ReadingText {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    scope: u8,
    limits: Vec<LimitText>,
}

#[derive(Serialize)]
struct LimitText {
    resource: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

/// A key's policy; nothing for one as most are.
pub(super) fn key(key: &PoolKey) -> Result<String, RedisCacheError> {
    let text = KeyText {
        w: (key.weight != 1).then_some(key.weight),
        t: (key.tier != 0).then_some(key.tier),
        l: limits(key.limits),
        m: key.models.iter().map(rotator_domain::rotation::Glob::as_str).collect(),
        g: key.group.as_ref().map(|group| group.0.as_str()),
    };
    let text = to_text(&text)?;
    Ok(if text == "{}" { String::new() } else { text })
}

pub(super) fn policy(policy: &RotationPolicy) -> Result<String, RedisCacheError> {
    let groups = policy.groups.iter().filter_map(|(group, all)| limits(*all).map(|all| (group.0.as_str(), all)));
    to_text(&PolicyText {
        strategy: policy.strategy.name(),
        affinity: policy.has_affinity,
        limits: limits(policy.limits),
        groups: groups.collect(),
    })
}

/// A pick as the script takes it, but for the ticket. One that asks for nothing but a key is its model's name alone: what goes
/// along with each request is read again by Redis, word by word.
pub(super) fn pick(request: &PickRequest<'_>) -> Vec<String> {
    let model = model(request.model);
    if request.session.is_none() && request.tokens == 0 && !request.is_pinned && request.tried.is_empty() {
        return vec![model];
    }
    let session = request.session.map(|session| session.to_string()).unwrap_or_default();
    let (tokens, is_pinned) = (request.tokens.to_string(), u8::from(request.is_pinned).to_string());
    let count = request.tried.len().to_string();
    let fixed = ["pick".to_owned(), model, tokens, session, is_pinned, count];
    fixed.into_iter().chain(request.tried.iter().map(ToString::to_string)).collect()
}

/// The end of a request as the script takes it, but for the ticket. Where it was served, and nothing else is known, that is all.
pub(super) fn ending(ending: &Ending) -> Result<Vec<String>, RedisCacheError> {
    let reading = ending.reading.as_ref().map(reading).transpose()?.unwrap_or_default();
    match ending.used {
        None if reading == SERVED => Ok(vec![reading]),
        used => {
            let used = used.map(|used| used.min(LARGEST).to_string()).unwrap_or_default();
            Ok(vec!["settle".to_owned(), reading, used])
        }
    }
}

/// The end of a request of which nothing is known.
pub(super) fn nothing_known() -> Vec<String> {
    vec!["settle".to_owned(), String::new(), String::new()]
}

pub(super) fn next(answer: &Value, ticket: u64) -> Result<Next, RedisCacheError> {
    let nobody = Next::None { retry_at: None, is_busy: false };
    let lease = |key, is_probe| Ok(Next::Lease(Lease::of_ticket(KeyId(number(key)?), ticket, is_probe)));
    if is_plain_lease(answer) {
        return lease(answer, false);
    }
    match parts(answer)? {
        [] => Ok(nobody),
        [Value::Int(1), key] => lease(key, true),
        [Value::Int(0), retry_at, is_busy] => {
            let retry_at = if *retry_at == Value::Nil { None } else { Some(time(retry_at)?) };
            Ok(Next::None { retry_at, is_busy: number(is_busy)? == 1 })
        }
        _ => Err(unread(answer)),
    }
}

/// Whether a pick was answered with a lease.
pub(super) fn is_lease(answer: &Value) -> bool {
    is_plain_lease(answer) || matches!(parts(answer), Ok([Value::Int(1), ..]))
}

/// Whether it was answered with nothing but a key.
fn is_plain_lease(answer: &Value) -> bool {
    matches!(answer, Value::BulkString(_) | Value::Int(_))
}

pub(super) fn reading(reading: &Reading) -> Result<String, RedisCacheError> {
    if reading.verdict == Verdict::Healthy && reading.limits.is_empty() {
        return Ok(SERVED.to_owned());
    }
    let (after, scope) = match reading.verdict {
        Verdict::CoolDown { after, scope } | Verdict::OutOfQuota { after, scope } => (after, scope),
        Verdict::UpstreamFault { after } => (after, LimitScope::Model),
        _ => (None, LimitScope::Model),
    };
    let limit = |limit: &LimitReading| LimitText {
        resource: match limit.resource {
            Resource::Requests => 1,
            Resource::Tokens => 2,
            Resource::InputTokens => 3,
            Resource::OutputTokens => 4,
        },
        limit: limit.limit.map(|limit| limit.min(LARGEST)),
        remaining: limit.remaining.map(|remaining| remaining.min(LARGEST)),
        after: limit.resets_after.map(millis),
    };
    to_text(&ReadingText {
        verdict: reading.verdict.name(),
        after: after.map(millis),
        scope: match scope {
            LimitScope::Key => 1,
            LimitScope::Model => 2,
        },
        limits: reading.limits.iter().map(limit).collect(),
    })
}

/// What a test that showed nothing says.
pub(super) fn no_reading() -> String {
    "{\"verdict\":\"none\",\"limits\":[]}".to_owned()
}

pub(super) fn learning(answer: &Value) -> Result<Learning, RedisCacheError> {
    match parts(answer)? {
        [] | [Value::Int(0)] => Ok(Learning::Nothing),
        [Value::Int(1), since, until, reason] => {
            let reason = match number(reason)? {
                1 => CoolingReason::Limited,
                _ => CoolingReason::OutOfQuota,
            };
            Ok(Learning::Cooling(Cooling { since: time(since)?, until: time(until)?, reason }))
        }
        [Value::Int(2), reason, probe_at] => {
            let reason = match number(reason)? {
                1 => OutReason::Refused,
                _ => OutReason::NoCredit,
            };
            Ok(Learning::Out { reason, probe_at: time(probe_at)? })
        }
        _ => Err(unread(answer)),
    }
}

/// Some rows, and from where on there are more, or nought.
pub(super) fn rows(answer: &Value) -> Result<(i64, Vec<Row>), RedisCacheError> {
    let [next, rows @ ..] = parts(answer)? else { return Ok((0, Vec::new())) };
    let rows = rows.iter().map(|row| {
        let [key, in_flight, checkpoints @ ..] = parts(row)? else { return Err(unread(row)) };
        let key = KeyId(number(key)?);
        let checkpoints = checkpoints.iter().map(|kept| checkpoint(key, kept)).collect::<Result<_, _>>()?;
        Ok(Row { key, in_flight: u32::try_from(number(in_flight)?).unwrap_or(u32::MAX), checkpoints })
    });
    Ok((number(next)?, rows.collect::<Result<_, _>>()?))
}

/// What the script's `restore` takes.
pub(super) fn checkpoints(checkpoints: &[Checkpoint]) -> Vec<String> {
    let of = |kept: &Checkpoint| {
        let (since, until) = (kept.since.as_millis().to_string(), kept.until.as_millis().to_string());
        [kept.key.to_string(), model(kept.model.as_deref()), kept.state.name().to_owned(), since, until]
    };
    checkpoints.iter().flat_map(of).collect()
}

fn checkpoint(key: KeyId, answer: &Value) -> Result<Checkpoint, RedisCacheError> {
    let [of_model, state, since, until] = parts(answer)? else { return Err(unread(answer)) };
    let of_model = if *of_model == Value::Nil { None } else { text(of_model)?.strip_prefix('=').map(str::to_owned) };
    let state = KeyState::from_name(text(state)?).ok_or_else(|| unread(answer))?;
    Ok(Checkpoint { key, model: of_model, state, since: time(since)?, until: time(until)? })
}

/// A model as lanes are named: any name differs from none.
fn model(name: Option<&str>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| format!("={name}"))
}

fn limits(limits: Limits) -> Option<LimitsText> {
    let Limits { requests_per_minute, tokens_per_minute, requests_per_day, max_concurrency } = limits;
    let text = LimitsText { r: requests_per_minute, t: tokens_per_minute, d: requests_per_day, c: max_concurrency };
    (limits != Limits::default()).then_some(text)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(LONGEST)
}

fn to_text(value: &impl Serialize) -> Result<String, RedisCacheError> {
    serde_json::to_string(value).map_err(|error| RedisCacheError::Answer(error.to_string()))
}

/// The parts of a list; none of what is not there.
fn parts(answer: &Value) -> Result<&[Value], RedisCacheError> {
    match answer {
        Value::Array(parts) => Ok(parts),
        Value::Nil => Ok(&[]),
        _ => Err(unread(answer)),
    }
}

fn number(value: &Value) -> Result<i64, RedisCacheError> {
    match value {
        Value::Int(number) => Ok(*number),
        other => text(other)?.parse().map_err(|_| unread(other)),
    }
}

fn time(value: &Value) -> Result<Timestamp, RedisCacheError> {
    number(value).map(Timestamp::from_millis)
}

fn text(value: &Value) -> Result<&str, RedisCacheError> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).map_err(|_| unread(value)),
        Value::SimpleString(text) => Ok(text),
        _ => Err(unread(value)),
    }
}

fn unread(value: &Value) -> RedisCacheError {
    RedisCacheError::Answer(format!("{value:?}"))
}
