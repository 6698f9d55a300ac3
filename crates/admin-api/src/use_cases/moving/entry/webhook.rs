//! A webhook on its way.

use rotator_domain::{PreviousSecret, SealContext, Secret, Timestamp, Vault, Webhook, WebhookDraft, WebhookId};
use serde::{Deserialize, Serialize};

use super::{MovingError, at};
use crate::use_cases::webhooks::unsealed;
use crate::wire::WebhookBody;

/// A webhook as the admin API spells it, and its secrets.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct WebhookEntry {
    id: i64,
    webhook: WebhookBody,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousEntry>,
    created_at: i64,
    updated_at: i64,
}

/// The secret before the last rotation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousEntry {
    secret: String,
    until: i64,
}

// === impl WebhookEntry ===

impl WebhookEntry {
    /// The entry of a webhook whose secrets `vault` opens.
    pub(super) fn of(webhook: &Webhook, vault: &Vault) -> Result<Self, MovingError> {
        let open = |sealed| vault.open(SealContext::Webhook(webhook.id), sealed);
        let previous = webhook.previous.as_ref().map(|previous| {
            let secret = open(&previous.sealed)?.expose().to_owned();
            Ok::<_, MovingError>(PreviousEntry { secret, until: previous.until.as_millis() })
        });
        Ok(Self {
            id: webhook.id.0,
            webhook: WebhookDraft::from(webhook).into(),
            secret: open(&webhook.sealed)?.expose().to_owned(),
            previous: previous.transpose()?,
            created_at: webhook.created_at.as_millis(),
            updated_at: webhook.updated_at.as_millis(),
        })
    }

    /// The webhook, its secrets sealed by `vault`.
    pub(super) fn into_webhook(self, vault: &Vault) -> Result<Webhook, MovingError> {
        let Self { id, webhook, secret, previous, created_at, updated_at } = self;
        let id = WebhookId(id);
        let seal = |secret: String| vault.seal(SealContext::Webhook(id), &Secret::new(secret));
        let previous = previous.map(|previous| {
            Ok::<_, MovingError>(PreviousSecret { sealed: seal(previous.secret)?, until: at(previous.until) })
        });
        let (sealed, previous): (_, Option<PreviousSecret>) = (seal(secret)?, previous.transpose()?);
        let (created_at, updated_at): (Timestamp, Timestamp) = (at(created_at), at(updated_at));
        let made = WebhookDraft::from(webhook).apply(|url| Webhook {
            sealed,
            previous,
            updated_at,
            ..unsealed(id, url, created_at)
        });
        made.map_err(|_| MovingError::Entry)
    }
}
