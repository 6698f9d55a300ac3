//! The table `request_log`. What is searched for has a column; everything else is in one, as JSON, so that more of it needs no
//! migration.

use std::time::Duration;

use rotator_domain::{
    ClientKeyId, End, EndedAttempt, EndedRequest, KeyId, LoggedRequest, ServiceId, Timestamp, TokenUsage, Verdict,
};
use rotator_storage_trait::LogEntry;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::CorruptRow;

const TABLE: &str = "request_log";
/// Bytes of the columns that are always as long.
const FIXED: usize = 64;
/// Characters of the column of models.
const LONGEST_MODEL: usize = 255;
/// Characters of the columns of ids that clients give.
const LONGEST_ID: usize = 128;

/// A logged request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request_log")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) ended_at: i64,
    pub(crate) service_id: i64,
    pub(crate) key_id: Option<i64>,
    pub(crate) client_key_id: Option<i64>,
    pub(crate) status: i32,
    pub(crate) model: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) has_bodies: bool,
    pub(crate) written: i64,
    pub(crate) detail: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    at: i64,
    method: String,
    path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// The service that served, where it is not the one that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    served_by: Option<i64>,
    is_llm: bool,
    end: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Attempt>,
    /// Input, of it cached and written to a cache, output, of it reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<[u64; 5]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
    first_byte_ms: u64,
    duration_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    service: i64,
    key: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    pub(crate) fn of(row: Model) -> Self {
        row.into_active_model().reset_all()
    }
}

// === impl Model ===

impl Model {
    /// The row of a request; its id and what was written up to it are told when it is stored.
    pub(crate) fn of(request: &LoggedRequest, has_bodies: bool) -> Result<Self, serde_json::Error> {
        let ended = &request.ended;
        let tokens = ended.tokens.map(|TokenUsage { input, cached, cache_written, output, reasoning }| {
            [input, cached, cache_written, output, reasoning]
        });
        let attempt = |attempt: &EndedAttempt| Attempt {
            service: attempt.service.0,
            key: attempt.key.0,
            verdict: attempt.verdict.map(|verdict| verdict.name().to_owned()),
        };
        let detail = Detail {
            at: ended.at.as_millis(),
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            answer_type: request.answer_type.clone(),
            address: request.address.map(|address| address.to_string()),
            served_by: Some(ended.service.0).filter(|_| ended.service != request.asked),
            is_llm: ended.is_llm,
            end: ended.end.name().to_owned(),
            attempts: ended.attempts.iter().map(attempt).collect(),
            tokens,
            cost: ended.cost_nanodollars,
            bytes_in: ended.bytes_in,
            bytes_out: ended.bytes_out,
            first_byte_ms: millis(ended.first_byte),
            duration_ms: millis(ended.duration),
        };
        Ok(Self {
            id: 0,
            ended_at: request.ended_at().as_millis(),
            service_id: request.asked.0,
            key_id: ended.key.map(|key| key.0),
            client_key_id: ended.client.map(|client| client.0),
            status: i32::from(ended.status),
            model: ended.model.as_deref().map(model),
            trace_id: request.trace_id.as_deref().map(given_id),
            request_id: request.request_id.as_deref().map(given_id),
            has_bodies,
            written: 0,
            // JSON writes NUL as an escape, which every database takes.
            detail: serde_json::to_string(&detail)?,
        })
    }

    /// How many bytes it is counted as.
    pub(crate) fn size(&self) -> usize {
        let texts = [&self.model, &self.trace_id, &self.request_id].into_iter().flatten().map(String::len);
        texts.sum::<usize>() + self.detail.len() + FIXED
    }
}

/// A model's name as its column holds it.
pub(crate) fn model(text: &str) -> String {
    shortened(text, LONGEST_MODEL)
}

/// An id of a client's as its column holds it.
pub(crate) fn given_id(text: &str) -> String {
    shortened(text, LONGEST_ID)
}

fn shortened(text: &str, longest: usize) -> String {
    text.chars().filter(|character| *character != '\0').take(longest).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

// === impl LogEntry ===

impl TryFrom<Model> for LogEntry {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let corrupt = |source: Box<dyn std::error::Error + Send + Sync>| CorruptRow::new(TABLE, row.id, source);
        let detail: Detail = serde_json::from_str(&row.detail).map_err(|error| corrupt(error.into()))?;
        let status = u16::try_from(row.status).map_err(|error| corrupt(error.into()))?;
        let tokens = detail.tokens.map(|[input, cached, cache_written, output, reasoning]| TokenUsage {
            input,
            cached,
            cache_written,
            output,
            reasoning,
        });
        let attempt = |attempt: Attempt| EndedAttempt {
            service: ServiceId(attempt.service),
            key: KeyId(attempt.key),
            verdict: attempt.verdict.as_deref().and_then(Verdict::from_name),
        };
        let request = LoggedRequest {
            asked: ServiceId(row.service_id),
            ended: EndedRequest {
                at: Timestamp::from_millis(detail.at),
                service: ServiceId(detail.served_by.unwrap_or(row.service_id)),
                client: row.client_key_id.map(ClientKeyId),
                key: row.key_id.map(KeyId),
                model: row.model,
                is_llm: detail.is_llm,
                status,
                end: End::from_name(&detail.end).unwrap_or(End::Whole),
                attempts: detail.attempts.into_iter().map(attempt).collect(),
                tokens,
                cost_nanodollars: detail.cost,
                bytes_in: detail.bytes_in,
                bytes_out: detail.bytes_out,
                first_byte: Duration::from_millis(detail.first_byte_ms),
                duration: Duration::from_millis(detail.duration_ms),
            },
            method: detail.method,
            path: detail.path,
            headers: detail.headers,
            answer_type: detail.answer_type,
            trace_id: row.trace_id,
            request_id: row.request_id,
            address: detail.address.and_then(|address| address.parse().ok()),
        };
        Ok(Self { id: row.id, request, has_bodies: row.has_bodies })
    }
}
