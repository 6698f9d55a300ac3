//! How a service is served, as somebody wrote it.
//!
//! A canonical draft leaves out what equals the default, so that answers stay short; the strategy always stands there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{FallbackDraft, ServiceDraft};
use crate::FieldError;
use crate::key_policy::check_group_name;
use crate::limits::check_limits;
use crate::rotation::{AttemptPolicy, QuotaGroup, RotationPolicy, Strategy, WaitPolicy};
use crate::service::{Fallback, HttpVersion, ServicePolicy, Slug};
use crate::validation::{Checks, short_text};
use crate::{LogDetail, LogPolicy, Pointer};

const LONGEST_TIME: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
const MOST_ATTEMPTS: u32 = 1000;
const MOST_WAITING: u32 = 100_000;
const MOST_GROUPS: usize = 1000;
const MOST_MODELS: usize = 200;
const LONGEST_MODEL: usize = 200;
const MOST_FALLBACKS: usize = 10;
const MOST_POINTERS: usize = 100;

/// The draft's policy. What was refused is in `checks`, and takes its default.
pub(super) fn checked(draft: &ServiceDraft, checks: &mut Checks) -> ServicePolicy {
    let mut timeout = |field, millis| checks.take(time(field, millis)).flatten();
    let connect_timeout = timeout("connect_timeout_ms", draft.connect_timeout_ms);
    let first_byte_timeout = timeout("first_byte_timeout_ms", draft.first_byte_timeout_ms);
    let idle_timeout = timeout("idle_timeout_ms", draft.idle_timeout_ms);
    ServicePolicy {
        connect_timeout,
        first_byte_timeout,
        idle_timeout,
        http_version: checks.take(http_version(draft.http_version.as_deref())).unwrap_or_default(),
        rotation: rotation(draft, checks),
        attempts: attempts(draft, checks),
        waiting: waiting(draft, checks),
        model_aliases: checked_models(checks, "model_aliases", &draft.model_aliases),
        fallback: fallback(draft, checks),
        tells_rotation: draft.rotation_headers.unwrap_or(true),
        is_strict: draft.strict.unwrap_or_default(),
        asks_for_usage: draft.asks_for_usage.unwrap_or(true),
        log: log(draft, checks),
    }
}

/// Writes a policy into a draft.
pub(super) fn write(policy: &ServicePolicy, draft: &mut ServiceDraft) {
    let ServicePolicy {
        connect_timeout,
        first_byte_timeout,
        idle_timeout,
        http_version,
        rotation: RotationPolicy { strategy, has_affinity, limits, groups },
        attempts: AttemptPolicy { max_attempts, deadline, retries_after_send },
        waiting: WaitPolicy { max_waiting, longest },
        model_aliases,
        fallback,
        tells_rotation,
        is_strict,
        asks_for_usage,
        log: LogPolicy { detail, body_limit, redact },
    } = policy;
    let usual = ServicePolicy::default();
    draft.connect_timeout_ms = connect_timeout.and_then(millis);
    draft.first_byte_timeout_ms = first_byte_timeout.and_then(millis);
    draft.idle_timeout_ms = idle_timeout.and_then(millis);
    draft.http_version = Some(http_version.name().to_owned());
    draft.strategy = Some(strategy.name().to_owned());
    draft.affinity = unless(*has_affinity, usual.rotation.has_affinity);
    draft.limits = *limits;
    draft.quota_groups = groups.iter().map(|(QuotaGroup(name), limits)| (name.clone(), *limits)).collect();
    draft.max_attempts = *max_attempts;
    draft.deadline_ms = unless(*deadline, usual.attempts.deadline).and_then(millis);
    draft.retry_after_send = unless(*retries_after_send, usual.attempts.retries_after_send);
    draft.max_waiting = unless(*max_waiting, usual.waiting.max_waiting);
    draft.max_wait_ms = unless(*longest, usual.waiting.longest).and_then(millis);
    draft.model_aliases.clone_from(model_aliases);
    draft.fallback = fallback
        .iter()
        .map(|Fallback { slug, models }| FallbackDraft { slug: slug.to_string(), models: models.clone() })
        .collect();
    draft.rotation_headers = unless(*tells_rotation, usual.tells_rotation);
    draft.strict = unless(*is_strict, usual.is_strict);
    draft.asks_for_usage = unless(*asks_for_usage, usual.asks_for_usage);
    draft.log_requests = unless(*detail, usual.log.detail).map(|detail| detail.name().to_owned());
    draft.log_body_limit = unless(*body_limit, usual.log.body_limit);
    draft.log_redact = redact.iter().map(Pointer::to_string).collect();
}

fn rotation(draft: &ServiceDraft, checks: &mut Checks) -> RotationPolicy {
    check_limits(checks, "limits", draft.limits);
    if draft.quota_groups.len() > MOST_GROUPS {
        checks.refuse("quota_groups", "must be at most 1000");
    }
    for (name, limits) in &draft.quota_groups {
        checks.take(check_group_name("quota_groups", name));
        check_limits(checks, &format!("quota_groups.{name}"), *limits);
    }
    RotationPolicy {
        strategy: checks.take(strategy(draft.strategy.as_deref())).unwrap_or_default(),
        has_affinity: draft.affinity.unwrap_or_default(),
        limits: draft.limits,
        groups: draft.quota_groups.iter().map(|(name, limits)| (QuotaGroup(name.clone()), *limits)).collect(),
    }
}

fn attempts(draft: &ServiceDraft, checks: &mut Checks) -> AttemptPolicy {
    let usual = AttemptPolicy::default();
    if draft.max_attempts.is_some_and(|most| !(1..=MOST_ATTEMPTS).contains(&most)) {
        checks.refuse("max_attempts", "must be 1 to 1000");
    }
    AttemptPolicy {
        max_attempts: draft.max_attempts,
        deadline: checks.take(time("deadline_ms", draft.deadline_ms)).flatten().unwrap_or(usual.deadline),
        retries_after_send: draft.retry_after_send.unwrap_or(usual.retries_after_send),
    }
}

fn waiting(draft: &ServiceDraft, checks: &mut Checks) -> WaitPolicy {
    let usual = WaitPolicy::default();
    let longest = draft.max_wait_ms.map_or(usual.longest, Duration::from_millis);
    let max_waiting = draft.max_waiting.unwrap_or(usual.max_waiting);
    if max_waiting > MOST_WAITING {
        checks.refuse("max_waiting", "must be 0 to 100000");
    }
    if longest > LONGEST_WAIT {
        checks.refuse("max_wait_ms", "must be 0 to 600000 milliseconds");
    }
    WaitPolicy { max_waiting, longest }
}

fn fallback(draft: &ServiceDraft, checks: &mut Checks) -> Vec<Fallback> {
    if draft.fallback.len() > MOST_FALLBACKS {
        checks.refuse("fallback", "must be at most 10");
        return Vec::new();
    }
    let mut services: Vec<Fallback> = Vec::with_capacity(draft.fallback.len());
    for (at, FallbackDraft { slug, models }) in draft.fallback.iter().enumerate() {
        let field = format!("fallback[{at}].slug");
        let checked = Slug::new(slug).map_err(|FieldError { message, .. }| FieldError::new(field.as_str(), message));
        if *slug == draft.slug {
            checks.refuse(&field, "must be another service");
        } else if services.iter().any(|other| other.slug.as_str() == slug) {
            checks.refuse(&field, "comes twice");
        }
        let models = checked_models(checks, &format!("fallback[{at}].models"), models);
        services.extend(checks.take(checked).map(|slug| Fallback { slug, models }));
    }
    services
}

fn log(draft: &ServiceDraft, checks: &mut Checks) -> LogPolicy {
    let detail = match draft.log_requests.as_deref() {
        None | Some("") => LogDetail::Off,
        Some(text) => LogDetail::from_name(text).unwrap_or_else(|| {
            checks.refuse("log_requests", "must be off, metadata or bodies");
            LogDetail::Off
        }),
    };
    let body_limit = draft.log_body_limit.unwrap_or(LogPolicy::USUAL_BODY_LIMIT);
    if !(1..=LogPolicy::LARGEST_BODY_LIMIT).contains(&body_limit) {
        checks.refuse("log_body_limit", "must be 1 to 1048576 bytes");
    }
    if draft.log_redact.len() > MOST_POINTERS {
        checks.refuse("log_redact", "must be at most 100");
        return LogPolicy { detail, body_limit, redact: Vec::new() };
    }
    let pointer = |(at, text): (usize, &String)| {
        let named = |message| FieldError::new(format!("log_redact[{at}]"), message);
        checks.take(Pointer::parse(text).map_err(named))
    };
    let redact = draft.log_redact.iter().enumerate().filter_map(pointer).collect();
    LogPolicy { detail, body_limit, redact }
}

/// Names of models, and what they stand for.
fn checked_models(checks: &mut Checks, field: &str, models: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    if models.len() > MOST_MODELS {
        checks.refuse(field, "must be at most 200");
        return BTreeMap::new();
    }
    for (name, real) in models {
        if checks.take(short_text(field, name, LONGEST_MODEL)).is_some() {
            checks.take(short_text(&format!("{field}.{name}"), real, LONGEST_MODEL));
        }
    }
    models.clone()
}

fn strategy(text: Option<&str>) -> Result<Strategy, FieldError> {
    let known = Strategy::ALL.map(Strategy::name).join(", ");
    match text {
        None | Some("") => Ok(Strategy::default()),
        Some(text) => {
            Strategy::from_name(text).ok_or_else(|| FieldError::new("strategy", format!("must be one of {known}")))
        }
    }
}

fn http_version(text: Option<&str>) -> Result<HttpVersion, FieldError> {
    match text {
        None | Some("") => Ok(HttpVersion::Auto),
        Some(text) => {
            HttpVersion::from_name(text).ok_or_else(|| FieldError::new("http_version", "must be auto, http1 or http2"))
        }
    }
}

fn time(field: &str, millis: Option<u64>) -> Result<Option<Duration>, FieldError> {
    match millis.map(Duration::from_millis) {
        Some(time) if time.is_zero() || time > LONGEST_TIME => {
            Err(FieldError::new(field, "must be 1 to 86400000 milliseconds"))
        }
        time => Ok(time),
    }
}

fn millis(time: Duration) -> Option<u64> {
    u64::try_from(time.as_millis()).ok()
}

/// The value, unless it is the usual one.
fn unless<T: PartialEq>(value: T, usual: T) -> Option<T> {
    (value != usual).then_some(value)
}
