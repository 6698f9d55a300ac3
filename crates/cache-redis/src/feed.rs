//! Announced changes: published to all nodes, and counted, so that one that was not told notices.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use rotator_cache_trait::{CacheError, Change, ChangeFeed, Changes};
use rotator_domain::ServiceId;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::script::{Code, ScriptCall};
use crate::{Connections, RedisCacheError, RedisOptions};

/// The version of the messages, which is in the names of the channel and the count.
const VERSION: u32 = 1;
/// Counts and publishes as one: `KEYS[1]` is the count, `ARGV[1]` the channel, then the node and what has changed.
const ANNOUNCE: &str = "local n = redis.call('INCR', KEYS[1]) \
    redis.call('PUBLISH', ARGV[1], n .. ' ' .. ARGV[3] .. ' ' .. ARGV[2]) return n";
/// What stands for the client keys, and for anything.
const CLIENT_KEYS: &str = "client-keys";
const PRICES: &str = "prices";
const ANYTHING: &str = "*";
/// How often the count is looked at: a connection may be dead without anybody being told.
const LOOK: Duration = Duration::from_secs(5);
/// The pauses between tries to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many changes wait for a node that is slow; it is told later that it missed some.
const WAITING: usize = 256;

/// Changes of the configuration, told through Redis.
#[derive(Debug)]
pub struct RedisFeed {
    channel: Arc<Channel>,
}

#[derive(Debug)]
struct Channel {
    connections: Connections,
    announce: Code,
    count: String,
    name: String,
    node: String,
}

/// What comes from the channel; its task ends with it.
struct Told {
    changes: mpsc::Receiver<Change>,
    _task: AbortOnDropHandle<()>,
}

// === impl RedisFeed ===

impl RedisFeed {
    /// The feed of a node; what it announces itself it is not told.
    #[must_use]
    pub fn new(connections: Connections, options: &RedisOptions, node: impl Into<String>) -> Self {
        let count = format!("{{{}:v{VERSION}:changes}}", options.prefix);
        let name = format!("{count}:told");
        let channel = Channel { connections, announce: Code::new(ANNOUNCE), count, name, node: node.into() };
        Self { channel: Arc::new(channel) }
    }
}

#[async_trait]
impl ChangeFeed for RedisFeed {
    async fn announce_change(&self, change: Change) -> Result<(), CacheError> {
        let Channel { connections, announce, count, name, node } = &*self.channel;
        let call = ScriptCall::new(announce, count).arg(name).arg(node).arg(word_of(change));
        Ok(call.run::<u64>(connections).await.map(drop)?)
    }

    /// Must be called within a runtime of tokio.
    fn changes(&self) -> Box<dyn Changes> {
        let (sender, changes) = mpsc::channel(WAITING);
        let task = tokio::spawn(listen(Arc::clone(&self.channel), sender));
        Box::new(Told { changes, _task: AbortOnDropHandle::new(task) })
    }
}

#[async_trait]
impl Changes for Told {
    async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }
}

/// Listens for ever, and connects again when that ends.
async fn listen(channel: Arc<Channel>, sender: mpsc::Sender<Change>) {
    let (mut pause, mut seen) = (FIRST_PAUSE, None);
    while !sender.is_closed() {
        let before = seen;
        match channel.listen_once(&sender, &mut seen).await {
            Ok(()) => tracing::debug!("the connection for changes has ended"),
            Err(error) => tracing::debug!(error = %error, "changes cannot be heard now"),
        }
        pause = if seen == before { (pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
        tokio::time::sleep(pause).await;
    }
}

// === impl Channel ===

impl Channel {
    /// Tells what comes until the connection ends. `seen` is the count of the last change that was told of.
    async fn listen_once(&self, sender: &mpsc::Sender<Change>, seen: &mut Option<u64>) -> Result<(), RedisCacheError> {
        if seen.is_none() {
            *seen = Some(self.count().await?);
        }
        let mut messages = self.connections.subscribe(&self.name).await?;
        let mut messages = messages.on_message();
        // What was announced before anybody listened.
        let count = self.count().await?;
        self.catch_up(count, sender, seen).await;
        let mut looks = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
        let mut counted = count;
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let text: String = message.get_payload().unwrap_or_default();
                    self.tell(&text, sender, seen).await;
                }
                _ = looks.tick() => {
                    let count = self.count().await?;
                    // Messages are on their way for a moment; not for as long as this.
                    if seen.is_some_and(|seen| seen < counted || count < seen) {
                        self.catch_up(count, sender, seen).await;
                        return Ok(());
                    }
                    counted = count;
                }
                () = sender.closed() => return Ok(()),
            }
        }
    }

    async fn count(&self) -> Result<u64, RedisCacheError> {
        let count: Option<u64> = self.connections.run(redis::cmd("GET").arg(&self.count)).await?;
        Ok(count.unwrap_or(0))
    }

    /// Tells that something was missed where the count says so. One that fell is that of a Redis that has lost everything.
    async fn catch_up(&self, count: u64, sender: &mpsc::Sender<Change>, seen: &mut Option<u64>) {
        if seen.is_some_and(|seen| seen != count) {
            send(sender, Change::Missed).await;
        }
        *seen = Some(count);
    }

    /// Tells one change: its count, what has changed and the node that announced it.
    async fn tell(&self, text: &str, sender: &mpsc::Sender<Change>, seen: &mut Option<u64>) {
        let mut words = text.splitn(3, ' ');
        let count = words.next().and_then(|word| word.parse::<u64>().ok());
        let changed = words.next().and_then(change_of);
        let (Some(count), Some(changed), Some(node)) = (count, changed, words.next()) else {
            tracing::debug!("a message that is no change was passed over");
            return;
        };
        // One that was caught up with already, or one after a gap.
        let last = seen.unwrap_or(0);
        if count <= last {
            return;
        }
        *seen = Some(count);
        let change = match (count == last + 1, node == self.node) {
            (false, _) => Change::Missed,
            (true, false) => changed,
            (true, true) => return,
        };
        send(sender, change).await;
    }
}

/// What has changed, as it is written.
fn word_of(change: Change) -> String {
    match change {
        Change::Service(id) => id.0.to_string(),
        Change::ClientKeys => CLIENT_KEYS.to_owned(),
        Change::Prices => PRICES.to_owned(),
        Change::Missed => ANYTHING.to_owned(),
    }
}

fn change_of(word: &str) -> Option<Change> {
    match word {
        CLIENT_KEYS => Some(Change::ClientKeys),
        PRICES => Some(Change::Prices),
        ANYTHING => Some(Change::Missed),
        id => id.parse().ok().map(|id| Change::Service(ServiceId(id))),
    }
}

async fn send(sender: &mpsc::Sender<Change>, change: Change) {
    // Its receiver may have gone, which the loop notices.
    let _gone = sender.send(change).await;
}
