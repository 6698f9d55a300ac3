//! What is told of a request once it has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};
use rotator_domain::metering::{ClientStanding, ClientUse, Unit};
use rotator_domain::{
    End, EndedAttempt, EndedRequest, Figure, KeyId, MOST_NANODOLLARS, MOST_TOKENS, Pricing, ServiceId, TokenUsage,
    Verdict,
};
use tokio::time::Instant;

use crate::attempt::Outgoing;
use crate::catalog::ServiceEntry;
use crate::client_keys::ClientEntry;
use crate::log::{Capture, Sheet};
use crate::observe::{AttemptOutcome, InFlight, ServiceMetrics};
use crate::proxy::Shared;
use crate::reserved::{Metered, Reserved};
use crate::route::Route;
use crate::trace::Trace;

/// The status of a request whose client went away before it was answered, as nginx logs it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Hears of every request that a client key let in, once its answer has ended.
pub trait RequestObserver: Send + Sync {
    /// A request has ended: its last byte is on its way to the client as soon as this returns. It is called on the request's
    /// own task, so it must be quick and must not wait.
    fn ended(&self, request: &EndedRequest);
}

/// One request until its answer has ended. Dropped before that, its client went away.
pub(crate) struct Tally {
    observer: Option<Arc<dyn RequestObserver>>,
    pricing: Option<Arc<dyn Pricing>>,
    /// What is logged of it, if its service logs.
    sheet: Option<Box<Sheet>>,
    request: EndedRequest,
    /// What was sent to an upstream and is not answered yet, with what it counts into.
    asking: Option<(EndedAttempt, Arc<ServiceMetrics>)>,
    began: Instant,
    received: Received,
    /// Whether the answer has no body, whatever its head says.
    is_head: bool,
    has_first_byte: bool,
    is_told: bool,
    metered: Metered,
    /// What it counts into.
    in_flight: InFlight,
    /// Its spans, where somebody knows of traces.
    trace: Option<Box<Trace>>,
}

/// How many bytes of a request's body have come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

// === impl Tally ===

impl Tally {
    pub(crate) fn begin(shared: &Shared, received: Received, is_head: bool) -> Box<Self> {
        let request = EndedRequest {
            at: shared.clock.now(),
            service: ServiceId(0),
            client: None,
            key: None,
            model: None,
            is_llm: false,
            status: CLIENT_CLOSED_REQUEST,
            end: End::Aborted,
            attempts: Vec::new(),
            tokens: None,
            cost_nanodollars: None,
            bytes_in: 0,
            bytes_out: 0,
            first_byte: Duration::ZERO,
            duration: Duration::ZERO,
        };
        // No observer is told of a request that no client key let in.
        Box::new(Self {
            observer: None,
            pricing: None,
            sheet: None,
            request,
            asking: None,
            began: Instant::now(),
            received,
            is_head,
            has_first_byte: false,
            is_told: false,
            metered: Metered::default(),
            in_flight: shared.metrics.nobody().begin(),
            trace: None,
        })
    }

    /// It has spans from now on, if anybody knows of traces.
    pub(crate) fn trace(&mut self, shared: &Shared, method: &Method, route: Option<Route<'_>>, headers: &HeaderMap) {
        let begin = |traces| Box::new(Trace::begin(traces, method, route, headers));
        self.trace = shared.traces.as_ref().map(begin);
    }

    /// The spans of the request.
    pub(crate) fn spans(&mut self) -> Option<&mut Trace> {
        self.trace.as_deref_mut()
    }

    /// A client key has let the request in to a service.
    pub(crate) fn let_in(&mut self, shared: &Shared, entry: &ServiceEntry, is_llm: bool, client: &ClientEntry) {
        self.observer.clone_from(&shared.observer);
        self.pricing.clone_from(&shared.pricing);
        self.in_flight = entry.metrics(shared).begin();
        self.request.service = entry.id();
        self.request.is_llm = is_llm;
        self.request.client = client.id;
        if let Some(trace) = &self.trace {
            trace.let_in(entry);
        }
    }

    /// It is logged, if the service that is asked logs.
    pub(crate) fn log(
        &mut self,
        shared: &Shared,
        entry: &Arc<ServiceEntry>,
        route: Route<'_>,
        query: Option<&str>,
        parts: &Parts,
        client_key: &[u8],
    ) {
        if let Some(logger) = &shared.logger {
            self.sheet = Sheet::begin(logger, entry, route, query, parts, client_key, &self.request);
        }
    }

    /// Where the beginning of the request's body goes, if it is kept.
    pub(crate) fn request_body(&self) -> Option<&Capture> {
        self.sheet.as_ref()?.request_body()
    }

    /// It goes to an upstream as a request for this model.
    pub(crate) fn asks(&mut self, model: Option<&str>) {
        self.request.model = model.map(str::to_owned);
    }

    /// It is being sent to an upstream with this key: gives what is sent, where that is something else because of its spans. Unless
    /// the attempt is told to have ended, the client went away meanwhile.
    pub(crate) fn attempts(
        &mut self,
        shared: &Shared,
        entry: &ServiceEntry,
        key: KeyId,
        outgoing: &Outgoing,
    ) -> Option<Outgoing> {
        let attempt = EndedAttempt { service: entry.id(), key, verdict: None };
        self.asking = Some((attempt, Arc::clone(entry.metrics(shared))));
        let model = self.request.model.as_deref();
        self.trace.as_mut().map(|trace| trace.attempt(entry, key, model, outgoing))
    }

    /// It was not sent to an upstream after all.
    pub(crate) fn did_not_attempt(&mut self) {
        self.asking = None;
    }

    /// It was sent to an upstream, which has answered or failed.
    pub(crate) fn attempted(&mut self, entry: &ServiceEntry, key: KeyId, verdict: Option<Verdict>) {
        self.asking = None;
        self.request.attempts.push(EndedAttempt { service: entry.id(), key, verdict });
        if let Some(sheet) = &mut self.sheet {
            sheet.attempted(entry, key);
        }
    }

    /// The client gets the answer of this service's upstream to this key.
    pub(crate) fn served(&mut self, shared: &Shared, entry: &ServiceEntry, key: KeyId) {
        if entry.id() != self.request.service {
            self.in_flight = entry.metrics(shared).begin();
        }
        self.request.service = entry.id();
        self.request.key = Some(key);
    }

    /// The client is told this status.
    pub(crate) fn answered(&mut self, status: u16, headers: &HeaderMap) {
        self.request.status = status;
        if let Some(sheet) = &mut self.sheet {
            sheet.answered(headers);
        }
    }

    /// The answer tells how many tokens were used.
    pub(crate) fn used(&mut self, tokens: TokenUsage) {
        self.request.tokens = Some(tokens);
    }

    /// The request is under its client's limits, which stand like this.
    pub(crate) fn reserved(&mut self, standing: ClientStanding, reserved: Option<Reserved>) {
        self.metered = Metered { standing: Some(standing), reserved };
    }

    /// How the client's limits stood when the request came, where it has some.
    pub(crate) fn standing(&self) -> Option<&ClientStanding> {
        self.metered.standing.as_ref()
    }

    /// A piece of the answer's body goes to the client.
    pub(crate) fn passed(&mut self, data: &Bytes) {
        if !self.has_first_byte {
            self.has_first_byte = true;
            self.request.first_byte = self.began.elapsed();
        }
        self.request.bytes_out += data.len() as u64;
        if let Some(sheet) = &self.sheet {
            sheet.passed(data);
        }
    }

    /// The answer has ended.
    pub(crate) fn end(mut self: Box<Self>, end: End) {
        self.tell(end);
    }

    fn tell(&mut self, end: End) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        let request = &mut self.request;
        request.end = end;
        if let Some((attempt, metrics)) = self.asking.take() {
            metrics.attempted(AttemptOutcome::Aborted);
            request.attempts.push(attempt);
        }
        request.duration = self.began.elapsed();
        if !self.has_first_byte {
            request.first_byte = request.duration;
        }
        if let (Some(pricing), Some(tokens), Some(model)) = (&self.pricing, &request.tokens, &request.model) {
            request.cost_nanodollars = pricing.cost(model, tokens);
        }
        request.bytes_in = self.received.0.load(Ordering::Relaxed);
        self.in_flight.service().ended(request);
        if let Some(observer) = &self.observer {
            observer.ended(request);
        }
        if let Some(trace) = self.trace.take() {
            trace.end(request);
        }
        if let Some(sheet) = self.sheet.take() {
            sheet.end(request.clone());
        }
        // Figures first: what is seeded from them must not miss what a limit has forgotten already.
        if let Some(reserved) = self.metered.reserved.take() {
            let used = self.client_use(&reserved);
            reserved.settle(used);
        }
    }

    /// What the request counts for against its client's limits, as its figures tell it. One that was answered with 429 was
    /// never served and counts for nothing. Of one that was served without a word about tokens, or broke off before it, what was
    /// reserved counts: who breaks off early must not have it for nothing.
    fn client_use(&self, reserved: &Reserved) -> ClientUse {
        let request = &self.request;
        if request.error() == Some(Figure::ErrorsLimited) {
            return ClientUse::NOTHING;
        }
        let was_served = request.is_llm && request.key.is_some() && request.status < 400;
        let untold = || if was_served { None } else { Some(0) };
        let tokens = request.tokens.as_ref().map(|tokens| tokens.total().min(MOST_TOKENS));
        ClientUse {
            is_request: true,
            tokens: tokens.or_else(untold),
            nanodollars: request.tokens.map(|_| self.cost(reserved)).or_else(untold),
        }
    }

    /// What the tokens cost; nothing where that is not known.
    fn cost(&self, reserved: &Reserved) -> u64 {
        let (cost, model) = (self.request.cost_nanodollars, self.request.model.as_deref());
        if cost.is_none() && reserved.counts(Unit::Nanodollars) {
            reserved.shared().unpriced.tell(model);
        }
        cost.unwrap_or(0).min(MOST_NANODOLLARS)
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let is_whole = self.is_head && self.request.status != CLIENT_CLOSED_REQUEST;
        self.tell(if is_whole { End::Whole } else { End::Aborted });
    }
}

// === impl Received ===

impl Received {
    /// More have come in.
    pub(crate) fn add(&self, data: &Bytes) {
        self.0.fetch_add(data.len() as u64, Ordering::Relaxed);
    }
}
