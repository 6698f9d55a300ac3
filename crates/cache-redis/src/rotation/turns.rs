//! Picks and ends of requests. Those of one service that come while a command is on its way go together in the next: what a
//! script costs beside its work, and what they have in common, is paid once for all of them. An end, for which no client waits,
//! looks for company first: the pick of the next request takes it along.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::Value;
use rotator_domain::{ServiceId, Timestamp};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::Shared;
use crate::script::ScriptCall;
use crate::{RedisCacheError, TimeSource};

/// How many go in one command: while it runs, nobody else's does.
const AT_ONCE: usize = 64;
/// How long an end looks for company. For so long other nodes may take its request for one in flight.
const COMPANY: Duration = Duration::from_millis(3);

/// Those that wait, by service.
#[derive(Debug, Default)]
pub(super) struct Turns {
    lines: Mutex<HashMap<ServiceId, Line>>,
    /// One for each service of which a command is on its way.
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Turn>,
    is_sending: bool,
    /// Tells who looks for company that there is some.
    company: Option<Arc<Notify>>,
}

/// How soon a turn is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// Somebody waits for the answer.
    Now,
    /// It may look for company.
    Soon,
}

/// Somebody must send what has gathered, and look for company before that where there is some to come.
struct Start(Option<Arc<Notify>>);

/// One pick, or one end.
#[derive(Debug)]
struct Turn {
    ticket: u64,
    words: Vec<String>,
    now: Timestamp,
    answer: oneshot::Sender<Result<Value, RedisCacheError>>,
}

// === impl Turns ===

impl Turns {
    /// Waits until all have been answered.
    pub(super) async fn end(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Puts one in line; tells whether somebody must send them from now on.
    fn join(&self, service_id: ServiceId, turn: Turn, haste: Haste) -> Option<Start> {
        let mut lines = self.lock();
        let line = lines.entry(service_id).or_default();
        line.waiting.push_back(turn);
        if haste == Haste::Now || line.waiting.len() >= AT_ONCE {
            line.company.take().inspect(|company| company.notify_one());
        }
        if std::mem::replace(&mut line.is_sending, true) {
            return None;
        }
        line.company = (haste == Haste::Soon).then(Arc::default);
        Some(Start(line.company.clone()))
    }

    /// The next ones; none when nobody waits any more, and then nobody sends. Those that pass different times do not go
    /// together where these count.
    fn next(&self, service_id: ServiceId, time: TimeSource) -> Vec<Turn> {
        let mut lines = self.lock();
        let Some(line) = lines.get_mut(&service_id) else { return Vec::new() };
        line.company = None;
        // Who does not wait any more has seen to it that nothing is left behind.
        line.waiting.retain(|turn| !turn.answer.is_closed());
        let now = line.waiting.front().map(|turn| turn.now);
        let fits = |turn: &&Turn| time == TimeSource::Redis || Some(turn.now) == now;
        let count = line.waiting.iter().take(AT_ONCE).take_while(fits).count();
        if count == 0 {
            lines.remove(&service_id);
            return Vec::new();
        }
        line.waiting.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServiceId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Shared ===

impl Shared {
    /// Takes a turn, and gives what the script answers to it; nothing where there is no pool.
    pub(super) async fn turn(
        self: &Arc<Self>,
        service_id: ServiceId,
        ticket: u64,
        words: Vec<String>,
        now: Timestamp,
        haste: Haste,
    ) -> Result<Value, RedisCacheError> {
        let (answer, answered) = oneshot::channel();
        if let Some(Start(company)) = self.turns.join(service_id, Turn { ticket, words, now, answer }, haste) {
            let shared = Arc::clone(self);
            self.turns.tasks.spawn(async move {
                if let Some(company) = company {
                    // Whether some has come or not, it goes now.
                    let _ = timeout(COMPANY, company.notified()).await;
                }
                shared.send_turns(service_id).await;
            });
        }
        // Without an answer the runtime has ended.
        answered.await.unwrap_or_else(|_| Err(RedisCacheError::Answer("none".to_owned())))
    }

    /// Sends what has gathered, until nothing is left.
    async fn send_turns(&self, service_id: ServiceId) {
        loop {
            let turns = self.turns.next(service_id, self.time);
            let Some(last) = turns.last() else { return };
            let call = self.call(service_id, "turns", Some(last.now));
            let call = arguments(call, turns.iter().map(|turn| (turn.ticket, &turn.words[..])));
            let answers = call.run::<Value>(&self.connections).await.and_then(|answers| each(answers, turns.len()));
            match answers {
                Ok(answers) => {
                    for (turn, answer) in turns.into_iter().zip(answers) {
                        // Who has gone has seen to it that nothing is left behind.
                        let _ = turn.answer.send(Ok(answer));
                    }
                }
                Err(error) => {
                    for turn in turns {
                        let _ = turn.answer.send(Err(error.clone()));
                    }
                }
            }
        }
    }
}

/// What the script takes for some turns, each a ticket and its words.
pub(super) fn arguments<'a, 'b>(
    call: ScriptCall<'a>,
    turns: impl ExactSizeIterator<Item = (u64, &'b [String])> + Clone,
) -> ScriptCall<'a> {
    let call = turns.clone().fold(call.arg(turns.len()), |call, (ticket, _)| call.arg(ticket));
    turns.flat_map(|(_, words)| words).fold(call, ScriptCall::arg)
}

/// The answer to each; nothing to all where there is no pool.
fn each(answers: Value, count: usize) -> Result<Vec<Value>, RedisCacheError> {
    match answers {
        Value::Nil => Ok(vec![Value::Nil; count]),
        Value::Array(answers) if answers.len() == count => Ok(answers),
        other => Err(RedisCacheError::Answer(format!("{other:?}"))),
    }
}
