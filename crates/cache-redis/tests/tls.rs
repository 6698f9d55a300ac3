//! Redis over TLS, with a certificate of the operator's own.

use std::net::{Ipv4Addr, TcpListener};

use rotator_cache_redis::{Connections, RedisCacheError, RedisOptions, RedisUrl};
use rotator_test_services::{Certificates, Redis};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_checked_against_those_that_are_trusted() {
    let certificates = Certificates::new("DNS:localhost,IP:127.0.0.1").unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port().to_string();
    let [certificate, key, authority] = [certificates.certificate(), certificates.key(), certificates.authority()]
        .map(|file| file.display().to_string());
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let others = ["--tls-port", &port, "--tls-auth-clients", "no"];
    let _server = Redis::with_options(&[&files[..], &others[..]].concat()).unwrap();

    let usual = RedisOptions::new(RedisUrl::new(format!("rediss://localhost:{port}/")));
    let trusting = RedisOptions { root_certificates: Some(std::fs::read(&authority).unwrap()), ..usual.clone() };
    Connections::new(&trusting).unwrap().check().await.unwrap();
    let error = Connections::new(&usual).unwrap().check().await.unwrap_err();
    assert!(matches!(error, RedisCacheError::Unreachable(_)), "{error:?}");
}
