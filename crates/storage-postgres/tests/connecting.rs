//! How a server is reached: with TLS, and by a socket.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::sync::Arc;

use rotator_storage_postgres::PostgresFactory;
use rotator_storage_trait::{DatabaseUrl, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions};
use rotator_test_services::{Certificates, Database, POSTGRES};

/// How many of this program's connections are encrypted, and how many are not.
const ENCRYPTED: &str = "SELECT count(*) FILTER (WHERE ssl) > 0, count(*) FILTER (WHERE NOT ssl) \
                         FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'api-key-rotator'";

/// Opens a database with parameters more in its URL.
async fn open(database: &Database, parameters: &str) -> Result<Arc<dyn Storage>, StorageError> {
    let url = DatabaseUrl::new(format!("{}?{parameters}", database.url()));
    PostgresFactory.open(&url, &StorageOptions::default()).await
}

async fn refused(database: &Database, parameters: &str) -> String {
    let error = open(database, parameters).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Unavailable);
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn certificates_are_checked_as_far_as_the_url_asks() {
    let (right, wrong) = (Certificates::new("IP:127.0.0.1").unwrap(), Certificates::new("IP:127.0.0.1").unwrap());
    let server = POSTGRES.start_with_tls(&right).unwrap();
    let database = server.database().unwrap();
    let [right, wrong] = [&right, &wrong].map(|certificates| certificates.authority().display().to_string());
    let [ca, full] = ["verify-ca", "verify-full"].map(|mode| format!("sslmode={mode}&sslrootcert={right}"));
    for parameters in ["sslmode=require", "sslmode=prefer", "", &ca, &full] {
        let storage = open(&database, parameters).await.unwrap();
        assert_eq!(database.administer(ENCRYPTED).unwrap(), "t\t0\n", "{parameters}");
        storage.close().await;
    }
    for mode in ["verify-ca", "verify-full"] {
        // Neither another authority will do nor those of the system.
        for parameters in [format!("sslmode={mode}&sslrootcert={wrong}"), format!("sslmode={mode}")] {
            let cause = refused(&database, &parameters).await;
            assert!(cause.contains("invalid peer certificate"), "{cause}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_one_of_the_authority_and_of_nobody_here() {
    let certificates = Certificates::new("DNS:elsewhere.example").unwrap();
    let server = POSTGRES.start_with_tls(&certificates).unwrap();
    let database = server.database().unwrap();
    let authority = certificates.authority().display().to_string();
    open(&database, &format!("sslmode=verify-ca&sslrootcert={authority}")).await.unwrap().close().await;
    let cause = refused(&database, &format!("sslmode=verify-full&sslrootcert={authority}")).await;
    assert!(cause.contains("not valid for name"), "{cause}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_by_who_requires_it() {
    let database = POSTGRES.database().unwrap();
    open(&database, "sslmode=prefer").await.unwrap().close().await;
    let cause = refused(&database, "sslmode=require").await;
    assert!(cause.contains("TLS"), "{cause}");
}

#[tokio::test]
async fn a_socket_leads_to_a_server() {
    let server = POSTGRES.start().unwrap();
    let database = server.database().unwrap();
    let url = DatabaseUrl::new(format!("{}?host={}", database.url(), server.socket().display()));
    let storage = PostgresFactory.open(&url, &StorageOptions::default()).await.unwrap();
    let by_socket = "SELECT count(*) FILTER (WHERE client_addr IS NULL) > 0, count(client_addr) \
                     FROM pg_stat_activity WHERE application_name = 'api-key-rotator'";
    assert_eq!(database.administer(by_socket).unwrap(), "t\t0\n");
    storage.close().await;
}
