//! Bodies that pass as they come.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use rotator_mock_upstream::MockUpstream;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{TestBody, TestClient, full};
use crate::server::{CLIENT_KEY, Place, Server};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);
const GIB: u64 = 1 << 30;
const PEAK: u64 = 64 << 20;

/// A server with a service at each door, and their upstream.
async fn both_doors(place: Place) -> (Server, MockUpstream) {
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-1"]).await;
    (server, upstream)
}

fn with_idle_timeout(slug: &str, upstream: &MockUpstream, millis: u64) -> serde_json::Value {
    json!({
        "name": slug, "slug": slug, "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
        "api_key_location": "header", "api_key_name": "X-Key", "api_keys": ["sk-1"], "idle_timeout_ms": millis,
    })
}

async fn open(client: &TestClient, server: &Server, path: &str) -> Response<Incoming> {
    client.head(server.request(Method::GET, path).body(full("")).unwrap()).await
}

async fn piece(response: &mut Response<Incoming>) -> Option<Result<Bytes, hyper::Error>> {
    let frame = timeout(PATIENCE, response.body_mut().frame()).await.unwrap()?;
    Some(frame.map(|frame| frame.into_data().unwrap()))
}

/// Reads to the end, or to the cut: how many bytes came, and whether the end was a whole one.
async fn count(mut response: Response<Incoming>) -> (u64, bool) {
    let mut bytes = 0;
    loop {
        match piece(&mut response).await {
            Some(Ok(data)) => bytes += data.len() as u64,
            Some(Err(_)) => return (bytes, false),
            None => return (bytes, true),
        }
    }
}

fn generated(bytes: u64) -> TestBody {
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let pieces = stream::unfold((bytes, piece), |(left, piece)| async move {
        let size = usize::try_from(left).unwrap().min(piece.len());
        (size > 0).then(|| (Ok(Frame::data(piece.slice(..size))), (left - size as u64, piece)))
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// In MiB, for the eye.
fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[tokio::test]
async fn the_first_event_arrives_before_the_upstream_sends_its_second() {
    let (server, upstream) = both_doors(Server::usual()).await;
    for client in [TestClient::new(), TestClient::http2()] {
        for path in ["/proxy/s/sse", "/llm/l/v1/sse"] {
            let mut response = open(&client, &server, path).await;
            for event in 0..3 {
                let data = piece(&mut response).await.unwrap().unwrap();
                assert_eq!(data, format!("data: {{\"event\":{event}}}\n\n"), "{path}");
                // Nothing more is on its way until it is released.
                let more = timeout(Duration::from_millis(20), response.body_mut().frame()).await;
                assert!(more.is_err(), "{path}: {more:?}");
                upstream.release_event();
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_upstream_answer_within_a_second() {
    let (server, upstream) = both_doors(Server::usual()).await;
    for (turn, path) in ["/proxy/s/sse", "/llm/l/v1/sse", "/proxy/s/stall?bytes=10"].into_iter().enumerate() {
        let client = TestClient::new();
        let mut response = open(&client, &server, path).await;
        piece(&mut response).await.unwrap().unwrap();
        assert_eq!((upstream.abandoned(), upstream.open_connections()), (turn, 1));
        let left = Instant::now();
        drop((response, client));
        let gone = upstream.wait_for(|upstream| upstream.abandoned() == turn + 1 && upstream.open_connections() == 0);
        timeout(PATIENCE, gone).await.unwrap();
        let took = left.elapsed();
        println!("{path}: abandoned after {took:?}");
        assert!(took < Duration::from_secs(1), "{path}: abandoned after {took:?}");
    }
}

#[tokio::test]
async fn a_stream_that_an_http2_client_resets_ends_within_a_second_too() {
    let (server, upstream) = both_doors(Server::usual()).await;
    let mut config = with_idle_timeout("h2", &upstream, 60_000);
    config["http_version"] = json!("http2");
    server.create(config).await;
    let client = TestClient::http2();
    for (turn, path) in ["/proxy/s/sse", "/llm/l/v1/sse", "/proxy/h2/sse"].into_iter().enumerate() {
        let mut response = open(&client, &server, path).await;
        piece(&mut response).await.unwrap().unwrap();
        let left = Instant::now();
        drop(response);
        timeout(PATIENCE, upstream.wait_for(|upstream| upstream.abandoned() == turn + 1)).await.unwrap();
        let took = left.elapsed();
        println!("{path} by HTTP/2: abandoned after {took:?}");
        assert!(took < Duration::from_secs(1), "{path}: abandoned after {took:?}");
        // Only the stream has ended: the client's connection serves on.
        let echo = client.send(server.request(Method::GET, "/proxy/h2/echo").body(full("")).unwrap()).await;
        assert_eq!(echo.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_begins_ends_the_request_too() {
    let (server, upstream) = both_doors(Server::usual()).await;
    let request = server.request(Method::GET, "/proxy/s/hang").body(full("")).unwrap();
    let client = TestClient::new();
    let waiting = tokio::spawn(async move { client.head(request).await });
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.requests().len() == 1)).await.unwrap();
    assert_eq!(upstream.open_connections(), 1);
    let left = Instant::now();
    waiting.abort();
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_connections() == 0)).await.unwrap();
    assert!(left.elapsed() < Duration::from_secs(1), "gone after {} ms", left.elapsed().as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_downloads_in_little_memory() {
    let (server, _upstream) = both_doors(Server::usual().set("LOG_LEVEL", "info")).await;
    let response = open(&server.client, &server, &format!("/proxy/s/download?bytes={GIB}")).await;
    assert_eq!(response.headers()["content-length"], GIB.to_string().as_str());
    assert_eq!(count(response).await, (GIB, true));
    let peak = server.peak_memory();
    println!("download: a peak of {} MiB", mebibytes(peak));
    assert!(peak < PEAK, "a peak of {} MiB", mebibytes(peak));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_uploads_in_little_memory() {
    let (server, _upstream) = both_doors(Server::usual().set("LOG_LEVEL", "info")).await;
    // Of a body whose length nobody knows, as much is kept as may be sent again.
    for length in [Some(GIB), None] {
        let mut request = server.request(Method::POST, "/proxy/s/upload");
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let answer = server.send(request.body(generated(GIB)).unwrap()).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, GIB.to_string()));
        let peak = server.peak_memory();
        println!("upload of length {length:?}: a peak of {} MiB", mebibytes(peak));
        assert!(peak < PEAK, "length {length:?}: a peak of {} MiB", mebibytes(peak));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_in_tiny_pieces_takes_no_more_memory_than_its_bytes() {
    const PIECES: usize = 250_000;
    let (server, _upstream) = both_doors(Server::usual().set("LOG_LEVEL", "info")).await;
    for path in ["/proxy/s/upload", "/llm/l/upload"] {
        let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nx-proxy-key: {CLIENT_KEY}\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all("1\r\nx\r\n".repeat(PIECES).as_bytes()).await.unwrap();
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE * 6, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.contains(&PIECES.to_string()), "{path}: {answer}");
        let peak = server.peak_memory();
        println!("{path} in tiny pieces: a peak of {} MiB", mebibytes(peak));
        assert!(peak < PEAK, "{path}: a peak of {} MiB", mebibytes(peak));
    }
}

#[tokio::test]
async fn an_answer_that_pauses_too_long_or_is_cut_upstream_is_cut_for_the_client() {
    let (server, upstream) = both_doors(Server::usual()).await;
    server.create(with_idle_timeout("idle", &upstream, 100)).await;
    for client in [TestClient::new(), TestClient::http2()] {
        for path in ["/proxy/idle/stall?bytes=100000", "/proxy/s/cut?bytes=100000", "/llm/l/v1/cut?bytes=100000"] {
            let response = open(&client, &server, path).await;
            assert_eq!(response.status(), StatusCode::OK);
            let (bytes, is_whole) = count(response).await;
            assert!(bytes <= 100_000 && !is_whole, "{path}: {bytes} bytes, whole: {is_whole}");
        }
    }
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.abandoned() == 2)).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_pauses_less_than_allowed_is_whole_however_long_it_takes() {
    let (server, upstream) = both_doors(Server::usual()).await;
    server.create(with_idle_timeout("idle", &upstream, 300)).await;
    let mut response = open(&server.client, &server, "/proxy/idle/sse").await;
    let mut pauses = tokio::time::interval(Duration::from_millis(100));
    for event in 0..6 {
        let data = piece(&mut response).await.unwrap().unwrap();
        assert_eq!(data, format!("data: {{\"event\":{event}}}\n\n"));
        pauses.tick().await;
        upstream.release_event();
    }
}
