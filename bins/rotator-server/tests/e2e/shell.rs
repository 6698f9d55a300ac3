//! Every shell block of the README and of the first steps, typed into a terminal as it stands there.
//!
//! Manifests for `rotator-admin apply` are applied. What a reader has of their own is put in its place: addresses of the server, of upstreams and of receivers, ids, and the secrets that are
//! asked for. A block that cannot run says so in its info string, `sh not-run`, and is listed here.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use rotator_mock_upstream::MockUpstream;
use rotator_reference::read;
use serde_json::Value;

use crate::outcome::until;
use crate::server::{CLIENT_KEY, PASSWORD, Server};
use crate::top::program;

/// The first lines of the blocks that do not run: they build, or run until they are interrupted.
const NOT_RUN: [(&str, &[&str]); 2] = [
    (
        "README.md",
        &[
            "cargo xtask run     # builds the server and starts it with SQLite and memory in ./data",
            "cargo build --release --package rotator-admin",
            "cargo build --release --package rotator-server --features enterprise",
            "cargo xtask dist            # everything that is released, in target/dist; needs Node.js for the web UI",
            "cargo run --package rotator-proxy-core --example embed",
        ],
    ),
    ("docs/guides/first-steps.md", &["cargo xtask run", "cargo build --release --package rotator-admin"]),
];

/// What is typed where a command asks for a secret.
const TYPED: [(&str, &[&str]); 3] = [
    ("rotator-admin login", &[PASSWORD]),
    ("rotator-admin users create", &["planted-password-of-jane"]),
    ("rotator-admin users password", &[PASSWORD, "planted-other-password"]),
];

/// Follows for a while what would go on until it is interrupted, and sees refusals of HTTP.
const PRELUDE: &str = "\
set -eu
a_while() { timeout 2 \"$@\" || test $? = 124; }
curl() { command curl --fail-with-body --silent --show-error \"$@\"; }
";

/// A reader of one document, with a server and an upstream.
struct Reader {
    server: Server,
    upstream: MockUpstream,
}

/// A fenced block of a document.
struct Block {
    info: String,
    text: String,
}

// === impl Reader ===

impl Reader {
    async fn new() -> Self {
        let reader = Self { server: Server::new().await, upstream: MockUpstream::start().await.unwrap() };
        std::fs::write(reader.server.place().path("keys.txt"), "sk-first\nsk-second\n").unwrap();
        reader
    }

    /// A block with what the reader has of their own.
    async fn own(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (document, own) in [
            ("http://127.0.0.1:8000", self.server.base.clone()),
            ("https://api.openai.com/v1", format!("{}/v1", self.upstream.base_url())),
            ("https://api.anthropic.com", self.upstream.base_url()),
            ("https://ops.example.com/rotator", format!("{}/status/204", self.upstream.base_url())),
            ("rotator-admin tail", "a_while rotator-admin tail".to_owned()),
        ] {
            text = text.replace(document, &own);
        }
        for (command, id, list) in [
            ("client-keys show", "7", "client-keys list"),
            ("client-keys rotate", "7", "client-keys list"),
            ("webhooks test", "12", "webhooks list"),
            ("webhooks deliveries", "12", "webhooks list"),
            ("logs show", "4711", "logs --limit 1"),
        ] {
            let (there, latest) = (format!("{command} {id}"), format!("{command} $({list})"));
            if text.contains(&there) {
                if list.starts_with("logs") {
                    self.logged().await;
                }
                let latest = latest.replace(
                    list,
                    &format!("rotator-admin {list} -o json | grep -o '\"id\": *[0-9]*' | tail -1 | tr -dc 0-9"),
                );
                text = text.replace(&there, &latest);
            }
        }
        text
    }

    /// A request is in the log.
    async fn logged(&self) {
        self.run("rotator-admin services update openai --log-requests metadata").expect_good();
        self.run(&format!("curl -s {}/llm/openai/models -H 'Authorization: Bearer {CLIENT_KEY}'", self.server.base))
            .expect_good();
        until("the request is in the log", async || {
            let listed = self.run("rotator-admin logs -o json > logs.json");
            let text = std::fs::read_to_string(self.server.place().path("logs.json")).unwrap_or_default();
            let entries: Value = serde_json::from_str(&text).unwrap_or_default();
            listed.0.status.success() && entries.as_array().is_some_and(|entries| !entries.is_empty())
        })
        .await;
    }

    /// Types a script into a terminal.
    fn run(&self, script: &str) -> Ran {
        let place = self.server.place();
        std::fs::write(place.path("block.sh"), format!("{PRELUDE}{script}\n")).unwrap();
        let programs = program();
        let path = std::env::join_paths(
            std::iter::once(programs.parent().unwrap().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", "bash block.sh", "/dev/null"]).env_clear();
        command.current_dir(place.path("")).env("PATH", path.unwrap()).env("TERM", "xterm").env("HOME", place.path(""));
        command.env("ROTATOR_SERVER", &self.server.base).env("CLIENT_KEY", CLIENT_KEY);
        let token = self.server.bearer();
        command.env("TOKEN", token.strip_prefix("Bearer ").unwrap()).env("PAID_KEY", "sk-paid");
        command.env("OPENAI_API_KEY_1", "sk-one").env("OPENAI_API_KEY_2", "sk-two");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut keyboard = process.stdin.take().unwrap();
        for line in script.lines() {
            for (_, answers) in TYPED.iter().filter(|(asks, _)| line.contains(asks)) {
                answers.iter().for_each(|answer| writeln!(keyboard, "{answer}").unwrap());
            }
        }
        // The terminal stays until the block has ended.
        let output = process.wait_with_output().unwrap();
        drop(keyboard);
        Ran(output, script.to_owned())
    }
}

/// A block that has run.
struct Ran(Output, String);

// === impl Ran ===

impl Ran {
    fn expect_good(&self) {
        let Self(output, script) = self;
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}\n{script}\n{shown}", output.status);
    }
}

/// The fenced blocks of a document.
fn blocks(document: &str) -> Vec<Block> {
    let text = read(document);
    let mut parts = text.split("\n```");
    parts.next();
    let mut found = Vec::new();
    while let (Some(open), Some(_)) = (parts.next(), parts.next()) {
        let (info, text) = open.split_once('\n').unwrap_or((open, ""));
        found.push(Block { info: info.to_owned(), text: text.to_owned() });
    }
    found
}

async fn every_block_runs(document: &str) {
    let (mut skipped, mut ran) = (Vec::new(), 0);
    let reader = Reader::new().await;
    for Block { info, text } in blocks(document) {
        match info.as_str() {
            "sh" => {
                reader.run(&reader.own(&text).await).expect_good();
                ran += 1;
            }
            "sh not-run" => skipped.push(text.lines().next().unwrap_or_default().to_owned()),
            other => assert!(!other.starts_with("sh") && other != "bash", "{document}: ```{other}"),
        }
    }
    let listed = NOT_RUN.iter().find(|(name, _)| *name == document).unwrap().1;
    assert_eq!(skipped, listed);
    assert!(ran > 2, "{ran} blocks ran");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_block_of_the_readme_runs() {
    every_block_runs("README.md").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_block_of_the_first_steps_runs() {
    every_block_runs("docs/guides/first-steps.md").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_manifest_of_the_documents_applies() {
    let reader = Reader::new().await;
    reader.run("rotator-admin login").expect_good();
    for document in ["README.md", "docs/guides/migrating.md"] {
        let manifests: Vec<Block> = blocks(document).into_iter().filter(|block| block.info == "yaml").collect();
        assert!(!manifests.is_empty(), "{document}");
        for manifest in manifests {
            std::fs::write(reader.server.place().path("rotator.yaml"), &manifest.text).unwrap();
            reader
                .run("rotator-admin apply -f rotator.yaml && rotator-admin apply -f rotator.yaml --dry-run")
                .expect_good();
        }
    }
}
