//! A pool as a whole: what it takes to make it the wanted one.

use std::collections::{HashMap, HashSet};

use rotator_domain::rotation::KeyPolicy;
use rotator_domain::{Digest, FieldError, Invalid, KeyId, KeyLabel, KeyPolicyChange, ServiceId, check_key_policy};
use rotator_storage_trait::{KeyChange, KeyRecord, PoolChange};

use super::changes::Changes;
use super::keys::{LARGEST_BATCH, subject_of_pool};
use super::{UseCaseError, UseCases};
use crate::wire::{NewKey, PoolBody, PoolKey, PoolReport};

/// What is to be done; new keys are not sealed yet.
#[derive(Default)]
struct Plan {
    report: PoolReport,
    insert: Vec<NewKey>,
    change: Vec<(KeyId, KeyChange)>,
    delete: Vec<KeyId>,
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a config's pool the wanted one, in one transaction; a dry run only says what that would take.
    pub(crate) async fn set_pool(
        &self,
        service: ServiceId,
        body: PoolBody,
        is_dry_run: bool,
    ) -> Result<PoolReport, UseCaseError> {
        self.service(service).await?;
        let plan = self.plan(service, body).await?;
        let report = plan.report;
        if is_dry_run || report == (PoolReport { unchanged_count: report.unchanged_count, ..PoolReport::default() }) {
            return Ok(report);
        }
        let insert = self.seal_keys(service, plan.insert).await?;
        let change = PoolChange { delete: plan.delete, change: plan.change, insert };
        let now = self.context.clock.now();
        let stored = self.context.storage.change_pool(service, &change, now).await;
        stored.map_err(UseCaseError::about("the config"))?;
        let PoolReport { added_count, changed_count, deleted_count, .. } = report;
        let detail = format!("{added_count} added, {changed_count} changed, {deleted_count} deleted");
        let counts = [("added_count", added_count), ("changed_count", changed_count), ("deleted_count", deleted_count)];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let changes = counts.fold(Changes::default(), |changes, (name, count)| changes.with(name, None, Some(count)));
        self.audit_changes("keys.apply", &subject_of_pool(service), detail, changes).await?;
        self.context.changes.service_changed(service).await?;
        Ok(report)
    }

    async fn plan(&self, service: ServiceId, body: PoolBody) -> Result<Plan, UseCaseError> {
        if body.keys.len() > LARGEST_BATCH {
            return Err(FieldError::new("keys", format!("must hold at most {LARGEST_BATCH} keys")).into());
        }
        let wanted = self.wanted(service, body.keys)?;
        let present = self.present(service).await?;
        let mut plan = Plan::default();
        let mut named = HashSet::new();
        for (digest, key, label) in wanted {
            if !named.insert(digest.0) {
                plan.report.skipped_count += 1;
                continue;
            }
            let Some(record) = present.get(&digest.0) else {
                plan.report.added_count += 1;
                plan.insert.push(key.into());
                continue;
            };
            let policy = KeyPolicyChange::from(&key);
            let changes_policy = policy.clone().of(record.policy.clone()) != record.policy;
            let change = KeyChange {
                policy: if changes_policy { policy } else { KeyPolicyChange::default() },
                is_active: key.is_active.filter(|is_active| *is_active != record.is_active),
                label: label.filter(|label| Some(label) != record.label.as_ref()).map(Some),
            };
            if change == KeyChange::default() {
                plan.report.unchanged_count += 1;
            } else {
                plan.report.changed_count += 1;
                plan.change.push((record.id, change));
            }
        }
        if body.prune {
            let gone = present.into_iter().filter(|(digest, _)| !named.contains(digest));
            plan.delete = gone.map(|(_, record)| record.id).collect();
            plan.report.deleted_count = plan.delete.len() as u64;
        }
        Ok(plan)
    }

    /// The wanted keys, checked, each with its digest and its label.
    fn wanted(
        &self,
        service: ServiceId,
        keys: Vec<PoolKey>,
    ) -> Result<Vec<(Digest, PoolKey, Option<KeyLabel>)>, UseCaseError> {
        let mut errors = Vec::new();
        let mut wanted = Vec::with_capacity(keys.len());
        for (at, key) in keys.into_iter().enumerate() {
            let label = key.label.as_deref().map(KeyLabel::new).transpose();
            // What is absent stays as it is, and is good; so the change is checked as that of a usual key.
            let policy = check_key_policy(&KeyPolicyChange::from(&key).of(KeyPolicy::default()));
            match (rotator_domain::upstream_key_value(&key.key_value), label, policy) {
                (Ok(value), Ok(label), Ok(())) => {
                    wanted.push((self.context.digest_key.upstream_key(service, &value), key, label));
                }
                (value, label, policy) => {
                    let policy = policy.err().map(|Invalid(errors)| errors).unwrap_or_default();
                    let refused = value.err().into_iter().chain(label.err()).chain(policy);
                    errors.extend(
                        refused.map(|FieldError { field, message }| {
                            FieldError::new(format!("keys[{at}].{field}"), message)
                        }),
                    );
                }
            }
        }
        if errors.is_empty() { Ok(wanted) } else { Err(Invalid(errors).into()) }
    }

    /// The keys that are there, by digest.
    async fn present(&self, service: ServiceId) -> Result<HashMap<[u8; 32], KeyRecord>, UseCaseError> {
        let mut present = HashMap::new();
        self.each_record(service, |record| {
            present.insert(record.digest.0, record);
            Ok(())
        })
        .await?;
        Ok(present)
    }
}
