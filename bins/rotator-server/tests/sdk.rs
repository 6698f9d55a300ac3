//! The official Python SDKs through the server, with only base URL and key changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One of the programs that ask with the SDKs.
fn program(name: &str) -> Command {
    let mut command = Command::new(std::env::var("ROTATOR_SDK_PYTHON").unwrap());
    command.arg(workspace().join("xtask/sdk").join(name)).args(["--server", env!("CARGO_BIN_EXE_rotator-server")]);
    command
}

/// Runs it; so many checks must pass, and none fail.
fn passes(command: &mut Command, checks: u32) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let last = out.trim_end().lines().next_back();
    assert_eq!(last, Some(format!("{checks} passed, 0 failed").as_str()), "{out}\n{err}");
}

/// Asks for every recording of this workspace's corpus, directly and through the server.
fn ask(arguments: &[&str]) {
    let mut command = program("same_format.py");
    command.arg("--corpus").arg(workspace().join("crates/format-converters/tests/corpus")).args(arguments);
    passes(&mut command, 16);
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_answer_is_as_without_the_server() {
    ask(&[]);
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_stream_may_come_in_small_pieces() {
    ask(&["--chunk", "7"]);
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_upstream_gets_back_what_it_sealed() {
    passes(&mut program("conversation.py"), 154);
}
