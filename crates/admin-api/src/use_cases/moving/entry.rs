//! One line of an export: a record as JSON, its secrets in clear, for the piece that it stands in is sealed whole.
//!
//! A new kind of record has its variant here, the way to it in [`Entry::of`] and the way back in [`Entry::into_record`]. What a
//! service or a key is travels as the admin API spells it, so that a new field of theirs moves without a change here. Times are
//! milliseconds since the Unix epoch.

mod client_key;
mod people;
mod price;
mod webhook;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::rotation::{Checkpoint, KeyState};
use rotator_domain::{
    ClientKeyId, Digest, Figure, Grain, KeyId, SealContext, Secret, ServiceDraft, ServiceId, Timestamp, UsageFigures,
    UsageRow, UsageSubject, Vault,
};
use rotator_storage_trait::{EndedSession, KeyRecord, Record, SettingRecord};
use serde::{Deserialize, Serialize};

use self::client_key::ClientKeyEntry;
use self::people::{AdminTokenEntry, AdminUserEntry, AuditLine};
use self::price::PriceRecord;
use self::webhook::WebhookEntry;
use super::MovingError;
use crate::use_cases::keys;
use crate::wire::{NewKey, ProxyConfigBody};

/// A record as it travels.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    NextId {
        next_id: i64,
    },
    /// Its value is base64: not every setting is text.
    Setting {
        name: String,
        value: String,
    },
    AdminUser(AdminUserEntry),
    AdminToken(Box<AdminTokenEntry>),
    EndedSession {
        session_id: String,
        expires_at: i64,
    },
    ClientKey(Box<ClientKeyEntry>),
    Service {
        id: i64,
        service: Box<ProxyConfigBody>,
        created_at: i64,
        updated_at: i64,
    },
    UpstreamKey {
        id: i64,
        service_id: i64,
        key: Box<NewKey>,
        digest: String,
        created_at: i64,
        updated_at: i64,
    },
    KeyState {
        service_id: i64,
        key_id: i64,
        model: Option<String>,
        state: String,
        since: i64,
        until: i64,
    },
    Audit(Box<AuditLine>),
    Usage {
        grain: String,
        at: i64,
        service_id: i64,
        key_id: Option<i64>,
        client_key_id: Option<i64>,
        model: Option<String>,
        figures: BTreeMap<String, u64>,
    },
    Price(Box<PriceRecord>),
    Webhook(Box<WebhookEntry>),
}

// === impl Entry ===

impl Entry {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Result<Self, MovingError> {
        // What the parser says may repeat a secret.
        serde_json::from_str(line).map_err(|_| MovingError::Entry)
    }

    /// The line, without a line break.
    pub(super) fn line(&self) -> Result<Secret, MovingError> {
        serde_json::to_string(self).map(Secret::new).map_err(|_| MovingError::Entry)
    }

    /// The entry of a record whose secrets `vault` opens.
    pub(super) fn of(record: Record, vault: &Vault) -> Result<Self, MovingError> {
        Ok(match record {
            Record::NextId(next_id) => Self::NextId { next_id },
            Record::Setting(SettingRecord { name, sealed }) => {
                let value = STANDARD.encode(&*vault.open_bytes(SealContext::Setting(&name), &sealed)?);
                Self::Setting { name, value }
            }
            Record::AdminUser(user) => Self::AdminUser(user.into()),
            Record::AdminToken(token) => Self::AdminToken(Box::new(token.into())),
            Record::EndedSession(EndedSession { session_id, expires_at }) => {
                Self::EndedSession { session_id, expires_at: expires_at.as_millis() }
            }
            Record::ClientKey(key) => Self::ClientKey(Box::new((&key).into())),
            Record::Service(service) => Self::Service {
                id: service.id.0,
                created_at: service.created_at.as_millis(),
                updated_at: service.updated_at.as_millis(),
                service: Box::new(ServiceDraft::from(&*service).into()),
            },
            Record::UpstreamKey(key) => {
                let value = vault.open(SealContext::UpstreamKey(key.id), &key.sealed)?;
                Self::UpstreamKey {
                    id: key.id.0,
                    service_id: key.service_id.0,
                    digest: STANDARD.encode(key.digest.0),
                    created_at: key.created_at.as_millis(),
                    updated_at: key.updated_at.as_millis(),
                    key: Box::new(keys::written(key, &value)),
                }
            }
            Record::KeyState(service, Checkpoint { key, model, state, since, until }) => Self::KeyState {
                service_id: service.0,
                key_id: key.0,
                model,
                state: state.name().to_owned(),
                since: since.as_millis(),
                until: until.as_millis(),
            },
            Record::Audit(entry) => Self::Audit(Box::new(entry.into())),
            Record::Price(price) => Self::Price(Box::new(price.into())),
            Record::Usage(grain, row) => Self::Usage {
                grain: grain.name().to_owned(),
                at: row.at.as_millis(),
                service_id: row.subject.service.0,
                key_id: row.subject.key.map(|id| id.0),
                client_key_id: row.subject.client.map(|id| id.0),
                model: row.subject.model,
                figures: row.figures.iter().map(|(figure, value)| (figure.name().to_owned(), value)).collect(),
            },
            Record::Webhook(webhook) => Self::Webhook(Box::new(WebhookEntry::of(&webhook, vault)?)),
        })
    }

    /// The record, its secrets sealed by `vault`.
    pub(super) fn into_record(self, vault: &Vault) -> Result<Record, MovingError> {
        Ok(match self {
            Self::NextId { next_id } => Record::NextId(next_id),
            Self::Setting { name, value } => {
                let value = STANDARD.decode(value).map_err(|_| MovingError::Entry)?;
                let sealed = vault.seal_bytes(SealContext::Setting(&name), &value)?;
                Record::Setting(SettingRecord { name, sealed })
            }
            Self::AdminUser(user) => Record::AdminUser(user.try_into()?),
            Self::AdminToken(token) => Record::AdminToken((*token).try_into()?),
            Self::EndedSession { session_id, expires_at } => {
                Record::EndedSession(EndedSession { session_id, expires_at: at(expires_at) })
            }
            Self::ClientKey(key) => Record::ClientKey((*key).try_into()?),
            Self::Price(price) => Record::Price((*price).try_into()?),
            Self::Service { id, service, created_at, updated_at } => {
                let draft = ServiceDraft::from(&*service);
                let service = draft.into_service(ServiceId(id), at(created_at), at(updated_at));
                Record::Service(Box::new(service.map_err(|_| MovingError::Entry)?))
            }
            Self::UpstreamKey { id, service_id, key, digest, created_at, updated_at } => {
                let checked = keys::draft(*key).into_key(KeyId(id), ServiceId(service_id), at(created_at));
                let key = checked.map_err(|_| MovingError::Entry)?;
                Record::UpstreamKey(KeyRecord {
                    id: key.id,
                    service_id: key.service_id,
                    sealed: vault.seal(SealContext::UpstreamKey(key.id), &key.value)?,
                    digest: read_digest(&digest)?,
                    label: key.label,
                    is_active: key.is_active,
                    policy: key.policy,
                    created_at: key.created_at,
                    updated_at: at(updated_at),
                })
            }
            Self::KeyState { service_id, key_id, model, state, since, until } => {
                let state = KeyState::from_name(&state).ok_or(MovingError::Entry)?;
                let state = Checkpoint { key: KeyId(key_id), model, state, since: at(since), until: at(until) };
                Record::KeyState(ServiceId(service_id), state)
            }
            Self::Audit(line) => Record::Audit((*line).into()),
            Self::Usage { grain, at: millis, service_id, key_id, client_key_id, model, figures } => {
                let grain = Grain::from_name(&grain).ok_or(MovingError::Entry)?;
                let (key, client) = (key_id.map(KeyId), client_key_id.map(ClientKeyId));
                let subject = UsageSubject { service: ServiceId(service_id), key, client, model };
                let figure = |(name, value): (String, u64)| Some((Figure::from_name(&name)?, value));
                let figures = figures.into_iter().map(figure).collect::<Option<UsageFigures>>();
                let figures = figures.ok_or(MovingError::Entry)?;
                Record::Usage(grain, Box::new(UsageRow { at: at(millis), subject, figures }))
            }
            Self::Webhook(webhook) => Record::Webhook(Box::new(webhook.into_webhook(vault)?)),
        })
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn read_digest(text: &str) -> Result<Digest, MovingError> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(Digest).ok_or(MovingError::Entry)
}

#[cfg(test)]
mod tests;
