//! The official Python SDKs through the server, with only base URL and key changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compares what the SDKs see with and without the server, in the format of the upstream.
const SAME_FORMAT: &str = "same_format.py";
/// Compares what the SDKs of all other formats see through the server with what the upstream's own SDK sees.
const CONVERSION: &str = "conversion.py";
/// Holds conversations of five turns over each pair of formats.
const CONVERSATION: &str = "conversation.py";
/// How streams are cut, besides event by event: no result may depend on it.
const PIECES: [&str; 3] = ["1", "7", "whole"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs one of the programs that ask with the SDKs: some checks must pass, and none fail.
fn run(program: &str, arguments: &[&str]) {
    let mut command = Command::new(std::env::var("ROTATOR_SDK_PYTHON").unwrap());
    command.arg(workspace().join("xtask/sdk").join(program));
    command.args(["--server", env!("CARGO_BIN_EXE_rotator-server")]).args(arguments);
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let passed = out.lines().last().and_then(|line| line.strip_suffix(" passed, 0 failed"));
    let has_passed = passed.and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 0);
    assert!(output.status.success() && has_passed, "{program} {arguments:?}\n{out}\n{err}");
}

/// Asks for every recording of this workspace's corpus.
fn ask(program: &str, arguments: &[&str]) {
    let corpus = workspace().join("crates/format-converters/tests/corpus");
    run(program, &[&["--corpus", corpus.to_str().unwrap()], arguments].concat());
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_answer_is_as_without_the_server() {
    ask(SAME_FORMAT, &[]);
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_stream_may_come_in_pieces_of_any_size() {
    for size in PIECES {
        ask(SAME_FORMAT, &["--chunk", size]);
    }
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_answer_means_the_same_in_every_other_format() {
    ask(CONVERSION, &[]);
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_stream_that_is_converted_may_come_in_pieces_of_any_size() {
    for size in PIECES {
        ask(CONVERSION, &["--chunk", size]);
    }
}

#[test]
#[ignore = "needs the SDKs: cargo xtask test installs them"]
fn every_upstream_gets_back_what_it_sealed() {
    run(CONVERSATION, &[]);
}
