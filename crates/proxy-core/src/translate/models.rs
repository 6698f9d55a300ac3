//! Lists of models, kept for a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rotator_domain::ServiceId;
use rotator_format_converters::ir::{Model, ModelPage};
use tokio::time::Instant;

use crate::catalog::ServiceEntry;

/// How long a list is kept.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// The lists of models of all services, as their upstreams told them.
#[derive(Default)]
pub(crate) struct ModelLists(Mutex<HashMap<ServiceId, Kept>>);

struct Kept {
    page: Arc<ModelPage>,
    since: Instant,
    /// The service as it was then: a changed one asks again.
    entry: Weak<ServiceEntry>,
}

/// The list with the names that stand for other models, told as those are.
pub(super) fn with_aliases(page: &ModelPage, aliases: &BTreeMap<String, String>) -> ModelPage {
    let mut models = page.models.clone();
    for (alias, real) in aliases {
        if !models.iter().any(|model| model.id == *alias) {
            let known = page.models.iter().find(|model| model.id == *real).cloned().unwrap_or_default();
            models.push(Model { id: alias.clone(), ..known });
        }
    }
    ModelPage { models, next: page.next.clone() }
}

// === impl ModelLists ===

impl ModelLists {
    /// The list of a service, if it was told not long ago.
    pub(super) fn get(&self, entry: &Arc<ServiceEntry>) -> Option<Arc<ModelPage>> {
        let lists = self.lock();
        let kept = lists.get(&entry.id())?;
        let is_current = kept.since.elapsed() < KEPT_FOR && Weak::ptr_eq(&kept.entry, &Arc::downgrade(entry));
        is_current.then(|| Arc::clone(&kept.page))
    }

    pub(super) fn put(&self, entry: &Arc<ServiceEntry>, page: Arc<ModelPage>) {
        let kept = Kept { page, since: Instant::now(), entry: Arc::downgrade(entry) };
        let mut lists = self.lock();
        lists.retain(|_, kept| kept.entry.strong_count() > 0);
        lists.insert(entry.id(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServiceId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_listed_as_the_models_that_they_stand_for() {
        let model = |id: &str| Model { id: id.into(), owner: Some("o".into()), ..Model::default() };
        let page = ModelPage { models: vec![model("real"), model("taken")], next: None };
        let aliases = [("fast", "real"), ("taken", "real"), ("other", "unlisted")];
        let aliases = aliases.iter().map(|(name, real)| ((*name).to_owned(), (*real).to_owned())).collect();
        let other = Model { id: "other".into(), ..Model::default() };
        let expected = vec![model("real"), model("taken"), model("fast"), other];
        assert_eq!(with_aliases(&page, &aliases).models, expected);
    }
}
