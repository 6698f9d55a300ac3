//! What is known of services and keys, and when each last changed: whoever has seen it up to a version is told what came after.
//!
//! Nothing is kept for who looks: one that is slow is told less often, of everything that has changed since.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

use crate::wire::{LiveKey, LiveService, LiveUpdate};

/// How many services and keys an update tells of at the most.
const MOST_AT_ONCE: usize = 1000;
/// How many that are gone are remembered; who has not heard of an older one begins anew.
const MOST_GONE: usize = 10_000;

/// Services, and the keys of those that are watched.
#[derive(Debug, Default)]
pub(crate) struct Board {
    version: u64,
    services: BTreeMap<i64, Row<LiveService>>,
    pools: BTreeMap<i64, Pool>,
    gone: VecDeque<Gone>,
    /// What was gone at this version or before may be forgotten.
    forgotten: u64,
}

#[derive(Debug)]
struct Row<T> {
    value: T,
    changed: u64,
}

/// The keys of a watched service.
#[derive(Debug)]
struct Pool {
    /// Since when its keys are known; before that nobody was told of one.
    since: u64,
    keys: BTreeMap<i64, Row<LiveKey>>,
}

#[derive(Clone, Copy, Debug)]
struct Gone {
    at: u64,
    /// Nothing where the service itself is gone.
    key: Option<i64>,
    service: i64,
}

/// How far somebody has looked.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    seen: Option<u64>,
    sweep: Option<Sweep>,
}

/// A look that takes several updates.
#[derive(Debug)]
struct Sweep {
    /// What has changed after this is told.
    from: u64,
    /// Afterwards this has been seen.
    until: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Beginning,
    /// After this service.
    Services(i64),
    /// After this key of this service.
    Keys(i64, i64),
}

// === impl Board ===

impl Board {
    /// An empty board whose versions come after this one, so that nobody goes on where they stopped.
    pub(crate) fn following(version: u64) -> Self {
        Self { version: version + 1, forgotten: version + 1, ..Self::default() }
    }

    /// What changes from now on is a change of its own.
    pub(crate) fn turn(&mut self) {
        self.version += 1;
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// How many services and keys are known.
    pub(crate) fn len(&self) -> usize {
        self.services.len() + self.pools.values().map(|pool| pool.keys.len()).sum::<usize>()
    }

    pub(crate) fn put_service(&mut self, service: LiveService) {
        put(&mut self.services, self.version, service.id, service);
    }

    /// Forgets all services but these, and their keys.
    pub(crate) fn retain_services(&mut self, is_there: impl Fn(i64) -> bool) {
        let gone: Vec<i64> = self.services.keys().copied().filter(|id| !is_there(*id)).collect();
        for service in gone {
            self.services.remove(&service);
            self.pools.remove(&service);
            self.bury(service, None);
        }
    }

    /// Whether the keys of a service are known.
    pub(crate) fn has_pool(&self, service: i64) -> bool {
        self.pools.contains_key(&service)
    }

    /// Makes these the keys of a service.
    pub(crate) fn put_pool(&mut self, service: i64, keys: Vec<LiveKey>) {
        let version = self.version;
        let pool = self.pools.entry(service).or_insert_with(|| Pool { since: version, keys: BTreeMap::new() });
        let there: BTreeSet<i64> = keys.iter().map(|key| key.id).collect();
        let gone: Vec<i64> = pool.keys.keys().copied().filter(|id| !there.contains(id)).collect();
        for id in &gone {
            pool.keys.remove(id);
        }
        for key in keys {
            put(&mut pool.keys, version, key.id, key);
        }
        gone.into_iter().for_each(|key| self.bury(service, Some(key)));
    }

    /// Forgets the keys of all services but these.
    pub(crate) fn retain_pools(&mut self, is_wanted: impl Fn(i64, usize) -> bool) {
        self.pools.retain(|service, pool| is_wanted(*service, pool.keys.len()));
    }

    /// The keys of a service.
    pub(crate) fn keys(&self, service: i64) -> impl Iterator<Item = &LiveKey> {
        self.pools.get(&service).into_iter().flat_map(|pool| pool.keys.values()).map(|row| &row.value)
    }

    /// Changes keys of a service; `change` says whether it has changed one.
    pub(crate) fn change_keys(&mut self, service: i64, mut change: impl FnMut(&mut LiveKey) -> bool) {
        let Some(pool) = self.pools.get_mut(&service) else { return };
        for row in pool.keys.values_mut() {
            if change(&mut row.value) {
                row.changed = self.version;
            }
        }
    }

    /// What somebody who watches these services is told next; `None` where there is nothing new. The time is left to the caller.
    pub(crate) fn update(&self, cursor: &mut Cursor, watched: &BTreeSet<i64>) -> Option<LiveUpdate> {
        let mut update = LiveUpdate::default();
        let mut sweep = match cursor.sweep.take() {
            Some(sweep) => sweep,
            None => match cursor.seen.filter(|seen| self.can_go_on(*seen, watched)) {
                Some(seen) if seen == self.version => return None,
                Some(from) => {
                    self.tell_gone(from, watched, &mut update);
                    Sweep { from, until: self.version, place: Place::Beginning }
                }
                None => {
                    update.is_snapshot = true;
                    Sweep { from: 0, until: self.version, place: Place::Beginning }
                }
            },
        };
        self.tell_services(&mut sweep, &mut update);
        self.tell_keys(&mut sweep, watched, &mut update);
        let count = update.services.len() + update.keys.len();
        if count >= MOST_AT_ONCE {
            cursor.sweep = Some(sweep);
            return Some(update);
        }
        cursor.seen = Some(sweep.until);
        update.is_whole = true;
        let is_told = update.is_snapshot || count + update.gone_services.len() + update.gone_keys.len() > 0;
        // What was begun is ended, so that who listens knows it to be whole.
        let is_begun = !matches!(sweep.place, Place::Beginning);
        (is_told || is_begun).then_some(update)
    }

    /// Whether what came after this version is all known.
    fn can_go_on(&self, seen: u64, watched: &BTreeSet<i64>) -> bool {
        let is_known = |service| self.pools.get(service).is_none_or(|pool: &Pool| pool.since <= seen);
        self.forgotten <= seen && seen <= self.version && watched.iter().all(is_known)
    }

    fn tell_gone(&self, from: u64, watched: &BTreeSet<i64>, update: &mut LiveUpdate) {
        for gone in self.gone.iter().filter(|gone| gone.at > from) {
            match gone.key {
                None => update.gone_services.push(gone.service),
                Some(key) if watched.contains(&gone.service) => update.gone_keys.push(key),
                Some(_) => {}
            }
        }
    }

    fn tell_services(&self, sweep: &mut Sweep, update: &mut LiveUpdate) {
        let after = match sweep.place {
            Place::Beginning => Unbounded,
            Place::Services(last) => Excluded(last),
            Place::Keys(..) => return,
        };
        let changed = self.services.range((after, Unbounded)).filter(|(_, row)| row.changed > sweep.from);
        update.services.extend(changed.take(MOST_AT_ONCE).map(|(_, row)| row.value.clone()));
        if let Some(last) = update.services.last().filter(|_| update.services.len() == MOST_AT_ONCE) {
            sweep.place = Place::Services(last.id);
        }
    }

    fn tell_keys(&self, sweep: &mut Sweep, watched: &BTreeSet<i64>, update: &mut LiveUpdate) {
        let room = MOST_AT_ONCE - update.services.len();
        if room == 0 {
            return;
        }
        let (first, after) = match sweep.place {
            Place::Keys(service, key) => (service, Some(key)),
            _ => (i64::MIN, None),
        };
        let pools = watched.range(first..).filter_map(|service| Some((*service, self.pools.get(service)?)));
        let changed = pools.flat_map(|(service, pool)| {
            let after = after.filter(|_| service == first).map_or(Unbounded, Excluded);
            pool.keys.range((after, Unbounded)).filter(|(_, row)| row.changed > sweep.from)
        });
        update.keys.extend(changed.take(room).map(|(_, row)| row.value.clone()));
        if let Some(last) = update.keys.last().filter(|_| update.keys.len() == room) {
            sweep.place = Place::Keys(last.service, last.id);
        }
    }

    fn bury(&mut self, service: i64, key: Option<i64>) {
        self.gone.push_back(Gone { at: self.version, key, service });
        while self.gone.len() > MOST_GONE {
            self.forgotten = self.gone.pop_front().map_or(self.version, |gone| gone.at);
        }
    }
}

fn put<T: PartialEq>(rows: &mut BTreeMap<i64, Row<T>>, version: u64, id: i64, value: T) {
    match rows.get_mut(&id) {
        Some(row) if row.value == value => {}
        Some(row) => *row = Row { value, changed: version },
        None => {
            rows.insert(id, Row { value, changed: version });
        }
    }
}

// === impl Cursor ===

impl Cursor {
    /// Of somebody who has seen everything up to this version; of somebody who has seen nothing without one.
    pub(crate) fn after(seen: Option<u64>) -> Self {
        Self { seen, sweep: None }
    }

    /// Up to which version everything has been seen.
    pub(crate) fn seen(&self) -> Option<u64> {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: i64, rate: f64) -> LiveService {
        LiveService { id, rate, ..LiveService::default() }
    }

    fn key(id: i64, in_flight: u32) -> LiveKey {
        LiveKey { id, service: 7, in_flight, ..LiveKey::default() }
    }

    fn services(update: &LiveUpdate) -> Vec<i64> {
        update.services.iter().map(|service| service.id).collect()
    }

    fn keys(update: &LiveUpdate) -> Vec<i64> {
        update.keys.iter().map(|key| key.id).collect()
    }

    #[test]
    fn the_first_look_sees_everything_and_the_next_what_changed() {
        let mut board = Board::default();
        let (mut cursor, watched) = (Cursor::default(), BTreeSet::from([7]));
        board.turn();
        (1..=3).for_each(|id| board.put_service(service(id, 0.0)));
        board.put_pool(7, vec![key(1, 0), key(2, 0)]);
        let first = board.update(&mut cursor, &watched).unwrap();
        assert!(first.is_snapshot && first.is_whole);
        assert_eq!((services(&first), keys(&first)), (vec![1, 2, 3], vec![1, 2]));
        board.turn();
        board.put_service(service(1, 0.0));
        assert_eq!(board.update(&mut cursor, &watched), None);
        board.turn();
        board.put_service(service(2, 1.0));
        board.change_keys(7, |key| {
            key.in_flight = 1;
            key.id == 2
        });
        let second = board.update(&mut cursor, &watched).unwrap();
        assert!(!second.is_snapshot && second.is_whole);
        assert_eq!((services(&second), keys(&second)), (vec![2], vec![2]));
        assert_eq!(board.update(&mut cursor, &watched), None);
        // Who does not watch the service hears nothing of its keys.
        let unwatched = board.update(&mut Cursor::default(), &BTreeSet::new()).unwrap();
        assert_eq!((services(&unwatched).len(), keys(&unwatched).len()), (3, 0));
    }

    #[test]
    fn a_slow_reader_is_told_of_each_change_once() {
        let mut board = Board::default();
        let mut cursor = Cursor::default();
        board.turn();
        board.put_service(service(1, 0.0));
        board.update(&mut cursor, &BTreeSet::new()).unwrap();
        for rate in 1..=1000 {
            board.turn();
            board.put_service(service(1, f64::from(rate)));
        }
        let update = board.update(&mut cursor, &BTreeSet::new()).unwrap();
        assert_eq!(update.services, [service(1, 1000.0)]);
        assert_eq!(cursor.seen(), Some(board.version()));
    }

    #[test]
    fn what_is_gone_is_told_or_everything_is_told_anew() {
        let mut board = Board::default();
        let (mut cursor, watched) = (Cursor::default(), BTreeSet::from([7]));
        board.turn();
        [1, 7].into_iter().for_each(|id| board.put_service(service(id, 0.0)));
        board.put_pool(7, vec![key(1, 0), key(2, 0)]);
        board.update(&mut cursor, &watched).unwrap();
        board.turn();
        board.retain_services(|id| id != 1);
        board.put_pool(7, vec![key(2, 0)]);
        let update = board.update(&mut cursor, &watched).unwrap();
        assert_eq!((update.gone_services, update.gone_keys, update.is_snapshot), (vec![1], vec![1], false));
        let seen = cursor.seen();
        board.turn();
        for id in 0..=MOST_GONE as i64 {
            board.put_service(service(100 + id, 0.0));
        }
        board.retain_services(|id| id == 7);
        assert!(board.update(&mut cursor, &watched).unwrap().is_snapshot);
        // So does a pool that was not known meanwhile, and a version that is another board's.
        board.retain_pools(|_, _| false);
        board.turn();
        board.put_pool(7, vec![key(2, 0)]);
        assert!(board.update(&mut Cursor::after(seen), &watched).unwrap().is_snapshot);
        assert!(board.update(&mut Cursor::after(Some(99)), &watched).unwrap().is_snapshot);
    }

    #[test]
    fn many_rows_come_in_several_updates_while_others_change() {
        let mut board = Board::default();
        let (mut cursor, watched) = (Cursor::default(), BTreeSet::from([7]));
        board.turn();
        (1..=2500).for_each(|id| board.put_service(service(id, 0.0)));
        board.put_pool(7, (1..=3500).map(|id| key(id, 0)).collect());
        let (mut told, mut told_keys, mut updates) = (Vec::new(), Vec::new(), 0);
        while let Some(update) = board.update(&mut cursor, &watched) {
            assert_eq!(update.is_snapshot, updates == 0);
            assert!(update.services.len() + update.keys.len() <= MOST_AT_ONCE);
            assert_eq!(cursor.seen().is_some(), update.is_whole);
            told.extend(services(&update));
            told_keys.extend(keys(&update));
            updates += 1;
            if updates == 2 {
                board.turn();
                board.put_service(service(1, 5.0));
            }
        }
        assert_eq!(told[..2500], (1..=2500).collect::<Vec<_>>());
        assert_eq!(told[2500..], [1]);
        assert_eq!(told_keys, (1..=3500).collect::<Vec<_>>());
        assert_eq!(updates, 8);
    }
}
