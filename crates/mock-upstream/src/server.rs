//! The server and what it remembers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Response;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::body::Watched;
use crate::key::{KeyRecord, Treatment};
use crate::{Asked, Canned, KeyBehaviour, Ledger, Recorded, routes};

/// A running upstream on a free port of 127.0.0.1; it ends when dropped.
#[derive(Debug)]
pub struct MockUpstream {
    address: SocketAddr,
    state: Arc<State>,
    closing: CancellationToken,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct State {
    memory: Mutex<Memory>,
    changed: Notify,
    /// One permit for each event of `/sse` that may be sent.
    pub(crate) events: Semaphore,
}

#[derive(Debug, Default)]
struct Memory {
    keys: HashMap<String, KeyRecord>,
    requests: Vec<Recorded>,
    canned: Vec<(String, Canned)>,
    open_connections: usize,
    abandoned: usize,
    open_sockets: usize,
    /// By the numbers of requests that have one.
    ledgers: HashMap<u64, Ledger>,
}

/// One request that is being served.
#[derive(Debug)]
pub(crate) struct Presence {
    state: Arc<State>,
    key: String,
}

/// How many requests are remembered whole; all are counted.
const REMEMBERED: usize = 20_000;

// === impl MockUpstream ===

impl MockUpstream {
    /// Starts an upstream with which every key is good.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { memory: Mutex::default(), changed: Notify::new(), events: Semaphore::new(0) });
        let closing = CancellationToken::new();
        tokio::spawn(accept(listener, Arc::clone(&state), closing.clone()));
        Ok(Self { address, state, closing })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Says how a key behaves from now on.
    pub fn set_key(&self, key: &str, behaviour: KeyBehaviour) {
        self.state.memory().keys.entry(key.to_owned()).or_default().behaviour = behaviour;
    }

    /// Answers requests whose path holds `piece` in this way from now on; the piece that was named last counts.
    pub fn answer(&self, piece: &str, canned: Canned) {
        self.state.memory().canned.insert(0, (piece.to_owned(), canned));
    }

    /// The requests so far, in the order in which their heads arrived, once their bodies had been read.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.memory().requests.clone()
    }

    /// How many requests carried this key.
    #[must_use]
    pub fn hits(&self, key: &str) -> usize {
        self.state.memory().keys.get(key).map_or(0, |record| record.asked.len())
    }

    /// Every request that carried this key, in the order in which they came.
    #[must_use]
    pub fn asked(&self, key: &str) -> Vec<Asked> {
        self.state.memory().keys.get(key).map(|record| record.asked.clone()).unwrap_or_default()
    }

    /// How many requests were answered with 429, whatever their key.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.state.memory().keys.values().flat_map(|record| &record.asked).filter(|asked| asked.is_refused).count()
    }

    /// Whether the request of this number has come.
    pub(crate) fn was_asked(&self, number: u64) -> bool {
        self.state.memory().ledgers.contains_key(&number)
    }

    /// What was counted of the request of this number; then it is forgotten.
    pub(crate) fn take_ledger(&self, number: u64) -> Ledger {
        self.state.memory().ledgers.remove(&number).unwrap_or_default()
    }

    /// How many connections are open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.state.memory().open_connections
    }

    /// How many answers were not taken to their end.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        self.state.memory().abandoned
    }

    /// How many WebSockets are open.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.state.memory().open_sockets
    }

    /// Lets `/sse`, or a canned answer that waits, send one more event.
    pub fn release_event(&self) {
        self.state.events.add_permits(1);
    }

    /// Waits until a condition on this upstream holds; it is looked at after every change.
    pub async fn wait_for(&self, condition: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.state.changed.notified();
            if condition(self) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for MockUpstream {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

// === impl State ===

impl State {
    /// A request with a key has come; it is there until the presence is dropped.
    pub(crate) fn arrive(self: &Arc<Self>, key: &str, number: Option<u64>) -> (Treatment, Presence) {
        let treatment = self.memory().keys.entry(key.to_owned()).or_default().arrive(Instant::now());
        self.book(number, Ledger::arrived);
        self.changed.notify_waiters();
        (treatment, Presence { state: Arc::clone(self), key: key.to_owned() })
    }

    /// Writes something into the ledger of a request that has a number.
    pub(crate) fn book(&self, number: Option<u64>, entry: impl FnOnce() -> Ledger) {
        if let Some(number) = number {
            *self.memory().ledgers.entry(number).or_default() += entry();
        }
    }

    /// Remembers a request.
    pub(crate) fn record(&self, request: Recorded) {
        let mut memory = self.memory();
        if memory.requests.len() < REMEMBERED {
            memory.requests.push(request);
        }
        drop(memory);
        self.changed.notify_waiters();
    }

    /// The answer that a test wrote for a path.
    pub(crate) fn canned(&self, path: &str) -> Option<Canned> {
        let memory = self.memory();
        memory.canned.iter().find(|(piece, _)| path.contains(piece.as_str())).map(|(_, canned)| canned.clone())
    }

    pub(crate) fn count_abandoned(&self) {
        self.memory().abandoned += 1;
        self.changed.notify_waiters();
    }

    pub(crate) fn sockets(&self, change: impl Fn(usize) -> usize) {
        let mut memory = self.memory();
        memory.open_sockets = change(memory.open_sockets);
        drop(memory);
        self.changed.notify_waiters();
    }

    fn connections(&self, change: impl Fn(usize) -> usize) {
        let mut memory = self.memory();
        memory.open_connections = change(memory.open_connections);
        drop(memory);
        self.changed.notify_waiters();
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(record) = self.state.memory().keys.get_mut(&self.key) {
            record.leave();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>, closing: CancellationToken) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
            () = closing.cancelled() => return,
        };
        tokio::spawn(serve(stream, Arc::clone(&state), closing.clone()));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>, closing: CancellationToken) {
    state.connections(|open| open + 1);
    // Without it a small answer may wait for the client's acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let shared = Arc::clone(&state);
    let service = service_fn(move |request| {
        let state = Arc::clone(&shared);
        async move {
            let (response, presence): (Response<_>, _) = routes::answer(&state, request).await?;
            Ok::<_, io::Error>(response.map(|body| Watched::new(body, state, presence)))
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::select! {
        // How a connection ends is its client's business.
        _ = connection => {}
        () = closing.cancelled() => {}
    }
    state.connections(|open| open - 1);
}
