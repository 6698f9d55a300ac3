//! What a node does while Redis is away: it goes on alone, and joins the others again when Redis is back.

mod clients;
mod conversations;
mod counters;
mod pools;
mod rotation;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rotator_cache_trait::{CacheError, ClientMeters, ConversationStore, Counters, NodeRegistry, RotationState};
use rotator_domain::{Clock, SystemClock, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::clients::Clients;
use self::pools::Pools;

/// How often the number of nodes is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// The pauses between tries to find Redis again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Who is back for less than this was not really back.
const STEADY: Duration = Duration::from_secs(30);

/// The state of one place: of Redis, or of this process.
#[derive(Clone)]
pub struct Caches {
    /// The pools.
    pub rotation: Arc<dyn RotationState>,
    /// The limits of client keys.
    pub clients: Arc<dyn ClientMeters>,
    /// The counters.
    pub counters: Arc<dyn Counters>,
    /// The memory of conversations.
    pub conversations: Arc<dyn ConversationStore>,
}

/// Shared state that outlives its server: on the first call that fails or takes too long, everything is done in this process,
/// and the caller notices nothing.
///
/// While it is away, declared limits are divided by the number of nodes that there were, so that all together keep to them.
/// What was known of keys is what was last read as checkpoints. A lease belongs to where it was taken; one of Redis' that ends
/// while it is away is given back when it returns. Then all pools are published again before anything else is done there.
pub struct Fallback {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// Ends the task with this value.
    _stop: DropGuard,
}

/// Whether a node is alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FallbackStatus {
    /// Since when it goes on alone; `None` while it shares the state of Redis.
    pub degraded_since: Option<Timestamp>,
    /// How many nodes there were when that was last known, this one among them.
    pub nodes: usize,
    /// How often it has gone on alone.
    pub losses: u64,
}

struct Shared {
    remote: Caches,
    local: Caches,
    registry: Arc<dyn NodeRegistry>,
    /// How long a call may take.
    patience: Duration,
    away_since: RwLock<Option<Timestamp>>,
    /// Held by who finds that it is away: others do not go on here before what they count here is in order.
    losing: tokio::sync::Mutex<()>,
    nodes: AtomicUsize,
    losses: AtomicU64,
    pools: Pools,
    clients: Clients,
    lost: Notify,
    stop: CancellationToken,
}

// === impl Fallback ===

impl Fallback {
    /// Uses `remote` while it answers within `patience`, else `local`. Must be called within a runtime of tokio, where it looks
    /// for the remote state until it is dropped or shut down.
    #[must_use]
    pub fn new(remote: Caches, local: Caches, registry: Arc<dyn NodeRegistry>, patience: Duration) -> Self {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            remote,
            local,
            registry,
            patience,
            away_since: RwLock::default(),
            losing: tokio::sync::Mutex::default(),
            nodes: AtomicUsize::new(1),
            losses: AtomicU64::new(0),
            pools: Pools::default(),
            clients: Clients::default(),
            lost: Notify::new(),
            stop: stop.clone(),
        });
        let task = tokio::spawn(watch(Arc::clone(&shared)));
        Self { shared, task: Mutex::new(Some(task)), _stop: stop.drop_guard() }
    }

    /// Whether this node is alone, for those who watch over it.
    #[must_use]
    pub fn status(&self) -> FallbackStatus {
        FallbackStatus {
            degraded_since: self.shared.away_since(),
            nodes: self.shared.nodes.load(Ordering::Relaxed),
            losses: self.shared.losses.load(Ordering::Relaxed),
        }
    }

    /// Ends the looking for Redis.
    pub async fn shut_down(&self) {
        self.shared.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It only ends early where the runtime does.
            drop(task.await);
        }
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("status", &self.status()).finish_non_exhaustive()
    }
}

// === impl Shared ===

impl Shared {
    fn away_since(&self) -> Option<Timestamp> {
        *self.away_since.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        self.away_since().is_some()
    }

    /// What the remote state answers; `None` where it is away, or found to be.
    async fn ask<T>(&self, call: impl Future<Output = Result<T, CacheError>>) -> Option<Result<T, CacheError>> {
        self.ask_within(self.patience, call).await
    }

    async fn ask_within<T>(
        &self,
        patience: Duration,
        call: impl Future<Output = Result<T, CacheError>>,
    ) -> Option<Result<T, CacheError>> {
        if self.is_away() {
            return None;
        }
        match tokio::time::timeout(patience, call).await {
            Ok(Err(CacheError::Unavailable(cause))) => self.lose(&*cause).await,
            Ok(answer) => return Some(answer),
            Err(elapsed) => self.lose(&elapsed).await,
        }
        None
    }

    /// The remote state is away from now on.
    async fn lose(&self, cause: &(dyn std::error::Error + Send + Sync)) {
        let now = SystemClock.now();
        {
            let _losing = self.losing.lock().await;
            if self.is_away() {
                return;
            }
            // Before anybody counts here anew.
            for client in self.clients.take_here() {
                // What was used since it was counted here is known elsewhere.
                if let Err(error) = self.local.clients.forget(client).await {
                    tracing::warn!(client.id = %client, error = %error, "what a client used is not known here");
                }
            }
            *self.away_since.write().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        self.losses.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(error = %cause, "redis is away: this node goes on alone");
        for (service_id, known) in self.pools.known() {
            if let Err(error) = self.local.rotation.restore(service_id, &known, now).await {
                tracing::warn!(service.id = service_id.0, error = %error, "what was known of keys is not known here");
            }
        }
        self.lost.notify_one();
    }

    /// Looks how many nodes there are, and gives each pool here its share where that has changed.
    async fn look(&self) {
        let Some(Ok(nodes)) = self.ask(self.registry.nodes(SystemClock.now())).await else { return };
        let nodes = nodes.len().max(1);
        if self.nodes.swap(nodes, Ordering::Relaxed) == nodes {
            return;
        }
        for pool in self.pools.all() {
            let service_id = pool.service_id;
            if let Err(error) = self.local.rotation.publish_pool(pools::share(pool, nodes)).await {
                tracing::warn!(service.id = service_id.0, error = %error, "a pool has not its share here");
            }
        }
    }

    /// Tries to join the others: publishes everything that they may not know, and gives back what is owed.
    async fn join(&self) -> Result<(), CacheError> {
        self.registry.nodes(SystemClock.now()).await?;
        loop {
            let seen = self.pools.generation();
            for service_id in self.pools.retired() {
                self.remote.rotation.retire_pool(service_id).await?;
            }
            let refused = self.remote.rotation.publish_pools(self.pools.all()).await;
            if let Some((_, error)) = refused.into_iter().next() {
                return Err(error);
            }
            while let Some((service_id, lease, ending)) = self.pools.next_owed() {
                // One that fails here the remote state itself gives back when it can.
                self.remote.rotation.settle(service_id, &lease, ending, SystemClock.now()).await?;
            }
            while let Some((client, reservation, used)) = self.clients.next_owed() {
                self.remote.clients.settle(client, &reservation, &used).await?;
            }
            let is_back = || *self.away_since.write().unwrap_or_else(PoisonError::into_inner) = None;
            if !self.clients.has_owed() && self.pools.settle_down(seen, is_back) {
                return Ok(());
            }
        }
    }
}

/// Watches over the remote state: counts the nodes while it is there, and looks for it while it is away.
async fn watch(shared: Arc<Shared>) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut pause, mut back_at) = (FIRST_PAUSE, tokio::time::Instant::now());
    loop {
        if shared.is_away() {
            if back_at.elapsed() > STEADY {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match shared.join().await {
                Ok(()) => {
                    back_at = tokio::time::Instant::now();
                    tracing::info!("redis is back: this node shares its state again");
                }
                Err(error) => tracing::debug!(error = %error, "redis is still away"),
            }
        } else {
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = shared.lost.notified() => {}
                _ = looks.tick() => shared.look().await,
            }
        }
    }
}
