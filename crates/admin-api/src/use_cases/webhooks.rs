//! Webhooks.

use rotator_domain::{
    FieldError, MOST_WEBHOOKS, SealContext, Sealed, TargetUrl, Timestamp, Webhook, WebhookDraft, WebhookId,
    WebhookThresholds,
};
use rotator_storage_trait::{Delivery, DeliveryStatus, Page};
use rotator_webhooks::{Ping, SigningSecret};

use super::changes::Changes;
use super::{UseCaseError, UseCases, rotation_end};
use crate::time::rfc3339;
use crate::wire;

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a webhook; its secret is shown this once.
    pub(crate) async fn create_webhook(&self, body: wire::WebhookBody) -> Result<wire::NewWebhook, UseCaseError> {
        let storage = &self.context.storage;
        if storage.webhooks().await.map_err(UseCaseError::Storage)?.len() >= MOST_WEBHOOKS {
            let most = format!("is one too many: there may be {MOST_WEBHOOKS} webhooks");
            return Err(FieldError::new("webhook", most).into());
        }
        let now = self.context.clock.now();
        // A draft is checked before an id is spent on it.
        let checked = WebhookDraft::from(body).apply(|url| unsealed(WebhookId(0), url, now))?;
        let id = WebhookId(storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?);
        let (secret, sealed) = self.new_secret(id)?;
        let webhook = Webhook { id, sealed, ..checked };
        storage.insert_webhook(&webhook).await.map_err(UseCaseError::about("the webhook"))?;
        let changes = Changes::made(&logged(&webhook)).with_hidden("secret", false);
        self.audit_changes("webhook.create", &subject(id), webhook.name.clone(), changes).await?;
        Ok(wire::NewWebhook { secret: secret.text().expose().to_owned(), about: (&webhook).into() })
    }

    /// All webhooks.
    pub(crate) async fn webhooks(&self) -> Result<Vec<wire::Webhook>, UseCaseError> {
        let webhooks = self.context.storage.webhooks().await.map_err(UseCaseError::Storage)?;
        Ok(webhooks.iter().map(wire::Webhook::from).collect())
    }

    /// One webhook.
    pub(crate) async fn webhook(&self, id: WebhookId) -> Result<wire::Webhook, UseCaseError> {
        Ok((&self.stored_webhook(id).await?).into())
    }

    /// Changes what is named of a webhook.
    pub(crate) async fn change_webhook(
        &self,
        id: WebhookId,
        patch: wire::WebhookPatch,
    ) -> Result<wire::Webhook, UseCaseError> {
        let webhook = self.stored_webhook(id).await?;
        let (before, url) = (logged(&webhook), webhook.url.clone());
        let draft = patched(WebhookDraft::from(&webhook), patch);
        let updated_at = self.context.clock.now();
        let webhook = draft.apply(|url| Webhook { url, updated_at, ..webhook })?;
        self.update_webhook(&webhook).await?;
        let mut changes = Changes::between(&before, &logged(&webhook));
        if webhook.url != url {
            changes = changes.with_hidden("url", true);
        }
        self.audit_changes("webhook.update", &subject(id), changes.names(), changes).await?;
        Ok((&webhook).into())
    }

    /// Gives a webhook another secret, which is shown this once; the old one signs as well for a while.
    pub(crate) async fn rotate_webhook(
        &self,
        id: WebhookId,
        body: wire::RotationBody,
    ) -> Result<wire::NewWebhook, UseCaseError> {
        let now = self.context.clock.now();
        let until = rotation_end(body, now)?;
        let mut webhook = self.stored_webhook(id).await?;
        let before = logged(&webhook);
        let (secret, sealed) = self.new_secret(id)?;
        webhook.rotate(sealed, until, now);
        self.update_webhook(&webhook).await?;
        let changes = Changes::between(&before, &logged(&webhook)).with_hidden("secret", true);
        let detail = format!("grace: {} s", body.grace_seconds);
        self.audit_changes("webhook.rotate", &subject(id), detail, changes).await?;
        Ok(wire::NewWebhook { secret: secret.text().expose().to_owned(), about: (&webhook).into() })
    }

    /// Deletes a webhook, and what waits for it.
    pub(crate) async fn delete_webhook(&self, id: WebhookId) -> Result<(), UseCaseError> {
        let changes = Changes::gone(&logged(&self.stored_webhook(id).await?));
        self.context.storage.delete_webhook(id).await.map_err(UseCaseError::about("the webhook"))?;
        self.audit_changes("webhook.delete", &subject(id), None, changes).await
    }

    /// Sends a webhook a message that tells nothing, also where it is disabled.
    pub(crate) async fn test_webhook(&self, id: WebhookId) -> Result<wire::WebhookTest, UseCaseError> {
        let webhook = self.stored_webhook(id).await?;
        let message = self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?;
        self.audit("webhook.test", &subject(id), None).await?;
        let Ping { status, error, took } = self.context.webhooks.ping(&webhook, message).await;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Ok(wire::WebhookTest { is_delivered: error.is_none(), status, error, took_ms })
    }

    /// Messages to a webhook, the newest first.
    pub(crate) async fn webhook_deliveries(
        &self,
        id: WebhookId,
        page: Page<i64>,
    ) -> Result<Vec<wire::WebhookDelivery>, UseCaseError> {
        self.stored_webhook(id).await?;
        let deliveries = self.context.storage.deliveries(id, page).await.map_err(UseCaseError::Storage)?;
        Ok(deliveries.into_iter().map(wire::WebhookDelivery::from).collect())
    }

    async fn stored_webhook(&self, id: WebhookId) -> Result<Webhook, UseCaseError> {
        let webhook = self.context.storage.webhook(id).await.map_err(UseCaseError::Storage)?;
        webhook.ok_or(UseCaseError::NotFound("the webhook"))
    }

    async fn update_webhook(&self, webhook: &Webhook) -> Result<(), UseCaseError> {
        self.context.storage.update_webhook(webhook).await.map_err(UseCaseError::about("the webhook"))
    }

    /// A new secret, and it sealed for this webhook.
    fn new_secret(&self, id: WebhookId) -> Result<(SigningSecret, Sealed), UseCaseError> {
        let secret = SigningSecret::generate()?;
        let sealed = self.context.vault.seal(SealContext::Webhook(id), &secret.text())?;
        Ok((secret, sealed))
    }
}

/// A webhook that has no secret yet, and of which nothing is known but its address.
pub(super) fn unsealed(id: WebhookId, url: TargetUrl, now: Timestamp) -> Webhook {
    Webhook {
        id,
        name: String::new(),
        url,
        events: Vec::new(),
        services: Vec::new(),
        is_enabled: true,
        thresholds: WebhookThresholds::default(),
        sealed: Sealed(Vec::new()),
        previous: None,
        created_at: now,
        updated_at: now,
    }
}

fn subject(id: WebhookId) -> String {
    format!("webhook:{id}")
}

/// A webhook as the audit log shows it: of its address only to which host it leads, for many carry a secret.
fn logged(webhook: &Webhook) -> wire::Webhook {
    let shown = wire::Webhook::from(webhook);
    let host = shown.url.split('/').take(3).collect::<Vec<_>>().join("/");
    // When it changed, the entry itself says.
    wire::Webhook { url: host, updated_at: shown.created_at.clone(), ..shown }
}

/// The draft with what is named changed.
fn patched(draft: WebhookDraft, patch: wire::WebhookPatch) -> WebhookDraft {
    WebhookDraft {
        name: patch.name.unwrap_or(draft.name),
        url: patch.url.unwrap_or(draft.url),
        events: patch.events.unwrap_or(draft.events),
        services: patch.services.map_or(draft.services, Option::unwrap_or_default),
        is_enabled: patch.is_enabled.unwrap_or(draft.is_enabled),
        pool_low_percent: patch.pool_low_percent.unwrap_or(draft.pool_low_percent),
        budget_near_percent: patch.budget_near_percent.unwrap_or(draft.budget_near_percent),
    }
}

// === between the wire and the domain ===

impl From<wire::WebhookBody> for WebhookDraft {
    fn from(body: wire::WebhookBody) -> Self {
        let usual = WebhookThresholds::default();
        Self {
            name: body.name,
            url: body.url,
            events: body.events,
            services: body.services,
            is_enabled: body.is_enabled,
            pool_low_percent: body.pool_low_percent.unwrap_or(usual.pool_low),
            budget_near_percent: body.budget_near_percent.unwrap_or(usual.budget_near),
        }
    }
}

impl From<WebhookDraft> for wire::WebhookBody {
    fn from(draft: WebhookDraft) -> Self {
        Self {
            name: draft.name,
            url: draft.url,
            events: draft.events,
            services: draft.services,
            is_enabled: draft.is_enabled,
            pool_low_percent: Some(draft.pool_low_percent),
            budget_near_percent: Some(draft.budget_near_percent),
        }
    }
}

impl From<&Webhook> for wire::Webhook {
    fn from(webhook: &Webhook) -> Self {
        let draft = WebhookDraft::from(webhook);
        Self {
            id: webhook.id.0,
            name: draft.name,
            url: draft.url,
            events: draft.events,
            services: draft.services,
            is_enabled: draft.is_enabled,
            pool_low_percent: draft.pool_low_percent,
            budget_near_percent: draft.budget_near_percent,
            previous_until: webhook.previous.as_ref().map(|previous| rfc3339(previous.until)),
            created_at: rfc3339(webhook.created_at),
            updated_at: rfc3339(webhook.updated_at),
        }
    }
}

impl From<Delivery> for wire::WebhookDelivery {
    fn from(delivery: Delivery) -> Self {
        let waits = delivery.status == DeliveryStatus::Waiting;
        Self {
            id: delivery.id,
            event: delivery.event,
            status: delivery.status.name().to_owned(),
            attempts: delivery.attempts,
            created_at: rfc3339(delivery.created_at),
            next_at: waits.then(|| rfc3339(delivery.next_at)),
            ended_at: delivery.ended_at.map(rfc3339),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
        }
    }
}
