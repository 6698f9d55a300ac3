//! The connections to Redis, and what is known of it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, PoolError};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, TlsCertificates, Value};

use crate::{RedisCacheError, RedisOptions};

/// The oldest server whose commands suffice.
const OLDEST: u32 = 6;

/// A bounded number of connections. Each is taken from the pool once and kept, since the pool asks whoever comes back whether it
/// lives, which would cost every pick a second round trip; calls that come together go through one connection one after the
/// other, as Redis itself does them.
#[derive(Clone)]
pub struct Connections {
    pool: Pool,
    client: Arc<Client>,
    kept: Arc<Kept>,
    connect_timeout: Duration,
    command_timeout: Duration,
}

/// The connections in use.
struct Kept {
    places: Vec<Mutex<Place>>,
    /// Held by the call that fills a place.
    connecting: Vec<tokio::sync::Mutex<()>>,
    next: AtomicUsize,
}

/// A connection, and how many were here before it.
#[derive(Default)]
struct Place {
    connection: Option<Connection>,
    generation: u64,
}

// === impl Connections ===

impl Connections {
    /// Reads the address; nothing is connected yet.
    ///
    /// # Errors
    /// The address or the certificates do not read.
    pub fn new(options: &RedisOptions) -> Result<Self, RedisCacheError> {
        let url = options.url.as_str();
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another part of the program may choose one at the same time: then that one is used.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let unread = |error: RedisError| RedisCacheError::Url(error.to_string());
        let client = match &options.root_certificates {
            None => Client::open(url),
            Some(certificates) => {
                let tls = TlsCertificates { client_tls: None, root_cert: Some(certificates.clone()) };
                Client::build_with_tls(url, tls)
            }
        };
        let client = Arc::new(client.map_err(unread)?);
        // Times are bounded here, by the kind of call.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_timeout))
            .set_response_timeout(None);
        let unusable = |error: &dyn fmt::Display| RedisCacheError::Url(error.to_string());
        let manager = Manager::new_with_config(client.get_connection_info().clone(), config).map_err(unread)?;
        let connections = options.connections.max(1);
        let pool = Pool::builder(manager).max_size(connections).build().map_err(|error| unusable(&error))?;
        let kept = Kept::new(connections);
        let RedisOptions { connect_timeout, command_timeout, .. } = *options;
        Ok(Self { pool, client, kept: Arc::new(kept), connect_timeout, command_timeout })
    }

    /// Connects, and makes sure that the server can be used.
    ///
    /// # Errors
    /// Names the cause: nobody answers, the password is wrong, the server is too old, or it is a replica.
    pub async fn check(&self) -> Result<(), RedisCacheError> {
        let info: String = self.run_slow(&redis::cmd("INFO")).await?;
        usable(&info)
    }

    /// Runs a command for which somebody waits: within the command timeout, a new connection included.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisCacheError> {
        read(self.within(self.command_timeout, command).await?)
    }

    /// Runs a command that carries much, and for which somebody waits.
    pub(crate) async fn run_large<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisCacheError> {
        let limit = self.command_timeout * 5;
        read(self.within(limit, command).await?)
    }

    /// Runs a command that may take longer, and for which no request waits.
    pub(crate) async fn run_slow<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisCacheError> {
        let limit = self.connect_timeout.max(self.command_timeout) * 5;
        read(self.within(limit, command).await?)
    }

    /// A connection for messages that others publish.
    pub(crate) async fn subscribe(&self, channel: &str) -> Result<redis::aio::PubSub, RedisCacheError> {
        let connect = async {
            let mut messages = self.client.get_async_pubsub().await?;
            messages.subscribe(channel).await?;
            Ok(messages)
        };
        let connected = tokio::time::timeout(self.connect_timeout, connect).await;
        connected.unwrap_or(Err(RedisCacheError::TimedOut(self.connect_timeout)))
    }

    /// Runs a command within a time. Connections that a restart of Redis has broken are told by their use only: one more try is
    /// made with a new one. So a command may be done twice: a lease is told
    /// apart by its ticket, and of what is counted there may be one too many.
    async fn within(&self, limit: Duration, command: &Cmd) -> Result<Value, RedisCacheError> {
        let tries = async {
            match self.once(command).await {
                Err(error) if error.is_connection_dropped() && !error.is_timeout() => {
                    self.kept.forget_all();
                    self.once(command).await
                }
                answer => answer,
            }
        };
        match tokio::time::timeout(limit, tries).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                // Nobody knows which of them still lead anywhere.
                self.kept.forget_all();
                Err(RedisCacheError::TimedOut(limit))
            }
        }
    }

    async fn once(&self, command: &Cmd) -> Result<Value, RedisError> {
        let place = self.kept.next_place();
        let (mut connection, generation) = match self.kept.get(place) {
            Some(kept) => kept,
            None => self.connect(place).await?,
        };
        let answer = connection.req_packed_command(command).await;
        if answer.as_ref().is_err_and(|error| error.is_unrecoverable_error() || error.is_io_error()) {
            self.kept.forget(place, generation);
        }
        answer
    }

    /// Fills a place. One call does it for all that wait there: the pool has no more connections than there are places, and
    /// gets none of them back.
    async fn connect(&self, place: usize) -> Result<(MultiplexedConnection, u64), RedisError> {
        let _connecting = match self.kept.connecting.get(place) {
            Some(connecting) => Some(connecting.lock().await),
            None => None,
        };
        if let Some(kept) = self.kept.get(place) {
            return Ok(kept);
        }
        let connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            other => RedisError::from((ErrorKind::Io, "no connection", other.to_string())),
        })?;
        Ok(self.kept.put(place, connection))
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("status", &self.pool.status()).finish_non_exhaustive()
    }
}

/// Whether a server that says this of itself can be used.
fn usable(info: &str) -> Result<(), RedisCacheError> {
    let field = |name: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value.trim().to_owned())
    };
    // Valkey says here which Redis it is like.
    let version = field("redis_version").unwrap_or_default();
    if version.split('.').next().and_then(|major| major.parse().ok()).is_some_and(|major: u32| major < OLDEST) {
        return Err(RedisCacheError::TooOld { version });
    }
    if field("role").as_deref() == Some("slave") && field("slave_read_only").as_deref() != Some("0") {
        return Err(RedisCacheError::Replica);
    }
    Ok(())
}

fn read<T: FromRedisValue>(value: Value) -> Result<T, RedisCacheError> {
    let value = value.extract_error()?;
    redis::from_redis_value(value).map_err(|error| RedisCacheError::Answer(error.to_string()))
}

// === impl Kept ===

impl Kept {
    fn new(places: usize) -> Self {
        let connecting = (0..places).map(|_| tokio::sync::Mutex::default()).collect();
        Self { places: (0..places).map(|_| Mutex::default()).collect(), connecting, next: AtomicUsize::new(0) }
    }

    fn next_place(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.places.len().max(1)
    }

    fn get(&self, place: usize) -> Option<(MultiplexedConnection, u64)> {
        self.at(place, |place| place.connection.as_ref().map(|kept| ((**kept).clone(), place.generation)))
    }

    /// Keeps a connection.
    fn put(&self, place: usize, connection: Connection) -> (MultiplexedConnection, u64) {
        let handle = (*connection).clone();
        self.at(place, |place| {
            place.let_go();
            place.connection = Some(connection);
            (handle, place.generation)
        })
    }

    /// Lets a connection go that broke, unless it is another one by now.
    fn forget(&self, place: usize, generation: u64) {
        self.at(place, |place| {
            if place.generation == generation {
                place.let_go();
            }
        });
    }

    fn forget_all(&self) {
        (0..self.places.len()).for_each(|place| self.at(place, Place::let_go));
    }

    fn at<T>(&self, place: usize, act: impl FnOnce(&mut Place) -> T) -> T {
        match self.places.get(place) {
            Some(place) => act(&mut place.lock().unwrap_or_else(PoisonError::into_inner)),
            None => act(&mut Place::default()),
        }
    }
}

// === impl Place ===

impl Place {
    /// Ends the connection, which does not go back to the pool.
    fn let_go(&mut self) {
        self.generation += 1;
        drop(self.connection.take().map(Connection::take));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_and_a_replica_are_told_by_what_they_say() {
        let said =
            |version: &str, role: &str| usable(&format!("# Server\r\nredis_version:{version}\r\nrole:{role}\r\n"));
        assert!(said("6.0.0", "master").is_ok() && said("255.255.255", "master").is_ok());
        let error = said("5.0.14", "master").unwrap_err();
        assert_eq!(error.to_string(), "redis 5.0.14 is too old: 6.0 or later is needed");
        assert!(matches!(said("7.2.4", "slave"), Err(RedisCacheError::Replica)));
    }
}
