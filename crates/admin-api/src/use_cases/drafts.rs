//! Services as they are written: between what travels and the domain.

use std::collections::BTreeMap;

use rotator_domain::{FallbackDraft, ServiceDraft};

use crate::wire::{Fallback, Limits, ProxyConfigBody};

// === impl From ===

impl From<&ProxyConfigBody> for ServiceDraft {
    fn from(body: &ProxyConfigBody) -> Self {
        let body = body.clone();
        let groups = body.quota_groups.unwrap_or_default();
        Self {
            name: body.name,
            slug: body.slug,
            config_type: body.config_type,
            is_active: body.is_active,
            api_key_location: body.api_key_location,
            api_key_name: body.api_key_name,
            api_key_prefix: body.api_key_prefix,
            method: body.method,
            target_url: body.target_url,
            target_base_url: body.target_base_url,
            provider: body.provider,
            api_format: body.api_format,
            output_format: body.output_format,
            http_version: body.http_version,
            connect_timeout_ms: body.connect_timeout_ms,
            first_byte_timeout_ms: body.first_byte_timeout_ms,
            idle_timeout_ms: body.idle_timeout_ms,
            strategy: body.strategy,
            affinity: body.affinity,
            limits: body.limits.unwrap_or_default().into(),
            quota_groups: groups.into_iter().map(|(name, limits)| (name, limits.into())).collect(),
            max_attempts: body.max_attempts,
            deadline_ms: body.deadline_ms,
            retry_after_send: body.retry_after_send,
            max_waiting: body.max_waiting,
            max_wait_ms: body.max_wait_ms,
            model_aliases: body.model_aliases.unwrap_or_default(),
            fallback: body.fallback.unwrap_or_default().into_iter().map(FallbackDraft::from).collect(),
            rotation_headers: body.rotation_headers,
            strict: body.strict,
            asks_for_usage: body.asks_for_usage,
            log_requests: body.log_requests,
            log_body_limit: body.log_body_limit,
            log_redact: body.log_redact.unwrap_or_default(),
        }
    }
}

impl From<ServiceDraft> for ProxyConfigBody {
    fn from(draft: ServiceDraft) -> Self {
        let groups = draft.quota_groups.into_iter().map(|(name, limits)| (name, limits.into()));
        let fallback = draft.fallback.into_iter().map(Fallback::from);
        Self {
            name: draft.name,
            slug: draft.slug,
            config_type: draft.config_type,
            is_active: draft.is_active,
            api_key_location: draft.api_key_location,
            api_key_name: draft.api_key_name,
            api_key_prefix: draft.api_key_prefix,
            method: draft.method,
            target_url: draft.target_url,
            target_base_url: draft.target_base_url,
            provider: draft.provider,
            api_format: draft.api_format,
            output_format: draft.output_format,
            http_version: draft.http_version,
            connect_timeout_ms: draft.connect_timeout_ms,
            first_byte_timeout_ms: draft.first_byte_timeout_ms,
            idle_timeout_ms: draft.idle_timeout_ms,
            strategy: draft.strategy,
            affinity: draft.affinity,
            limits: Some(draft.limits.into()).filter(|limits| *limits != Limits::default()),
            quota_groups: Some(groups.collect()).filter(|groups: &BTreeMap<_, _>| !groups.is_empty()),
            max_attempts: draft.max_attempts,
            deadline_ms: draft.deadline_ms,
            retry_after_send: draft.retry_after_send,
            max_waiting: draft.max_waiting,
            max_wait_ms: draft.max_wait_ms,
            model_aliases: Some(draft.model_aliases).filter(|aliases| !aliases.is_empty()),
            fallback: Some(fallback.collect()).filter(|fallback: &Vec<_>| !fallback.is_empty()),
            rotation_headers: draft.rotation_headers,
            strict: draft.strict,
            asks_for_usage: draft.asks_for_usage,
            log_requests: draft.log_requests,
            log_body_limit: draft.log_body_limit,
            log_redact: Some(draft.log_redact).filter(|pointers| !pointers.is_empty()),
            api_keys: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn back(value: &Value) -> Value {
        let body: ProxyConfigBody = serde_json::from_value(value.clone()).unwrap();
        serde_json::to_value(ProxyConfigBody::from(ServiceDraft::from(&body))).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let full = json!({
            "name": "n",
            "slug": "s",
            "config_type": "LLM",
            "is_active": true,
            "target_base_url": "https://llm.example.com/v1",
            "strategy": "weighted",
            "affinity": true,
            "limits": {"rpm": 1, "tpm": 2, "rpd": 3, "max_concurrency": 4},
            "quota_groups": {"one": {"rpm": 5}, "two": {}},
            "max_attempts": 6,
            "deadline_ms": 7,
            "retry_after_send": true,
            "max_waiting": 0,
            "max_wait_ms": 0,
            "model_aliases": {"fast": "gpt-4o-mini"},
            "fallback": [{"slug": "other", "models": {"gpt-4o": "claude"}}, {"slug": "last"}],
            "rotation_headers": false,
            "strict": true,
            "asks_for_usage": false,
            "log_requests": "bodies",
            "log_body_limit": 8,
            "log_redact": ["/messages/*/content"],
        });
        assert_eq!(back(&full), full);
    }

    #[test]
    fn null_and_nothing_are_the_same() {
        let plain = json!({"name": "n", "slug": "s", "config_type": "LLM", "is_active": true});
        let mut nulls = plain.clone();
        for name in ["strategy", "limits", "quota_groups", "model_aliases", "fallback", "deadline_ms"] {
            nulls[name] = Value::Null;
        }
        assert_eq!(back(&nulls), plain);
        let mut empty = plain.clone();
        empty["limits"] = json!({});
        empty["model_aliases"] = json!({});
        assert_eq!(back(&empty), plain);
    }
}
