//! How services and keys are at the moment: finds out what has changed since somebody last looked.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use rotator_domain::rotation::{Checkpoint, KeyReport, KeyState};
use rotator_domain::{KeyId, ServiceId};
use rotator_storage_trait::{Page, Served, StorageError};
use tokio::time::Instant;

use super::{UseCaseError, UseCases};
use crate::live::{Board, Cursor, LiveView, Looked, Looking, Watching};
use crate::ports::{KeyTraffic, Rate, ServedService, Traffic};
use crate::time::rfc3339;
use crate::wire::{LiveKey, LiveKeyCounts, LiveService, LiveUpdate, UpstreamKey};

/// How long what was found out holds, whoever asks.
const FRESH: Duration = Duration::from_millis(900);
/// How long a look may take; what is not found out by then is found out by a later one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many services are asked for at once.
const BESIDE: usize = 16;
/// How many services are asked for in one look; of more the others have their turn later.
const MOST_SERVICES: usize = 256;
/// What takes so long is not done more often than once in twenty times as long.
const COSTLY: Duration = Duration::from_millis(20);
const REST: u32 = 20;
/// How many keys of a pool are asked for in one look. Of larger pools that is those of which something is known, and some more.
const MOST_KEYS: usize = 2000;
const MORE_KEYS: usize = 500;
/// The most keys of a pool that are told of.
const LARGEST_POOL: usize = 200_000;
const PAGE: u64 = 1000;
/// How many services' stored states are read at once.
const STATES_AT_ONCE: usize = 1000;

/// What was found out of a watched service's keys.
struct Seen {
    service: ServiceId,
    /// All of them, where they were not known or have changed.
    pool: Option<Vec<LiveKey>>,
    /// How those are that were asked for.
    reports: HashMap<KeyId, KeyReport>,
    /// What keeps others from serving, where that was found out.
    resting: Option<HashMap<KeyId, KeyReport>>,
}

// === impl UseCases ===

impl UseCases<'_> {
    /// What somebody who looks is told next, if there is something new.
    pub(crate) async fn live_update(&self, watching: &Watching, cursor: &mut Cursor) -> Option<LiveUpdate> {
        self.look(watching.view()).await;
        let mut update = watching.view().board().update(cursor, watching.services())?;
        update.at = rfc3339(self.context.clock.now());
        Some(update)
    }

    /// Finds out what has changed, unless somebody did just now.
    async fn look(&self, view: &LiveView) {
        let mut looking = view.looking.lock().await;
        let watched = view.watched();
        // Who has come since wants to see the keys at once.
        let is_complete = |board: &Board| watched.iter().all(|service| board.has_pool(service.0));
        if looking.at.is_some_and(|at| at.elapsed() < FRESH) && is_complete(&view.board()) {
            return;
        }
        let served = self.context.live.services();
        let traffic = self.context.live.traffic(&watched);
        let there: HashSet<ServiceId> = served.iter().map(|service| service.id).collect();
        looking.services.retain(|id, _| there.contains(id));
        if looking.services.is_empty() && served.len() > MOST_SERVICES {
            self.recall(&mut looking, &served).await;
        }
        let mut resting = self.look_at_services(&mut looking, &served, &traffic).await;
        let changed = self.changed_pools(&mut looking).await;
        let mut seen = Vec::new();
        for service in watched.iter().filter(|id| there.contains(id)) {
            let is_known = !changed.contains(service) && view.board().has_pool(service.0);
            let mut found = self.look_at_keys(&mut looking, view, *service, is_known, &traffic).await;
            found.resting = resting.remove(service).map(by_key);
            seen.push(found);
        }
        take_up(&mut view.board(), &looking, &served, &traffic, &watched, seen);
        looking.at = Some(Instant::now());
    }

    /// Begins with what is stored of many services.
    async fn recall(&self, looking: &mut Looking, served: &[ServedService]) {
        let mut ids: Vec<ServiceId> = served.iter().map(|service| service.id).collect();
        ids.sort_unstable();
        let keys: HashMap<ServiceId, usize> = served.iter().map(|service| (service.id, service.keys)).collect();
        for chunk in ids.chunks(STATES_AT_ONCE) {
            let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
            match self.context.storage.states_of_services(*first..=*last).await {
                Ok(stored) => {
                    for (service, states) in stored {
                        let count = keys.get(&service).copied().unwrap_or_default();
                        let counts = counts(count, &KeyReport::resting(states));
                        looking.services.insert(service, Looked { counts, ..Looked::default() });
                    }
                }
                Err(error) => tracing::debug!(error = %error, "the keys' states could not be read"),
            }
        }
    }

    /// Finds out how the keys of services are, of used ones first, and gives those keys that something keeps from serving.
    async fn look_at_services(
        &self,
        looking: &mut Looking,
        served: &[ServedService],
        traffic: &Traffic,
    ) -> HashMap<ServiceId, Vec<KeyReport>> {
        let now = Instant::now();
        let mut due: Vec<(bool, Option<Instant>, &ServedService)> = Vec::new();
        for service in served {
            let known = looking.services.get(&service.id).copied().unwrap_or_default();
            if known.not_before.is_some_and(|at| at > now) {
                continue;
            }
            let counts = known.counts;
            let is_used = traffic.services.contains_key(&service.id)
                || service.in_flight.is_some_and(|count| count > 0)
                || counts.cooling + counts.exhausted + counts.dead > 0;
            due.push((!is_used, known.at, service));
        }
        due.sort_unstable_by_key(|(is_idle, at, service)| (*is_idle, *at, service.id));
        due.truncate(MOST_SERVICES);
        let found = Mutex::new(Vec::with_capacity(due.len()));
        let looks = stream::iter(&due).for_each_concurrent(BESIDE, async |(_, _, service)| {
            let began = Instant::now();
            match self.context.rotation.checkpoints(service.id, self.context.clock.now()).await {
                Ok(checkpoints) => {
                    let looked = (*service, began.elapsed(), checkpoints);
                    found.lock().unwrap_or_else(PoisonError::into_inner).push(looked);
                }
                Err(error) => tracing::debug!(service.id = %service.id, error = %error, "how keys are is not known"),
            }
        });
        if tokio::time::timeout(PATIENCE, looks).await.is_err() {
            tracing::debug!("how all keys are could not be told in time");
        }
        let found: Vec<(&ServedService, Duration, Vec<Checkpoint>)> =
            found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut resting = HashMap::new();
        for (service, took, checkpoints) in found {
            let reports = KeyReport::resting(checkpoints);
            let counts = counts(service.keys, &reports);
            let not_before = not_before(took);
            looking.services.insert(service.id, Looked { counts, at: Some(Instant::now()), not_before });
            resting.insert(service.id, reports);
        }
        resting
    }

    /// The services whose keys may be others than they were.
    async fn changed_pools(&self, looking: &mut Looking) -> BTreeSet<ServiceId> {
        let mut changed = std::mem::take(&mut looking.unread);
        match self.changes_since(looking.config_version).await {
            Ok((version, services)) => {
                looking.config_version = Some(version);
                changed.extend(services);
            }
            Err(error) => tracing::debug!(error = %error, "what has changed could not be read"),
        }
        changed
    }

    /// The version of the configuration, and the services that have changed since this one. Who knows none has read nothing that
    /// could have changed.
    async fn changes_since(&self, known: Option<i64>) -> Result<(i64, Vec<ServiceId>), StorageError> {
        let version = self.context.storage.config_version().await?;
        let Some(known) = known.filter(|known| *known != version) else { return Ok((version, Vec::new())) };
        // A version that fell is another database's, and everything in it is new.
        let since = if version < known { 0 } else { known };
        let changes = self.context.storage.changes_since(since).await?;
        let services = changes.into_iter().filter_map(|change| match change.served {
            Served::Service(id) => Some(id),
            _ => None,
        });
        Ok((version, services.collect()))
    }

    async fn look_at_keys(
        &self,
        looking: &mut Looking,
        view: &LiveView,
        service: ServiceId,
        is_known: bool,
        traffic: &Traffic,
    ) -> Seen {
        let mut seen = Seen { service, pool: None, reports: HashMap::new(), resting: None };
        if !is_known {
            match self.pool(service).await {
                Ok(keys) => {
                    seen.pool = Some(keys);
                    return seen;
                }
                Err(error) => {
                    tracing::debug!(service.id = %service, error = %error, "the keys could not be read");
                    looking.unread.insert(service);
                }
            }
        }
        let place = looking.places.entry(service).or_default();
        let keys = asked_keys(&view.board(), service, traffic, place);
        let reports = self.context.rotation.reports(service, &keys, self.context.clock.now());
        match tokio::time::timeout(PATIENCE, reports).await {
            Ok(Ok(reports)) => seen.reports = by_key(reports),
            Ok(Err(error)) => tracing::debug!(service.id = %service, error = %error, "how keys are is not known"),
            Err(_) => tracing::debug!(service.id = %service, "how keys are could not be told in time"),
        }
        seen
    }

    /// All keys of a service.
    async fn pool(&self, service: ServiceId) -> Result<Vec<LiveKey>, UseCaseError> {
        let (mut keys, mut after) = (Vec::new(), None);
        loop {
            let page = self.masked_keys(service, Page { after, limit: PAGE }).await?;
            after = page.last().map(|key| KeyId(key.id));
            let is_last = (page.len() as u64) < PAGE;
            keys.extend(page.into_iter().map(LiveKey::from));
            if is_last || keys.len() >= LARGEST_POOL {
                return Ok(keys);
            }
        }
    }
}

/// The keys to ask for: all of a pool, or of a large one those that are used, and some more each time.
fn asked_keys(board: &Board, service: ServiceId, traffic: &Traffic, place: &mut i64) -> Vec<KeyId> {
    let enabled = || board.keys(service.0).filter(|key| key.state != DISABLED);
    if enabled().nth(MOST_KEYS).is_none() {
        return enabled().map(|key| KeyId(key.id)).collect();
    }
    let is_used = |key: &&LiveKey| key.in_flight > 0 || traffic.keys.contains_key(&(service, KeyId(key.id)));
    let mut asked: BTreeSet<i64> = enabled().filter(is_used).take(MOST_KEYS).map(|key| key.id).collect();
    let more: Vec<i64> = enabled().map(|key| key.id).filter(|id| *id > *place).take(MORE_KEYS).collect();
    *place = more.last().copied().filter(|_| more.len() == MORE_KEYS).unwrap_or_default();
    asked.extend(more);
    asked.into_iter().map(KeyId).collect()
}

fn by_key(reports: Vec<KeyReport>) -> HashMap<KeyId, KeyReport> {
    reports.into_iter().map(|report| (report.key, report)).collect()
}

/// Writes down what was found out.
fn take_up(
    board: &mut Board,
    looking: &Looking,
    served: &[ServedService],
    traffic: &Traffic,
    watched: &[ServiceId],
    seen: Vec<Seen>,
) {
    board.turn();
    let there: BTreeSet<i64> = served.iter().map(|service| service.id.0).collect();
    board.retain_services(|id| there.contains(&id));
    board.retain_pools(|service, _| watched.contains(&ServiceId(service)));
    for service in served {
        let Rate { requests, errors } = traffic.services.get(&service.id).copied().unwrap_or_default();
        let counts = looking.services.get(&service.id).map(|looked| looked.counts);
        board.put_service(LiveService {
            id: service.id.0,
            slug: service.slug.clone(),
            is_active: service.is_active,
            rate: requests,
            error_share: errors,
            in_flight: service.in_flight,
            keys: counts.unwrap_or_else(|| counts_of_idle(service.keys)),
        });
    }
    for Seen { service, pool, reports, resting } in seen {
        if let Some(mut keys) = pool {
            keys.iter_mut().for_each(|key| {
                key.count(traffic.keys.get(&(service, KeyId(key.id))));
            });
            board.put_pool(service.0, keys);
            continue;
        }
        board.change_keys(service.0, |key| {
            let id = KeyId(key.id);
            let is_stirred = match (reports.get(&id), &resting) {
                (Some(report), _) => key.take_up(report),
                (None, Some(resting)) if key.state != DISABLED => match resting.get(&id) {
                    Some(report) => key.take_up(&KeyReport { in_flight: key.in_flight, ..report.clone() }),
                    None => key.take_up(&KeyReport::of(id, key.in_flight, [])),
                },
                _ => false,
            };
            is_stirred | key.count(traffic.keys.get(&(service, id)))
        });
    }
}

/// How a key is called that is not in use.
const DISABLED: &str = "disabled";

/// How many keys are in each state, of so many and of those that something keeps from serving.
fn counts(keys: usize, resting: &[KeyReport]) -> LiveKeyCounts {
    let count = |state| resting.iter().filter(|report| report.state == state).count() as u64;
    let [cooling, exhausted, dead] = [KeyState::Cooling, KeyState::Exhausted, KeyState::Dead].map(count);
    LiveKeyCounts { active: (keys as u64).saturating_sub(cooling + exhausted + dead), cooling, exhausted, dead }
}

fn counts_of_idle(keys: usize) -> LiveKeyCounts {
    counts(keys, &[])
}

/// When something may be done again that took so long.
fn not_before(took: Duration) -> Option<Instant> {
    (took > COSTLY).then(|| Instant::now() + took * REST)
}

fn reason(state: &str) -> Option<String> {
    let reason = match KeyState::from_name(state)? {
        KeyState::Active => return None,
        KeyState::Cooling => "limited",
        KeyState::Exhausted => "out_of_quota",
        KeyState::Dead => "refused",
    };
    Some(reason.to_owned())
}

/// Sets a field and says whether it was another.
fn set<T: PartialEq>(field: &mut T, value: T) -> bool {
    let is_other = *field != value;
    *field = value;
    is_other
}

// === impl LiveKey ===

impl LiveKey {
    /// Takes up how the key is, and says whether it was otherwise.
    fn take_up(&mut self, report: &KeyReport) -> bool {
        let state = report.state.name();
        set(&mut self.reason, reason(state))
            | set(&mut self.state, state.to_owned())
            | set(&mut self.model, report.model.clone())
            | set(&mut self.until, report.until.map(rfc3339))
            | set(&mut self.in_flight, report.in_flight)
    }

    /// Takes up what was counted of the key, and says whether that is new.
    fn count(&mut self, traffic: Option<&KeyTraffic>) -> bool {
        match traffic {
            None => set(&mut self.rate, 0.0),
            Some(KeyTraffic { rate, errors, last_used }) => {
                set(&mut self.rate, *rate)
                    | set(&mut self.errors, *errors)
                    | set(&mut self.last_used, Some(rfc3339(*last_used)))
            }
        }
    }
}

impl From<UpstreamKey> for LiveKey {
    fn from(key: UpstreamKey) -> Self {
        Self {
            id: key.id,
            service: key.proxy_config_id,
            name: key.label.unwrap_or(key.key_value),
            reason: reason(&key.state),
            state: key.state,
            model: key.state_model,
            until: key.state_until,
            in_flight: key.in_flight,
            ..Self::default()
        }
    }
}
