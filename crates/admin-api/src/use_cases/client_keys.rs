//! Client keys.

use futures_util::{StreamExt, stream};
use rotator_domain::metering::{ClientStanding, GaugeStanding, Unit};
use rotator_domain::{
    BudgetDraft, CLIENT_KEY_PREFIX, ClientKey, ClientKeyDraft, ClientKeyId, ClientLimitsDraft, Digest, FieldError,
    Timestamp,
};
use rotator_storage_trait::Page;

use super::changes::Changes;
use super::configs::Listed;
use super::versions::version_of;
use super::{Expected, UseCaseError, UseCases, rotation_end};
use crate::time::{from_rfc3339, rfc3339};
use crate::{random, wire};

/// How errors call a client key.
const CLIENT_KEY: &str = "the client key";
/// Of how many client keys at once it is asked how they stand.
const ASKED_AT_ONCE: usize = 32;
const NANODOLLARS: f64 = 1e9;

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a client key; its value is shown this once.
    pub(crate) async fn create_client_key(
        &self,
        body: wire::ClientKeyBody,
    ) -> Result<wire::NewClientKey, UseCaseError> {
        let now = self.context.clock.now();
        let expires_at = body.expires_at.as_deref().map(|text| time("expires_at", text)).transpose()?;
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(FieldError::new("expires_at", "must be in the future").into());
        }
        let draft = ClientKeyDraft {
            name: body.name,
            is_active: body.is_active,
            expires_at,
            services: body.services,
            models: body.models,
            sources: body.sources,
            limits: body.limits.into(),
        };
        let value = random::secret(CLIENT_KEY_PREFIX)?;
        let digest = self.context.digest_key.client_key(value.expose().as_bytes());
        // A draft is checked before an id is spent on it.
        let checked = draft.apply(ClientKey::new(ClientKeyId(0), String::new(), value.expose(), digest, now))?;
        let id = ClientKeyId(self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?);
        let key = ClientKey { id, ..checked };
        self.context.storage.insert_client_key(&key).await.map_err(UseCaseError::about(CLIENT_KEY))?;
        let changes = Changes::made(&wire::ClientKey::from(&key));
        self.audit_changes("client_key.create", &subject(id), key.name.clone(), changes).await?;
        self.context.changes.client_keys_changed().await?;
        Ok(wire::NewClientKey { key_value: value.expose().to_owned(), about: shown(&key) })
    }

    /// A page of all client keys, with what they have used where that is asked for.
    pub(crate) async fn client_keys(
        &self,
        page: Page<ClientKeyId>,
        tells_standing: bool,
    ) -> Result<Listed<wire::ClientKeyReport>, UseCaseError> {
        let storage = &self.context.storage;
        let total = storage.count_client_keys().await.map_err(UseCaseError::Storage)?;
        let keys = storage.client_keys_page(page).await.map_err(UseCaseError::Storage)?;
        let untold = |key: &ClientKey| wire::ClientKeyReport { key: shown(key), standing: None, in_flight: None };
        let entries = if tells_standing {
            let asked: Vec<_> = keys.iter().map(|key| self.reported(key)).collect();
            stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await
        } else {
            keys.iter().map(untold).collect()
        };
        Ok(Listed { entries, total })
    }

    /// One client key, and what it has used.
    pub(crate) async fn client_key(&self, id: ClientKeyId) -> Result<wire::ClientKeyReport, UseCaseError> {
        Ok(self.reported(&self.stored_client_key(id).await?).await)
    }

    async fn reported(&self, key: &ClientKey) -> wire::ClientKeyReport {
        let Some(limits) = key.policy.limits.metered() else {
            return wire::ClientKeyReport { key: shown(key), standing: Some(Vec::new()), in_flight: None };
        };
        let standing = self.context.meters.standing(key.id, &limits, self.context.clock.now()).await;
        let standing: Option<ClientStanding> = standing.unwrap_or_else(|error| {
            tracing::warn!(client.id = %key.id, error = %error, "how limits stand cannot be told");
            None
        });
        let in_flight = standing.as_ref().map(|standing| standing.in_flight);
        let standing = standing.map(|standing| standing.gauges.iter().map(wire::LimitStanding::from).collect());
        wire::ClientKeyReport { key: shown(key), standing, in_flight }
    }

    /// Changes what is named of a client key.
    pub(crate) async fn change_client_key(
        &self,
        id: ClientKeyId,
        patch: wire::ClientKeyPatch,
        expected: &Expected,
    ) -> Result<wire::ClientKey, UseCaseError> {
        let before = self.expected_client_key(id, expected).await?;
        let draft = patched(ClientKeyDraft::from(&before), patch)?;
        let key = draft.apply(before.clone())?;
        if expected.is_some() {
            let updated = self.context.storage.update_known_client_key(&before, &key).await;
            updated.map_err(UseCaseError::about(CLIENT_KEY))?;
        } else {
            self.update_client_key(&key).await?;
        }
        let changes = Changes::between(&wire::ClientKey::from(&before), &wire::ClientKey::from(&key));
        self.audit_changes("client_key.update", &subject(id), changes.names(), changes).await?;
        self.context.changes.client_keys_changed().await?;
        Ok(shown(&key))
    }

    /// Gives a client key another value, which is shown this once; the old one still opens the doors for a while.
    pub(crate) async fn rotate_client_key(
        &self,
        id: ClientKeyId,
        body: wire::RotationBody,
    ) -> Result<wire::NewClientKey, UseCaseError> {
        let now = self.context.clock.now();
        let until = rotation_end(body, now)?;
        let mut key = self.stored_client_key(id).await?;
        let before = wire::ClientKey::from(&key);
        let value = random::secret(CLIENT_KEY_PREFIX)?;
        let digest: Digest = self.context.digest_key.client_key(value.expose().as_bytes());
        key.rotate(value.expose(), digest, until, now);
        self.update_client_key(&key).await?;
        let (detail, about) = (format!("grace: {} s", body.grace_seconds), wire::ClientKey::from(&key));
        let changes = Changes::between(&before, &about).with_hidden("key_value", true);
        self.audit_changes("client_key.rotate", &subject(id), detail, changes).await?;
        self.context.changes.client_keys_changed().await?;
        Ok(wire::NewClientKey { key_value: value.expose().to_owned(), about: shown(&key) })
    }

    /// Deletes a client key; it opens no door from now on.
    pub(crate) async fn delete_client_key(&self, id: ClientKeyId, expected: &Expected) -> Result<(), UseCaseError> {
        let changes = Changes::gone(&wire::ClientKey::from(&self.expected_client_key(id, expected).await?));
        self.context.storage.delete_client_key(id).await.map_err(UseCaseError::about(CLIENT_KEY))?;
        self.audit_changes("client_key.delete", &subject(id), None, changes).await?;
        self.context.changes.client_keys_changed().await?;
        if let Err(error) = self.context.meters.forget(id).await {
            tracing::warn!(client.id = %id, error = %error, "what a deleted client key used could not be forgotten");
        }
        Ok(())
    }

    async fn stored_client_key(&self, id: ClientKeyId) -> Result<ClientKey, UseCaseError> {
        let key = self.context.storage.client_key(id).await.map_err(UseCaseError::Storage)?;
        key.ok_or(UseCaseError::NotFound(CLIENT_KEY))
    }

    /// The client key at a version that is expected.
    async fn expected_client_key(&self, id: ClientKeyId, expected: &Expected) -> Result<ClientKey, UseCaseError> {
        let key = self.stored_client_key(id).await?;
        expected.check(CLIENT_KEY, &shown(&key).version)?;
        Ok(key)
    }

    async fn update_client_key(&self, key: &ClientKey) -> Result<(), UseCaseError> {
        self.context.storage.update_client_key(key).await.map_err(UseCaseError::about(CLIENT_KEY))
    }
}

/// A client key as answers show it.
fn shown(key: &ClientKey) -> wire::ClientKey {
    let shown = wire::ClientKey::from(key);
    wire::ClientKey { version: version_of(&shown), ..shown }
}

fn subject(id: ClientKeyId) -> String {
    format!("client_key:{id}")
}

fn time(field: &'static str, text: &str) -> Result<Timestamp, FieldError> {
    from_rfc3339(text).ok_or_else(|| FieldError::new(field, "must be a time as RFC 3339 writes it"))
}

/// The draft with what is named changed.
fn patched(mut draft: ClientKeyDraft, patch: wire::ClientKeyPatch) -> Result<ClientKeyDraft, FieldError> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    set(&mut draft.name, patch.name);
    set(&mut draft.is_active, patch.is_active);
    if let Some(expires_at) = patch.expires_at {
        draft.expires_at = expires_at.as_deref().map(|text| time("expires_at", text)).transpose()?;
    }
    set(&mut draft.services, patch.services.map(Option::unwrap_or_default));
    set(&mut draft.models, patch.models.map(Option::unwrap_or_default));
    set(&mut draft.sources, patch.sources.map(Option::unwrap_or_default));
    match patch.limits {
        None => {}
        Some(None) => draft.limits = ClientLimitsDraft::default(),
        Some(Some(limits)) => {
            set(&mut draft.limits.rpm, limits.rpm);
            set(&mut draft.limits.rpd, limits.rpd);
            set(&mut draft.limits.tpm, limits.tpm);
            set(&mut draft.limits.tpd, limits.tpd);
            set(&mut draft.limits.max_concurrency, limits.max_concurrency);
            let budgets = limits.budgets.map(Option::unwrap_or_default);
            set(&mut draft.limits.budgets, budgets.map(|budgets| budgets.into_iter().map(Into::into).collect()));
        }
    }
    Ok(draft)
}

// === between the wire and the domain ===

impl From<wire::ClientLimits> for ClientLimitsDraft {
    fn from(limits: wire::ClientLimits) -> Self {
        let wire::ClientLimits { rpm, rpd, tpm, tpd, max_concurrency, budgets } = limits;
        Self { rpm, rpd, tpm, tpd, max_concurrency, budgets: budgets.into_iter().map(Into::into).collect() }
    }
}

impl From<ClientLimitsDraft> for wire::ClientLimits {
    fn from(limits: ClientLimitsDraft) -> Self {
        let ClientLimitsDraft { rpm, rpd, tpm, tpd, max_concurrency, budgets } = limits;
        Self { rpm, rpd, tpm, tpd, max_concurrency, budgets: budgets.into_iter().map(Into::into).collect() }
    }
}

impl From<wire::Budget> for BudgetDraft {
    fn from(wire::Budget { amount, unit, period }: wire::Budget) -> Self {
        Self { amount, unit, period }
    }
}

impl From<BudgetDraft> for wire::Budget {
    fn from(BudgetDraft { amount, unit, period }: BudgetDraft) -> Self {
        Self { amount, unit, period }
    }
}

impl From<&ClientKey> for wire::ClientKey {
    fn from(key: &ClientKey) -> Self {
        let ClientKeyDraft { name, is_active, expires_at, services, models, sources, limits } = key.into();
        Self {
            id: key.id.0,
            name,
            prefix: key.prefix.clone(),
            is_active,
            expires_at: expires_at.map(rfc3339),
            previous_until: key.previous.map(|previous| rfc3339(previous.until)),
            created_at: rfc3339(key.created_at),
            services,
            models,
            sources,
            limits: limits.into(),
            version: String::new(),
        }
    }
}

impl From<&GaugeStanding> for wire::LimitStanding {
    #[expect(clippy::cast_precision_loss, reason = "limits are less than 2^53, and more than that is only shown")]
    fn from(standing: &GaugeStanding) -> Self {
        let (unit, parts) = match standing.gauge.unit {
            Unit::Nanodollars => ("usd", NANODOLLARS),
            unit => (unit.name(), 1.0),
        };
        let shown = |amount: u64| amount as f64 / parts;
        Self {
            unit: unit.to_owned(),
            period: standing.gauge.span.name().to_owned(),
            limit: shown(standing.gauge.limit),
            used: shown(standing.used),
            reserved: shown(standing.reserved),
            resets_at: standing.ends_at.map(rfc3339),
        }
    }
}
