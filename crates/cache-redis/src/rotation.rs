//! Pools in Redis, each changed by one script.

mod leases;
mod publishing;
mod rounds;
mod turns;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use redis::Value;
use rotator_cache_trait::{CacheError, Pool, RotationState, Stirred};
use rotator_domain::rotation::{Checkpoint, Ending, KeyReport, Learning, Lease, Next, PickRequest};
use rotator_domain::{Clock, KeyId, Reading, ServiceId, SystemClock, Timestamp};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::leases::Leases;
use self::publishing::Published;
use self::rounds::Rounds;
use self::turns::Turns;
use crate::life;
use crate::script::{Code, ScriptCall};
use crate::{Connections, RedisCacheError, RedisOptions, TimeSource};

/// The version of the state that the script keeps. It is in the name of every key: nodes of different versions do not touch
/// each other's pools.
const VERSION: u32 = 2;

/// How many calls for many services are on their way at once.
const BESIDE: usize = 64;
/// How many keys one call asks about.
const KEYS_ASKED: usize = 1000;

/// A script: the state of a pool and the rules that every verb stands on, then what some verbs need besides. What a script
/// defines it defines anew in every call, so those of every request are short.
macro_rules! script {
    ($($part:literal),+) => {
        concat!(
            include_str!("rotation/base.lua"),
            include_str!("rotation/window.lua"),
            include_str!("rotation/told.lua"),
            include_str!("rotation/learned.lua"),
            include_str!("rotation/bucket.lua"),
            include_str!("rotation/line.lua"),
            include_str!("rotation/lane.lua"),
            include_str!("rotation/lanes.lua"),
            include_str!("rotation/pool.lua"),
            $(include_str!(concat!("rotation/", $part, ".lua")),)+
            include_str!("rotation/finish.lua"),
        )
    };
}

const TURNS: &str = script!("leases", "learning", "turns");
const ANSWERS: &str = script!("leases", "learning", "answers");
const UPKEEP: &str = script!("leases", "learning", "publish", "view", "upkeep");

/// Rotation state in Redis.
///
/// A pick is one command, as is the end of a request, and those that come while another is on its way go together in the next.
/// What a node holds is told of by a sign of life from time to time; a node from which none came for a while has its leases
/// given back by another.
#[derive(Debug)]
pub struct RedisRotation {
    shared: Arc<Shared>,
    task: RwLock<Option<JoinHandle<()>>>,
    /// Ends the task with this value.
    _stop: DropGuard,
}

/// What the calls and the task that tells of this node share.
#[derive(Debug)]
struct Shared {
    connections: Connections,
    turns_code: Code,
    answers: Code,
    upkeep: Code,
    prefix: String,
    node: String,
    silence: Duration,
    time: TimeSource,
    leases: Leases,
    turns: Turns,
    /// What this node published last: a Redis that has lost everything is given it again.
    published: RwLock<BTreeMap<ServiceId, Arc<Published>>>,
    stirred: Stirred,
    rounds: Rounds,
    stop: CancellationToken,
}

// === impl RedisRotation ===

impl RedisRotation {
    /// The pools of a node. Must be called within a runtime of tokio, where it tells of its life until it is dropped or shut
    /// down.
    #[must_use]
    pub fn new(connections: Connections, options: &RedisOptions, node: &str) -> Self {
        let stop = CancellationToken::new();
        // A node that starts again holds nothing of what it held before: its leases are told apart by this.
        let life = getrandom::u64().unwrap_or_else(|_| SystemClock.now().as_millis().cast_unsigned());
        let shared = Arc::new(Shared {
            connections,
            turns_code: Code::new(TURNS),
            answers: Code::new(ANSWERS),
            upkeep: Code::new(UPKEEP),
            prefix: options.prefix.clone(),
            node: format!("{node}.{life:016x}"),
            silence: options.node_silence,
            time: options.time,
            leases: Leases::default(),
            turns: Turns::default(),
            published: RwLock::default(),
            stirred: Stirred::default(),
            rounds: Rounds::default(),
            stop: stop.clone(),
        });
        let task = tokio::spawn(life::tell(Arc::clone(&shared), shared.silence, stop.clone()));
        Self { shared, task: RwLock::new(Some(task)), _stop: stop.drop_guard() }
    }

    /// Ends the task that tells of this node, once what it owes is given back or Redis does not answer.
    pub async fn shut_down(&self) {
        self.shared.turns.end().await;
        self.shared.stop.cancel();
        let task = self.task.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It only ends early where the runtime does.
            drop(task.await);
        }
    }
}

#[async_trait]
impl RotationState for RedisRotation {
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError> {
        let service_id = pool.service_id;
        let published = Arc::new(Published::new(pool)?);
        self.shared.publish(service_id, &published).await?;
        self.shared.stirred.mark(service_id);
        self.shared.keep(service_id, published);
        Ok(())
    }

    async fn publish_pools(&self, pools: Vec<Pool>) -> Vec<(ServiceId, CacheError)> {
        let publishing = stream::iter(pools).map(|pool| async {
            let service_id = pool.service_id;
            let published = Arc::new(Published::new(pool).map_err(|error| (service_id, error))?);
            let changed = self.shared.publish_changed(service_id, &published).await;
            changed.map_err(|error| (service_id, error))?;
            self.shared.keep(service_id, published);
            Ok(())
        });
        let refused = publishing.buffer_unordered(BESIDE).filter_map(async |done: Result<(), (_, RedisCacheError)>| {
            done.err().map(|(service_id, error)| (service_id, CacheError::from(error)))
        });
        refused.collect().await
    }

    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError> {
        self.shared.published.write().unwrap_or_else(PoisonError::into_inner).remove(&service_id);
        let call = self.shared.call(service_id, "retire", None);
        Ok(call.run_slow::<()>(&self.shared.connections).await?)
    }

    async fn pick(&self, service_id: ServiceId, request: PickRequest<'_>) -> Result<Next, CacheError> {
        let ticket = self.shared.leases.next();
        let mut answer = self.shared.pick(service_id, ticket, &request).await?;
        if answer == Value::Nil && self.shared.publish_again(service_id).await? {
            answer = self.shared.pick(service_id, ticket, &request).await?;
        }
        Ok(wire::next(&answer, ticket)?)
    }

    async fn learn(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        let Some(ticket) = lease.ticket() else { return Ok(Learning::Nothing) };
        self.shared.stirred.mark(service_id);
        let call = self.shared.call(service_id, "learn", Some(now)).arg(ticket).arg(lease.key.0);
        let answer = call.arg(wire::reading(reading)?).run(&self.shared.connections).await?;
        Ok(wire::learning(&answer)?)
    }

    async fn settle(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), CacheError> {
        let Some(ticket) = lease.ticket() else { return Ok(()) };
        Ok(self.shared.settle(service_id, ticket, &ending, now).await?)
    }

    async fn learn_probe(
        &self,
        service_id: ServiceId,
        key: KeyId,
        reading: Option<&Reading>,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        self.shared.stirred.mark(service_id);
        let text = reading.map_or_else(|| Ok(wire::no_reading()), wire::reading)?;
        let call = self.shared.call(service_id, "probe", Some(now)).arg(key.0).arg(text);
        let mut answer = call.run(&self.shared.connections).await?;
        // The pool may have been left until it is asked for.
        if answer == Value::Nil && self.shared.publish_again(service_id).await? {
            answer = call.run(&self.shared.connections).await?;
        }
        Ok(wire::learning(&answer)?)
    }

    async fn due_probes(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyId>, CacheError> {
        let call = self.shared.call(service_id, "due", Some(now));
        let keys: Option<Vec<i64>> = call.run(&self.shared.connections).await?;
        Ok(keys.unwrap_or_default().into_iter().map(KeyId).collect())
    }

    async fn reports(
        &self,
        service_id: ServiceId,
        keys: &[KeyId],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        let (mut reports, mut rest) = (Vec::with_capacity(keys.len()), keys);
        while !rest.is_empty() {
            let (asked, _) = rest.split_at(rest.len().min(KEYS_ASKED));
            let call = self.shared.call(service_id, "look", Some(now));
            let call = asked.iter().fold(call, |call, key| call.arg(key.0));
            let (looked_at, rows) = wire::rows(&call.run_slow(&self.shared.connections).await?)?;
            reports.extend(rows.into_iter().map(|row| KeyReport::of(row.key, row.in_flight, row.checkpoints)));
            // A pool that is not there has none of them.
            let looked_at = usize::try_from(looked_at).ok().filter(|count| *count > 0).unwrap_or(rest.len());
            rest = rest.get(looked_at..).unwrap_or_default();
        }
        Ok(reports)
    }

    async fn reports_of_many(
        &self,
        pools: &[(ServiceId, Vec<KeyId>)],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        let calls: Vec<_> = pools.iter().map(|(service_id, keys)| self.reports(*service_id, keys, now)).collect();
        let reports: Vec<Vec<KeyReport>> = stream::iter(calls).buffered(BESIDE).try_collect().await?;
        Ok(reports.into_iter().flatten().collect())
    }

    async fn checkpoints(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<Checkpoint>, CacheError> {
        let rows = self.shared.view(service_id, now).await?;
        Ok(rows.into_iter().flat_map(|row| row.checkpoints).collect())
    }

    fn stirred(&self) -> Vec<ServiceId> {
        let mut stirred = self.shared.stirred.take();
        let published = self.shared.published.read().unwrap_or_else(PoisonError::into_inner);
        stirred.extend(self.shared.rounds.next(&published));
        stirred.into_iter().collect()
    }

    /// Only the first time after the pool was made: what it has learned since is newer.
    async fn restore(
        &self,
        service_id: ServiceId,
        checkpoints: &[Checkpoint],
        now: Timestamp,
    ) -> Result<(), CacheError> {
        // It may have been left until it is asked for.
        self.shared.publish_again(service_id).await?;
        let call = self.shared.call(service_id, "restore", Some(now)).arg(wire::checkpoints(checkpoints));
        Ok(call.run_slow::<()>(&self.shared.connections).await?)
    }
}

// === impl Shared ===

impl Shared {
    /// A call of the script for a service. Without the caller's time the clock of Redis counts.
    fn call(&self, service_id: ServiceId, verb: &str, now: Option<Timestamp>) -> ScriptCall<'_> {
        let key = self.base(service_id);
        let (now, clock) = match (now, self.time) {
            (Some(now), TimeSource::Caller) => (now.as_millis(), "caller"),
            (now, _) => (now.map_or(0, Timestamp::as_millis), "redis"),
        };
        let silence = u64::try_from(self.silence.as_millis()).unwrap_or(u64::MAX);
        let script = match verb {
            "turns" | "live" => &self.turns_code,
            "learn" | "probe" => &self.answers,
            _ => &self.upkeep,
        };
        ScriptCall::new(script, &key).arg(verb).arg(now).arg(clock).arg(&self.node).arg(silence)
    }

    /// The key under which a service's state begins.
    fn base(&self, service_id: ServiceId) -> String {
        format!("{{{}:v{VERSION}:{service_id}}}", self.prefix)
    }

    /// Everything that can be seen of a service, part by part.
    async fn view(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<wire::Row>, RedisCacheError> {
        let (mut rows, mut from) = (Vec::new(), 0);
        loop {
            let answer = self.call(service_id, "view", Some(now)).arg(from).run_slow(&self.connections).await?;
            let (next, some) = wire::rows(&answer)?;
            rows.extend(some);
            match next {
                0 => return Ok(rows),
                _ => from = next,
            }
        }
    }
}
