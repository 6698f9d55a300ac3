//! An image in use: it starts, says that it is well, and proxies over TLS to an upstream that it knows by its name.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rotator_test_services::Certificates;
use serde_json::json;
use tempfile::TempDir;

use super::rooted::Rooted;
use super::{Edition, name_server, unwritten};
use crate::error::TaskError;
use crate::process;
use crate::server::{Admin, CLIENT_KEY, PASSWORD, Server, client};
use crate::workspace;

/// What the upstream is called, and what it says.
const UPSTREAM: &str = "upstream.test";
const SAID: &str = "hello over TLS";
/// How long something may take to come up; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A web server with TLS; dropped, it is ended.
struct Upstream {
    process: Child,
    port: u16,
    certificates: Certificates,
    /// What it serves.
    _folder: TempDir,
}

/// Runs an image.
pub(super) fn run(edition: &Edition, archive: &Path) -> Result<(), TaskError> {
    let image = Rooted::unpack(archive)?;
    let upstream = Upstream::start()?;
    image.add("etc/ssl/certs/ca-certificates.crt", &workspace::read(&upstream.certificates.authority())?)?;
    let by = name(&image)?;
    let port = free_port()?;
    let with_settings = |mut command: Command| {
        command.env("BACKEND_HOST", "127.0.0.1").env("BACKEND_PORT", port.to_string()).env("LOG_LEVEL", "warn");
        command
    };
    let mut health = with_settings(image.health_check());
    if process::works(&mut health) {
        return Err(TaskError::Failed("the health check succeeds before the server runs".to_owned()));
    }
    let begun = Instant::now();
    let mut command = with_settings(image.server());
    let server = Server::listening(command.env("ADMIN_PASSWORD", PASSWORD).env("GLOBAL_PROXY_KEYS", CLIENT_KEY))?;
    until("the health check", || process::works(&mut health))?;
    println!("{} is well after {:?}", edition.tag(), begun.elapsed());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    let said = runtime.block_on(ask(&server, upstream.port))?;
    server.end()?;
    if said.trim_end() != SAID {
        return Err(TaskError::Failed(format!("{} answers with {said:?}", edition.tag())));
    }
    println!("{} proxies over TLS to {UPSTREAM}, which it knows by {by}", edition.tag());
    Ok(())
}

/// Tells the image of the upstream's name, as whoever runs containers does.
fn name(image: &Rooted) -> Result<&'static str, TaskError> {
    match name_server::start(UPSTREAM) {
        Ok(()) => {}
        // That of the image before is there still.
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
        Err(_) => {
            image.add("etc/hosts", &format!("127.0.0.1 localhost {UPSTREAM}\n"))?;
            return Ok("/etc/hosts (only the superuser can start a name server)");
        }
    }
    image.add("etc/hosts", "127.0.0.1 localhost\n")?;
    image.add("etc/resolv.conf", &format!("nameserver {}\n", name_server::ADDRESS))?;
    Ok("its name server")
}

/// Makes a service, and asks the upstream through it.
async fn ask(server: &Server, upstream: u16) -> Result<String, TaskError> {
    let client = client();
    let service = json!({
        "name": "Check", "slug": "check", "config_type": "GENERIC", "method": "GET", "api_key_location": "header",
        "api_key_name": "X-Key", "target_url": format!("https://{UPSTREAM}:{upstream}"), "api_keys": ["sk-check"],
    });
    Admin::login(&client, server).await?.post("proxy-configs", &service).await?;
    let url = format!("{}/proxy/check/greeting", server.base);
    let answer = client.get(&url).header("x-proxy-key", CLIENT_KEY).send().await;
    let text = match answer {
        Ok(answer) => answer.text().await,
        Err(error) => Err(error),
    };
    text.map_err(|error| TaskError::failed(&url, error))
}

fn free_port() -> Result<u16, TaskError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| TaskError::failed("a free port", error))
}

/// Waits until something holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) -> Result<(), TaskError> {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > PATIENCE {
            return Err(TaskError::Failed(format!("{what} does not succeed")));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

// === impl Upstream ===

impl Upstream {
    fn start() -> Result<Self, TaskError> {
        let certificates = Certificates::new(&format!("DNS:{UPSTREAM}"));
        let certificates = certificates.map_err(|error| TaskError::failed("certificates", error))?;
        let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder", error))?;
        let file = folder.path().join("greeting");
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{SAID}", SAID.len());
        std::fs::write(&file, answer).map_err(unwritten(&file))?;
        let port = free_port()?;
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-HTTP", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
        command.arg(certificates.certificate()).arg("-key").arg(certificates.key()).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().map_err(|error| TaskError::failed("openssl", error))?;
        let upstream = Self { process, port, certificates, _folder: folder };
        until("the upstream", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        Ok(upstream)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
