//! What is told of a request once it has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use rotator_domain::{End, EndedAttempt, EndedRequest, KeyId, Pricing, ServiceId, TokenUsage, Verdict};
use tokio::time::Instant;

use crate::catalog::ServiceEntry;
use crate::client_keys::ClientEntry;
use crate::log::{Capture, Sheet};
use crate::observe::InFlight;
use crate::proxy::Shared;
use crate::route::Route;

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
    began: Instant,
    received: Received,
    /// Whether the answer has no body, whatever its head says.
    is_head: bool,
    has_first_byte: bool,
    _in_flight: InFlight,
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
        // Nobody is told of a request that no client key let in.
        Box::new(Self {
            observer: None,
            pricing: None,
            sheet: None,
            request,
            began: Instant::now(),
            received,
            is_head,
            has_first_byte: false,
            _in_flight: shared.metrics.begin(),
        })
    }

    /// A client key has let the request in to a service.
    pub(crate) fn let_in(&mut self, shared: &Shared, service: ServiceId, is_llm: bool, client: &ClientEntry) {
        self.observer.clone_from(&shared.observer);
        self.pricing.clone_from(&shared.pricing);
        self.request.service = service;
        self.request.is_llm = is_llm;
        self.request.client = client.id;
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

    /// It was sent to an upstream.
    pub(crate) fn attempted(&mut self, entry: &ServiceEntry, key: KeyId, verdict: Option<Verdict>) {
        self.request.attempts.push(EndedAttempt { service: entry.id(), key, verdict });
        if let Some(sheet) = &mut self.sheet {
            sheet.attempted(entry, key);
        }
    }

    /// The client gets the answer of this service's upstream to this key.
    pub(crate) fn served(&mut self, service: ServiceId, key: KeyId) {
        self.request.service = service;
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
        let (observer, sheet) = (self.observer.take(), self.sheet.take());
        if observer.is_none() && sheet.is_none() {
            return;
        }
        let request = &mut self.request;
        request.end = end;
        request.duration = self.began.elapsed();
        if !self.has_first_byte {
            request.first_byte = request.duration;
        }
        if let (Some(pricing), Some(tokens), Some(model)) = (&self.pricing, &request.tokens, &request.model) {
            request.cost_nanodollars = pricing.cost(model, tokens);
        }
        request.bytes_in = self.received.0.load(Ordering::Relaxed);
        if let Some(observer) = observer {
            observer.ended(request);
        }
        if let Some(sheet) = sheet {
            sheet.end(request.clone());
        }
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
