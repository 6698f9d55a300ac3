//! A copy of the database, made while the server runs.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, StatusCode};
use rotator_mock_upstream::MockUpstream;
use serde_json::json;

use crate::server::{Place, Server};

/// A server on a copy of the file and of the master key.
async fn restored(source: &Place, backup: &str) -> Server {
    let place = Server::usual();
    std::fs::create_dir(place.path("data")).unwrap();
    std::fs::copy(source.path(backup), place.path("data/api_key_rotator.db")).unwrap();
    std::fs::copy(source.path("data/master.key"), place.path("data/master.key")).unwrap();
    place.start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_beside_a_busy_server_and_another_one_starts_on_it() {
    let upstream = MockUpstream::start().await.unwrap();
    let server = Server::usual().set("LOG_LEVEL", "info").start().await;
    let id = server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    if server.place().backend.is_some() {
        let output = server.place().run(&["backup", "copy.db"]).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let names_a_tool = error.contains("mysqldump") || error.contains("pg_dump");
        assert!(!output.status.success() && names_a_tool && error.contains("rotator-server export"), "{error}");
        assert!(!server.place().path("copy.db").exists());
        return;
    }
    let is_over = AtomicBool::new(false);
    let path = format!("proxy-configs/{id}/keys/batch");
    let write = async {
        let mut written = 0_u64;
        while !is_over.load(Ordering::Relaxed) {
            // All of a batch or none of it.
            let keys: Vec<String> = (0..10).map(|number| format!("sk-{written}-{number}")).collect();
            let (_, report) = server.admin(Method::POST, &path, Some(json!({"keys": keys}))).await;
            assert_eq!(report["success_count"], 10);
            written += 1;
        }
        written
    };
    let back_up = async {
        for round in 0..4 {
            let output = server.place().run(&["backup", &format!("{round}.db")]).await;
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && shown.contains("data/master.key"), "{shown}");
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (written, ()) = futures_util::join!(write, back_up);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(server.place().path("3.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let mut before = 0;
    for round in 0..4 {
        let restored = restored(server.place(), &format!("{round}.db")).await;
        let (_, config) = restored.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
        let count = config["api_key_count"].as_u64().unwrap();
        assert!(count % 10 == 1 && (before..=1 + 10 * written).contains(&count), "{count} keys");
        before = count;
        assert_eq!(restored.get("/proxy/s/echo").await.status, StatusCode::OK);
    }
    // A file that is there stays.
    let bytes = std::fs::read(server.place().path("0.db")).unwrap();
    let output = server.place().run(&["backup", "0.db"]).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is a file of this name already"));
    assert_eq!(std::fs::read(server.place().path("0.db")).unwrap(), bytes);
    // What a killed server leaves is backed up as well, with all that it had answered.
    let place = server.kill();
    assert!(place.run(&["backup", "killed.db"]).await.status.success());
    let restored = restored(&place, "killed.db").await;
    let (_, config) = restored.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
    assert_eq!(config["api_key_count"], 1 + 10 * written);
}
