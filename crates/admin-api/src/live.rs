//! How services and keys are at the moment, for all who look.
//!
//! There is no task of its own: whoever looks first in a second finds out what has changed, and the others are told the same.
//! So nothing is done while nobody looks.

mod board;

pub(crate) use board::{Board, Cursor};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rotator_domain::ServiceId;
use tokio::time::Instant;

use crate::wire::LiveKeyCounts;

/// How many services may be watched at the same time, by all who look.
const MOST_WATCHED: usize = 16;
/// What is known is kept for those who come back if it is no more than this.
const SMALL: usize = 1000;

/// What all who look share.
#[derive(Debug)]
pub(crate) struct LiveView {
    /// Tells this view's versions from those of others.
    id: String,
    board: Mutex<Board>,
    watchers: Mutex<Watchers>,
    /// Held by who finds out what has changed.
    pub(crate) looking: tokio::sync::Mutex<Looking>,
}

/// Who looks.
#[derive(Debug, Default)]
struct Watchers {
    all: usize,
    /// How many watch the keys of each service.
    services: BTreeMap<i64, usize>,
}

/// What must be known to find out what has changed.
#[derive(Debug, Default)]
pub(crate) struct Looking {
    /// When that was last done.
    pub(crate) at: Option<Instant>,
    /// The version of the configuration that the keys of watched services are of.
    pub(crate) config_version: Option<i64>,
    /// Services whose keys have changed since, and could not be read.
    pub(crate) unread: BTreeSet<ServiceId>,
    pub(crate) services: HashMap<ServiceId, Looked>,
    /// Where to go on with the keys of large pools.
    pub(crate) places: HashMap<ServiceId, i64>,
}

/// What was last found out of a service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    pub(crate) counts: LiveKeyCounts,
    pub(crate) at: Option<Instant>,
    /// What takes long is not done often.
    pub(crate) not_before: Option<Instant>,
}

/// Somebody who looks, until dropped.
#[derive(Debug)]
pub(crate) struct Watching {
    view: Arc<LiveView>,
    services: BTreeSet<i64>,
}

/// Too many services are watched.
#[derive(Debug)]
pub(crate) struct TooManyWatched;

// === impl LiveView ===

impl LiveView {
    /// A view with an id that no other has.
    pub(crate) fn new(id: String) -> Self {
        Self { id, board: Mutex::default(), watchers: Mutex::default(), looking: tokio::sync::Mutex::default() }
    }

    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The services whose keys somebody watches.
    pub(crate) fn watched(&self) -> Vec<ServiceId> {
        self.watchers().services.keys().copied().map(ServiceId).collect()
    }

    /// Looks at all services, and at the keys of these.
    pub(crate) fn watch(self: &Arc<Self>, services: BTreeSet<i64>) -> Result<Watching, TooManyWatched> {
        let mut watchers = self.watchers();
        let more = services.iter().filter(|service| !watchers.services.contains_key(service)).count();
        if watchers.services.len() + more > MOST_WATCHED {
            return Err(TooManyWatched);
        }
        watchers.all += 1;
        for service in &services {
            *watchers.services.entry(*service).or_default() += 1;
        }
        drop(watchers);
        Ok(Watching { view: Arc::clone(self), services })
    }

    fn unwatch(&self, services: &BTreeSet<i64>) {
        let mut watchers = self.watchers();
        watchers.all = watchers.all.saturating_sub(1);
        for service in services {
            if let Some(count) = watchers.services.get_mut(service) {
                *count -= 1;
                if *count == 0 {
                    watchers.services.remove(service);
                }
            }
        }
        let mut board = self.board();
        board.retain_pools(|service, keys| watchers.services.contains_key(&service) || keys <= SMALL);
        if watchers.all == 0 && board.len() > SMALL {
            let version = board.version();
            *board = Board::following(version);
            drop(board);
            if let Ok(mut looking) = self.looking.try_lock() {
                *looking = Looking::default();
            }
        }
    }
}

// === impl Watching ===

impl Watching {
    pub(crate) fn view(&self) -> &LiveView {
        &self.view
    }

    pub(crate) fn services(&self) -> &BTreeSet<i64> {
        &self.services
    }

    /// The name of what has been seen up to a version, for somebody who comes back.
    pub(crate) fn place(&self, seen: Option<u64>) -> String {
        let services: Vec<String> = self.services.iter().map(i64::to_string).collect();
        let seen = seen.map_or_else(|| "new".to_owned(), |seen| seen.to_string());
        format!("{}.{seen}.{}", self.view.id, services.join("-"))
    }

    /// How far somebody has looked who was told this name; nothing where it is that of another view or of other services.
    pub(crate) fn cursor(&self, place: &str) -> Cursor {
        let seen = place.split('.').nth(1).and_then(|seen| seen.parse().ok());
        Cursor::after(seen.filter(|seen| self.place(Some(*seen)) == place))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.view.unwatch(&self.services);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{LiveKey, LiveService};

    fn view() -> Arc<LiveView> {
        Arc::new(LiveView::new("v".to_owned()))
    }

    fn key(id: i64) -> LiveKey {
        LiveKey { id, service: 1, ..LiveKey::default() }
    }

    #[test]
    fn a_place_is_that_of_one_view_and_the_same_services() {
        let view = view();
        let watching = view.watch(BTreeSet::from([3, 12])).unwrap();
        assert_eq!(watching.place(Some(7)), "v.7.3-12");
        assert_eq!(watching.cursor("v.7.3-12").seen(), Some(7));
        for place in ["", "v.7.3", "w.7.3-12", "v.x.3-12", "v.new.3-12", "v.7.3-12.", "v.+7.3-12"] {
            assert_eq!(watching.cursor(place).seen(), None, "{place}");
        }
    }

    #[test]
    fn only_so_many_services_are_watched_at_once() {
        let view = view();
        let many = view.watch((0..MOST_WATCHED as i64).collect()).unwrap();
        let same = view.watch(BTreeSet::from([0]));
        assert!(same.is_ok() && view.watch(BTreeSet::from([99])).is_err());
        drop(many);
        assert!(view.watch(BTreeSet::from([99])).is_ok());
        assert_eq!(view.watched(), [ServiceId(0)]);
    }

    #[test]
    fn what_is_small_is_kept_for_those_who_come_back_and_what_is_large_is_not() {
        let view = view();
        let watching = view.watch(BTreeSet::from([1])).unwrap();
        view.board().turn();
        view.board().put_service(LiveService { id: 1, ..LiveService::default() });
        view.board().put_pool(1, vec![key(1)]);
        drop(watching);
        assert_eq!(view.board().len(), 2);
        let watching = view.watch(BTreeSet::from([1])).unwrap();
        view.board().put_pool(1, (0..2000).map(key).collect());
        drop(watching);
        assert_eq!(view.board().len(), 1);
        let watching = view.watch(BTreeSet::new()).unwrap();
        (0..2000).for_each(|id| view.board().put_service(LiveService { id, ..LiveService::default() }));
        let version = view.board().version();
        drop(watching);
        assert_eq!(view.board().len(), 0);
        assert_eq!(view.board().version(), version + 1);
        // Who comes back then is told everything anew.
        let update = view.board().update(&mut Cursor::after(Some(version)), &BTreeSet::new()).unwrap();
        assert!(update.is_snapshot);
    }
}
