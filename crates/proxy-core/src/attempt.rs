//! The attempt loop: key after key, until one serves, none is left or the time is over.

mod answer;
mod breakers;
mod held;
mod oddities;
mod send;
mod waiting;

pub(crate) use answer::read;
pub(crate) use breakers::Breakers;
pub(crate) use held::Held;
pub(crate) use oddities::Oddities;
pub(crate) use send::{Outgoing, SendFailure, send};
pub(crate) use waiting::WaitingRoom;

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use rotator_cache_trait::CacheError;
use rotator_domain::rotation::{Attempted, Course, Learning, Lease, Next, PickRequest, Step};
use rotator_domain::{KeyId, Reading, Timestamp, Verdict};
use tokio::time::Instant;

use self::waiting::Lines;
use crate::body::{Replay, UpstreamBody};
use crate::catalog::ServiceEntry;
use crate::demand::Demand;
use crate::observe::AttemptOutcome;
use crate::proxy::Shared;
use crate::refusal::Refusal;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::upstream::SendError;

/// How long a client is told to wait when all keys are busy: nobody knows when a request ends.
const BUSY: Duration = Duration::from_secs(1);

/// The answer that goes to the client.
pub(crate) struct Served {
    pub(crate) response: Response<UpstreamBody>,
    pub(crate) held: Held,
    pub(crate) attempts: u32,
}

/// One request on its way through the keys.
struct Run<'a> {
    shared: &'a Arc<Shared>,
    entry: &'a ServiceEntry,
    demand: &'a Demand,
    tally: &'a mut Tally,
    lines: Arc<Lines>,
    began: Instant,
    course: Course,
    tried: Vec<KeyId>,
    /// The tried keys that are not cooling, which nobody need wait for.
    hopeless: Vec<KeyId>,
    /// The answer that goes to the client when no key does better.
    kept: Option<(Response<UpstreamBody>, Held)>,
    failure: Option<Refusal>,
    waits_until: Option<Instant>,
}

/// Sends the request with one key after the other and gives the answer that goes to the client.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    entry: &ServiceEntry,
    demand: &Demand,
    outgoing: &Outgoing,
    replay: &Replay,
    tally: &mut Tally,
) -> Result<Served, Refusal> {
    tally.asks(demand.model.as_deref());
    let mut run = Run {
        shared,
        entry,
        demand,
        tally,
        lines: shared.waiting.of(entry.id()),
        began: Instant::now(),
        course: Course::default(),
        tried: Vec::new(),
        hopeless: Vec::new(),
        kept: None,
        failure: None,
        waits_until: None,
    };
    loop {
        let Some(lease) = run.next_lease().await? else {
            return run.end();
        };
        let key = lease.key;
        let held = Held::new(shared, &run.lines, entry.id(), lease);
        run.tried.push(key);
        // The pool may be newer than this request's catalog for a moment.
        let Some(material) = entry.key(key) else { continue };
        let traced = run.tally.attempts(shared, entry, key, outgoing);
        let outgoing = traced.as_ref().unwrap_or(outgoing);
        let pause = match send(shared, entry, outgoing, replay, material).await {
            Ok(response) => match run.answered(response, held, replay).await? {
                Ok(served) => {
                    run.tally.served(shared, entry, key);
                    return Ok(served);
                }
                Err(pause) => pause,
            },
            Err(failure) => run.failed(&held, replay, failure)?,
        };
        if !pause.is_zero() {
            tokio::time::sleep_until((Instant::now() + pause).min(run.deadline())).await;
        }
        if Instant::now() >= run.deadline() {
            return run.end();
        }
    }
}

/// Takes up what an answer says about a key, and tells it where somebody should know.
pub(crate) fn told(entry: &ServiceEntry, key: KeyId, reading: &Reading, status: u16, learning: Learning) {
    let outcome = reading.verdict.name();
    match learning {
        Learning::Nothing => {}
        Learning::Cooling(cooling) => tracing::info!(
            service.slug = %entry.slug(),
            key.id = %key,
            upstream.status = status,
            cooldown.ms = u64::try_from(cooling.until.saturating_since(cooling.since).as_millis()).unwrap_or(u64::MAX),
            "a key is {outcome} and left alone for a while"
        ),
        Learning::Out { .. } => tracing::warn!(
            service.slug = %entry.slug(),
            key.id = %key,
            upstream.status = status,
            "a key is {outcome} and not used until a test shows that it works"
        ),
    }
}

// === impl Run ===

impl Run<'_> {
    /// The next key; waits for one where that is worth it. `None` when no key is left.
    async fn next_lease(&mut self) -> Result<Option<Lease>, Refusal> {
        let model = self.demand.model.as_deref();
        if !self.lines.is_queued(model) {
            match self.pick().await? {
                Next::Lease(lease) => return Ok(Some(lease)),
                Next::None { retry_at, is_busy } => {
                    let Some(wait) = self.wait_of(retry_at, is_busy) else { return Ok(None) };
                    self.worth_waiting(wait, is_busy)?;
                }
            }
        }
        let until = self.waiting_until();
        let most = self.entry.policy.waiting.max_waiting;
        let Some(mut place) = self.lines.join(model, most) else {
            return Err(self.limited().await?);
        };
        let _in_line = self.entry.metrics(self.shared).wait();
        // Those that were tried may have returned by then.
        self.tried.clone_from(&self.hopeless);
        if !place.come_first(until).await {
            return Err(self.limited().await?);
        }
        loop {
            let look = async || match self.pick().await {
                Err(refusal) => Ok(Err(refusal)),
                Ok(Next::Lease(lease)) => Ok(Ok(Some(lease))),
                Ok(Next::None { retry_at, is_busy }) => match self.wait_of(retry_at, is_busy) {
                    None => Ok(Ok(None)),
                    Some(wait) => match self.worth_waiting(wait, is_busy) {
                        Err(refusal) => Ok(Err(refusal)),
                        // Who only waits for a request to end is woken by it.
                        Ok(()) => Err(retry_at.map(|_| wait)),
                    },
                },
            };
            if let Some(found) = place.rest(until, look).await {
                return found;
            }
            if Instant::now() >= until {
                return Err(self.limited().await?);
            }
        }
    }

    async fn pick(&self) -> Result<Next, Refusal> {
        let Demand { model, session, is_pinned, tokens, .. } = self.demand;
        let now = self.shared.clock.now();
        let request = PickRequest {
            model: model.as_deref(),
            tried: &self.tried,
            session: *session,
            is_pinned: *is_pinned,
            tokens: *tokens,
            now,
        };
        self.shared.rotation.pick(self.entry.id(), request).await.map_err(no_rotation)
    }

    /// How long until a key may serve; `None` when none will.
    fn wait_of(&self, retry_at: Option<Timestamp>, is_busy: bool) -> Option<Duration> {
        let returns = retry_at.map(|at| at.saturating_since(self.shared.clock.now()).max(Duration::from_millis(1)));
        returns.or(is_busy.then_some(BUSY))
    }

    /// An error when the first key returns only after this request's time is over.
    fn worth_waiting(&self, wait: Duration, is_busy: bool) -> Result<(), Refusal> {
        let has_time = is_busy || Instant::now() + wait <= self.waiting_until_or_now();
        if has_time && self.entry.policy.waiting.max_waiting > 0 { Ok(()) } else { Err(Refusal::Cooling(wait)) }
    }

    /// The refusal that says when the first key returns.
    async fn limited(&self) -> Result<Refusal, Refusal> {
        Ok(match self.pick().await? {
            Next::Lease(lease) => {
                // One has come in the last moment, and the time is over all the same.
                drop(Held::new(self.shared, &self.lines, self.entry.id(), lease));
                Refusal::Cooling(BUSY)
            }
            Next::None { retry_at, is_busy } => {
                self.wait_of(retry_at, is_busy).map_or(Refusal::NoUsableKey, Refusal::Cooling)
            }
        })
    }

    /// Until when it waits for keys, all its waits together.
    fn waiting_until(&mut self) -> Instant {
        let until = self.waiting_until_or_now();
        *self.waits_until.insert(until)
    }

    fn waiting_until_or_now(&self) -> Instant {
        let until = self.waits_until.unwrap_or_else(|| Instant::now() + self.entry.policy.waiting.longest);
        until.min(self.deadline())
    }

    fn deadline(&self) -> Instant {
        self.began + self.entry.policy.attempts.deadline
    }

    /// What becomes of an answer: it goes to the client, or another attempt follows after a pause.
    async fn answered(
        &mut self,
        response: Response<Incoming>,
        mut held: Held,
        replay: &Replay,
    ) -> Result<Result<Served, Duration>, Refusal> {
        let (shared, entry) = (self.shared, self.entry);
        let idle = entry.idle_timeout(shared);
        let (response, reading) = answer::read(entry, response, idle, shared.clock.now()).await;
        entry.metrics(shared).attempted(reading.verdict.into());
        self.tally.attempted(entry, held.lease().key, Some(reading.verdict));
        if let Some(spans) = self.tally.spans() {
            spans.answered(response.status().as_u16(), reading.verdict);
        }
        shared.oddities.tell(entry, &reading);
        let verdict = reading.verdict;
        // Nobody waits for what concerns this request alone.
        if reading.can_wait() && !held.lease().is_probe() {
            held.answered(reading);
        } else {
            let learned = shared.rotation.learn(entry.id(), held.lease(), &reading, shared.clock.now()).await;
            told(entry, held.lease().key, &reading, response.status().as_u16(), learned.map_err(no_rotation)?);
        }
        let attempted = Attempted::Answered(verdict);
        let (may_repeat, is_replayable) = (self.demand.may_repeat, replay.is_replayable());
        match self.course.after(attempted, &entry.policy.attempts, may_repeat, is_replayable) {
            Step::Again { pause } => {
                self.tally.spans().into_iter().for_each(Trace::attempt_is_over);
                let is_cooling = matches!(verdict, Verdict::CoolDown { .. } | Verdict::OutOfQuota { .. });
                if !is_cooling {
                    self.hopeless.push(held.lease().key);
                }
                if matches!(verdict, Verdict::Forbidden | Verdict::UpstreamFault { .. }) {
                    self.kept = Some((response, held));
                }
                Ok(Err(pause))
            }
            // The client must not take the upstream's word about its key for one about its own.
            Step::Finish if matches!(verdict, Verdict::Dead | Verdict::OutOfQuota { .. }) => Err(Refusal::NoUsableKey),
            Step::Finish => Ok(Ok(Served { response, held, attempts: self.course.attempts() })),
        }
    }

    /// What becomes of an attempt without an answer: the refusal to tell, or another attempt after a pause.
    fn failed(&mut self, held: &Held, replay: &Replay, failure: SendFailure) -> Result<Duration, Refusal> {
        if let Some(spans) = self.tally.spans() {
            spans.failed(&failure);
        }
        let (error, refusal) = match failure {
            SendFailure::BadPath => {
                self.tally.did_not_attempt();
                return Err(Refusal::BadPath);
            }
            SendFailure::Barred(until) => {
                self.tally.did_not_attempt();
                let wait = until.saturating_since(self.shared.clock.now());
                self.entry.metrics(self.shared).attempted(AttemptOutcome::Barred);
                return Err(Refusal::Resting(wait));
            }
            SendFailure::Send(error) => {
                let refusal = match &error {
                    SendError::NotSent(_) => Refusal::Unreachable,
                    SendError::Broken(_) => Refusal::Broken,
                    SendError::Timeout(_) => Refusal::Timeout,
                    SendError::ClientStalled(_) => Refusal::BodyStalled,
                    SendError::ClientBody(_) if replay.is_too_long() => Refusal::BodyTooLong,
                    SendError::ClientBody(_) => Refusal::BodyCutShort,
                };
                (error, refusal)
            }
        };
        self.entry.metrics(self.shared).attempted((&error).into());
        self.tally.attempted(self.entry, held.lease().key, None);
        tracing::warn!(
            service.slug = %self.entry.slug(),
            key.id = %held.lease().key,
            error = %error,
            cause = error_chain(&error),
            "an attempt brought no answer"
        );
        let attempted = match error {
            SendError::NotSent(_) => Attempted::NotSent,
            SendError::Broken(_) => Attempted::Lost,
            // A slow upstream is no faster for being asked twice, and a client's fault is the client's.
            _ => return Err(refusal),
        };
        self.hopeless.push(held.lease().key);
        let (may_repeat, is_replayable) = (self.demand.may_repeat, replay.is_replayable());
        match self.course.after(attempted, &self.entry.policy.attempts, may_repeat, is_replayable) {
            Step::Again { pause } => {
                self.failure = Some(refusal);
                Ok(pause)
            }
            Step::Finish => Err(refusal),
        }
    }

    /// The answer when no key is left, or no time.
    fn end(self) -> Result<Served, Refusal> {
        match self.kept {
            Some((response, held)) => {
                self.tally.served(self.shared, self.entry, held.lease().key);
                Ok(Served { response, held, attempts: self.course.attempts() })
            }
            None => Err(self.failure.unwrap_or(Refusal::NoUsableKey)),
        }
    }
}

fn no_rotation(error: CacheError) -> Refusal {
    tracing::error!(error = %error, cause = error_chain(&error), "the rotation state does not answer");
    Refusal::NoRotation
}

/// The causes below an error, outermost first.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
