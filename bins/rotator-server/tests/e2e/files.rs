//! SQLite files that cannot be used, or not now.

use std::time::Instant;

use sqlx::{Connection, SqliteConnection};

use crate::changes::{SECOND, alone};
use crate::client::{TestClient, full};
use crate::outcome::code;
use crate::server::{Place, WAITING};

/// Where the file is that a test makes first.
const FILE: &str = "made.db";

/// A place whose database is there already, beside the folder that a start would make.
async fn made() -> Place {
    let place = Place::new().set("DATABASE_PATH", FILE).set("ROTATOR_DATA_DIR", "data");
    assert_eq!(code(&place.run(&["migrate"]).await), 0);
    place
}

async fn connect(place: &Place) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", place.path(FILE).display())).await.unwrap()
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_named() {
    let place = made().await;
    let mut connection = connect(&place).await;
    execute(&mut connection, "INSERT INTO rotator_migrations (version, applied_at) VALUES ('m9999_future', 0)").await;
    connection.close().await.unwrap();
    let before = std::fs::read(place.path(FILE)).unwrap();
    place.is_refused(&["made by a newer version", "m9999_future"], "planted").await;
    assert_eq!(std::fs::read(place.path(FILE)).unwrap(), before);
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_named() {
    let place = made().await.set("DATABASE_PATH", "").set("DATABASE_URL", &format!("sqlite:{FILE}?mode=ro"));
    let before = std::fs::read(place.path(FILE)).unwrap();
    place.is_refused(&["open the database", "takes no changes"], "planted").await;
    assert_eq!(std::fs::read(place.path(FILE)).unwrap(), before);
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_not_waited_for() {
    let place = Place::new().set("DATABASE_PATH", "folder").set("ROTATOR_DATA_DIR", "data");
    std::fs::create_dir(place.path("folder")).unwrap();
    place.is_refused(&["open the database", "denies access"], "planted").await;
    assert_eq!(std::fs::read_dir(place.path("folder")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_waited_for() {
    let place = alone(made().await).set("DB_ACQUIRE_TIMEOUT", "1");
    let mut connection = connect(&place).await;
    execute(&mut connection, "BEGIN EXCLUSIVE").await;
    let starting = place.begin();
    let base = starting.waiting().await;
    let request = http::Request::get(format!("{base}/readyz")).body(full("")).unwrap();
    let answer = TestClient::new().send(request).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["cache"]), (503, &serde_json::json!("own")));
    execute(&mut connection, "ROLLBACK").await;
    let server = starting.serving().await;
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.place().log().matches(WAITING).count(), 1);
}

#[tokio::test]
async fn a_server_that_waits_for_a_file_ends_at_once_when_it_is_asked_to() {
    let place = alone(made().await).set("DB_ACQUIRE_TIMEOUT", "1");
    let mut connection = connect(&place).await;
    execute(&mut connection, "BEGIN EXCLUSIVE").await;
    let starting = place.begin();
    starting.waiting().await;
    let asked = Instant::now();
    assert!(starting.terminated().await.success());
    assert!(asked.elapsed() < 2 * SECOND, "{:?}", asked.elapsed());
}
