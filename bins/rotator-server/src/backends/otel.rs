//! Traces for OpenTelemetry, by OTLP over HTTP. Settings are the standard variables, which the SDK reads itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HeaderExtractor, HeaderInjector, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use rotator_domain::TargetUrl;
use rotator_proxy_core::{Proxy, TRACE_TARGET, TraceContext};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

use super::{SpanExport, SpanLayer, Traces, Tracing};
use crate::error::AppError;

/// What a service is called that nobody has named.
const NAME: &str = "api-key-rotator";
/// What names the place where traces go; without any there are none.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// How long the place may take to answer, as the specification has it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end waits for the last spans to be taken.
const LAST_SPANS: Duration = Duration::from_secs(5);
const TRACESTATE: &str = "tracestate";

/// W3C Trace Context.
#[derive(Debug, Default)]
struct W3c(TraceContextPropagator);

/// Sends spans over the proxy's connections, once there are some.
#[derive(Debug, Default)]
struct OverProxy {
    proxy: OnceLock<(Proxy, Handle)>,
    is_away: AtomicBool,
}

struct Export {
    provider: SdkTracerProvider,
    client: Arc<OverProxy>,
}

/// The same client for the exporter, which wants its own.
#[derive(Debug)]
struct Lent(Arc<OverProxy>);

/// Traces, where the variables name a place for them.
pub(super) fn traces() -> Result<Option<Traces>, AppError> {
    let says = |name: &str, what: &str| std::env::var(name).is_ok_and(|value| value.eq_ignore_ascii_case(what));
    let is_named = ENDPOINTS.iter().any(|name| std::env::var(name).is_ok_and(|value| !value.is_empty()));
    if !is_named || says("OTEL_SDK_DISABLED", "true") || says("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    let client = Arc::new(OverProxy::default());
    let exporter = SpanExporter::builder().with_http().with_http_client(Lent(Arc::clone(&client))).build();
    let exporter = exporter.map_err(|error| AppError::failed("could not export traces", error))?;
    let mut resource = Resource::builder();
    if std::env::var("OTEL_SERVICE_NAME").is_err() {
        resource = resource.with_service_name(NAME);
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(NAME))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target(TRACE_TARGET, tracing::Level::TRACE));
    let layer: SpanLayer = Box::new(layer);
    let tracing = Tracing { context: Arc::new(W3c::default()), export: Arc::new(Export { provider, client }) };
    Ok(Some(Traces { layer, tracing }))
}

// === impl W3c ===

impl TraceContext for W3c {
    fn adopt(&self, span: &Span, headers: &HeaderMap) {
        let parent = self.0.extract(&HeaderExtractor(headers));
        if let Err(error) = span.set_parent(parent) {
            tracing::debug!(error = ?error, "a request is no part of its client's trace");
        }
    }

    fn hand_on(&self, span: &Span, headers: &mut HeaderMap) {
        self.0.inject_context(&span.context(), &mut HeaderInjector(headers));
        // It is written also where it says nothing, which some upstreams take for a fault.
        if headers.get(TRACESTATE).is_some_and(|state| state.is_empty()) {
            headers.remove(TRACESTATE);
        }
    }
}

// === impl Export ===

#[async_trait]
impl SpanExport for Export {
    fn send_over(&self, proxy: &Proxy) {
        // A start that is done again after the database was away makes another one, which is as good as the first.
        let _ = self.client.proxy.set((proxy.clone(), Handle::current()));
    }

    async fn close(&self) {
        let provider = self.provider.clone();
        // It waits for the last spans to be taken, which this runtime's other threads see to.
        let closed = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS)).await;
        if !matches!(closed, Ok(Ok(()))) {
            tracing::warn!("the last spans were not taken");
        }
    }
}

// === impl OverProxy ===

impl OverProxy {
    async fn send(&self, request: Request<Bytes>) -> Result<StatusCode, HttpError> {
        let (proxy, runtime) = self.proxy.get().cloned().ok_or("there are no connections yet")?;
        let (parts, body) = request.into_parts();
        let url = TargetUrl::parse(&parts.uri.to_string())?;
        // The exporter has a thread of its own, without a runtime.
        let sending = runtime.spawn(async move { proxy.post(&url, parts.headers, body, PATIENCE).await });
        Ok(sending.await??)
    }

    /// Says that spans are lost when that begins, and when it ends.
    fn tell(&self, sent: &Result<StatusCode, HttpError>) {
        let why = match sent {
            Ok(status) if status.is_success() => None,
            Ok(status) => Some(format!("the answer was {status}")),
            Err(error) => Some(error.to_string()),
        };
        match (self.is_away.swap(why.is_some(), Ordering::Relaxed), why) {
            (false, Some(why)) => tracing::warn!(error = why, "spans are lost: nobody takes them"),
            (true, None) => tracing::info!("spans are taken again"),
            (false, None) | (true, Some(_)) => {}
        }
    }
}

// === impl Lent ===

#[async_trait]
impl HttpClient for Lent {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.0.send(request).await;
        self.0.tell(&sent);
        Ok(Response::builder().status(sent?).body(Bytes::new())?)
    }
}
