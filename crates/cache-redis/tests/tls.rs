//! Redis over TLS, with a certificate of the operator's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use rotator_cache_redis::{Connections, RedisCacheError, RedisOptions, RedisUrl};
use rotator_test_services::Redis;

/// Runs `openssl` in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_checked_against_those_that_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let authority = "-x509 -days 2 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE";
    openssl(folder.path(), &format!("req {authority} {key} -keyout ca.key -out ca.crt"));
    openssl(folder.path(), &format!("req -subj /CN=localhost {key} -keyout server.key -out server.csr"));
    let signed = "x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial";
    openssl(folder.path(), &format!("{signed} -extfile names -out server.crt"));

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port().to_string();
    let (certificate, key, authority) = (at("server.crt"), at("server.key"), at("ca.crt"));
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let others = ["--tls-port", &port, "--tls-auth-clients", "no"];
    let _server = Redis::with_options(&[&files[..], &others[..]].concat()).unwrap();

    let usual = RedisOptions::new(RedisUrl::new(format!("rediss://localhost:{port}/")));
    let trusting = RedisOptions { root_certificates: Some(std::fs::read(&authority).unwrap()), ..usual.clone() };
    Connections::new(&trusting).unwrap().check().await.unwrap();
    let error = Connections::new(&usual).unwrap().check().await.unwrap_err();
    assert!(matches!(error, RedisCacheError::Unreachable(_)), "{error:?}");
}
