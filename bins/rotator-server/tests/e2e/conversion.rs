//! Clients of each format before upstreams of each other one.

use std::io::Write;
use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use rotator_mock_upstream::{Canned, KeyBehaviour, MockUpstream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::full;
use crate::server::Server;
use crate::vendors::{TEXT, VENDORS, Vendor, ask, create, post, serve_well, service};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn one_service_answers_the_clients_of_all_formats() {
    for vendor in VENDORS {
        let (server, upstream) = service(vendor, Value::Null).await;
        serve_well(&upstream, vendor, false);
        for client in VENDORS {
            let answer = ask(&server, client, false).await;
            assert_eq!(answer.status, StatusCode::OK, "{client:?} at {vendor:?}: {}", answer.text());
            assert_eq!(client.text_of(&answer.json()), TEXT, "{client:?} at {vendor:?}: {}", answer.text());
            assert_eq!(answer.headers["content-type"], "application/json", "{client:?} at {vendor:?}");
            let sent = upstream.requests().pop().unwrap();
            assert_eq!(sent.path_and_query, vendor.path(false), "{client:?} at {vendor:?}");
            assert_eq!((sent.key.as_str(), sent.values("content-type")), ("sk-1", vec!["application/json".to_owned()]));
        }
    }
}

#[tokio::test]
async fn streams_are_converted_between_all_formats() {
    for vendor in VENDORS {
        let (server, upstream) = service(vendor, Value::Null).await;
        serve_well(&upstream, vendor, true);
        for client in VENDORS {
            let answer = ask(&server, client, true).await;
            let text = answer.text();
            assert_eq!(answer.status, StatusCode::OK, "{client:?} at {vendor:?}: {text}");
            assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
            assert_eq!(client.text_of_stream(&text), TEXT, "{client:?} at {vendor:?}: {text}");
            assert!(client.ends_well(&text), "{client:?} at {vendor:?}: {text}");
            assert_eq!(upstream.requests().pop().unwrap().path_and_query, vendor.path(true));
        }
    }
}

#[tokio::test]
async fn every_spelling_of_a_path_is_understood() {
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    serve_well(&upstream, Vendor::Chat, false);
    let gemini = Vendor::Gemini;
    for (client, path) in [
        (Vendor::Responses, "/responses"),
        (Vendor::Messages, "/messages"),
        (Vendor::Messages, "/v1/messages?beta=true"),
        (gemini, "/models/m-1:generateContent"),
        (gemini, "/v1/models/m-1:generateContent"),
        (gemini, "/v1beta/models/m-1%3AgenerateContent"),
        (gemini, "/v1/models/m-1%3agenerateContent"),
    ] {
        let answer = server.send(post(&server, path, &client.question(false))).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        assert_eq!(client.text_of(&answer.json()), TEXT, "{path}");
        let sent = upstream.requests().pop().unwrap();
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!((sent.path_and_query.as_str(), &body["model"]), ("/v1/chat/completions", &json!("m-1")), "{path}");
    }
}

#[tokio::test]
async fn a_fixed_format_is_the_clients_whatever_the_path_says() {
    let (server, upstream) = service(Vendor::Chat, json!({"output_format": "anthropic"})).await;
    serve_well(&upstream, Vendor::Chat, false);
    let answer = ask(&server, Vendor::Messages, false).await;
    assert_eq!(Vendor::Messages.text_of(&answer.json()), TEXT);
    let answer = ask(&server, Vendor::Chat, false).await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{}", answer.text());
    assert!(Vendor::Messages.is_error(&answer.json()), "{}", answer.text());
}

#[tokio::test]
async fn the_first_event_arrives_before_the_upstream_sends_its_second() {
    for vendor in VENDORS {
        let client = if vendor == Vendor::Messages { Vendor::Gemini } else { Vendor::Messages };
        let (server, upstream) = service(vendor, Value::Null).await;
        // Up to and with the first words all is sent at once.
        let events = vendor.events();
        let first = events.iter().position(|event| event.contains("Hello ")).unwrap();
        let (begun, rest) = events.split_at(first + 1);
        let pieces: Vec<String> = std::iter::once(begun.concat()).chain(rest.iter().cloned()).collect();
        upstream.answer("", Canned::events(pieces).waiting());
        let request = post(&server, client.path(true), &client.question(true));
        let mut response = server.client.head(request).await;
        let mut text = String::new();
        while !text.contains("Hello ") {
            let frame = timeout(PATIENCE, response.body_mut().frame()).await.unwrap().unwrap().unwrap();
            text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap()));
        }
        assert!(!text.contains("there"), "{vendor:?}: {text}");
        for _ in rest {
            upstream.release_event();
        }
        let rest = timeout(PATIENCE, response.into_body().collect()).await.unwrap().unwrap().to_bytes();
        text.push_str(&String::from_utf8_lossy(&rest));
        assert!(client.ends_well(&text), "{vendor:?}: {text}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_a_converted_stream_ends_the_upstreams() {
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    upstream.answer("", Canned::events(Vendor::Chat.events()).waiting());
    let request = post(&server, Vendor::Messages.path(true), &Vendor::Messages.question(true));
    let mut response = server.client.head(request).await;
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.abandoned() == 1)).await.unwrap();
}

#[tokio::test]
async fn an_upstream_that_breaks_off_never_looks_like_success() {
    for vendor in VENDORS {
        let (server, upstream) = service(vendor, json!({"idle_timeout_ms": 300})).await;
        let half = vendor.events().len() / 2;
        let events: Vec<String> = vendor.events().into_iter().take(half.max(1)).collect();
        for (how, canned) in [
            ("cut", Canned::events(events.clone()).cut()),
            ("short", Canned::events(events.clone())),
            ("stalled", Canned::events(events.clone()).stalled()),
        ] {
            upstream.answer("", canned);
            for client in VENDORS.into_iter().filter(|client| *client != vendor) {
                let answer = ask(&server, client, true).await;
                let text = answer.text();
                assert!(client.ends_with_error(&text), "{client:?} at {vendor:?}, {how}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn errors_of_the_upstream_reach_the_client_in_its_own_words() {
    for vendor in VENDORS {
        let (server, upstream) = service(vendor, Value::Null).await;
        for client in VENDORS.into_iter().filter(|client| *client != vendor) {
            let error = Canned::json(&vendor.error(400, "too many frogs")).status(400);
            upstream.answer("", error.header("x-request-id", "req-7"));
            let answer = ask(&server, client, false).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{client:?} at {vendor:?}: {}", answer.text());
            assert!(client.is_error(&answer.json()), "{client:?} at {vendor:?}: {}", answer.text());
            assert_eq!(answer.json()["error"]["message"], "too many frogs", "{client:?} at {vendor:?}");
            assert_eq!(answer.headers["x-request-id"], "req-7");
        }
    }
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    let busy = Canned::json(&Vendor::Chat.error(503, "busy")).status(503).header("retry-after", "7");
    upstream.answer("", busy);
    let answer = ask(&server, Vendor::Messages, true).await;
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].to_str().unwrap()), (503, "7"));
    assert!(Vendor::Messages.is_error(&answer.json()), "{}", answer.text());
}

#[tokio::test]
async fn limited_keys_are_told_in_the_clients_format() {
    let (server, upstream) = service(Vendor::Chat, json!({"max_waiting": 0})).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("30".into())));
    for client in [Vendor::Messages, Vendor::Gemini, Vendor::Responses] {
        let answer = ask(&server, client, false).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
        assert!(answer.headers.contains_key("retry-after") && client.is_error(&answer.json()), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_the_upstream_cannot_hear_is_named_or_refused() {
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    create(&server, "strict", Vendor::Chat, &upstream, json!({"strict": true})).await;
    for stream in [false, true] {
        serve_well(&upstream, Vendor::Chat, stream);
        let mut question = Vendor::Messages.question(stream);
        question["top_k"] = json!(3);
        let answer = server.send(post(&server, "/v1/messages", &question)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.headers["x-rotator-dropped"], "top_k");
        let seen = upstream.requests().len();
        let strict = server.request(Method::POST, "/llm/strict/v1/messages").body(full(question.to_string()));
        let answer = server.send(strict.unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert!(Vendor::Messages.is_error(&answer.json()) && answer.text().contains("top_k"), "{}", answer.text());
        assert_eq!(upstream.requests().len(), seen, "it was sent all the same");
        let answer = ask(&server, Vendor::Messages, stream).await;
        assert!(!answer.headers.contains_key("x-rotator-dropped"));
    }
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_with_the_place() {
    let (server, upstream) = service(Vendor::Gemini, Value::Null).await;
    for (client, path, body, place) in [
        (
            Vendor::Chat,
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "user", "content": 7}]}),
            "messages[0].content",
        ),
        (
            Vendor::Messages,
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "messages": [{"role": "king", "content": "x"}]}),
            "messages[0].role",
        ),
        (
            Vendor::Responses,
            "/v1/responses",
            json!({"model": "m", "input": [{"role": "king", "content": "x"}]}),
            "input[0].role",
        ),
    ] {
        let answer = server.send(post(&server, path, &body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert!(client.is_error(&answer.json()) && answer.text().contains(place), "{}", answer.text());
        if client != Vendor::Messages {
            assert!(answer.json()["error"]["param"].as_str().unwrap().starts_with(place), "{}", answer.text());
        }
    }
    for broken in ["", "{", "[]", "\u{feff}nothing"] {
        let request = server.request(Method::POST, "/llm/s/v1/messages").body(full(broken)).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{broken}: {}", answer.text());
        assert!(Vendor::Messages.is_error(&answer.json()), "{}", answer.text());
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_client_gets_a_stream_or_none_as_it_asked_whatever_the_upstream_does() {
    for vendor in VENDORS {
        let client = if vendor == Vendor::Chat { Vendor::Messages } else { Vendor::Chat };
        let (server, upstream) = service(vendor, Value::Null).await;
        serve_well(&upstream, vendor, false);
        let answer = ask(&server, client, true).await;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"), "{vendor:?}");
        assert_eq!(client.text_of_stream(&answer.text()), TEXT, "{vendor:?}: {}", answer.text());
        assert!(client.ends_well(&answer.text()), "{vendor:?}: {}", answer.text());
        serve_well(&upstream, vendor, true);
        let answer = ask(&server, client, false).await;
        assert_eq!(client.text_of(&answer.json()), TEXT, "{vendor:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_answer_that_is_compressed_or_makes_no_sense_is_read_or_refused() {
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let client = Vendor::Messages;
    let compressed = |bytes: Vec<u8>| Canned::events([bytes]).header("content-encoding", "gzip");
    upstream.answer("", compressed(gzip(&Vendor::Chat.events().concat())));
    let answer = ask(&server, client, true).await;
    assert_eq!(client.text_of_stream(&answer.text()), TEXT, "{}", answer.text());
    assert!(!answer.headers.contains_key("content-encoding"));
    let sent = upstream.requests().pop().unwrap();
    assert_eq!(sent.values("accept-encoding"), ["identity"]);
    for canned in [
        Canned::events(["?"]).header("content-encoding", "br"),
        Canned::json(&json!("no answer")),
        Canned::json(&Vendor::Messages.error(200, "odd")).header("content-encoding", "gzip"),
    ] {
        upstream.answer("", canned);
        let answer = ask(&server, client, false).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
        assert!(client.is_error(&answer.json()), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_to_convert_is_refused() {
    let (server, upstream) =
        (Server::usual().set("ROTATOR_REPLAY_LIMIT", "1000"), MockUpstream::start().await.unwrap());
    let server = server.start().await;
    create(&server, "s", Vendor::Chat, &upstream, Value::Null).await;
    let mut question = Vendor::Messages.question(false);
    question["messages"][0]["content"] = json!("x".repeat(2000));
    let answer = server.send(post(&server, "/v1/messages", &question)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text());
    assert!(Vendor::Messages.is_error(&answer.json()), "{}", answer.text());
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn headers_of_the_clients_vendor_stay_with_it_and_others_pass() {
    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    serve_well(&upstream, Vendor::Chat, false);
    let request = server.request(Method::POST, "/llm/s/v1/messages?beta=true");
    let request = request.header("anthropic-version", "2023-06-01").header("anthropic-beta", "b");
    let request = request.header("user-agent", "agent/1").header("x-own", "1").header("accept-encoding", "br");
    let answer = server.send(request.body(full(Vendor::Messages.question(false).to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let sent = upstream.requests().pop().unwrap();
    assert!(!sent.headers.keys().any(|name| name.as_str().starts_with("anthropic-")), "{:?}", sent.headers);
    assert_eq!((sent.values("user-agent"), sent.values("x-own")), (vec!["agent/1".to_owned()], vec!["1".to_owned()]));
    assert_eq!(sent.path_and_query, "/v1/chat/completions");
}

#[tokio::test]
async fn what_converted_answers_used_counts_against_the_keys_limits() {
    for stream in [false, true] {
        // The first answer alone uses the minute up; the estimate of the second would have had room.
        let more = json!({"limits": {"tpm": 120}, "max_waiting": 0});
        let (server, upstream) = service(Vendor::Gemini, more).await;
        let mut events = Vendor::Gemini.events();
        let mut answer = Vendor::Gemini.answer();
        answer["usageMetadata"] = json!({"promptTokenCount": 100, "candidatesTokenCount": 90, "totalTokenCount": 190});
        events.push(format!("data: {answer}\n\n"));
        upstream.answer("", if stream { Canned::events(events) } else { Canned::json(&answer) });
        assert_eq!(ask(&server, Vendor::Chat, stream).await.status, StatusCode::OK);
        let answer = ask(&server, Vendor::Chat, stream).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "stream {stream}: {}", answer.text());
    }
}
