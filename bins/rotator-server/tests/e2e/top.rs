//! `rotator-admin top` against the real server.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::outcome::until;
use crate::server::Server;

/// The command line beside the server; it is built where only the server was.
pub(crate) fn program() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_rotator-server")).with_file_name("rotator-admin");
    if !program.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--package", "rotator-admin"]).status().unwrap();
        assert!(built.success());
    }
    program
}

/// A command with the session of a server's test.
fn with_session(mut command: Command, server: &Server) -> Command {
    let bearer = server.bearer();
    let token = bearer.strip_prefix("Bearer ").unwrap();
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TERM", "xterm");
    command.env("HOME", server.place().path("")).env("ROTATOR_SERVER", &server.base).env("ROTATOR_TOKEN", token);
    command
}

/// A program on a terminal of eighty columns and twenty-four lines; it is killed when dropped.
struct Pseudo {
    process: Child,
    keyboard: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Pseudo {
    fn new(server: &Server, arguments: &str) -> Self {
        let line = format!("stty cols 80 rows 24; exec {} {arguments}", program().display());
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let mut command = with_session(command, server);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keyboard, mut screen) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut piece) {
                seen.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { process, keyboard, shown }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until all of this is drawn, and forgets what was drawn before.
    async fn shows(&mut self, texts: &[&str]) {
        until(texts[0], async || texts.iter().all(|text| self.text().contains(text))).await;
        self.shown.lock().unwrap().clear();
    }

    async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("the program ends", async || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Pseudo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn ask(server: &Server, times: usize) {
    for _ in 0..times {
        assert_eq!(server.get("/proxy/pool-a/status/204").await.status, 204);
    }
}

#[tokio::test]
async fn a_terminal_shows_services_and_keys_and_finds_the_server_again() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("pool-a", &upstream.base_url(), &["sk-planted-key-0001", "sk-planted-key-0002"]).await;
    server.generic("quiet", &upstream.base_url(), &[]).await;
    upstream.set_key("sk-planted-key-0001", KeyBehaviour::Limited(Some("330".to_owned())));
    let mut terminal = Pseudo::new(&server, "top");
    terminal.shows(&["pool-a", "connected"]).await;
    ask(&server, 4).await;
    terminal.press("/pool\r\r");
    terminal.shows(&["cooling", "limited", "5m"]).await;

    let port = server.base.rsplit_once(':').unwrap().1.to_owned();
    let place = server.kill();
    terminal.shows(&["CONNECTION LOST"]).await;
    let server = place.set("BACKEND_PORT", &port).start().await;
    terminal.shows(&["connected"]).await;
    terminal.press("q");
    assert!(terminal.ended().await.success());
    // The terminal is given back.
    until("the screen is left", async || terminal.text().contains("\u{1b}[?1049l")).await;
    drop(server);
}

#[tokio::test]
async fn one_look_is_printed_for_people_and_for_scripts() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("pool-a", &upstream.base_url(), &["sk-planted-key-0001", "sk-planted-key-0002"]).await;
    upstream.set_key("sk-planted-key-0001", KeyBehaviour::Revoked);
    ask(&server, 3).await;
    let look = async |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.args(arguments);
        let mut command = tokio::process::Command::from(with_session(command, &server));
        let output = command.kill_on_drop(true).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = look(&["top", "--once", "--service", "pool-a"]).await;
    for part in ["KEY", "sk-pla*****0001", "dead", "refused", "sk-pla*****0002", "active"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("planted") && !table.contains('\u{1b}'), "{table}");
    let seen: Value = serde_json::from_str(&look(&["top", "--once", "--output", "json"]).await).unwrap();
    let service = &seen["services"][0];
    assert_eq!((&service["id"], &service["slug"], &seen["keys"]), (&json!(id), &json!("pool-a"), &json!([])));
    assert_eq!(service["keys"], json!({"active": 1, "cooling": 0, "exhausted": 0, "dead": 1}));
}
