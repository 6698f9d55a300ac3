//! Proxies in front of the server.

use std::path::{Path, PathBuf};
use std::process::Command;

use rotator_test_services::{Certificates, nginx};

use crate::files::text;
use crate::server::{PORT, Running, knows};

/// Whether nginx takes the file, put into an `http` of its own, with a certificate that is there.
fn takes(program: &Path, site: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::new("DNS:keys.example.org").unwrap();
    let place = |path: PathBuf| path.to_string_lossy().into_owned();
    let site = site
        .replace("/etc/ssl/rotator/fullchain.pem", &place(certificates.certificate()))
        .replace("/etc/ssl/rotator/privkey.pem", &place(certificates.key()))
        .replace("/var/log/nginx", &place(folder.path().to_owned()));
    std::fs::write(folder.path().join("rotator.conf"), site).unwrap();
    let own = place(folder.path().to_owned());
    // Whatever it writes, it writes there.
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places = places.map(|place| format!("{place}_temp_path {own}/{place};")).join(" ");
    let whole = format!("pid {own}/pid; error_log stderr; events {{}} http {{ {places} include {own}/rotator.conf; }}");
    std::fs::write(folder.path().join("nginx.conf"), whole).unwrap();
    let output = Command::new(program).args(["-t", "-q", "-p", &own, "-c", "nginx.conf"]).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn nginx_takes_its_file() {
    // `cargo xtask test` installs it where it may.
    let Ok(program) = nginx() else { return };
    let site = text("nginx/rotator.conf");
    takes(&program, &site).unwrap();
    assert!(takes(&program, &site.replace("proxy_buffering off", "proxy_bufering off")).is_err());
}

#[test]
fn nothing_holds_a_stream_back() {
    let (nginx, caddy) = (text("nginx/rotator.conf"), text("caddy/Caddyfile"));
    for setting in ["proxy_buffering off;", "proxy_request_buffering off;", "gzip off;", "client_max_body_size 0;"] {
        assert!(nginx.contains(setting), "{setting}");
    }
    assert!(caddy.contains("flush_interval -1\n") && !caddy.contains("encode"));
    // The key of a client may stand in the query.
    let format = nginx.lines().find(|line| line.starts_with("log_format")).unwrap();
    assert!(
        !format.contains("$request ") && !format.contains("$request\"") && !format.contains("$request_uri"),
        "{format}"
    );
    assert!(!format.contains("$args"), "{format}");
}

#[test]
fn proxies_find_the_server_and_it_believes_them() {
    for file in ["nginx/rotator.conf", "caddy/Caddyfile"] {
        let text = text(file);
        assert!(text.contains(&format!("127.0.0.1:{PORT}")), "{file}");
        assert!(text.contains("/metrics"), "{file}");
        let (variable, _) = text.split_once("ROTATOR_").unwrap().1.split_once('=').unwrap();
        assert!(knows(&format!("ROTATOR_{variable}")), "{file}");
    }
    let server = Running::start();
    assert_eq!((server.status("/metrics"), server.status("/readyz")), (200, 200));
}
