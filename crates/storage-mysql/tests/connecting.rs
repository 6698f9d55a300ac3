//! How a server is reached: with TLS, and by a socket.

use std::error::Error;

use rotator_storage_mysql::MySqlFactory;
use rotator_storage_trait::{DatabaseUrl, StorageError, StorageErrorKind, StorageFactory, StorageOptions};
use rotator_test_services::{Certificates, Database, MARIADB};

/// Opens a database with parameters more in its URL, and leaves nothing open.
async fn open(database: &Database, parameters: &str) -> Result<(), StorageError> {
    let url = DatabaseUrl::new(format!("{}?{parameters}", database.url()));
    MySqlFactory.open(&url, &StorageOptions::default()).await?.close().await;
    Ok(())
}

fn cause(error: &StorageError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn certificates_are_checked_as_far_as_the_url_asks() {
    let (right, wrong) = (Certificates::new("IP:127.0.0.1").unwrap(), Certificates::new("IP:127.0.0.1").unwrap());
    let server = MARIADB.start_with_tls(&right).unwrap();
    let database = server.database().unwrap();
    // From now on nobody comes in without TLS.
    database.administer("ALTER USER 'rotator'@'127.0.0.1' REQUIRE SSL").unwrap();
    let error = open(&database, "ssl-mode=DISABLED").await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Denied, "{}", cause(&error));

    let [right, wrong] = [&right, &wrong].map(|certificates| certificates.authority().display().to_string());
    for parameters in ["ssl-mode=REQUIRED", "ssl-mode=PREFERRED", ""] {
        open(&database, parameters).await.unwrap();
    }
    for mode in ["VERIFY_CA", "VERIFY_IDENTITY"] {
        open(&database, &format!("ssl-mode={mode}&ssl-ca={right}")).await.unwrap();
        // Neither another authority will do nor those of the system.
        for parameters in [format!("ssl-mode={mode}&ssl-ca={wrong}"), format!("ssl-mode={mode}")] {
            let error = open(&database, &parameters).await.unwrap_err();
            assert_eq!(error.kind(), &StorageErrorKind::Unavailable);
            assert!(cause(&error).contains("invalid peer certificate"), "{}", cause(&error));
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_one_of_the_authority_and_of_nobody_here() {
    let certificates = Certificates::new("DNS:elsewhere.example").unwrap();
    let server = MARIADB.start_with_tls(&certificates).unwrap();
    let database = server.database().unwrap();
    let authority = certificates.authority().display().to_string();
    open(&database, &format!("ssl-mode=VERIFY_CA&ssl-ca={authority}")).await.unwrap();
    let error = open(&database, &format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}")).await.unwrap_err();
    assert!(cause(&error).contains("not valid for name"), "{}", cause(&error));
}

#[tokio::test]
async fn a_server_without_tls_is_refused_by_who_requires_it() {
    let database = MARIADB.database().unwrap();
    open(&database, "ssl-mode=PREFERRED").await.unwrap();
    let error = open(&database, "ssl-mode=REQUIRED").await.unwrap_err();
    assert!(cause(&error).contains("TLS"), "{}", cause(&error));
}

#[tokio::test]
async fn a_socket_leads_to_a_server() {
    let server = MARIADB.start_with(&["--skip-networking=0"]).unwrap();
    let database = server.database().unwrap();
    // Nobody listens on that port.
    let elsewhere = database.url().replacen("127.0.0.1", "127.0.0.2", 1);
    let url = DatabaseUrl::new(format!("{elsewhere}?socket={}", server.socket().display()));
    MySqlFactory.open(&url, &StorageOptions::default()).await.unwrap().close().await;
}
