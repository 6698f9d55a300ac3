//! Drafts of services.

use std::time::Duration;

use super::*;
use crate::rotation::Strategy;
use crate::{Fallback, HttpVersion};

fn generic() -> ServiceDraft {
    ServiceDraft {
        name: "GitHub".into(),
        slug: "github".into(),
        config_type: "generic".into(),
        is_active: true,
        api_key_location: Some("header".into()),
        api_key_name: Some("Authorization".into()),
        api_key_prefix: Some("Bearer ".into()),
        target_url: Some("https://api.github.com".into()),
        ..ServiceDraft::default()
    }
}

fn llm() -> ServiceDraft {
    ServiceDraft {
        name: "OpenAI".into(),
        slug: "openai".into(),
        config_type: "llm".into(),
        target_base_url: Some("https://api.openai.com/v1".into()),
        ..ServiceDraft::default()
    }
}

fn check(draft: ServiceDraft) -> Result<Service, Invalid> {
    draft.into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)
}

fn fields(result: Result<Service, Invalid>) -> Vec<String> {
    result.unwrap_err().0.into_iter().map(|error| error.field).collect()
}

#[test]
fn a_service_becomes_the_draft_it_was_made_from() {
    for draft in [generic(), llm()] {
        let service = check(draft).unwrap();
        assert_eq!(check(ServiceDraft::from(&service)).unwrap(), service);
    }
}

#[test]
fn all_refused_fields_are_named_at_once() {
    let draft = ServiceDraft {
        name: "n".repeat(300),
        slug: "a/../b".into(),
        target_url: Some("ftp://x".into()),
        api_key_name: None,
        idle_timeout_ms: Some(0),
        http_version: Some("spdy".into()),
        ..generic()
    };
    let expected = ["name", "slug", "target_url", "api_key_name", "idle_timeout_ms", "http_version"];
    assert_eq!(fields(check(draft)), expected);
}

#[test]
fn an_unknown_kind_is_the_only_complaint_about_the_kind() {
    let draft = ServiceDraft { config_type: "soap".into(), ..generic() };
    assert_eq!(fields(check(draft)), ["config_type"]);
}

#[test]
fn clients_may_speak_any_format() {
    let draft = ServiceDraft { output_format: Some("klingon".into()), ..llm() };
    assert_eq!(fields(check(draft)), ["output_format"]);
    for fine in ["none", "auto", "openai", "openai_responses", "anthropic", "gemini"] {
        assert!(check(ServiceDraft { output_format: Some(fine.into()), ..llm() }).is_ok(), "{fine}");
    }
}

#[test]
fn only_a_generic_service_needs_a_key_placement() {
    assert_eq!(check(llm()).unwrap().key_placement, None);
    let draft = ServiceDraft { api_key_location: None, api_key_name: None, ..generic() };
    assert_eq!(fields(check(draft)), ["api_key_location"]);
}

/// A draft with every field of the policy set.
fn tuned() -> ServiceDraft {
    let limits = |number| Limits {
        requests_per_minute: Some(number),
        tokens_per_minute: Some(number + 1),
        requests_per_day: Some(number + 2),
        max_concurrency: Some(number + 3),
    };
    let models = |from: &str, to: &str| BTreeMap::from([(from.to_owned(), to.to_owned())]);
    ServiceDraft {
        http_version: Some("http2".into()),
        connect_timeout_ms: Some(1),
        first_byte_timeout_ms: Some(2),
        idle_timeout_ms: Some(3),
        strategy: Some("least_in_flight".into()),
        affinity: Some(true),
        limits: limits(1),
        quota_groups: BTreeMap::from([("one".into(), limits(10)), ("two".into(), Limits::default())]),
        max_attempts: Some(1000),
        deadline_ms: Some(86_400_000),
        retry_after_send: Some(true),
        max_waiting: Some(0),
        max_wait_ms: Some(0),
        model_aliases: models("fast", "gpt-4o-mini"),
        fallback: vec![FallbackDraft { slug: "other".into(), models: models("gpt-4o", "claude") }],
        rotation_headers: Some(false),
        strict: Some(true),
        log_requests: Some("bodies".into()),
        log_body_limit: Some(1_048_576),
        log_redact: vec!["/messages/*/content".into(), "/a~1b".into()],
        api_format: Some("openai_compatible".into()),
        output_format: Some("none".into()),
        config_type: "LLM".into(),
        ..llm()
    }
}

#[test]
fn every_field_of_the_policy_is_kept() {
    let service = check(tuned()).unwrap();
    let policy = &service.policy;
    assert_eq!((policy.rotation.strategy, policy.rotation.has_affinity), (Strategy::LeastInFlight, true));
    assert_eq!(policy.http_version, HttpVersion::Http2);
    assert_eq!((policy.waiting.max_waiting, policy.waiting.longest), (0, Duration::ZERO));
    let [Fallback { slug, models }] = &policy.fallback[..] else { panic!("not one") };
    assert_eq!((slug.as_str(), models["gpt-4o"].as_str()), ("other", "claude"));
    let again = ServiceDraft::from(&service);
    let target_base_url = again.target_base_url.clone();
    assert_eq!(again, ServiceDraft { target_base_url, ..tuned() });
    assert_eq!(check(again).unwrap(), service);
}

#[test]
fn what_is_as_usual_is_left_out_but_for_the_strategy() {
    let usual = ServiceDraft::from(&check(llm()).unwrap());
    assert_eq!(usual.strategy.as_deref(), Some("round_robin"));
    let written = ServiceDraft {
        affinity: Some(false),
        deadline_ms: Some(300_000),
        retry_after_send: Some(false),
        max_waiting: Some(1000),
        max_wait_ms: Some(10_000),
        rotation_headers: Some(true),
        strict: Some(false),
        log_requests: Some("off".into()),
        log_body_limit: Some(65_536),
        ..llm()
    };
    assert_eq!(ServiceDraft::from(&check(written).unwrap()), usual);
}

#[test]
fn refused_fields_of_the_policy_are_named_by_their_path() {
    let zero = Limits { requests_per_minute: Some(0), ..Limits::default() };
    let models = |from: &str, to: &str| BTreeMap::from([(from.to_owned(), to.to_owned())]);
    let other = |slug: &str| FallbackDraft { slug: slug.into(), models: BTreeMap::new() };
    let many = |count: usize| (0..count).map(|number| (number.to_string(), "real".to_owned())).collect();
    let cases = [
        (ServiceDraft { strategy: Some("dice".into()), ..llm() }, vec!["strategy"]),
        (ServiceDraft { limits: zero, ..llm() }, vec!["limits.rpm"]),
        (ServiceDraft { quota_groups: BTreeMap::from([("g".into(), zero)]), ..llm() }, vec!["quota_groups.g.rpm"]),
        (
            ServiceDraft { quota_groups: BTreeMap::from([("".into(), Limits::default())]), ..llm() },
            vec!["quota_groups"],
        ),
        (ServiceDraft { max_attempts: Some(0), ..llm() }, vec!["max_attempts"]),
        (ServiceDraft { max_attempts: Some(1001), ..llm() }, vec!["max_attempts"]),
        (ServiceDraft { deadline_ms: Some(0), ..llm() }, vec!["deadline_ms"]),
        (ServiceDraft { deadline_ms: Some(u64::MAX), ..llm() }, vec!["deadline_ms"]),
        (ServiceDraft { max_waiting: Some(100_001), ..llm() }, vec!["max_waiting"]),
        (ServiceDraft { max_wait_ms: Some(600_001), ..llm() }, vec!["max_wait_ms"]),
        (ServiceDraft { model_aliases: models("", "real"), ..llm() }, vec!["model_aliases"]),
        (ServiceDraft { model_aliases: models("fast", ""), ..llm() }, vec!["model_aliases.fast"]),
        (ServiceDraft { model_aliases: models("fast", &"m".repeat(201)), ..llm() }, vec!["model_aliases.fast"]),
        (ServiceDraft { model_aliases: many(201), ..llm() }, vec!["model_aliases"]),
        (ServiceDraft { fallback: vec![other("a"), other("b/c")], ..llm() }, vec!["fallback[1].slug"]),
        (ServiceDraft { fallback: vec![other("a"), other("openai")], ..llm() }, vec!["fallback[1].slug"]),
        (ServiceDraft { fallback: vec![other("a"), other("a")], ..llm() }, vec!["fallback[1].slug"]),
        (
            ServiceDraft { fallback: vec![FallbackDraft { models: many(201), ..other("a") }], ..llm() },
            vec!["fallback[0].models"],
        ),
        (ServiceDraft { log_requests: Some("all".into()), ..llm() }, vec!["log_requests"]),
        (ServiceDraft { log_body_limit: Some(0), ..llm() }, vec!["log_body_limit"]),
        (ServiceDraft { log_body_limit: Some(1_048_577), ..llm() }, vec!["log_body_limit"]),
        (ServiceDraft { log_redact: vec!["/a".into(), "b".into()], ..llm() }, vec!["log_redact[1]"]),
        (ServiceDraft { log_redact: vec!["/a".into(); 101], ..llm() }, vec!["log_redact"]),
        (ServiceDraft { fallback: (0..11).map(|at| other(&at.to_string())).collect(), ..llm() }, vec!["fallback"]),
    ];
    for (draft, expected) in cases {
        assert_eq!(fields(check(draft)), expected);
    }
}
