//! A full disk: traffic goes on, the log says so once a minute, and what was counted meanwhile is there once there is room.
//!
//! The disk is a small one in memory, in a mount namespace of the server's own, so that it is gone with the server.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::changes::MASTER_KEY;
use crate::client::{TestClient, full};
use crate::client_limits::client_key;
use crate::outcome::until;
use crate::request_log::{change, logged};
use crate::server::{PASSWORD, Place, Server};
use crate::usage::{total, until_counted};

/// How long requests are sent while the disk is full: several times as long as figures gather.
const FULL: Duration = Duration::from_secs(4);
const JOURNAL: &str = "the journal of usage figures cannot be written";
const FIGURES: &str = "usage figures cannot be stored";
const LOG: &str = "requests cannot be logged";
const STATES: &str = "the keys' states could not be written";

/// The server's small disk, as the test sees it.
struct Disk(PathBuf);

// === impl Disk ===

impl Disk {
    /// The usual place with a small disk in its folder `disk`.
    fn place() -> Place {
        let place = Server::usual().set("LOG_LEVEL", "info").set("ROTATOR_MASTER_KEY", MASTER_KEY);
        std::fs::create_dir(place.path("disk")).unwrap();
        Self::beneath(place, "true")
    }

    /// A place with a small disk in its folder `disk`, with which the shell does something before the server starts.
    fn beneath(mut place: Place, before: &str) -> Place {
        let disk = place.path("disk");
        place.before = Some(format!("mount -t tmpfs -o size=16m tmpfs '{}' && {before}", disk.display()));
        place
    }

    fn of(server: &Server) -> Self {
        let own = server.place().path("disk");
        let root = PathBuf::from(format!("/proc/{}/root", server.id()));
        Self(root.join(own.strip_prefix("/").unwrap()))
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut filler = OpenOptions::new().create(true).append(true).open(self.0.join("filler")).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            let piece = vec![b'x'; size];
            let error = loop {
                if let Err(error) = filler.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        }
    }

    /// How many bytes are in the folders of a folder.
    fn size(&self, name: &str) -> u64 {
        let entries = |path: PathBuf| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
        let files = entries(self.0.join(name)).flat_map(|folder| entries(folder.path()));
        // A file may go while it is looked at.
        files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

/// Sends requests until something holds, each of which must be served at once; gives how long it took.
async fn traffic_until(server: &Server, what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    until(what, async || {
        let one = Instant::now();
        assert_eq!(server.get("/proxy/s/echo").await.status, StatusCode::OK);
        assert!(one.elapsed() < Duration::from_secs(1), "{:?}", one.elapsed());
        holds().await
    })
    .await
}

/// Sends requests for a while.
async fn traffic(server: &Server, length: Duration) {
    let begun = Instant::now();
    traffic_until(server, "time passes", async || begun.elapsed() >= length).await;
}

fn served(upstream: &MockUpstream) -> u64 {
    ["sk-1", "sk-2"].iter().map(|key| upstream.hits(key) as u64).sum()
}

/// How often the log says each of these.
fn told<const N: usize>(server: &Server, what: [&str; N]) -> [usize; N] {
    let log = server.place().log();
    what.map(|what| log.matches(what).count())
}

/// What is said of the usage figures; with a full disk the server is ready all the same.
async fn readiness(server: &Server) -> Value {
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["dependencies"]["usage"].clone()
}

/// Sends requests until this is said of the usage figures, and gives the reason. What is left of a page, or of what was given up,
/// takes a little also where the disk is full.
async fn until_state(server: &Server, state: &str) -> String {
    let mut usage = Value::Null;
    traffic_until(server, state, async || {
        usage = readiness(server).await;
        usage["state"] == state
    })
    .await;
    usage["reason"].as_str().unwrap_or_default().to_owned()
}

async fn until_metric(server: &Server, line: &str) {
    traffic_until(server, line, async || server.get("/metrics").await.text().lines().any(|found| found == line)).await;
}

#[tokio::test]
async fn while_the_journals_disk_is_full_figures_are_counted_in_memory() {
    let (server, upstream) =
        (Disk::place().set("ROTATOR_DATA_DIR", "disk").start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let disk = Disk::of(&server);
    traffic(&server, Duration::from_millis(500)).await;
    until_counted(&server, served(&upstream)).await;
    until_metric(&server, "rotator_usage_journal_up 1").await;
    // Until nothing is in the journal: what is deleted of it leaves room.
    until("all is stored", async || disk.size("usage") == 0).await;

    disk.fill();
    traffic(&server, FULL).await;
    assert!(until_state(&server, "in memory").await.contains("journal"));
    until_metric(&server, "rotator_usage_journal_up 0").await;
    assert_eq!(told(&server, [JOURNAL, FIGURES]), [1, 0]);
    assert!(server.place().log().contains("No space left on device"));
    until_counted(&server, served(&upstream)).await;

    disk.make_room();
    traffic(&server, Duration::from_millis(2500)).await;
    until_state(&server, "ok").await;
    until_metric(&server, "rotator_usage_journal_up 1").await;
    until_counted(&server, served(&upstream)).await;
    assert_eq!(told(&server, [JOURNAL, FIGURES]), [1, 0]);
}

#[tokio::test]
async fn while_the_databases_disk_is_full_the_journal_keeps_the_figures() {
    let place = Disk::place().set("DATABASE_PATH", "disk/rotator.db").set("ROTATOR_DATA_DIR", "data");
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    change(&server, id, json!({"log_requests": "bodies"})).await;
    let disk = Disk::of(&server);
    traffic(&server, Duration::from_millis(500)).await;
    until_counted(&server, served(&upstream)).await;

    disk.fill();
    traffic(&server, FULL).await;
    let usage = until_state(&server, "behind").await;
    assert!(usage.ends_with("the journal keeps them"), "{usage}");
    until_metric(&server, "rotator_usage_batches_waiting 1").await;
    for line in ["rotator_usage_journal_up 1", "rotator_database_up 1", "rotator_request_log_lost_total 0"] {
        until_metric(&server, line).await;
    }
    assert_eq!(told(&server, [FIGURES, LOG, JOURNAL]), [1, 1, 0]);
    assert!(server.place().log().contains("database or disk is full"));
    // What an administrator changes is refused, not lost in silence.
    let (status, _) =
        server.admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": false}))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(total(&server, "requests").await < served(&upstream));

    disk.make_room();
    traffic(&server, Duration::from_millis(500)).await;
    until_counted(&server, served(&upstream)).await;
    until_state(&server, "ok").await;
    let all = served(&upstream);
    until("all are logged", async || logged(&server, "limit=1").await[0]["id"] == all).await;
    assert_eq!(told(&server, [FIGURES, LOG, JOURNAL]), [1, 1, 0]);
    until("it is told", async || told(&server, ["usage figures are stored again"]) == [1]).await;
}

#[tokio::test]
async fn while_the_one_disk_is_full_clients_with_budgets_are_served_and_everything_counts_once() {
    let place = Disk::place().set("DATABASE_PATH", "disk/rotator.db");
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-limited"]).await;
    upstream.set_key("sk-limited", KeyBehaviour::Limited(Some("1".to_owned())));
    let (_, budget) = client_key(&server, json!({"limits": {"rpd": 3}})).await;
    let with_budget = async || {
        let request = Request::get(format!("{}/proxy/s/echo", server.base)).header("x-proxy-key", &budget);
        TestClient::new().send(request.body(full("")).unwrap()).await.status.as_u16()
    };
    let disk = Disk::of(&server);
    traffic(&server, Duration::from_millis(500)).await;
    until_counted(&server, served(&upstream)).await;

    disk.fill();
    traffic(&server, FULL).await;
    let usage = until_state(&server, "behind").await;
    assert!(usage.ends_with("the journal cannot be written either"), "{usage}");
    // The first request of this client, so that what it used before is asked for.
    assert_eq!([with_budget().await, with_budget().await, with_budget().await], [200; 3]);
    assert_eq!(with_budget().await, 429);
    traffic(&server, FULL).await;
    assert_eq!(told(&server, [FIGURES, JOURNAL]), [1, 1]);
    assert!(told(&server, [STATES])[0] <= 1);

    disk.make_room();
    traffic(&server, Duration::from_millis(2500)).await;
    until_state(&server, "ok").await;
    // The last request of the client with the budget came to no upstream.
    until_counted(&server, served(&upstream) + 1).await;
    assert_eq!(total(&server, "errors_limited").await, 1);
    assert_eq!(total(&server, "attempts").await, served(&upstream) + upstream.hits("sk-limited") as u64);
    assert_eq!(told(&server, [FIGURES, JOURNAL]), [1, 1]);
}

#[tokio::test]
async fn a_start_on_a_full_disk_serves_and_counts_what_it_finds_once_there_is_room() {
    let upstream = MockUpstream::start().await.unwrap();
    let first = Disk::place().set("DATABASE_PATH", "data/rotator.db").start().await;
    first.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    traffic(&first, Duration::from_millis(500)).await;
    // It leaves figures in its journal.
    let place = first.kill();
    let copied_and_full = "cp -r data/. disk && { cat /dev/zero > disk/filler 2> /dev/null || true; }";
    let place = Disk::beneath(place, copied_and_full);
    let mut server = place.set("DATABASE_PATH", "disk/rotator.db").start().await;
    traffic(&server, FULL).await;
    until_state(&server, "behind").await;
    assert_eq!(told(&server, [FIGURES, JOURNAL]), [1, 1]);
    Disk::of(&server).make_room();
    // A login is written down, which the full disk did not allow.
    server.log_in(PASSWORD).await;
    traffic(&server, Duration::from_millis(2500)).await;
    until_counted(&server, served(&upstream)).await;
    until_state(&server, "ok").await;
}
