//! Who is measured.

use std::path::PathBuf;
use std::str::FromStr;

use rotator_test_services::Redis;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::generator::{Body, Generator, Load};
use super::place::{self, Place};
use super::proxies::Daemon;
use super::report::Part;
use crate::bench::{load, overhead};
use crate::error::TaskError;
use crate::server::{Admin, CLIENT_KEY, Server, client};

/// Keys of each pool.
const KEYS: usize = 10;

/// Who may be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Upstream,
    Nginx,
    Haproxy,
    Lightweight,
    Server,
    WithoutUsage,
    Limits,
    RequestLog,
    Redis,
}

/// A proxy that runs already, told by `NAME=URL`.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) url: String,
}

/// What everybody is started with.
pub(super) struct Ground {
    pub(super) place: Place,
    pub(super) generator: Generator,
    pub(super) upstream: Server,
    pub(super) nginx: Option<PathBuf>,
    pub(super) haproxy: Option<PathBuf>,
    pub(super) lightweight: Option<PathBuf>,
    pub(super) server: PathBuf,
}

/// One that runs; dropped, it is ended.
pub(super) struct Contestant {
    pub(super) name: String,
    /// Nothing of a peer.
    kind: Option<Kind>,
    address: Address,
    headers: Vec<String>,
    running: Running,
}

enum Address {
    /// What stands before the upstream's paths.
    Before(String),
    /// All of it.
    Whole(String),
}

enum Running {
    Server {
        server: Server,
        scraping: JoinHandle<()>,
        redis: Option<Redis>,
        _folder: TempDir,
    },
    Daemon(Daemon),
    /// Somebody else's, and its first process where that is known.
    Elsewhere(Option<u32>),
}

// === impl Kind ===

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Upstream,
        Self::Nginx,
        Self::Haproxy,
        Self::Lightweight,
        Self::Server,
        Self::WithoutUsage,
        Self::Limits,
        Self::RequestLog,
        Self::Redis,
    ];

    /// Whether it is measured in a part. All of this server's editions and features are compared where it matters most.
    pub(super) fn is_in(self, part: Part) -> bool {
        match part {
            Part::Throughput => true,
            Part::Latency => matches!(self, Self::Upstream | Self::Nginx | Self::Haproxy | Self::Server | Self::Redis),
            Part::Bodies | Part::Events | Part::Streams => {
                matches!(self, Self::Upstream | Self::Nginx | Self::Haproxy | Self::Server)
            }
            Part::Conversion => self == Self::Server,
            Part::Memory => matches!(self, Self::Nginx | Self::Haproxy | Self::Lightweight | Self::Server),
        }
    }

    /// In tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream alone",
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Lightweight => "rotator, lightweight",
            Self::Server => "rotator",
            Self::WithoutUsage => "rotator, no usage",
            Self::Limits => "rotator, six limits",
            Self::RequestLog => "rotator, request log",
            Self::Redis => "rotator, Redis",
        }
    }
}

// === impl Peer ===

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, url)) if !name.is_empty() && url.starts_with("http://") => {
                Ok(Self { name: name.to_owned(), url: url.to_owned() })
            }
            _ => Err("a peer is NAME=http://...".to_owned()),
        }
    }
}

// === impl Ground ===

impl Ground {
    /// Why one cannot be started here.
    pub(super) fn missing(&self, kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Nginx if self.nginx.is_none() => Some("nginx is missing (Debian: apt-get install nginx-light)"),
            Kind::Haproxy if self.haproxy.is_none() => Some("haproxy is missing (Debian: apt-get install haproxy)"),
            Kind::Redis if place::find("redis-server").is_none() => {
                Some("redis-server is missing (Debian: apt-get install redis-server)")
            }
            Kind::Lightweight if self.lightweight.is_none() => {
                Some("--server names one edition (name the other by --lightweight)")
            }
            _ => None,
        }
    }

    /// Starts one.
    pub(super) async fn start(&self, kind: Kind) -> Result<Contestant, TaskError> {
        let gone = || TaskError::Failed(format!("{} cannot be started", kind.name()));
        let daemon = match kind {
            Kind::Upstream => {
                let (address, id) = (Address::Before(self.upstream.base.clone()), self.upstream.id());
                let running = Running::Elsewhere(Some(id));
                return Ok(Contestant {
                    name: kind.name().to_owned(),
                    kind: Some(kind),
                    address,
                    headers: Vec::new(),
                    running,
                });
            }
            Kind::Nginx => Daemon::nginx(&self.place, self.nginx.as_deref().ok_or_else(gone)?, &self.upstream.base)?,
            Kind::Haproxy => {
                Daemon::haproxy(&self.place, self.haproxy.as_deref().ok_or_else(gone)?, &self.upstream.base)?
            }
            _ => return self.start_server(kind).await,
        };
        let address = Address::Before(daemon.base.clone());
        Ok(Contestant {
            name: kind.name().to_owned(),
            kind: Some(kind),
            address,
            headers: Vec::new(),
            running: Running::Daemon(daemon),
        })
    }

    async fn start_server(&self, kind: Kind) -> Result<Contestant, TaskError> {
        let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for a server", error))?;
        let program = if kind == Kind::Lightweight { self.lightweight.as_ref() } else { None };
        let mut command = self.place.measured(program.unwrap_or(&self.server));
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        if kind == Kind::WithoutUsage {
            command.env("ROTATOR_USAGE", "false");
        }
        let redis = match kind {
            Kind::Redis => Some(Redis::start().map_err(|error| TaskError::failed("redis", error))?),
            _ => None,
        };
        if let Some(redis) = &redis {
            command.env("REDIS_URL", redis.url());
        }
        let server = Server::start(&mut command, folder.path())?;
        let admin = Admin::login(&client(), &server).await?;
        for service in self.services(kind) {
            admin.post("proxy-configs", &service).await?;
        }
        let key = if kind == Kind::Limits { overhead::limited_key(&admin).await? } else { CLIENT_KEY.to_owned() };
        let headers = vec![format!("X-Proxy-Key: {key}")];
        let address = Address::Before(format!("{}/proxy/bench", server.base));
        let scraping = tokio::spawn(overhead::scrape(&server));
        let running = Running::Server { server, scraping, redis, _folder: folder };
        Ok(Contestant { name: kind.name().to_owned(), kind: Some(kind), address, headers, running })
    }

    /// The services of a server: any API, a chat as it is, and a chat for clients of another format.
    fn services(&self, kind: Kind) -> [Value; 3] {
        let log = if kind == Kind::RequestLog { "metadata" } else { "off" };
        let chat = format!("{}/v1", self.upstream.base);
        let converted = json!({
            "name": "Converted", "slug": "converted", "config_type": "LLM", "target_base_url": &chat, "output_format": "anthropic",
        });
        [
            json!({"log_requests": log}),
            json!({"name": "Chat", "slug": "chat", "config_type": "LLM", "target_base_url": &chat}),
            converted,
        ]
        .map(|fields| load::service(&self.upstream, KEYS, &fields))
    }
}

// === impl Contestant ===

impl Contestant {
    /// One that somebody else has started.
    pub(super) fn peer(peer: &Peer, process: Option<u32>, headers: &[String]) -> Self {
        let (address, running) = (Address::Whole(peer.url.clone()), Running::Elsewhere(process));
        Self { name: peer.name.clone(), kind: None, address, headers: headers.to_vec(), running }
    }

    /// Whether it is measured in a part; what a peer answers with is its own affair.
    pub(super) fn is_in(&self, part: Part) -> bool {
        self.kind.map_or_else(|| matches!(part, Part::Throughput | Part::Latency), |kind| kind.is_in(part))
    }

    /// Whether it is the upstream, which is there all the time.
    pub(super) fn is_upstream(&self) -> bool {
        self.kind == Some(Kind::Upstream)
    }

    /// What is asked of it for a path of the upstream.
    pub(super) fn load(&self, path: &str, body: Body, connections: u32) -> Load {
        let url = match &self.address {
            Address::Before(base) => format!("{base}{path}"),
            Address::Whole(url) => url.clone(),
        };
        Load { url, headers: self.headers.clone(), body, connections }
    }

    /// What is asked of it at the door for language models; a server's alone.
    pub(super) fn chat(&self, path: &str, body: Body, connections: u32) -> Option<Load> {
        let Running::Server { server, .. } = &self.running else { return None };
        let url = format!("{}/llm/{path}", server.base);
        Some(Load { url, headers: self.headers.clone(), body, connections })
    }

    /// How much of a processor it has used, in seconds; nothing where its processes are not known.
    pub(super) fn processor_time(&self) -> Result<Option<f64>, TaskError> {
        self.id().map(place::processor_time_of_all).transpose()
    }

    /// The same of its Redis.
    pub(super) fn processor_time_of_redis(&self) -> Result<Option<f64>, TaskError> {
        match &self.running {
            Running::Server { redis: Some(redis), .. } => place::processor_time_of_all(redis.id()).map(Some),
            _ => Ok(None),
        }
    }

    /// Its memory, in KiB.
    pub(super) fn memory(&self) -> Result<Option<f64>, TaskError> {
        self.id().map(place::memory_of_all).transpose()
    }

    fn id(&self) -> Option<u32> {
        match &self.running {
            Running::Server { server, .. } => Some(server.id()),
            Running::Daemon(daemon) => Some(daemon.id()),
            Running::Elsewhere(id) => *id,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Server { scraping, .. } = self {
            scraping.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_name_and_a_url() {
        let peer: Peer = "other=http://127.0.0.1:4000/v1/a?b=c".parse().unwrap();
        assert_eq!((peer.name.as_str(), peer.url.as_str()), ("other", "http://127.0.0.1:4000/v1/a?b=c"));
        for wrong in ["other", "=http://127.0.0.1/", "other=https://127.0.0.1/", ""] {
            assert!(wrong.parse::<Peer>().is_err(), "{wrong}");
        }
    }
}
