//! Exports and imports: what they refuse, and where they read and write.

use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use serde_json::json;

use crate::outcome::text;
use crate::exports::{PASSPHRASE, done, entries};
use crate::server::{CLIENT_KEY, PASSWORD, Place, Server};
use crate::webhooks::webhook;

/// Runs a command that must be refused, in one line, and gives the line.
async fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments).await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{}", text(&output));
    assert!(error.lines().count() == 1 && !error.contains("planted"), "{error}");
    error
}

/// A place with the passphrase, whose server shows nothing at its start.
fn place() -> Place {
    let place = Place::new().set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY);
    place.set("ROTATOR_EXPORT_PASSPHRASE", PASSPHRASE)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_beside_a_busy_server_is_whole_and_fills_another_database() {
    let server = place().set("LOG_LEVEL", "info").start().await;
    let id = server.generic("s", "http://127.0.0.1:9", &["sk-planted-first"]).await;
    webhook(&server, "https://ops.example.com/hook", &["key.dead"]).await;
    let is_over = AtomicBool::new(false);
    let write = async {
        let mut number = 0;
        while !is_over.load(Ordering::Relaxed) {
            // A service and its keys; an export with the one half of it could not be imported.
            number += 1;
            let (slug, key) = (format!("s-{number}"), format!("sk-planted-{number}"));
            server.generic(&slug, "http://127.0.0.1:9", &[&key, "sk-planted"]).await;
        }
    };
    let export = async {
        for round in 0..3 {
            done(server.place(), &["export", &format!("{round}.export")]).await;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    futures_util::join!(write, export);
    let file = server.place().path("2.export");
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"planted"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let target = place();
    let shown = done(&target, &["import", file.to_str().unwrap()]).await;
    assert!(shown.starts_with("Imported ") && !shown.contains("planted"), "{shown}");
    done(&target, &["export", "again.export"]).await;
    assert_eq!(entries(&target.path("again.export")), entries(&file));
    let target = target.start().await;
    let (_, exported) = target.admin(Method::POST, &format!("proxy-configs/{id}/keys/export"), None).await;
    assert_eq!(exported["keys"][0]["key_value"], "sk-planted-first");
    let moved = entries(&file).into_iter().find(|entry| entry.contains(r#""kind":"webhook""#)).unwrap();
    assert!(moved.contains("whsec_") && moved.contains("https://ops.example.com/hook"), "{moved}");
    // New ids are new.
    let added = target.generic("new", "http://127.0.0.1:9", &["sk-new"]).await;
    assert!(added > id);
}

#[tokio::test]
async fn an_export_goes_through_a_pipe() {
    let server = place().start().await;
    server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    let output = server.place().run(&["export", "-"]).await;
    assert!(output.status.success() && output.stdout.starts_with(b"\x89ROT"), "{}", text(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Exported "));
    let target = place();
    std::fs::write(target.path("piped"), &output.stdout).unwrap();
    let mut command = tokio::process::Command::from(target.command());
    command.args(["import", "-"]).stdin(std::fs::File::open(target.path("piped")).unwrap());
    let imported = command.output().await.unwrap();
    assert!(imported.status.success(), "{}", text(&imported));
    let (_, configs) = target.start().await.admin(Method::GET, "proxy-configs", None).await;
    assert_eq!(configs[0]["api_key_count"], 1);
}

#[tokio::test]
async fn a_passphrase_comes_from_a_file_and_must_be_long_enough() {
    let server = Server::usual().start().await;
    let source = server.place();
    std::fs::write(source.path("short"), "planted\n").unwrap();
    std::fs::write(source.path("good"), format!("{PASSPHRASE}\r\n")).unwrap();
    let error = refused(source, &["export", "--passphrase-file", "short", "a"]).await;
    assert!(error.contains("8 characters or more"), "{error}");
    let error = refused(source, &["export", "--passphrase-file", "nowhere", "a"]).await;
    assert!(error.contains("could not read nowhere"), "{error}");
    assert!(!source.path("a").exists());
    done(source, &["export", "--passphrase-file", "good", "a"]).await;
    assert!(entries(&source.path("a")).len() > 3);
    // An existing file stays, unless it is to go.
    let before = std::fs::read(source.path("a")).unwrap();
    let error = refused(source, &["export", "--passphrase-file", "good", "a"]).await;
    assert!(error.contains("there is a file of this name already; --force writes over it"), "{error}");
    assert_eq!(std::fs::read(source.path("a")).unwrap(), before);
    done(source, &["export", "--force", "--passphrase-file", "good", "a"]).await;
    assert_ne!(std::fs::read(source.path("a")).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_cannot_be_imported_changes_nothing() {
    let server = place().start().await;
    let keys: Vec<String> = (0..2000).map(|number| format!("sk-planted-{number}")).collect();
    server.generic("s", "http://127.0.0.1:9", &keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    done(server.place(), &["export", "good"]).await;
    let good = std::fs::read(server.place().path("good")).unwrap();
    let target = place();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let cases = [
        ("no file that `export` has written", b"-- a dump of planted things".to_vec()),
        ("no file that `export` has written", Vec::new()),
        ("use a later version", changed(&|bytes| bytes[9] = 2)),
        ("passphrase is wrong", changed(&|bytes| bytes[30] ^= 1)),
        ("changed or is damaged", changed(&|bytes| *bytes.last_mut().unwrap() ^= 1)),
        ("cut off", changed(&|bytes| bytes.truncate(bytes.len() / 2))),
        ("something was added", changed(&|bytes| bytes.push(0))),
    ];
    for (expected, bytes) in cases {
        std::fs::write(target.path("bad"), bytes).unwrap();
        let error = refused(&target, &["import", "bad"]).await;
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let error = refused(&target, &["import", "nowhere"]).await;
    assert!(error.contains("nowhere"), "{error}");
    std::fs::write(target.path("other"), "another passphrase").unwrap();
    std::fs::write(target.path("good"), &good).unwrap();
    let error = refused(&target, &["import", "--passphrase-file", "other", "good"]).await;
    assert!(error.contains("passphrase is wrong"), "{error}");
    // The target took none of it, and takes the good one still; a second one would come upon data.
    done(&target, &["import", "good"]).await;
    let error = refused(&target, &["import", "good"]).await;
    assert!(error.contains("not empty") && error.contains("reset --yes"), "{error}");
    done(&target, &["export", "again"]).await;
    assert_eq!(entries(&target.path("again")), entries(&server.place().path("good")));
    // So would one into a database with which a server has begun.
    let begun = place().start().await;
    std::fs::write(begun.place().path("good"), &good).unwrap();
    assert!(refused(begun.place(), &["import", "good"]).await.contains("not empty"));
    assert_eq!(begun.admin(Method::GET, "proxy-configs", None).await.1, json!([]));
}

#[tokio::test]
async fn where_nothing_is_there_is_nothing_to_export() {
    let place = place();
    let error = refused(&place, &["export", "a"]).await;
    assert!(error.contains("ROTATOR_MASTER_KEY"), "{error}");
    assert!(!place.path("data").exists());
    let place = place.set("ROTATOR_MASTER_KEY", &"ab".repeat(32));
    let error = refused(&place, &["export", "a"]).await;
    assert!(error.contains("nothing to export") && !place.path("a").exists(), "{error}");
}
