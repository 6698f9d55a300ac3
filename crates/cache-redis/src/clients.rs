//! The limits of client keys in Redis, each changed by one script.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use redis::Value;
use rotator_cache_trait::{CacheError, ClientMeters};
use rotator_domain::metering::{
    Admission, Amounts, ClientAsk, ClientStanding, ClientUse, Estimate, Gauge, GaugeStanding, MeteredLimits,
    Reservation, Seed, Span, Unit, overrun,
};
use rotator_domain::{ClientKeyId, Clock, SystemClock, Timestamp};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::life::{self, Holder};
use crate::script::{Code, ScriptCall};
use crate::tickets::{Owed, Tickets};
use crate::{Connections, RedisCacheError, RedisOptions};

/// The version of what the script keeps, which is in the name of every key.
const VERSION: u32 = 1;
const SCRIPT: &str = include_str!("clients.lua");
/// The largest number that a script counts exactly.
const MOST: u64 = (1 << 53) - 1;
/// How long a window is kept after its end, for requests that began in it.
const AFTERLIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What client keys use, in Redis: one command to admit a request, and one to settle it. What a node has reserved is given back
/// when its signs of life stop.
#[derive(Debug)]
pub struct RedisClientMeters {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// Ends the task with this value.
    _stop: DropGuard,
}

#[derive(Debug)]
struct Shared {
    connections: Connections,
    script: Code,
    prefix: String,
    node: String,
    silence: Duration,
    tickets: Tickets<ClientKeyId, ClientUse>,
    /// Which life of each client's state this node has seen last.
    epochs: Mutex<HashMap<ClientKeyId, String>>,
    stop: CancellationToken,
}

/// What the script answers: how it went, the epoch, and numbers.
type Answer = (i64, String, Vec<u64>);

// === impl RedisClientMeters ===

impl RedisClientMeters {
    /// The limits as a node counts them. Must be called within a runtime of tokio, where it tells of its life until it is dropped
    /// or shut down.
    #[must_use]
    pub fn new(connections: Connections, options: &RedisOptions, node: &str) -> Self {
        let stop = CancellationToken::new();
        // A node that starts again holds nothing of what it held before: its reservations are told apart by this.
        let life = getrandom::u64().unwrap_or_else(|_| SystemClock.now().as_millis().cast_unsigned());
        let shared = Arc::new(Shared {
            connections,
            script: Code::new(SCRIPT),
            prefix: options.prefix.clone(),
            node: format!("{node}.{life:016x}"),
            silence: options.node_silence,
            tickets: Tickets::default(),
            epochs: Mutex::default(),
            stop: stop.clone(),
        });
        let task = tokio::spawn(life::tell(Arc::clone(&shared), shared.silence, stop.clone()));
        Self { shared, task: Mutex::new(Some(task)), _stop: stop.drop_guard() }
    }

    /// Ends the task that tells of this node, once what it owes is given back or Redis does not answer.
    pub async fn shut_down(&self) {
        self.shared.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It only ends early where the runtime does.
            drop(task.await);
        }
    }
}

#[async_trait]
impl ClientMeters for RedisClientMeters {
    async fn admit(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        ask: &ClientAsk,
        now: Timestamp,
    ) -> Result<Admission, CacheError> {
        let shared = &*self.shared;
        let ticket = shared.tickets.next();
        let concurrent = limits.concurrent.map(|most| most.to_string()).unwrap_or_default();
        let mut call = shared.call(client, "admit").arg(ticket).arg(concurrent);
        for estimate in [ask.tokens, ask.nanodollars] {
            let (amount, is_bound) = match estimate {
                Estimate::AtMost(amount) => (amount, 1),
                Estimate::AsUsual(amount) => (amount, 0),
            };
            call = call.arg(amount.min(MOST)).arg(is_bound);
        }
        let call = with_gauges(call, &limits.gauges, now);
        let asking = shared.tickets.ask(ticket, client, ClientUse::NOTHING, shared.silence);
        let answer: Result<Answer, RedisCacheError> = call.run(&shared.connections).await;
        asking.answered(&answer, |(went, ..)| *went == 1);
        let (went, epoch, numbers) = answer?;
        shared.saw(client, epoch);
        if went < 0 {
            return Ok(Admission::Unknown(named(&limits.gauges, &numbers)));
        }
        let (amounts, standing) = read(limits, &numbers, now).ok_or_else(senseless)?;
        if went == 0 {
            let overrun = overrun(limits, &standing, amounts, now).ok_or_else(senseless)?;
            return Ok(Admission::Refused(overrun, standing));
        }
        let meters = limits.gauges.iter().map(|gauge| (gauge.unit, gauge.span)).collect();
        Ok(Admission::Admitted(Reservation { at: now, amounts, meters, ticket: Some(ticket) }, standing))
    }

    /// A reservation of another state, which has no ticket, is what was used there, and is added.
    async fn settle(&self, client: ClientKeyId, reservation: &Reservation, used: &ClientUse) -> Result<(), CacheError> {
        let shared = &*self.shared;
        let Some(ticket) = reservation.ticket else {
            return Ok(shared.add(client, reservation, used).await?);
        };
        // Also where the caller does not wait to the end.
        let giving = shared.tickets.give(ticket, client, *used);
        let call = with_use(shared.call(client, "settle").arg(ticket), used);
        call.run::<Value>(&shared.connections).await.map_err(CacheError::from)?;
        giving.done();
        Ok(())
    }

    async fn seed(&self, client: ClientKeyId, seeds: &[Seed], now: Timestamp) -> Result<(), CacheError> {
        let shared = &*self.shared;
        let mut call = shared.call(client, "seed");
        for Seed { unit, span, start, used } in seeds.iter().copied() {
            call = with_gauge(call, unit, span, start, used, now);
        }
        Ok(call.run::<Value>(&shared.connections).await.map(drop)?)
    }

    async fn standing(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        now: Timestamp,
    ) -> Result<Option<ClientStanding>, CacheError> {
        let call = with_gauges(self.shared.call(client, "standing"), &limits.gauges, now);
        let (went, _, numbers): Answer = call.run(&self.shared.connections).await.map_err(CacheError::from)?;
        if went < 0 {
            return Ok(None);
        }
        let (_, standing) = read(limits, &numbers, now).ok_or_else(senseless)?;
        Ok(Some(standing))
    }

    async fn forget(&self, client: ClientKeyId) -> Result<(), CacheError> {
        let totals = Unit::ALL.map(|unit| window_name(unit, Span::Total, Timestamp::EPOCH));
        let call = totals.into_iter().fold(self.shared.call(client, "forget"), ScriptCall::arg);
        Ok(call.run::<Value>(&self.shared.connections).await.map(drop)?)
    }
}

// === impl Shared ===

impl Shared {
    fn call(&self, client: ClientKeyId, verb: &str) -> ScriptCall<'_> {
        let key = format!("{{{}:v{VERSION}:client:{client}}}", self.prefix);
        let silence = u64::try_from(self.silence.as_millis()).unwrap_or(u64::MAX);
        ScriptCall::new(&self.script, &key).arg(verb).arg(&self.node).arg(silence)
    }

    fn saw(&self, client: ClientKeyId, epoch: String) {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner).insert(client, epoch);
    }

    /// Adds what was used elsewhere, unless what counts it has begun anew since: then it was told of it.
    async fn add(
        &self,
        client: ClientKeyId,
        reservation: &Reservation,
        used: &ClientUse,
    ) -> Result<(), RedisCacheError> {
        let epoch = self.epochs.lock().unwrap_or_else(PoisonError::into_inner).get(&client).cloned();
        let amounts = used.amounts(reservation.amounts);
        let mut call = self.call(client, "add").arg(epoch.unwrap_or_default());
        for (unit, span) in reservation.meters.iter().copied() {
            let start = span.window(reservation.at).start;
            call = call.arg(window_name(unit, span, start)).arg(amounts.of(unit).min(MOST));
        }
        call.run::<Value>(&self.connections).await.map(drop)
    }
}

impl Holder for Shared {
    type Id = ClientKeyId;
    type Used = ClientUse;

    const HELD: &str = "reservations";

    fn tickets(&self) -> &Tickets<ClientKeyId, ClientUse> {
        &self.tickets
    }

    fn connections(&self) -> &Connections {
        &self.connections
    }

    fn sign(&self, client: ClientKeyId) -> ScriptCall<'_> {
        self.call(client, "live")
    }

    fn give_back(&self, client: ClientKeyId, some: &[Owed<ClientKeyId, ClientUse>]) -> ScriptCall<'_> {
        some.iter().fold(self.call(client, "settle"), |call, one| with_use(call.arg(one.ticket), &one.used))
    }
}

fn with_use<'a>(call: ScriptCall<'a>, used: &ClientUse) -> ScriptCall<'a> {
    let told = |amount: Option<u64>| amount.map(|amount| amount.min(MOST).to_string()).unwrap_or_default();
    call.arg(u8::from(used.is_request)).arg(told(used.tokens)).arg(told(used.nanodollars))
}

fn with_gauges<'a>(call: ScriptCall<'a>, gauges: &[Gauge], now: Timestamp) -> ScriptCall<'a> {
    gauges.iter().fold(call, |call, gauge| {
        let start = gauge.span.window(now).start;
        with_gauge(call, gauge.unit, gauge.span, start, gauge.limit, now)
    })
}

/// One limit as the script takes it.
fn with_gauge<'a>(
    call: ScriptCall<'a>,
    unit: Unit,
    span: Span,
    start: Timestamp,
    number: u64,
    now: Timestamp,
) -> ScriptCall<'a> {
    let life = span.window(start).end.map_or(0, |end| (end.saturating_since(now) + AFTERLIFE).as_millis());
    call.arg(format!("{}:{}", unit.name(), span.name()))
        .arg(window_name(unit, span, start))
        .arg(number.min(MOST))
        .arg(u8::from(span.outlives_a_restart()))
        .arg(u64::try_from(life).unwrap_or(MOST))
}

fn window_name(unit: Unit, span: Span, start: Timestamp) -> String {
    format!("{}:{}:{}", unit.name(), span.name(), start.as_millis())
}

fn named(gauges: &[Gauge], places: &[u64]) -> Vec<Gauge> {
    let of = |place: &u64| gauges.get(usize::try_from(*place).ok()?).copied();
    places.iter().filter_map(of).collect()
}

/// The amounts and the standing that an answer tells.
fn read(limits: &MeteredLimits, numbers: &[u64], now: Timestamp) -> Option<(Amounts, ClientStanding)> {
    let [tokens, nanodollars, in_flight, levels @ ..] = numbers else { return None };
    if levels.len() != limits.gauges.len() * 2 {
        return None;
    }
    let gauges = limits.gauges.iter().zip(levels.chunks_exact(2)).map(|(gauge, level)| GaugeStanding {
        gauge: *gauge,
        used: level[0],
        reserved: level[1],
        ends_at: gauge.span.window(now).end,
    });
    let amounts = Amounts { requests: 1, tokens: *tokens, nanodollars: *nanodollars };
    let in_flight = u32::try_from(*in_flight).unwrap_or(u32::MAX);
    Some((amounts, ClientStanding { gauges: gauges.collect(), in_flight }))
}

fn senseless() -> CacheError {
    CacheError::Corrupt(Box::new(RedisCacheError::Answer("the limits of a client key".to_owned())))
}
