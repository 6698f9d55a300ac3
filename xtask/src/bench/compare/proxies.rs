//! nginx and HAProxy, set up to do what a request through this server needs of them: take a connection, set the key's header, and
//! keep connections to the upstream. One worker each, no log.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::place::Place;
use crate::error::TaskError;
use crate::process;

/// Request bodies of 64 KB are kept in memory, and streams are passed on as they come. Neither end's connections are closed
/// after some number of requests.
const NGINX: &str = r#"
USER
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
worker_rlimit_nofile FILES;
events { worker_connections 16384; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    client_body_buffer_size 128k;
    keepalive_requests 1000000000;
    keepalive_timeout 75s;
    upstream bench { server UPSTREAM; keepalive 128; keepalive_requests 1000000000; }
    server {
        listen 127.0.0.1:PORT backlog=4096;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Authorization "Bearer sk-1";
        proxy_buffers 32 8k;
        location / { proxy_pass http://bench; }
        location /events { proxy_pass http://bench; proxy_buffering off; }
    }
}
"#;
const HAPROXY: &str = r#"
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout connect 10s
    timeout client 75s
    timeout server 75s
    http-reuse always
    option http-no-delay
frontend front
    bind 127.0.0.1:PORT backlog 4096
    http-request set-header Authorization "Bearer sk-1"
    default_backend bench
backend bench
    server upstream UPSTREAM
"#;
/// How long one may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of them, as it runs; dropped, it is ended.
pub(super) struct Daemon {
    process: Child,
    pub(super) base: String,
    _folder: TempDir,
}

// === impl Daemon ===

impl Daemon {
    pub(super) fn nginx(place: &Place, program: &Path, upstream: &str) -> Result<Self, TaskError> {
        // Started by the superuser it would give the worker to somebody who may not write here.
        let user = if process::is_superuser() { "user root root;" } else { "" };
        let files = super::place::most_open_files().min(1_048_576).to_string();
        let config = NGINX.replace("USER", user).replace("FILES", &files);
        Self::start("nginx", &config, upstream, |folder, config| {
            let mut command = place.measured(program);
            command.arg("-p").arg(folder).arg("-c").arg(config).args(["-g", "daemon off;"]);
            command
        })
    }

    pub(super) fn haproxy(place: &Place, program: &Path, upstream: &str) -> Result<Self, TaskError> {
        Self::start("haproxy", HAPROXY, upstream, |_, config| {
            let mut command = place.measured(program);
            command.args(["-q", "-db", "-f"]).arg(config);
            command
        })
    }

    fn start(
        name: &str,
        config: &str,
        upstream: &str,
        command: impl FnOnce(&Path, &Path) -> Command,
    ) -> Result<Self, TaskError> {
        let failed = |error| TaskError::failed("set up a proxy", error);
        let folder = tempfile::tempdir().map_err(failed)?;
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        drop(listener);
        let file = folder.path().join("proxy.conf");
        let upstream = upstream.trim_start_matches("http://");
        let config = config.replace("PORT", &address.port().to_string()).replace("UPSTREAM", upstream);
        std::fs::write(&file, config).map_err(failed)?;
        let process =
            command(folder.path(), &file).stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(failed)?;
        let mut daemon = Self { process, base: format!("http://{address}"), _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            let has_ended = daemon.process.try_wait().map_err(failed)?.is_some();
            if has_ended || begun.elapsed() > PATIENCE {
                return Err(TaskError::Failed(format!("{name} does not listen")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(daemon)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Killed, nginx would leave its worker behind. It may have ended already.
        let _ = Command::new("kill").args(["-TERM", &self.id().to_string()]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}
