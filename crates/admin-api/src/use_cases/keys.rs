//! Upstream keys.

use std::collections::HashMap;

use rotator_domain::rotation::{KeyPolicy, KeyReport, KeyState, QuotaGroup};
use rotator_domain::{
    DigestKey, FieldError, Invalid, KeyId, KeyLabel, SealContext, Secret, ServiceId, Timestamp, UpstreamKeyDraft, Vault,
};
use rotator_storage_trait::{KeyCounts, KeyRecord, Page};

use super::changes::Changes;
use super::key_choice::DISABLED;
use super::policies::{change_of, patterns, policy_of};
use super::versions::version_of;
use super::{Expected, UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire::{
    BatchBody, BatchReport, DeletedCount, ExportedKey, ExportedKeys, FailedKey, KeyPatch, Limits, NewKey, RevealedKey,
    UpstreamKey,
};

/// How errors call a key.
const KEY: &str = "the key";
/// How many keys a request may bring.
pub(super) const LARGEST_BATCH: usize = 200_000;
/// How many keys are read at once where all are needed.
const READ_PAGE: u64 = 1000;

// === impl UseCases ===

impl UseCases<'_> {
    /// Adds a key.
    pub(crate) async fn add_key(&self, service: ServiceId, key: NewKey) -> Result<UpstreamKey, UseCaseError> {
        self.service(service).await?;
        let added = self.store_keys(service, vec![key]).await?;
        let Some(id) = added.ids.first().filter(|id| !added.skipped.contains(id)) else {
            return Err(UseCaseError::Conflict { field: "key_value" });
        };
        let changes = Changes::made(&self.shown(self.record(*id).await?)?);
        self.audit_changes("key.create", &subject(*id), subject_of_pool(service), changes).await?;
        self.context.changes.service_changed(service).await?;
        self.key(*id).await
    }

    /// Adds many keys in one transaction.
    pub(crate) async fn add_batch(&self, service: ServiceId, batch: BatchBody) -> Result<BatchReport, UseCaseError> {
        self.service(service).await?;
        if batch.keys.len() > LARGEST_BATCH {
            return Err(FieldError::new("keys", format!("must hold at most {LARGEST_BATCH} keys")).into());
        }
        let (mut good, mut failed_keys) = (Vec::new(), Vec::new());
        for (at, text) in batch.keys.into_iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            match rotator_domain::upstream_key_value(&text) {
                Ok(_) => good.push(NewKey::new(text)),
                Err(error) => failed_keys.push(FailedKey { line: at as u64 + 1, error: error.message }),
            }
        }
        let stored = self.store_keys(service, good).await?;
        let report = BatchReport {
            success_count: stored.added_count(),
            failed_count: failed_keys.len() as u64,
            skipped_count: stored.skipped.len() as u64,
            failed_keys,
        };
        let detail = format!("{} added, {} skipped", report.success_count, report.skipped_count);
        let changes = Changes::default().with("added_count", None, Some(report.success_count));
        self.audit_changes("keys.import", &subject_of_pool(service), detail, changes).await?;
        self.context.changes.service_changed(service).await?;
        Ok(report)
    }

    /// Changes what is named of a key.
    pub(crate) async fn change_key(
        &self,
        id: KeyId,
        patch: KeyPatch,
        expected: &Expected,
    ) -> Result<UpstreamKey, UseCaseError> {
        let change = change_of(&patch)?;
        let record = self.expected_record(id, expected).await?;
        let (storage, now) = (&self.context.storage, self.context.clock.now());
        let changed = if expected.is_some() {
            storage.change_known_key(&record, &change, now).await
        } else {
            storage.change_key(id, &change, now).await
        };
        let before = self.shown(record)?;
        let record = changed.map_err(UseCaseError::about(KEY))?;
        let service = record.service_id;
        let changes = Changes::between(&before, &self.shown(record)?);
        self.audit_changes("key.update", &subject(id), changes.names(), changes).await?;
        self.context.changes.service_changed(service).await?;
        self.key(id).await
    }

    /// Deletes a key.
    pub(crate) async fn delete_key(&self, id: KeyId, expected: &Expected) -> Result<(), UseCaseError> {
        let changes = Changes::gone(&self.shown(self.expected_record(id, expected).await?)?);
        let service = self.context.storage.delete_key(id).await.map_err(UseCaseError::about(KEY))?;
        self.audit_changes("key.delete", &subject(id), subject_of_pool(service), changes).await?;
        Ok(self.context.changes.service_changed(service).await?)
    }

    /// Deletes all keys of a config.
    pub(crate) async fn clear_keys(&self, service: ServiceId) -> Result<DeletedCount, UseCaseError> {
        self.service(service).await?;
        let deleted_count = self.context.storage.delete_keys(service).await.map_err(UseCaseError::Storage)?;
        let changes = Changes::default().with("deleted_count", None, Some(deleted_count));
        self.audit_changes("keys.clear", &subject_of_pool(service), format!("{deleted_count} deleted"), changes)
            .await?;
        self.context.changes.service_changed(service).await?;
        Ok(DeletedCount { deleted_count })
    }

    /// All keys of a config in clear; the export is in the audit log before any value leaves.
    pub(crate) async fn export_keys(&self, service: ServiceId) -> Result<ExportedKeys, UseCaseError> {
        self.service(service).await?;
        self.audit("keys.export", &subject_of_pool(service), None).await?;
        let mut keys = Vec::new();
        self.each_record(service, |record| {
            let value = self.context.vault.open(SealContext::UpstreamKey(record.id), &record.sealed)?;
            keys.push(ExportedKey {
                id: record.id.0,
                key_value: value.expose().to_owned(),
                label: record.label.map(|label| label.as_str().to_owned()),
                is_active: record.is_active,
                weight: record.policy.weight,
                tier: record.policy.tier,
                limits: record.policy.limits.into(),
                models: patterns(&record.policy.models),
                quota_group: record.policy.group.map(|QuotaGroup(name)| name),
            });
            Ok(())
        })
        .await?;
        Ok(ExportedKeys { keys })
    }

    /// A key in clear; that is in the audit log before the value leaves.
    pub(crate) async fn reveal_key(&self, id: KeyId) -> Result<RevealedKey, UseCaseError> {
        let record = self.record(id).await?;
        self.audit("key.reveal", &subject(id), subject_of_pool(record.service_id)).await?;
        let value = self.context.vault.open(SealContext::UpstreamKey(id), &record.sealed)?;
        Ok(RevealedKey { id: id.0, key_value: value.expose().to_owned() })
    }

    /// A key as the audit log shows it: its value masked.
    fn shown(&self, record: KeyRecord) -> Result<NewKey, UseCaseError> {
        let value = self.context.vault.open(SealContext::UpstreamKey(record.id), &record.sealed)?;
        Ok(written(record, &Secret::new(value.masked())))
    }

    /// Takes every key of a service as it is stored, ordered by id; a page at a time is read. The first error ends it.
    pub(super) async fn each_record(
        &self,
        service: ServiceId,
        mut take: impl FnMut(KeyRecord) -> Result<(), UseCaseError> + Send,
    ) -> Result<(), UseCaseError> {
        let mut after = None;
        loop {
            let page = Page { after, limit: READ_PAGE };
            let records = self.context.storage.keys(service, page).await.map_err(UseCaseError::Storage)?;
            let Some(last) = records.last() else { return Ok(()) };
            after = Some(last.id);
            records.into_iter().try_for_each(&mut take)?;
        }
    }

    /// Refuses keys that cannot be stored, each under its place in the request.
    pub(super) fn check_keys(&self, keys: &[NewKey]) -> Result<(), UseCaseError> {
        let now = self.context.clock.now();
        let check = |(at, key): (usize, &NewKey)| {
            let Invalid(errors) = draft(key.clone()).into_key(KeyId(0), ServiceId(0), now).err()?;
            Some(
                errors
                    .into_iter()
                    .map(move |error| FieldError::new(format!("api_keys[{at}].{}", error.field), error.message)),
            )
        };
        let errors: Vec<FieldError> = keys.iter().enumerate().filter_map(check).flatten().collect();
        if errors.is_empty() { Ok(()) } else { Err(Invalid(errors).into()) }
    }

    /// Seals and stores keys in one transaction.
    pub(super) async fn store_keys(&self, service: ServiceId, keys: Vec<NewKey>) -> Result<StoredKeys, UseCaseError> {
        if keys.is_empty() {
            return Ok(StoredKeys { ids: Vec::new(), skipped: Vec::new() });
        }
        let records = self.seal_keys(service, keys).await?;
        let skipped = self.context.storage.insert_keys(&records).await.map_err(UseCaseError::about("the config"))?;
        Ok(StoredKeys { ids: records.into_iter().map(|record| record.id).collect(), skipped })
    }

    /// Gives new keys their ids and seals them.
    pub(super) async fn seal_keys(
        &self,
        service: ServiceId,
        keys: Vec<NewKey>,
    ) -> Result<Vec<KeyRecord>, UseCaseError> {
        let count = u32::try_from(keys.len()).map_err(|_| FieldError::new("keys", "must be fewer"))?;
        let first = self.context.storage.reserve_ids(count).await.map_err(UseCaseError::Storage)?;
        let sealer = Sealer {
            vault: self.context.vault.clone(),
            digest_key: self.context.digest_key.clone(),
            service,
            now: self.context.clock.now(),
        };
        let seal = move || (first..).zip(keys).map(|(id, key)| sealer.seal(KeyId(id), key)).collect();
        tokio::task::spawn_blocking(seal).await.map_err(|_| UseCaseError::Interrupted)?
    }

    /// A page of keys as answers show them.
    pub(super) async fn masked_keys(
        &self,
        service: ServiceId,
        page: Page<KeyId>,
    ) -> Result<Vec<UpstreamKey>, UseCaseError> {
        let records = self.context.storage.keys(service, page).await.map_err(UseCaseError::Storage)?;
        self.mask(records).await
    }

    /// The first keys of each of these services as answers show them, ordered by service; at most `most` of each.
    pub(super) async fn first_masked_keys(
        &self,
        services: &[(ServiceId, KeyCounts)],
        most: u64,
    ) -> Result<Vec<UpstreamKey>, UseCaseError> {
        let storage = &self.context.storage;
        let (large, small): (Vec<_>, Vec<_>) = services.iter().partition(|(_, counts)| counts.total > READ_PAGE);
        let small: Vec<ServiceId> = small.into_iter().map(|(service, _)| service).collect();
        let mut records = storage.first_keys(&small, most).await.map_err(UseCaseError::Storage)?;
        // There are few of them: all keys are theirs.
        for (service, _) in large {
            let page = Page { after: None, limit: most };
            records.extend(storage.keys(service, page).await.map_err(UseCaseError::Storage)?);
        }
        records.sort_by_key(|record| (record.service_id, record.id));
        self.mask(records).await
    }

    /// Keys, ordered by service, as answers show them.
    pub(super) async fn mask(&self, records: Vec<KeyRecord>) -> Result<Vec<UpstreamKey>, UseCaseError> {
        let states = self.states(&records).await;
        records.into_iter().map(|record| self.masked(record, &states)).collect()
    }

    async fn key(&self, id: KeyId) -> Result<UpstreamKey, UseCaseError> {
        let record = self.record(id).await?;
        let states = self.states(std::slice::from_ref(&record)).await;
        self.masked(record, &states)
    }

    pub(super) async fn record(&self, id: KeyId) -> Result<KeyRecord, UseCaseError> {
        let found = self.context.storage.key(id).await.map_err(UseCaseError::Storage)?;
        found.ok_or(UseCaseError::NotFound(KEY))
    }

    /// The key at a version that is expected.
    async fn expected_record(&self, id: KeyId, expected: &Expected) -> Result<KeyRecord, UseCaseError> {
        let record = self.record(id).await?;
        expected.check(KEY, &version(&record))?;
        Ok(record)
    }

    /// How the active ones of these keys are, which are ordered by service. A cache that does not answer must not keep anybody
    /// from seeing the keys.
    async fn states(&self, records: &[KeyRecord]) -> HashMap<KeyId, KeyReport> {
        let pools = records.chunk_by(|one, other| one.service_id == other.service_id).filter_map(|records| {
            let service = records.first()?.service_id;
            Some((service, records.iter().filter(|record| record.is_active).map(|record| record.id).collect()))
        });
        let pools: Vec<(ServiceId, Vec<KeyId>)> = pools.collect();
        match self.context.rotation.reports_of_many(&pools, self.context.clock.now()).await {
            Ok(reports) => reports.into_iter().map(|report| (report.key, report)).collect(),
            Err(error) => {
                tracing::warn!(error = %error, "the keys' states could not be read");
                HashMap::new()
            }
        }
    }

    fn masked(&self, record: KeyRecord, states: &HashMap<KeyId, KeyReport>) -> Result<UpstreamKey, UseCaseError> {
        let report = states.get(&record.id).filter(|_| record.is_active);
        let state = match report {
            _ if !record.is_active => DISABLED,
            Some(report) => report.state.name(),
            None => KeyState::Active.name(),
        };
        let value = self.context.vault.open(SealContext::UpstreamKey(record.id), &record.sealed)?;
        Ok(UpstreamKey {
            version: version(&record),
            id: record.id.0,
            proxy_config_id: record.service_id.0,
            key_value: value.masked(),
            label: record.label.map(|label| label.as_str().to_owned()),
            is_active: record.is_active,
            weight: record.policy.weight,
            tier: record.policy.tier,
            limits: record.policy.limits.into(),
            models: patterns(&record.policy.models),
            quota_group: record.policy.group.map(|QuotaGroup(name)| name),
            state: state.to_owned(),
            state_model: report.and_then(|report| report.model.clone()),
            state_since: report.and_then(|report| report.since).map(rfc3339),
            state_until: report.and_then(|report| report.until).map(rfc3339),
            in_flight: report.map_or(0, |report| report.in_flight),
            created_at: rfc3339(record.created_at),
            updated_at: rfc3339(record.updated_at),
        })
    }
}

/// What storing keys did.
pub(super) struct StoredKeys {
    /// The ids that were given, in order.
    pub(super) ids: Vec<KeyId>,
    /// Those of them that were not needed: the service has these keys already.
    pub(super) skipped: Vec<KeyId>,
}

/// A key, as the audit log names it.
pub(super) fn subject(id: KeyId) -> String {
    format!("key:{id}")
}

/// A service and its pool, as the audit log names them.
pub(super) fn subject_of_pool(service: ServiceId) -> String {
    format!("service:{service}")
}

/// Makes keys ready for the storage.
pub(super) struct Sealer {
    pub(super) vault: Vault,
    pub(super) digest_key: DigestKey,
    pub(super) service: ServiceId,
    pub(super) now: Timestamp,
}

// === impl StoredKeys ===

impl StoredKeys {
    /// How many keys are new.
    pub(super) fn added_count(&self) -> u64 {
        (self.ids.len() - self.skipped.len()) as u64
    }
}

// === impl Sealer ===

impl Sealer {
    pub(super) fn seal(&self, id: KeyId, key: NewKey) -> Result<KeyRecord, UseCaseError> {
        let key = draft(key).into_key(id, self.service, self.now)?;
        Ok(KeyRecord {
            id,
            service_id: self.service,
            sealed: self.vault.seal(SealContext::UpstreamKey(id), &key.value)?,
            digest: self.digest_key.upstream_key(self.service, &key.value),
            label: key.label,
            is_active: key.is_active,
            policy: key.policy,
            created_at: self.now,
            updated_at: self.now,
        })
    }
}

/// The version of a key; its state does not count.
fn version(record: &KeyRecord) -> String {
    let KeyRecord { id, label, is_active, policy, updated_at, .. } = record;
    let KeyPolicy { weight, tier, limits, models, group } = policy;
    let label = label.as_ref().map(KeyLabel::as_str);
    let group = group.as_ref().map(|QuotaGroup(name)| name);
    let used = (weight, tier, Limits::from(*limits), patterns(models), group);
    version_of(&(id.0, label, is_active, used, updated_at.as_millis()))
}

/// A key as somebody would write it who knows its value.
pub(super) fn written(record: KeyRecord, value: &Secret) -> NewKey {
    NewKey {
        is_active: record.is_active,
        label: record.label.map(|label| label.as_str().to_owned()),
        weight: Some(record.policy.weight),
        tier: Some(record.policy.tier),
        limits: Some(record.policy.limits.into()),
        models: Some(patterns(&record.policy.models)),
        quota_group: record.policy.group.map(|QuotaGroup(name)| name),
        ..NewKey::new(value.expose())
    }
}

pub(super) fn draft(key: NewKey) -> UpstreamKeyDraft {
    let policy = policy_of(&key);
    UpstreamKeyDraft { value: Secret::new(key.key_value), label: key.label, is_active: key.is_active, policy }
}
