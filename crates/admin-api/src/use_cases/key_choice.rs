//! Some of the keys of a pool: those in a state, those that a text is found in.

use std::collections::HashSet;

use rotator_domain::rotation::{KeyReport, KeyState};
use rotator_domain::{FieldError, KeyId, ServiceId};
use rotator_storage_trait::Page;

use super::{Listed, UseCaseError, UseCases};
use crate::wire::{KeyFilter, UpstreamKey};

/// Which keys of a pool; all of them unless something is said.
#[derive(Debug, Default)]
pub(crate) struct KeyChoice {
    state: Option<ShownState>,
    /// In lower case.
    text: Option<String>,
}

/// A state as answers show it.
#[derive(Clone, Copy, Debug)]
enum ShownState {
    Disabled,
    /// It is enabled, and so.
    Enabled(KeyState),
}

const LONGEST_TEXT: usize = 200;
/// How a key is called that is not enabled.
pub(super) const DISABLED: &str = "disabled";

// === impl KeyChoice ===

impl KeyChoice {
    /// Reads a filter.
    ///
    /// # Errors
    /// Names `state` or `q`.
    pub(crate) fn read(filter: KeyFilter) -> Result<Self, FieldError> {
        let state = match filter.state.as_deref() {
            None => None,
            Some(DISABLED) => Some(ShownState::Disabled),
            Some(name) => Some(ShownState::Enabled(
                KeyState::from_name(name)
                    .ok_or_else(|| FieldError::new("state", "must be active, cooling, exhausted, dead or disabled"))?,
            )),
        };
        let text = filter.q.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
            return Err(FieldError::new("q", format!("must have at most {LONGEST_TEXT} characters")));
        }
        Ok(Self { state, text })
    }
}

// === impl UseCases ===

impl UseCases<'_> {
    /// A page of those keys of a config that are chosen, masked. It begins at a key, or `skip` keys from the beginning.
    pub(crate) async fn keys(
        &self,
        service: ServiceId,
        choice: &KeyChoice,
        skip: u64,
        page: Page<KeyId>,
    ) -> Result<Listed<UpstreamKey>, UseCaseError> {
        self.service(service).await?;
        let storage = &self.context.storage;
        let (records, total) = match self.chosen(service, choice).await? {
            Some(ids) => {
                let part = storage.keys_among(service, part(&ids, skip, page)).await;
                (part.map_err(UseCaseError::Storage)?, ids.len() as u64)
            }
            None => {
                let counts = storage.count_keys(&[service]).await.map_err(UseCaseError::Storage)?;
                let records = match skip {
                    0 => storage.keys(service, page).await,
                    skip => storage.keys_from(service, skip, page.limit).await,
                };
                (records.map_err(UseCaseError::Storage)?, counts.first().map_or(0, |counts| counts.total))
            }
        };
        Ok(Listed { entries: self.mask(records).await?, total })
    }

    /// The ids of the keys that are chosen, in order; `None` where these are all.
    pub(super) async fn chosen(
        &self,
        service: ServiceId,
        choice: &KeyChoice,
    ) -> Result<Option<Vec<KeyId>>, UseCaseError> {
        let of_state = match choice.state {
            Some(state) => Some(self.in_state(service, state).await?),
            None => None,
        };
        match &choice.text {
            Some(text) => self.keys_that_say(service, text, of_state).await.map(Some),
            None => Ok(of_state),
        }
    }

    /// How the keys of a pool are that something keeps from serving. A cache that does not answer must not keep anybody from
    /// seeing the keys.
    pub(super) async fn resting(&self, service: ServiceId) -> Vec<KeyReport> {
        match self.context.rotation.checkpoints(service, self.context.clock.now()).await {
            Ok(checkpoints) => KeyReport::resting(checkpoints),
            Err(error) => {
                tracing::warn!(error = %error, "the keys' states could not be read");
                Vec::new()
            }
        }
    }

    async fn in_state(&self, service: ServiceId, state: ShownState) -> Result<Vec<KeyId>, UseCaseError> {
        let storage = &self.context.storage;
        let ids = match state {
            ShownState::Disabled => storage.key_ids(service, Some(false)).await,
            ShownState::Enabled(KeyState::Active) => {
                let resting: HashSet<KeyId> = self.resting(service).await.iter().map(|report| report.key).collect();
                let enabled = storage.key_ids(service, Some(true)).await;
                enabled.map(|ids| ids.into_iter().filter(|id| !resting.contains(id)).collect())
            }
            ShownState::Enabled(state) => {
                // A pool holds enabled keys alone.
                let resting = self.resting(service).await.into_iter().filter(|report| report.state == state);
                let mut ids: Vec<KeyId> = resting.map(|report| report.key).collect();
                ids.sort_unstable();
                Ok(ids)
            }
        };
        ids.map_err(UseCaseError::Storage)
    }
}

/// The ids of a page.
fn part(ids: &[KeyId], skip: u64, page: Page<KeyId>) -> &[KeyId] {
    let place = |count: u64| usize::try_from(count).unwrap_or(usize::MAX).min(ids.len());
    let begin = page.after.map_or(place(skip), |after| ids.partition_point(|id| *id <= after));
    let end = begin.saturating_add(place(page.limit)).min(ids.len());
    ids.get(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_part_of_the_ids() {
        let ids = [2, 4, 6, 8].map(KeyId);
        let of = |skip, after: Option<i64>, limit| part(&ids, skip, Page { after: after.map(KeyId), limit });
        assert_eq!(of(0, None, 2), [2, 4].map(KeyId));
        assert_eq!(of(3, None, 2), [KeyId(8)]);
        assert_eq!(of(0, Some(4), 9), [6, 8].map(KeyId));
        assert_eq!(of(0, Some(5), 1), [KeyId(6)]);
        for (skip, after) in [(4, None), (u64::MAX, None), (0, Some(8))] {
            assert!(of(skip, after, u64::MAX).is_empty());
        }
    }

    #[test]
    fn a_filter_is_read_and_what_is_none_is_named() {
        let read = |state: Option<&str>, q: Option<&str>| {
            KeyChoice::read(KeyFilter { state: state.map(str::to_owned), q: q.map(str::to_owned) })
        };
        for state in ["active", "cooling", "exhausted", "dead", "disabled"] {
            assert!(read(Some(state), None).is_ok_and(|choice| choice.state.is_some()), "{state}");
        }
        assert_eq!(read(Some("Dead"), None).unwrap_err().field, "state");
        assert_eq!(read(None, Some(&"k".repeat(201))).unwrap_err().field, "q");
        assert_eq!(read(None, Some(" SK-a ")).unwrap().text.as_deref(), Some("sk-a"));
        assert!(read(None, Some("  ")).unwrap().text.is_none());
    }
}
