//! Traces by OTLP: the spans that a collector gets, and what the upstream sees of the trace.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(dead_code, reason = "what starts servers is shared with the other programs of this suite")]

mod backend;
mod client;
mod outcome;
mod server;

use std::collections::HashMap;

use http::Request;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};

use crate::client::full;
use crate::outcome::until;
use crate::server::{CLIENT_KEY, Server};

const KEYS: [&str; 2] = ["sk-planted-upstream-revoked", "sk-planted-upstream-good"];
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const QUESTION: &str = r#"{"model":"gpt-mock","messages":[{"role":"user","content":"planted question"}]}"#;

/// A server that exports traces, its upstream with a revoked key and a good one, and the collector.
async fn traced() -> (Server, MockUpstream, MockUpstream) {
    let (upstream, collector) = (MockUpstream::start().await.unwrap(), MockUpstream::start().await.unwrap());
    upstream.set_key(KEYS[0], KeyBehaviour::Revoked);
    let place = Server::usual().set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.base_url());
    let place = place.set("OTEL_SERVICE_NAME", "rotator-under-test").set("OTEL_BSP_SCHEDULE_DELAY", "50");
    // What is shown to the collector is a secret.
    std::fs::write(place.path("headers"), "x-collector-token=planted $token\n").unwrap();
    let place = place.set("OTEL_EXPORTER_OTLP_HEADERS_FILE", "headers");
    let server = place.start().await;
    server.llm("s", "openai_compatible", &upstream.base_url(), &KEYS).await;
    (server, upstream, collector)
}

async fn ask(server: &Server, traceparent: &str) {
    let request = Request::post(format!("{}/llm/s/v1/chat/completions", server.base));
    let request = request.header("authorization", format!("Bearer {CLIENT_KEY}")).header("traceparent", traceparent);
    let request = request.header("tracestate", "vendor=1").header("content-type", "application/json");
    let answer = server.send(request.body(full(QUESTION)).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// All spans that have come.
fn spans(collector: &MockUpstream) -> Vec<Span> {
    let requests = collector.requests().into_iter().map(|request| {
        assert_eq!(request.path_and_query, "/v1/traces");
        assert_eq!(request.values("content-type"), ["application/x-protobuf"]);
        assert_eq!(request.values("x-collector-token"), ["planted $token"]);
        ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap()
    });
    let resources = requests.flat_map(|request| request.resource_spans);
    let scopes = resources.flat_map(|resource| {
        let attributes = resource.resource.unwrap().attributes;
        let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
        let name = name.value.clone().unwrap().value;
        assert_eq!(name, Some(Value::StringValue("rotator-under-test".to_owned())));
        resource.scope_spans
    });
    scopes.flat_map(|scope| scope.spans).collect()
}

fn attributes(span: &Span) -> HashMap<&str, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let told = span
        .attributes
        .iter()
        .filter_map(|attribute| Some((attribute.key.as_str(), text(attribute.value.as_ref()?.value.as_ref()?))));
    told.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_request_and_its_attempts_are_parts_of_the_clients_trace() {
    let (server, upstream, collector) = traced().await;
    ask(&server, &format!("00-{TRACE}-{PARENT}-01")).await;
    until("the spans come", async || spans(&collector).len() >= 3).await;
    let all = spans(&collector);
    assert!(all.len() == 3 && all.iter().all(|span| hex(&span.trace_id) == TRACE), "{all:?}");

    let request = all.iter().find(|span| hex(&span.parent_span_id) == PARENT).unwrap();
    assert_eq!((request.name.as_str(), request.kind), ("POST /llm/{slug}", 2));
    let told = attributes(request);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/llm/{slug}"),
        ("http.response.status_code", "200"),
        ("rotator.service", "s"),
        ("rotator.attempts", "2"),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}: {told:?}");
    }
    assert_eq!(request.status.as_ref().map_or(0, |status| status.code), 0);

    let mut attempts: Vec<&Span> = all.iter().filter(|span| span.parent_span_id == request.span_id).collect();
    attempts.sort_by_key(|span| span.start_time_unix_nano);
    let [refused, served] = attempts[..] else { panic!("{attempts:?}") };
    for attempt in [refused, served] {
        assert_eq!((attempt.name.as_str(), attempt.kind), ("chat gpt-mock", 3));
        assert!(attempt.end_time_unix_nano >= attempt.start_time_unix_nano);
        let told = attributes(attempt);
        let port = upstream.address().port().to_string();
        for (name, value) in [
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-mock"),
            ("server.address", "127.0.0.1"),
            ("server.port", port.as_str()),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}: {told:?}");
        }
        assert!(told["rotator.key.id"].parse::<i64>().unwrap() > 0);
    }
    assert!(refused.end_time_unix_nano <= served.start_time_unix_nano, "one attempt after the other");
    let (refused, served) = (attributes(refused), attributes(served));
    assert_ne!(refused["rotator.key.id"], served["rotator.key.id"]);
    assert_eq!((refused["http.response.status_code"].as_str(), refused["error.type"].as_str()), ("401", "401"));
    assert_eq!(served["http.response.status_code"], "200");
    let tokens = ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"];
    let used: u64 = tokens.iter().map(|name| served[name].parse::<u64>().unwrap()).sum();
    assert_eq!((used, served["http.request.resend_count"].as_str()), (8, "1"));
    assert!(!refused.contains_key(tokens[0]) && !served.contains_key("error.type"));

    // The upstream's own spans are parts of the attempts.
    let seen: Vec<(String, String)> = upstream
        .requests()
        .iter()
        .map(|request| (request.values("traceparent").join(","), request.values("tracestate").join(",")))
        .collect();
    let expected: Vec<(String, String)> =
        attempts.iter().map(|span| (format!("00-{TRACE}-{}-01", hex(&span.span_id)), "vendor=1".to_owned())).collect();
    assert_eq!(seen, expected);

    let sent: Vec<u8> = collector.requests().into_iter().flat_map(|request| request.body).collect();
    let sent = String::from_utf8_lossy(&sent).into_owned();
    for planted in [KEYS[0], KEYS[1], CLIENT_KEY, "planted question"] {
        assert!(!sent.contains(planted), "{planted}");
    }
    // Lines of the log are as they are without traces.
    assert!(!server.output().contains("gen_ai.") && !server.output().contains("rotator_trace"));
}

#[tokio::test]
async fn a_trace_that_its_client_does_not_sample_is_handed_on_and_not_exported() {
    let (server, upstream, collector) = traced().await;
    upstream.set_key(KEYS[0], KeyBehaviour::Good);
    ask(&server, &format!("00-{TRACE}-{PARENT}-00")).await;
    let seen = upstream.requests().pop().unwrap().values("traceparent");
    assert!(seen.len() == 1 && seen[0].starts_with(&format!("00-{TRACE}-")) && seen[0].ends_with("-00"), "{seen:?}");
    // One that follows is sampled: what came before it would be there as well.
    ask(&server, "00-11111111111111111111111111111111-2222222222222222-01").await;
    server.terminate();
    let place = server.ended().await;
    assert!(!place.log().contains("the last spans were not taken"));
    let traces: Vec<String> = spans(&collector).iter().map(|span| hex(&span.trace_id)).collect();
    assert_eq!(traces, ["11111111111111111111111111111111"; 2]);
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_told_of_once_and_holds_nobody_up() {
    let (server, _upstream, collector) = traced().await;
    collector.set_key("", KeyBehaviour::Failing(503));
    let tries = || collector.requests().len();
    while tries() < 3 {
        ask(&server, &format!("00-{TRACE}-{PARENT}-01")).await;
    }
    collector.set_key("", KeyBehaviour::Good);
    until("spans are taken again", async || {
        ask(&server, &format!("00-{TRACE}-{PARENT}-01")).await;
        server.output().contains("spans are taken again")
    })
    .await;
    assert_eq!(server.output().matches("spans are lost: nobody takes them").count(), 1);
}
