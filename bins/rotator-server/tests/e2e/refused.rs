//! Databases and caches that cannot be used: one line says why, and nothing is changed.

use rotator_test_services::{Database, MARIADB, Redis};
use url::Url;

use crate::backend::Backend;
use crate::outcome::code;
use crate::server::{PASSWORD, Place};

const WRONG: &str = "planted-wrong-password";

fn is_mysql() -> bool {
    env!("CARGO_CRATE_NAME") == "e2e_mysql"
}

/// Every table.
fn tables(database: &Database) -> String {
    let of_postgres =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name";
    database.execute(if is_mysql() { "SHOW TABLES" } else { of_postgres }).unwrap()
}

fn with_password(url: &str, password: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    url.set_password(Some(password)).unwrap();
    url.into()
}

#[tokio::test]
async fn a_wrong_password_of_the_database_is_named() {
    let backend = Backend::new().unwrap();
    let url = with_password(&backend.database.url(), WRONG);
    let place = Place::sharing(None).set("DATABASE_URL", &url);
    place.is_refused(&["open the database", "denies access"], WRONG).await;
    assert_eq!(tables(&backend.database), "");
}

#[tokio::test]
async fn a_wrong_password_of_redis_is_named() {
    let (backend, redis) = (Backend::new().unwrap(), Redis::with_options(&["--requirepass", "right"]).unwrap());
    let place = Place::sharing(None).set("DATABASE_URL", &backend.database.url());
    let place = place.set("REDIS_URL", &with_password(&redis.url(), WRONG)).set("REDIS_TIMEOUT", "5");
    place.is_refused(&["could not use Redis", "refuses the user or the password"], WRONG).await;
    assert_eq!(tables(&backend.database), "");
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_named() {
    let says = ["open the database", "takes no changes"];
    if is_mysql() {
        let server = MARIADB.start_with(&["--read-only=1"]).unwrap();
        let database = server.database().unwrap();
        Place::sharing(None).set("DATABASE_URL", &database.url()).is_refused(&says, WRONG).await;
        assert_eq!(tables(&database), "");
        return;
    }
    let backend = Backend::new().unwrap();
    let database = &backend.database;
    let set = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.administer(&set).unwrap();
    Place::sharing(None).set("DATABASE_URL", &database.url()).is_refused(&says, WRONG).await;
    assert_eq!(tables(database), "");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_named() {
    let backend = Backend::new().unwrap();
    let database = &backend.database;
    let place = Place::sharing(None).set("DATABASE_URL", &database.url());
    assert_eq!(code(&place.run(&["migrate"]).await), 0);
    database.execute("INSERT INTO rotator_migrations (version, applied_at) VALUES ('m9999_future', 0)").unwrap();
    let before = backend.dump();
    place.is_refused(&["made by a newer version", "m9999_future"], WRONG).await;
    assert_eq!(backend.dump(), before);
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_finished_by_the_next_start() {
    let backend = Backend::new().unwrap();
    let database = &backend.database;
    let place = Place::sharing(None).set("DATABASE_URL", &database.url()).set("ADMIN_PASSWORD", PASSWORD);
    assert_eq!(code(&place.run(&["migrate"]).await), 0);
    let before = tables(database);
    // PostgreSQL leaves nothing of it; MySQL leaves what was done, and that it was begun.
    let undo = ["DELETE FROM rotator_migrations WHERE version = 'm0003_changes'", "DROP TABLE config_epoch"];
    let more = if is_mysql() {
        [
            "CREATE TABLE rotator_migrations_begun (version VARCHAR(255) NOT NULL PRIMARY KEY)",
            "INSERT INTO rotator_migrations_begun VALUES ('m0003_changes')",
        ]
    } else {
        ["DROP TABLE config_changes", "SELECT 1"]
    };
    for statement in undo.into_iter().chain(more) {
        database.execute(statement).unwrap();
    }
    let server = place.start().await;
    server.generic("s", "http://127.0.0.1:9", &[]).await;
    assert_eq!(tables(database), before);
    assert_eq!(database.execute("SELECT version FROM config_epoch").unwrap().trim(), "2");
}
