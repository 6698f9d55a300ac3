//! A mix of requests through a proxy, counted by those who send them and by the upstream that gets them: whole answers, streams,
//! refusals, failures, attempts that are repeated, and clients that go away.

mod question;
mod seen;

pub use seen::{Compared, Seen};

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::watch;

use self::question::{Ending, Question};
use self::seen::Ended;
use crate::ledger::NUMBER;
use crate::{KeyBehaviour, MockUpstream};

/// How many keys of the uneven pool are limited.
const LIMITED: usize = 20;
/// How long a client waits for a server that has gone to be back.
const PATIENCE: Duration = Duration::from_secs(120);

/// The upstream of a mix, and what is counted of it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Mix(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    upstream: MockUpstream,
    /// Where the proxy is.
    base: watch::Sender<String>,
    next: AtomicU64,
    ended: AtomicU64,
    kills: Mutex<Vec<Instant>>,
    seen: Mutex<Seen>,
}

/// What a request came to.
enum Outcome {
    Ended(Ended, u64),
    /// It never reached the proxy.
    NotSent,
    /// The connection broke.
    Cut,
}

// === impl Mix ===

impl Mix {
    /// Starts the upstream.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let upstream = MockUpstream::start().await?;
        upstream.set_key("sk-limited", KeyBehaviour::Limited(Some("1".to_owned())));
        for number in 0..LIMITED {
            upstream.set_key(&format!("sk-limited-{number}"), KeyBehaviour::Limited(Some("1".to_owned())));
        }
        Ok(Self(Arc::new(Inner {
            upstream,
            base: watch::Sender::new(String::new()),
            next: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            kills: Mutex::default(),
            seen: Mutex::default(),
        })))
    }

    /// The services that the proxy must have, as its admin API takes them.
    #[must_use]
    pub fn services(&self) -> Vec<Value> {
        let base = self.0.upstream.base_url();
        let generic = |slug: &str, keys: Vec<String>| {
            json!({
                "name": slug, "slug": slug, "config_type": "GENERIC", "target_url": base, "method": "ANY",
                "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ",
                "api_keys": keys,
            })
        };
        let keys =
            |name: &str, count: usize| (0..count).map(|number| format!("sk-{name}-{number}")).collect::<Vec<_>>();
        let mut limited = generic("mix-limited", vec!["sk-limited".to_owned()]);
        limited["max_waiting"] = json!(0);
        let chat = json!({
            "name": "mix-chat", "slug": "mix-chat", "config_type": "LLM", "target_base_url": format!("{base}/v1"),
            "api_keys": keys("chat", 7),
        });
        vec![
            generic("mix", keys("good", 5)),
            limited,
            generic("mix-uneven", [keys("limited", LIMITED), keys("even", 3)].concat()),
            chat,
        ]
    }

    /// The proxy is at this address, from now on.
    pub fn serve_at(&self, base: &str) {
        self.0.base.send_replace(base.to_owned());
    }

    /// The proxy is killed now.
    pub fn killed(&self) {
        lock(&self.0.kills).push(Instant::now());
    }

    /// How many requests have ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Sends so many requests, so many at once, and gives what came of them.
    ///
    /// # Errors
    /// When the proxy goes away and does not come back.
    pub async fn run(&self, requests: u64, at_once: usize, client_key: &str) -> io::Result<Seen> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                let worker = Worker {
                    mix: Arc::clone(&self.0),
                    client: Client::clone(&client),
                    client_key: client_key.to_owned(),
                    base: self.0.base.subscribe(),
                };
                tokio::spawn(worker.run(requests))
            })
            .collect();
        for worker in workers {
            worker.await.map_err(io::Error::other)??;
        }
        let mut seen = std::mem::take(&mut *lock(&self.0.seen));
        seen.close(&lock(&self.0.kills));
        Ok(seen)
    }
}

/// One client after the other.
struct Worker {
    mix: Arc<Inner>,
    client: Client<HttpConnector, Full<Bytes>>,
    client_key: String,
    base: watch::Receiver<String>,
}

// === impl Worker ===

impl Worker {
    async fn run(mut self, requests: u64) -> io::Result<()> {
        loop {
            let number = self.mix.next.fetch_add(1, Ordering::Relaxed);
            if number >= requests {
                return Ok(());
            }
            let question = Question::of(number);
            let outcome = loop {
                let base = self.base.borrow_and_update().clone();
                match self.ask(number, &base, &question).await? {
                    Outcome::NotSent => {
                        let back = tokio::time::timeout(PATIENCE, self.base.changed()).await;
                        back.map_err(|_| io::Error::other("the proxy is away"))?.map_err(io::Error::other)?;
                    }
                    outcome => break outcome,
                }
            };
            self.count(number, &question, &outcome);
        }
    }

    async fn ask(&self, number: u64, base: &str, question: &Question) -> io::Result<Outcome> {
        let request = Request::builder()
            .method(&question.method)
            .uri(format!("{base}{}", question.path))
            .header("x-proxy-key", &self.client_key)
            .header("content-type", "application/json")
            .header(NUMBER, number)
            .body(Full::new(Bytes::from(question.body.clone())))
            .map_err(io::Error::other)?;
        let asked = self.client.request(request);
        let answered = if question.ending == Ending::LeftBefore {
            tokio::select! {
                answered = asked => answered,
                () = self.mix.upstream.wait_for(|upstream| upstream.was_asked(number)) => {
                    return Ok(Outcome::Ended(Ended::Left, 0));
                }
            }
        } else {
            asked.await
        };
        Ok(match answered {
            Ok(answer) => read(answer, question.ending).await,
            Err(error) => unanswered(&error),
        })
    }

    fn count(&self, number: u64, question: &Question, outcome: &Outcome) {
        let (ledger, sent) = (self.mix.upstream.take_ledger(number), question.body.len() as u64);
        let mut seen = lock(&self.mix.seen);
        match *outcome {
            Outcome::Ended(ended, received) => {
                if let Ended::Whole(status) = ended
                    && status != question.status
                {
                    seen.surprise(&question.path, status);
                }
                if question.ending != Ending::Uncounted {
                    seen.ended(ended, sent, received, ledger);
                }
            }
            Outcome::Cut => seen.cut(sent, ledger),
            Outcome::NotSent => {}
        }
        drop(seen);
        self.mix.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads an answer as far as its client reads it.
async fn read(answer: Response<Incoming>, ending: Ending) -> Outcome {
    let (status, mut body, mut received) = (answer.status(), answer.into_body(), 0);
    loop {
        match body.frame().await {
            Some(Ok(frame)) => received += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) if ending == Ending::Broken(received) => return Outcome::Ended(Ended::Broken, received),
            Some(Err(_)) => return Outcome::Cut,
            None => return Outcome::Ended(Ended::Whole(status), received),
        }
        if ending == Ending::LeftAfter(received) {
            return Outcome::Ended(Ended::Left, received);
        }
    }
}

fn unanswered(error: &Error) -> Outcome {
    if error.is_connect() { Outcome::NotSent } else { Outcome::Cut }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
