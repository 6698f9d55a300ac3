//! Things to store.

use std::collections::BTreeMap;

use rotator_domain::rotation::{Glob, KeyPolicy, Limits, QuotaGroup};
use rotator_domain::{Digest, FallbackDraft, KeyId, KeyLabel, Sealed, Service, ServiceDraft, ServiceId, Timestamp};

use crate::{KeyRecord, Page, Storage};

/// Four bytes a character in UTF-8, joined ones among them.
pub(super) const EMOJI: &str = "🔑 密钥 👩‍👩‍👧";

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A digest that is different for every `number`.
pub(super) fn digest(number: i64) -> Digest {
    let mut bytes = [0xd1; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Digest(bytes)
}

/// A generic service with every field set.
pub(super) fn generic(id: i64, name: &str, slug: &str) -> Service {
    let draft = ServiceDraft {
        name: name.into(),
        slug: slug.into(),
        config_type: "GENERIC".into(),
        is_active: true,
        api_key_location: Some("header".into()),
        api_key_name: Some("authorization".into()),
        api_key_prefix: Some("Bearer ".into()),
        method: Some("GET,POST".into()),
        target_url: Some("https://api.example.com/base?a=b%20c".into()),
        http_version: Some("http2".into()),
        connect_timeout_ms: Some(1),
        first_byte_timeout_ms: Some(86_400_000),
        idle_timeout_ms: Some(1500),
        strategy: Some("weighted".into()),
        affinity: Some(true),
        limits: limits(1),
        quota_groups: BTreeMap::from([(EMOJI.into(), limits(u32::MAX - 3)), ("b".into(), Limits::default())]),
        max_attempts: Some(3),
        deadline_ms: Some(86_400_000),
        retry_after_send: Some(true),
        max_waiting: Some(0),
        max_wait_ms: Some(0),
        model_aliases: models(3),
        fallback: (0..2).map(|at| FallbackDraft { slug: format!("other-{at}"), models: models(at) }).collect(),
        rotation_headers: Some(false),
        strict: Some(true),
        asks_for_usage: Some(false),
        log_requests: Some("bodies".into()),
        log_body_limit: Some(1),
        log_redact: vec!["/messages/*/content".into(), format!("/{EMOJI}~1~0")],
        ..ServiceDraft::default()
    };
    draft.into_service(ServiceId(id), at(id), at(id + 1)).unwrap()
}

/// Limits, each of its own.
pub(super) fn limits(first: u32) -> Limits {
    Limits {
        requests_per_minute: Some(first),
        tokens_per_minute: Some(first + 1),
        requests_per_day: Some(first + 2),
        max_concurrency: Some(first + 3),
    }
}

/// A policy with every field set, as long as it may be.
pub(super) fn long_policy() -> KeyPolicy {
    KeyPolicy {
        weight: 65_536,
        tier: 255,
        limits: limits(u32::MAX - 3),
        models: (100..200).map(|number| Glob::new(format!("{number}{}", "🔑".repeat(197)))).collect(),
        group: Some(QuotaGroup(EMOJI.into())),
    }
}

pub(super) fn models(count: usize) -> BTreeMap<String, String> {
    (0..count).map(|number| (format!("{number} {EMOJI}"), "🔑".repeat(100))).collect()
}

/// An LLM service with as little set as possible.
pub(super) fn llm(id: i64, name: &str, slug: &str) -> Service {
    let draft = ServiceDraft {
        name: name.into(),
        slug: slug.into(),
        config_type: "LLM".into(),
        target_base_url: Some("https://llm.example.com".into()),
        api_format: Some("gemini_native".into()),
        output_format: Some("auto".into()),
        ..ServiceDraft::default()
    };
    draft.into_service(ServiceId(id), at(id), at(id)).unwrap()
}

/// Stores a generic service with nothing but its id to tell it apart.
pub(super) async fn store_service(storage: &dyn Storage, id: i64) -> ServiceId {
    let service = generic(id, &format!("service {id}"), &format!("service-{id}"));
    storage.insert_service(&service).await.unwrap();
    service.id
}

/// A key whose value, and so whose digest, is `value`.
pub(super) fn key(id: i64, service: ServiceId, value: i64) -> KeyRecord {
    KeyRecord {
        id: KeyId(id),
        service_id: service,
        sealed: Sealed(format!("sealed {id}").into_bytes()),
        digest: digest(value),
        label: Some(KeyLabel::new(&format!("key {id}")).unwrap()),
        is_active: true,
        policy: KeyPolicy::default(),
        created_at: at(id),
        updated_at: at(id),
    }
}

/// Keys with these ids, each with its id for a value.
pub(super) fn keys(ids: impl IntoIterator<Item = i64>, service: ServiceId) -> Vec<KeyRecord> {
    ids.into_iter().map(|id| key(id, service, id)).collect()
}

pub(super) fn all<Id>() -> Page<Id> {
    Page { after: None, limit: u64::MAX }
}
