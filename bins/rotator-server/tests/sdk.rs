//! The official Python SDKs through the server, with only base URL and key changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

/// Asks for every recording of this workspace's corpus, directly and through the server.
fn ask(arguments: &[&str]) {
    let python = std::env::var("ROTATOR_SDK_PYTHON").unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(python);
    command.arg(workspace.join("xtask/sdk/same_format.py"));
    command.arg("--corpus").arg(workspace.join("crates/format-converters/tests/corpus"));
    command.args(["--server", env!("CARGO_BIN_EXE_rotator-server")]).args(arguments);
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.trim_end().ends_with("16 passed, 0 failed"), "{out}\n{err}");
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
