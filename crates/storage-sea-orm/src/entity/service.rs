//! The table `services`.
//!
//! A row holds what a [`ServiceDraft`] holds, spelled alike, and becomes a [`Service`] by the draft's own checks.

use rotator_domain::{FallbackDraft, Service, ServiceDraft, ServiceId, Timestamp};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::policy::{FallbackColumn, ServiceColumn};
use crate::error::CorruptRow;

const TABLE: &str = "services";

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "services")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) kind: String,
    pub(crate) is_active: bool,
    pub(crate) target_url: String,
    pub(crate) methods: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) api_format: Option<String>,
    pub(crate) output_format: Option<String>,
    pub(crate) key_location: Option<String>,
    pub(crate) key_name: Option<String>,
    pub(crate) key_prefix: Option<String>,
    pub(crate) policy: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Service> for ActiveModel {
    type Error = DbErr;

    fn try_from(service: &Service) -> Result<Self, DbErr> {
        // Every field is named, so that a new one cannot be forgotten here.
        let ServiceDraft {
            name,
            slug,
            config_type,
            is_active,
            api_key_location,
            api_key_name,
            api_key_prefix,
            method,
            target_url,
            target_base_url,
            provider,
            api_format,
            output_format,
            http_version,
            connect_timeout_ms,
            first_byte_timeout_ms,
            idle_timeout_ms,
            strategy,
            affinity,
            limits,
            quota_groups,
            max_attempts,
            deadline_ms,
            retry_after_send,
            max_waiting,
            max_wait_ms,
            model_aliases,
            fallback,
            rotation_headers,
            strict,
            asks_for_usage,
            log_requests,
            log_body_limit,
            log_redact,
        } = ServiceDraft::from(service);
        let policy = ServiceColumn {
            connect_timeout_ms,
            first_byte_timeout_ms,
            idle_timeout_ms,
            http_version,
            strategy,
            affinity,
            limits: limits.into(),
            quota_groups: quota_groups.into_iter().map(|(name, limits)| (name, limits.into())).collect(),
            max_attempts,
            deadline_ms,
            retry_after_send,
            max_waiting,
            max_wait_ms,
            model_aliases,
            fallback: fallback.into_iter().map(FallbackColumn::from).collect(),
            rotation_headers,
            strict,
            asks_for_usage,
            log_requests,
            log_body_limit,
            log_redact,
        };
        let row = Model {
            id: service.id.0,
            name,
            slug,
            kind: config_type,
            is_active,
            target_url: target_url.or(target_base_url).unwrap_or_default(),
            methods: method,
            provider,
            api_format,
            output_format,
            key_location: api_key_location,
            key_name: api_key_name,
            key_prefix: api_key_prefix,
            policy: serde_json::to_string(&policy).map_err(|error| DbErr::Json(error.to_string()))?,
            created_at: service.created_at.as_millis(),
            updated_at: service.updated_at.as_millis(),
        };
        // Every column is set, also for an update: `into_active_model` alone would leave them unchanged.
        Ok(row.into_active_model().reset_all())
    }
}

// === impl Service ===

impl TryFrom<Model> for Service {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let policy: ServiceColumn =
            serde_json::from_str(&row.policy).map_err(|error| CorruptRow::new(TABLE, row.id, error))?;
        // The draft takes the target from the field of its kind and does not look at the other.
        let draft = ServiceDraft {
            name: row.name,
            slug: row.slug,
            config_type: row.kind,
            is_active: row.is_active,
            api_key_location: row.key_location,
            api_key_name: row.key_name,
            api_key_prefix: row.key_prefix,
            method: row.methods,
            target_url: Some(row.target_url.clone()),
            target_base_url: Some(row.target_url),
            provider: row.provider,
            api_format: row.api_format,
            output_format: row.output_format,
            http_version: policy.http_version,
            connect_timeout_ms: policy.connect_timeout_ms,
            first_byte_timeout_ms: policy.first_byte_timeout_ms,
            idle_timeout_ms: policy.idle_timeout_ms,
            strategy: policy.strategy,
            affinity: policy.affinity,
            limits: policy.limits.into(),
            quota_groups: policy.quota_groups.into_iter().map(|(name, limits)| (name, limits.into())).collect(),
            max_attempts: policy.max_attempts,
            deadline_ms: policy.deadline_ms,
            retry_after_send: policy.retry_after_send,
            max_waiting: policy.max_waiting,
            max_wait_ms: policy.max_wait_ms,
            model_aliases: policy.model_aliases,
            fallback: policy.fallback.into_iter().map(FallbackDraft::from).collect(),
            rotation_headers: policy.rotation_headers,
            strict: policy.strict,
            asks_for_usage: policy.asks_for_usage,
            log_requests: policy.log_requests,
            log_body_limit: policy.log_body_limit,
            log_redact: policy.log_redact,
        };
        let created_at = Timestamp::from_millis(row.created_at);
        let updated_at = Timestamp::from_millis(row.updated_at);
        draft
            .into_service(ServiceId(row.id), created_at, updated_at)
            .map_err(|error| CorruptRow::new(TABLE, row.id, error))
    }
}
