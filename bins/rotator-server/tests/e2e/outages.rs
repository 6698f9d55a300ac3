//! A database that is away for a while.

use std::sync::Arc;

use http::Method;
use rotator_mock_upstream::MockUpstream;
use serde_json::json;

use crate::backend::Backend;
use crate::changes::{alone, until};
use crate::relay::Relay;
use crate::server::Place;

/// What a variable says of where the state is.
fn address(backend: &Backend, variable: &str) -> String {
    backend.environment().into_iter().find(|(name, _)| name == variable).unwrap().1
}

#[tokio::test]
async fn what_was_changed_while_the_database_was_away_is_taken_up_when_it_is_back() {
    let (backend, upstream) = (Arc::new(Backend::new().unwrap()), MockUpstream::start().await.unwrap());
    let mut way = Relay::to(&address(&backend, "DATABASE_URL")).await;
    way.open().await;
    let place = || alone(Place::sharing(Some(Arc::clone(&backend))));
    let near = place().start().await;
    let far = place().set("DATABASE_URL", &way.url()).set("DB_ACQUIRE_TIMEOUT", "1").start().await;
    let id = near.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let status = async || far.get("/proxy/s/status/204").await.status.as_u16();
    until("the service comes", async || status().await == 204).await;

    way.close().await;
    let told = |what: &str| far.output().matches(what).count();
    let lost = "changes of other nodes and commands cannot be seen";
    until("the database is missed", async || told(lost) > 0).await;
    near.admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": false}))).await;
    let other = near.generic("t", &upstream.base_url(), &["sk-1"]).await;
    near.admin(Method::DELETE, &format!("proxy-configs/{other}"), None).await;
    near.generic("u", &upstream.base_url(), &["sk-1"]).await;
    assert_eq!(status().await, 204);

    way.open().await;
    until("the service rests", async || status().await == 404).await;
    let status = async |slug: &str| far.get(&format!("/proxy/{slug}/status/204")).await.status.as_u16();
    until("the new service is there", async || status("u").await == 204).await;
    assert_eq!(status("t").await, 404);
    until("it is told", async || told("changes are seen again") == 1).await;
    assert_eq!(told(lost), 1);
}
