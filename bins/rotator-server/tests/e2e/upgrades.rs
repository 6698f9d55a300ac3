//! Connections that switch to WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Request, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::{CLIENT_KEY, Server};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn both_doors() -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    (server, upstream)
}

/// The handshake, with the client key in this header.
fn handshake(server: &Server, path: &str, header: &'static str, key: &str) -> Request<()> {
    let mut request = format!("{}{path}", server.base.replace("http:", "ws:")).into_client_request().unwrap();
    request.headers_mut().insert(header, HeaderValue::from_str(key).unwrap());
    request
}

async fn echo(socket: &mut Socket, message: Message) {
    socket.send(message.clone()).await.unwrap();
    assert_eq!(timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap(), message);
}

#[tokio::test]
async fn a_websocket_passes_both_doors_with_the_upstream_key() {
    let (server, upstream) = both_doors().await;
    let bearer = format!("Bearer {CLIENT_KEY}");
    for (path, header, key) in [
        ("/proxy/s/deep/ws?model=m", "x-proxy-key", CLIENT_KEY),
        ("/llm/l/v1/realtime/ws?model=m", "authorization", bearer.as_str()),
    ] {
        let (mut socket, response) = connect_async(handshake(&server, path, header, key)).await.unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        for size in [0, 1, 200, 100_000, 1_000_000] {
            echo(&mut socket, Message::text("x".repeat(size))).await;
            echo(&mut socket, Message::binary(vec![0xff; size])).await;
        }
        let request = upstream.requests().pop().unwrap();
        assert!(!format!("{request:?}").contains(CLIENT_KEY), "{request:?}");
        assert!(["Bearer sk-1", "Bearer sk-2"].contains(&request.values("authorization")[0].as_str()));
        assert_eq!(request.values("sec-websocket-version"), ["13"]);
        assert!(request.path_and_query.ends_with("ws?model=m"));
        let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        socket.close(Some(close.clone())).await.unwrap();
        let last = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(last, Message::Close(Some(close)));
        timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_sockets() == 0)).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_key_is_replaced_before_the_switch() {
    let (server, upstream) = both_doors().await;
    upstream.set_key("sk-1", KeyBehaviour::Revoked);
    for _ in 0..3 {
        let request = handshake(&server, "/proxy/s/ws", "x-proxy-key", CLIENT_KEY);
        let (mut socket, _) = connect_async(request).await.unwrap();
        echo(&mut socket, Message::text("hello")).await;
    }
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 3));
}

#[tokio::test]
async fn without_a_client_key_or_a_switch_upstream_the_handshake_fails_with_the_right_status() {
    let (server, upstream) = both_doors().await;
    for (path, key, status) in [
        ("/proxy/s/ws", "rk-wrong", StatusCode::UNAUTHORIZED),
        ("/llm/l/ws", "rk-wrong", StatusCode::UNAUTHORIZED),
        ("/proxy/s/echo", CLIENT_KEY, StatusCode::OK),
        ("/proxy/s/status/404", CLIENT_KEY, StatusCode::NOT_FOUND),
    ] {
        let failed = connect_async(handshake(&server, path, "x-proxy-key", key)).await.unwrap_err();
        assert!(matches!(&failed, Error::Http(response) if response.status() == status), "{path}: {failed}");
    }
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_client_that_leaves_closes_the_upstreams_socket_and_a_shutdown_closes_both() {
    let (server, upstream) = both_doors().await;
    let request = || handshake(&server, "/proxy/s/ws", "x-proxy-key", CLIENT_KEY);
    let (mut left, _) = connect_async(request()).await.unwrap();
    echo(&mut left, Message::text("hello")).await;
    assert_eq!(upstream.open_sockets(), 1);
    drop(left);
    timeout(Duration::from_secs(1), upstream.wait_for(|upstream| upstream.open_sockets() == 0)).await.unwrap();

    let (mut open, _) = connect_async(request()).await.unwrap();
    echo(&mut open, Message::text("hello")).await;
    server.terminate();
    timeout(PATIENCE, server.ended()).await.unwrap();
    assert!(timeout(PATIENCE, open.next()).await.unwrap().unwrap().is_err());
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_sockets() == 0)).await.unwrap();
}
