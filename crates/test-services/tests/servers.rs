//! The servers come up, answer, and go with their folders.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rotator_test_services::{Database, MARIADB, POSTGRES};

fn answers(database: &Database) {
    database.execute("CREATE TABLE t (a INT)").unwrap();
    database.execute("INSERT INTO t VALUES (1), (2)").unwrap();
    assert_eq!(database.execute("SELECT a, a + 1 FROM t ORDER BY a").unwrap(), "1\t2\n2\t3\n");
    assert!(database.execute("SELECT b FROM t").is_err());
}

#[test]
fn each_test_has_a_database_of_its_own() {
    for kind in [&MARIADB, &POSTGRES] {
        let (one, other) = (kind.database().unwrap(), kind.database().unwrap());
        answers(&one);
        answers(&other);
        assert_ne!(one.url(), other.url());
    }
}

#[test]
fn a_server_that_is_killed_comes_back_with_what_it_had() {
    for kind in [&MARIADB, &POSTGRES] {
        let mut server = kind.start_durable().unwrap();
        let database = server.database().unwrap();
        answers(&database);
        for _ in 0..2 {
            server.kill().unwrap();
            assert!(database.execute("SELECT 1").is_err());
            server.restart().unwrap();
            assert_eq!(database.execute("SELECT COUNT(*) FROM t").unwrap(), "2\n");
        }
        drop(server);
        assert!(database.execute("SELECT 1").is_err());
    }
}

#[test]
fn a_server_ends_with_its_handle() {
    let server = MARIADB.start_with(&["--read-only=1"]).unwrap();
    let database = server.database().unwrap();
    answers(&database);
    drop(server);
    assert!(database.execute("SELECT 1").is_err());
    let server = POSTGRES.start().unwrap();
    let database = server.database().unwrap();
    answers(&database);
    drop(server);
    assert!(database.execute("SELECT 1").is_err());
}
