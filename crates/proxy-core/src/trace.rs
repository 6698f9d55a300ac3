//! The spans of requests and of their attempts, for whoever exports them.
//!
//! Their names and attributes are those of OpenTelemetry's semantic conventions for HTTP and for generative AI
//! (<https://opentelemetry.io/docs/specs/semconv/>). They are `tracing` spans of a target of their own, so that nothing of them is in
//! the lines of a log; `otel.*` fields are what `tracing-opentelemetry` reads. No key's value is in any, and no path of a client's.

use std::sync::Arc;

use http::{HeaderMap, Method};
use rotator_domain::{End, EndedRequest, KeyId, Verdict};
use rotator_format_converters::{Operation, operation};
use tracing::{Span, field};

use crate::attempt::{Outgoing, SendFailure};
use crate::catalog::{Door, ServiceEntry};
use crate::route::Route;
use crate::upstream::SendError;

/// The target of the spans.
pub const TRACE_TARGET: &str = "rotator_trace";

/// Knows to which traces spans belong (W3C Trace Context). Without one a request has no spans, and what its client says of a trace
/// goes to the upstream as it is.
pub trait TraceContext: Send + Sync {
    /// Makes a span that has just begun a part of the trace that the client's headers name, if they do.
    fn adopt(&self, span: &Span, headers: &HeaderMap);

    /// Makes an upstream's spans parts of this one: puts it in the place of what the headers say of a trace.
    fn hand_on(&self, span: &Span, headers: &mut HeaderMap);
}

/// The spans of one request. They end when this is dropped.
pub(crate) struct Trace {
    context: Arc<dyn TraceContext>,
    request: Span,
    /// The attempt that is going on, or the one that serves.
    attempt: Span,
    attempts: i64,
}

// === impl Trace ===

impl Trace {
    /// A request has come.
    pub(crate) fn begin(
        context: &Arc<dyn TraceContext>,
        method: &Method,
        route: Option<Route<'_>>,
        headers: &HeaderMap,
    ) -> Self {
        let path = route.map_or_else(|| "/".to_owned(), |route| format!("/{}/{{slug}}", route.door.name()));
        let method = method_name(method);
        let request = tracing::trace_span!(
            target: TRACE_TARGET,
            "request",
            otel.name = format!("{method} {path}"),
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = method,
            http.route = path,
            http.response.status_code = field::Empty,
            error.type = field::Empty,
            rotator.service = field::Empty,
            rotator.client_key.id = field::Empty,
            rotator.attempts = field::Empty,
        );
        context.adopt(&request, headers);
        Self { context: Arc::clone(context), request, attempt: Span::none(), attempts: 0 }
    }

    /// A client key has let it in to this service: until then whatever stands in the place of a slug may be anything.
    pub(crate) fn let_in(&self, entry: &ServiceEntry) {
        self.request.record("rotator.service", entry.slug().as_str());
    }

    /// It is sent with this key: gives what is sent then.
    pub(crate) fn attempt(
        &mut self,
        entry: &ServiceEntry,
        key: KeyId,
        model: Option<&str>,
        outgoing: &Outgoing,
    ) -> Outgoing {
        let method = method_name(&outgoing.method);
        let asked = gen_ai(entry, outgoing);
        let name = match (asked, model) {
            (Some((operation, _)), Some(model)) => format!("{operation} {model}"),
            (Some((operation, _)), None) => operation.to_owned(),
            (None, _) => method.to_owned(),
        };
        let authority = &entry.target.authority;
        let usual = if entry.target.scheme == http::uri::Scheme::HTTPS { 443 } else { 80 };
        self.attempt = tracing::trace_span!(
            target: TRACE_TARGET,
            parent: &self.request,
            "attempt",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = field::Empty,
            http.request.method = method,
            http.request.resend_count = (self.attempts > 0).then_some(self.attempts),
            http.response.status_code = field::Empty,
            server.address = authority.host(),
            server.port = i64::from(authority.port_u16().unwrap_or(usual)),
            error.type = field::Empty,
            gen_ai.operation.name = asked.map(|(operation, _)| operation),
            gen_ai.provider.name = asked.map(|(_, provider)| provider),
            gen_ai.request.model = model.filter(|_| asked.is_some()),
            gen_ai.usage.input_tokens = field::Empty,
            gen_ai.usage.output_tokens = field::Empty,
            rotator.service = entry.slug().as_str(),
            rotator.key.id = key.0,
            rotator.verdict = field::Empty,
        );
        self.attempts = self.attempts.saturating_add(1);
        let mut outgoing = outgoing.clone();
        self.context.hand_on(&self.attempt, &mut outgoing.headers);
        outgoing
    }

    /// The upstream has answered.
    pub(crate) fn answered(&self, status: u16, verdict: Verdict) {
        self.attempt.record("http.response.status_code", i64::from(status));
        self.attempt.record("rotator.verdict", verdict.name());
        if status >= 400 {
            fail(&self.attempt, &status.to_string());
        }
    }

    /// The attempt has ended, and its answer goes to nobody.
    pub(crate) fn attempt_is_over(&mut self) {
        self.attempt = Span::none();
    }

    /// The upstream has not answered.
    pub(crate) fn failed(&mut self, failure: &SendFailure) {
        let why = match failure {
            SendFailure::BadPath => "bad_path",
            SendFailure::Barred(_) => "upstream_resting",
            SendFailure::Send(SendError::NotSent(_)) => "unreachable",
            SendFailure::Send(SendError::Broken(_)) => "broken",
            SendFailure::Send(SendError::Timeout(_)) => "timeout",
            SendFailure::Send(SendError::ClientStalled(_) | SendError::ClientBody(_)) => "client_body",
        };
        fail(&self.attempt, why);
        self.attempt_is_over();
    }

    /// The answer has ended.
    pub(crate) fn end(self, ended: &EndedRequest) {
        if let Some(client) = ended.client {
            self.request.record("rotator.client_key.id", client.0);
        }
        self.request.record("rotator.attempts", self.attempts);
        self.request.record("http.response.status_code", i64::from(ended.status));
        if let Some(tokens) = ended.tokens {
            let number = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
            self.attempt.record("gen_ai.usage.input_tokens", number(tokens.input));
            self.attempt.record("gen_ai.usage.output_tokens", number(tokens.output));
        }
        match ended.end {
            End::Whole if ended.status >= 500 => fail(&self.request, &ended.status.to_string()),
            End::Whole => {}
            end => {
                fail(&self.request, end.name());
                fail(&self.attempt, end.name());
            }
        }
    }
}

fn fail(span: &Span, why: &str) {
    span.record("error.type", why);
    span.record("otel.status_code", "ERROR");
}

/// A method as spans name it: one that is not known to everybody must not make a name of its own.
fn method_name(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH];
    let names = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    known.iter().zip(names).find(|(known, _)| *known == method).map_or("_OTHER", |(_, name)| name)
}

/// What is asked of a model, and who provides it.
fn gen_ai(entry: &ServiceEntry, outgoing: &Outgoing) -> Option<(&'static str, &'static str)> {
    let Door::Llm { adapter, .. } = &entry.door else { return None };
    let base = entry.target.base_path.trim_end_matches('/');
    let rest = outgoing.path.strip_prefix(base).unwrap_or(&outgoing.path);
    let asked = match operation(adapter.format(), &outgoing.method, rest, outgoing.query.as_deref()) {
        Operation::Converse(_) if adapter.name() == "gemini" => "generate_content",
        Operation::Converse(_) => "chat",
        Operation::Embed(_) => "embeddings",
        _ => return None,
    };
    let provider = match adapter.name() {
        "gemini" => "gcp.gemini",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        // Most that speak it are no OpenAI, but that is what those who look at traces know.
        "openai_compatible" | "openai_responses" => "openai",
        other => other,
    };
    Some((asked, provider))
}
