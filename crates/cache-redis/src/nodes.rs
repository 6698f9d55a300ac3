//! The nodes that share a Redis, by their signs of life.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, Node, NodeRegistry};
use rotator_domain::{Clock, SystemClock, Timestamp};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::script::{Code, ScriptCall};
use crate::{Connections, RedisCacheError, RedisOptions};

/// The version of what the script keeps, which is in the name of every key.
const VERSION: u32 = 1;
const SCRIPT: &str = include_str!("nodes.lua");
/// So many signs of life fit into the silence after which a node counts as ended.
const SIGNS: u32 = 5;

/// The nodes of a Redis. While it lives, this node is one of them.
#[derive(Debug)]
pub struct RedisNodes {
    registry: Arc<Registry>,
    task: Mutex<Option<JoinHandle<()>>>,
    stop: CancellationToken,
    /// Ends the task with this value.
    _stop: DropGuard,
}

#[derive(Debug)]
struct Registry {
    connections: Connections,
    script: Code,
    key: String,
    silence: Duration,
    node: String,
    version: String,
}

// === impl RedisNodes ===

impl RedisNodes {
    /// Makes a node one of them, with the version of its program. Must be called within a runtime of tokio, where it gives
    /// signs of life until it is dropped or shut down.
    #[must_use]
    pub fn new(
        connections: Connections,
        options: &RedisOptions,
        node: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        let registry = Arc::new(Registry {
            connections,
            script: Code::new(SCRIPT),
            key: format!("{{{}:v{VERSION}:nodes}}", options.prefix),
            silence: options.node_silence,
            node: node.into(),
            version: version.into(),
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(live(Arc::clone(&registry), stop.clone()));
        Self { registry, task: Mutex::new(Some(task)), stop: stop.clone(), _stop: stop.drop_guard() }
    }

    /// Ends the signs of life, and tells that this node leaves.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It only ends early where the runtime does.
            drop(task.await);
        }
    }
}

#[async_trait]
impl NodeRegistry for RedisNodes {
    async fn nodes(&self, now: Timestamp) -> Result<Vec<Node>, CacheError> {
        Ok(self.registry.nodes(now).await?)
    }
}

// === impl Registry ===

impl Registry {
    async fn nodes(&self, now: Timestamp) -> Result<Vec<Node>, RedisCacheError> {
        let rows: Vec<(String, String, i64)> = self.call("list", now).run(&self.connections).await?;
        let node = |(id, version, seen_at)| Node { id, version, seen_at: Timestamp::from_millis(seen_at) };
        let mut nodes: Vec<Node> = rows.into_iter().map(node).collect();
        nodes.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(nodes)
    }

    async fn tell(&self, verb: &str) -> Result<(), RedisCacheError> {
        let call = self.call(verb, SystemClock.now()).arg(&self.node).arg(&self.version);
        call.run_large::<redis::Value>(&self.connections).await.map(drop)
    }

    fn call(&self, verb: &str, now: Timestamp) -> ScriptCall<'_> {
        let silence = u64::try_from(self.silence.as_millis()).unwrap_or(u64::MAX);
        ScriptCall::new(&self.script, &self.key).arg(verb).arg(now.as_millis()).arg(silence)
    }
}

async fn live(registry: Arc<Registry>, stop: CancellationToken) {
    let mut signs = tokio::time::interval(registry.silence / SIGNS);
    signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let verb = tokio::select! {
            () = stop.cancelled() => "leave",
            _ = signs.tick() => "live",
        };
        if let Err(error) = registry.tell(verb).await {
            tracing::debug!(error = %error, "no sign of life could be given");
        }
        if verb == "leave" {
            return;
        }
    }
}
