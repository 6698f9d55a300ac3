//! Which format a client speaks, and what a service makes of it.

use http::{Method, StatusCode};
use rotator_mock_upstream::MockUpstream;
use serde_json::json;

use crate::client::full;
use crate::server::Server;

#[tokio::test]
async fn the_two_formats_of_openai_share_every_path_but_conversations() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    for (slug, api_format) in [("chat", "openai_compatible"), ("responses", "openai_responses")] {
        server
            .create(json!({
                "name": slug, "slug": slug, "config_type": "LLM", "target_base_url": upstream.base_url(),
                "api_format": api_format, "output_format": "auto", "api_keys": ["sk-1"],
            }))
            .await;
    }
    // What is to be converted is read, and nothing is said in these.
    let (passed, refused) = (StatusCode::OK, StatusCode::BAD_REQUEST);
    for (path, to_chat, to_responses) in [
        ("/v1/models", passed, passed),
        ("/v1/embeddings", passed, passed),
        ("/v1/files", passed, passed),
        ("/v1/chat/completions", passed, refused),
        ("/v1/responses", refused, passed),
        ("/v1/messages", refused, refused),
    ] {
        for (slug, expected) in [("chat", to_chat), ("responses", to_responses)] {
            let request = server.request(Method::POST, &format!("/llm/{slug}{path}")).body(full("{}")).unwrap();
            let answer = server.send(request).await;
            assert_eq!(answer.status, expected, "{slug}, {path}: {}", answer.text());
        }
    }
    assert_eq!(upstream.requests().len(), 8);
}
