//! One run: clients, nodes and the upstream in virtual time.

use std::collections::HashMap;
use std::time::Duration;

use rotator_domain::rotation::{
    AttemptPolicy, Attempted, Learning, Next, Passage, PickRequest, PoolKey, QuotaGroup, Rotation, RotationPolicy,
    Step, WaitPolicy,
};
use rotator_domain::{KeyId, Reading, Timestamp, Verdict};

use super::client::{Answer, Draws, Request, Sent};
use super::events::{Agenda, Millis, Random};
use super::node::{Blocked, Node};
use super::report::Tally;
use super::scenario::{Change, Condition, Scenario};
use super::upstream::Quota;

/// Virtual time begins here.
const BEGINNING: Millis = 1_800_000_000_000;
/// How often a node looks whether others have given a key back that all share.
const POLL: Millis = 50;
/// How many times as long a slow upstream takes.
const SLOWNESS: Millis = 3;

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrive,
    /// A request reaches the upstream.
    Reach(u64),
    /// An answer begins.
    Answer(u64),
    /// The upstream has ended its work.
    Done(u64),
    /// An answer has ended.
    End(u64),
    /// The upstream notes that a client has left.
    Release(usize),
    /// The pause before another attempt is over.
    Again(u64),
    /// A request has waited for too long.
    GiveUp(u64),
    /// A client leaves.
    Leave(u64),
    Wake(usize),
    Part(usize),
}

pub(super) struct World<'a> {
    scenario: &'a Scenario,
    agenda: Agenda<Event>,
    now: Millis,
    draws: Draws,
    rate: f64,
    /// The exact time of the last arrival.
    arrived_at: f64,
    requests: HashMap<u64, Request>,
    requested: u64,
    rotations: Vec<Rotation>,
    nodes: Vec<Node>,
    quotas: Vec<Quota>,
    condition: Condition,
    attempts: AttemptPolicy,
    waiting: WaitPolicy,
    pub(super) tallies: Vec<Tally>,
}

// === impl World ===

impl<'a> World<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let count = if scenario.is_shared { 1 } else { scenario.nodes };
        let rotations = (0..count).map(|number| rotation(scenario, seed ^ number as u64)).collect();
        let nodes = (0..scenario.nodes).map(|node| Node::new(if scenario.is_shared { 0 } else { node })).collect();
        let service = Draws::mean_service();
        let capacity: f64 = scenario.quotas.iter().map(|quota| quota.clone().capacity(0, scenario.end, service)).sum();
        Self {
            scenario,
            agenda: Agenda::new(),
            now: 0,
            draws: Draws(Random::new(seed)),
            rate: scenario.load * capacity * 1000.0 / scenario.end as f64,
            arrived_at: 0.0,
            requests: HashMap::new(),
            requested: 0,
            rotations,
            nodes,
            quotas: scenario.quotas.clone(),
            condition: Condition::Up,
            attempts: AttemptPolicy::default(),
            waiting: WaitPolicy::default(),
            tallies: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        for (number, part) in self.scenario.parts.iter().enumerate() {
            self.agenda.plan(part.from, Event::Part(number));
        }
        self.agenda.plan(0, Event::Arrive);
        while let Some((at, event)) = self.agenda.next().filter(|(at, _)| *at < self.scenario.end) {
            self.now = at;
            self.happen(event);
        }
    }

    /// All rotations, to look into.
    #[cfg(test)]
    pub(super) fn rotations(&self) -> &[Rotation] {
        &self.rotations
    }

    /// The time as the rotation has it.
    pub(super) const fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(BEGINNING + self.now)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Part(number) => self.begin_part(number),
            Event::Arrive => self.arrive(),
            Event::Reach(id) => self.reach(id),
            Event::Answer(id) => self.answer(id),
            Event::Done(id) => {
                if let Some(sent) = self.requests.get_mut(&id).and_then(|request| request.sent.as_mut())
                    && std::mem::take(&mut sent.is_held)
                    && let Some(quota) = quota_of(self.scenario, sent.lease.key)
                {
                    self.quotas[quota].end();
                }
            }
            Event::End(id) => {
                let used = self.draws.tokens();
                if let Some(request) = self.requests.remove(&id) {
                    if let Some(sent) = request.sent.as_ref().filter(|sent| sent.is_held)
                        && let Some(quota) = quota_of(self.scenario, sent.lease.key)
                    {
                        let at = self.now + self.draws.lateness();
                        self.agenda.plan(at, Event::Release(quota));
                    }
                    self.give_back(request, Some(u64::from(used)));
                }
            }
            Event::Release(quota) => self.quotas[quota].end(),
            Event::Again(id) => self.attempt_or_wait(id),
            Event::GiveUp(id) => {
                let longest = self.longest_wait();
                let is_over = |request: &&Request| request.waits_since.is_some() && request.waited(self.now) >= longest;
                if let Some(node) = self.requests.get(&id).filter(is_over).map(|request| request.node) {
                    self.nodes[node].waiting.retain(|other| *other != id);
                    self.refuse_client(id);
                }
            }
            Event::Leave(id) => self.leave(id),
            Event::Wake(node) => {
                if self.nodes[node].wakes_at == Some(self.now) {
                    self.nodes[node].wakes_at = None;
                    self.serve_waiting(node);
                }
            }
        }
    }

    fn begin_part(&mut self, number: usize) {
        let part = &self.scenario.parts[number];
        match part.change {
            Change::Nothing => {}
            Change::Limits(factor) => {
                for quota in &mut self.quotas {
                    quota.change(((f64::from(quota.limit) * factor).round() as u32).max(1), self.now);
                }
            }
            Change::Upstream(condition) => self.condition = condition,
        }
        let to = self.scenario.parts.get(number + 1).map_or(self.scenario.end, |next| next.from);
        let none = vec![0; self.quotas.len()];
        self.tallies.push(Tally {
            from: part.from,
            to,
            slowness: if self.condition == Condition::Slow { SLOWNESS } else { 1 },
            quotas: self.quotas.clone(),
            served: none.clone(),
            refused: none,
            ..Tally::default()
        });
    }

    fn tally(&mut self) -> &mut Tally {
        if self.tallies.is_empty() {
            self.tallies.push(Tally::default());
        }
        let last = self.tallies.len() - 1;
        &mut self.tallies[last]
    }

    fn arrive(&mut self) {
        self.arrived_at += self.draws.gap(self.rate);
        self.agenda.plan(self.arrived_at as Millis, Event::Arrive);
        self.tally().arrived += 1;
        let id = self.requested;
        self.requested += 1;
        let node = usize::try_from(self.draws.0.below(self.nodes.len() as u64)).unwrap_or(0);
        let tokens = self.draws.tokens();
        self.requests.insert(id, Request::new(node, tokens));
        if let Some(after) = self.draws.leaving() {
            self.agenda.plan(self.now + after, Event::Leave(id));
        }
        if self.nodes[node].waiting.is_empty() {
            self.attempt_or_wait(id);
        } else {
            self.wait(id, self.nodes[node].blocked, false);
        }
    }

    fn attempt_or_wait(&mut self, id: u64) {
        if let Err(blocked) = self.attempt(id) {
            // Whoever has been served before goes before those who have not.
            let is_first = self.requests.get(&id).is_some_and(|request| request.course.attempts() > 0);
            self.wait(id, blocked, is_first);
        }
    }

    /// Sends a request with the next key; says why not where no key can serve.
    fn attempt(&mut self, id: u64) -> Result<(), Blocked> {
        let now = self.timestamp();
        let Some(request) = self.requests.get_mut(&id) else { return Ok(()) };
        let node = &mut self.nodes[request.node];
        if matches!(node.breaker.pass(now), Passage::Barred { .. }) {
            self.requests.remove(&id);
            self.tally().failed += 1;
            return Ok(());
        }
        let pick = PickRequest {
            model: Some("model"),
            tried: &request.tried,
            session: None,
            is_pinned: false,
            tokens: request.tokens,
            now,
        };
        let next = self.rotations[node.rotation].pick(&pick);
        let lease = match next {
            Next::Lease(lease) => lease,
            Next::None { retry_at, is_busy } => {
                node.breaker.shrug();
                self.tally().picks += 1;
                return Err(Blocked { retry_at: retry_at.map(|at| at.as_millis() - BEGINNING), is_busy });
            }
        };
        request.waited = request.waited(self.now);
        request.waits_since = None;
        let waited = u32::try_from(request.waited).unwrap_or(u32::MAX);
        request.sent = Some(Sent { lease, answer: Answer::NotSent, is_held: false, has_answer: false });
        let is_first = request.course.attempts() == 0;
        let at = self.now + self.draws.latency();
        self.agenda.plan(at, Event::Reach(id));
        let tally = self.tally();
        tally.picks += 1;
        tally.calls += 1;
        if is_first {
            tally.waits.push(waited);
        }
        Ok(())
    }

    /// Lets a request wait for a key, if one can be expected in time and there is a place.
    fn wait(&mut self, id: u64, blocked: Blocked, is_first: bool) {
        let longest = self.longest_wait();
        let Some(request) = self.requests.get_mut(&id) else { return };
        let deadline = self.now + longest - request.waited;
        let number = request.node;
        let node = &mut self.nodes[number];
        if !blocked.ends_before(deadline) || node.waiting.len() >= self.waiting.max_waiting as usize {
            self.refuse_client(id);
            return;
        }
        request.waits_since = Some(self.now);
        request.tried.clear();
        if is_first {
            node.waiting.push_front(id);
        } else {
            node.waiting.push_back(id);
        }
        self.agenda.plan(deadline, Event::GiveUp(id));
        self.wake_later(number, blocked);
    }

    fn wake_later(&mut self, number: usize, blocked: Blocked) {
        let is_polled = self.scenario.is_shared && self.scenario.nodes > 1 && blocked.is_busy;
        let poll = is_polled.then_some(self.now + POLL);
        let node = &mut self.nodes[number];
        node.blocked = blocked;
        let Some(at) = [blocked.retry_at, poll].into_iter().flatten().min().map(|at| at.max(self.now + 1)) else {
            return;
        };
        if node.wakes_at.is_none_or(|planned| planned > at) {
            node.wakes_at = Some(at);
            self.agenda.plan(at, Event::Wake(number));
        }
    }

    /// Serves those who wait, first come first served, as far as keys can.
    fn serve_waiting(&mut self, number: usize) {
        while let Some(id) = self.nodes[number].waiting.pop_front() {
            if let Err(blocked) = self.attempt(id) {
                self.nodes[number].waiting.push_front(id);
                self.wake_later(number, blocked);
                break;
            }
        }
    }

    fn reach(&mut self, id: u64) {
        let back = self.draws.latency();
        let Some(sent) = self.requests.get_mut(&id).and_then(|request| request.sent.as_mut()) else { return };
        let Some(quota) = quota_of(self.scenario, sent.lease.key) else { return };
        let after = match self.condition {
            Condition::Unreachable => {
                sent.answer = Answer::NotSent;
                back
            }
            Condition::Failing => {
                sent.answer = Answer::Reading(Reading::plain(Verdict::UpstreamFault { after: None }));
                back
            }
            Condition::Up | Condition::Slow => {
                let (is_taken, reading) = self.quotas[quota].arrive(self.now);
                sent.answer = Answer::Reading(reading);
                sent.is_held = is_taken;
                if is_taken {
                    let (mut whole, mut first) = self.draws.service();
                    if self.condition == Condition::Slow {
                        whole *= SLOWNESS;
                        // Nothing is heard until all is done.
                        first = whole - 1;
                    } else {
                        self.agenda.plan(self.now + whole, Event::Done(id));
                    }
                    self.agenda.plan(self.now + whole + back, Event::End(id));
                    self.tally().served[quota] += 1;
                    first + back
                } else {
                    self.tally().wasted += 1;
                    self.tally().refused[quota] += 1;
                    back
                }
            }
        };
        if matches!(self.condition, Condition::Unreachable | Condition::Failing) {
            self.tally().faults += 1;
        }
        self.agenda.plan(self.now + after, Event::Answer(id));
    }

    fn answer(&mut self, id: u64) {
        let now = self.timestamp();
        let Some(request) = self.requests.get_mut(&id) else { return };
        let number = request.node;
        let node = &mut self.nodes[number];
        let Some(sent) = request.sent.as_mut() else { return };
        sent.has_answer = true;
        let attempted = match &sent.answer {
            Answer::NotSent => {
                node.breaker.fail(now);
                Attempted::NotSent
            }
            Answer::Reading(reading) => {
                node.breaker.succeed();
                let learning = self.rotations[node.rotation].learn(&sent.lease, reading, now);
                let verdict = reading.verdict;
                if learning != Learning::Nothing {
                    self.tally().coolings += 1;
                }
                Attempted::Answered(verdict)
            }
        };
        let is_healthy = matches!(attempted, Attempted::Answered(Verdict::Healthy));
        if is_healthy {
            // The key may have been waited for; the rest of the answer follows.
            self.serve_waiting(number);
            return;
        }
        let Some(request) = self.requests.get_mut(&id) else { return };
        let step = request.course.after(attempted, &self.attempts, false, true);
        let Some(Sent { lease, .. }) = request.sent.take() else { return };
        request.tried.push(lease.key);
        let rotation = self.nodes[number].rotation;
        self.rotations[rotation].settle(&lease, None, now);
        match step {
            Step::Again { pause: Duration::ZERO } => self.attempt_or_wait(id),
            Step::Again { pause } => {
                let pause = Millis::try_from(pause.as_millis()).unwrap_or(0);
                self.agenda.plan(self.now + pause, Event::Again(id));
            }
            Step::Finish => {
                self.requests.remove(&id);
                self.tally().failed += 1;
            }
        }
        self.serve_waiting(number);
    }

    fn leave(&mut self, id: u64) {
        let Some(request) = self.requests.remove(&id) else { return };
        self.nodes[request.node].waiting.retain(|other| *other != id);
        if let Some(sent) = &request.sent {
            if !sent.has_answer {
                self.nodes[request.node].breaker.shrug();
            }
            if sent.is_held
                && let Some(quota) = quota_of(self.scenario, sent.lease.key)
            {
                let at = self.now + self.draws.latency();
                self.agenda.plan(at, Event::Release(quota));
            }
        }
        self.give_back(request, None);
    }

    fn give_back(&mut self, request: Request, used: Option<u64>) {
        let now = self.timestamp();
        if let Some(sent) = request.sent {
            self.rotations[self.nodes[request.node].rotation].settle(&sent.lease, used, now);
        }
        self.serve_waiting(request.node);
    }

    fn refuse_client(&mut self, id: u64) {
        self.requests.remove(&id);
        self.tally().limited += 1;
    }

    fn longest_wait(&self) -> Millis {
        Millis::try_from(self.waiting.longest.as_millis()).unwrap_or(Millis::MAX)
    }
}

fn rotation(scenario: &Scenario, seed: u64) -> Rotation {
    let keys = scenario.keys.iter().zip(1..).map(|(key, id)| PoolKey {
        group: key.is_grouped.then(|| QuotaGroup(key.quota.to_string())),
        ..PoolKey::plain(KeyId(id))
    });
    let mut rotation = Rotation::with_seed(seed);
    rotation.publish(RotationPolicy::default(), keys.collect());
    rotation
}

fn quota_of(scenario: &Scenario, key: KeyId) -> Option<usize> {
    let index = usize::try_from(key.0 - 1).ok()?;
    scenario.keys.get(index).map(|key| key.quota)
}
