//! The same for many keys of a pool.

use std::collections::HashSet;

use futures_util::{TryStreamExt, stream};
use rotator_domain::{FieldError, Invalid, KeyId, Reading, ServiceId, Verdict};
use rotator_storage_trait::KeyChange;

use super::changes::Changes;
use super::key_choice::KeyChoice;
use super::keys::{LARGEST_BATCH, subject_of_pool};
use super::policies::change_of;
use super::{UseCaseError, UseCases};
use crate::wire::{KeyAction, KeyBulkBody, KeyBulkReport, KeyFilter, KeyPatch};

/// How many keys are reset at once.
const RESETS_AT_ONCE: usize = 64;

/// What is to be done, checked.
enum Deed {
    Change(KeyChange),
    Delete,
    Reset,
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Does the same to many keys of a config, in one transaction; the proxy takes it up once.
    pub(crate) async fn change_keys(
        &self,
        service: ServiceId,
        body: KeyBulkBody,
    ) -> Result<KeyBulkReport, UseCaseError> {
        self.service(service).await?;
        let KeyBulkBody { ids, filter, except, action, change } = body;
        let (deed, patch) = deed(action, change)?;
        let ids = self.named(service, ids, filter, &except).await?;
        let storage = &self.context.storage;
        let count = match &deed {
            Deed::Change(change) => storage.change_keys(service, &ids, change, self.context.clock.now()).await,
            Deed::Delete => storage.delete_keys_among(service, &ids).await,
            Deed::Reset => Ok(self.reset_keys(service, &ids).await?),
        };
        let count = count.map_err(UseCaseError::Storage)?;
        let changes = patch.as_ref().map(Changes::made).unwrap_or_default().with("count", None, Some(count));
        let detail = format!("{}: {count} keys", action.name());
        self.audit_changes("keys.bulk", &subject_of_pool(service), detail, changes).await?;
        if !matches!(deed, Deed::Reset) {
            self.context.changes.service_changed(service).await?;
        }
        Ok(KeyBulkReport { count })
    }

    /// The keys that a body names.
    async fn named(
        &self,
        service: ServiceId,
        ids: Option<Vec<i64>>,
        filter: Option<KeyFilter>,
        except: &[i64],
    ) -> Result<Vec<KeyId>, UseCaseError> {
        let chosen = match (ids, filter) {
            (Some(ids), None) if ids.len() > LARGEST_BATCH => {
                return Err(FieldError::new("ids", format!("must be at most {LARGEST_BATCH}")).into());
            }
            (Some(ids), None) => {
                let ids: HashSet<i64> = ids.into_iter().collect();
                ids.into_iter().map(KeyId).collect()
            }
            (None, Some(filter)) => {
                let choice = KeyChoice::read(filter).map_err(|error| Invalid(inside("filter", vec![error])))?;
                match self.chosen(service, &choice).await? {
                    Some(ids) => ids,
                    None => self.context.storage.key_ids(service, None).await.map_err(UseCaseError::Storage)?,
                }
            }
            _ => return Err(FieldError::new("ids", "either these or a filter must be named").into()),
        };
        let except: HashSet<i64> = except.iter().copied().collect();
        Ok(chosen.into_iter().filter(|id| !except.contains(&id.0)).collect())
    }

    /// Takes back what keeps these keys from serving, as a test would that showed that they work.
    async fn reset_keys(&self, service: ServiceId, ids: &[KeyId]) -> Result<u64, UseCaseError> {
        let ids: HashSet<KeyId> = ids.iter().copied().collect();
        let resting = self.resting(service).await.into_iter().map(|report| report.key);
        let resting: Vec<KeyId> = resting.filter(|key| ids.contains(key)).collect();
        let count = resting.len() as u64;
        let (rotation, works) = (&self.context.rotation, &Reading::plain(Verdict::Healthy));
        let resets = stream::iter(resting.into_iter().map(Ok)).try_for_each_concurrent(RESETS_AT_ONCE, async |key| {
            let learned = rotation.learn_probe(service, key, Some(works), self.context.clock.now()).await;
            learned.map(|_| ()).map_err(UseCaseError::Cache)
        });
        resets.await?;
        Ok(count)
    }
}

/// What an action does, and what of it is written down.
fn deed(action: KeyAction, change: Option<KeyPatch>) -> Result<(Deed, Option<KeyPatch>), UseCaseError> {
    let switched = |is_active| KeyPatch { is_active: Some(is_active), ..KeyPatch::default() };
    let patch = match (action, change) {
        (KeyAction::Change, Some(patch)) if patch != KeyPatch::default() => patch,
        (KeyAction::Change, _) => return Err(FieldError::new("change", "must name what changes").into()),
        (_, Some(_)) => return Err(FieldError::new("change", "goes with the action change alone").into()),
        (KeyAction::Enable, None) => switched(true),
        (KeyAction::Disable, None) => switched(false),
        (KeyAction::Delete, None) => return Ok((Deed::Delete, None)),
        (KeyAction::Reset, None) => return Ok((Deed::Reset, None)),
    };
    let change = change_of(&patch).map_err(|error| match error {
        UseCaseError::Invalid(Invalid(fields)) => UseCaseError::Invalid(Invalid(inside("change", fields))),
        other => other,
    });
    Ok((Deed::Change(change?), Some(patch)))
}

/// Names the fields by their place in the body.
fn inside(part: &str, fields: Vec<FieldError>) -> Vec<FieldError> {
    let field = |error: FieldError| FieldError::new(format!("{part}.{}", error.field), error.message);
    fields.into_iter().map(field).collect()
}
