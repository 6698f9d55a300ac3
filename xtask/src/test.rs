//! `test` and `conformance`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Command;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::python;
use crate::services::Services;
use crate::ui;
use crate::workspace::Workspace;

/// The variable that tells the SDK tests which Python has the SDKs.
const PYTHON: &str = "ROTATOR_SDK_PYTHON";
/// What makes the server hold every backend, and traces.
const EVERYTHING: &str = "rotator-server/enterprise,rotator-server/otel";
/// The recordings of this workspace.
const CORPUS: &str = "crates/format-converters/tests/corpus";
/// The programs that compare what the SDKs see: in the upstream's own format, and in all others.
const COMPARISONS: [&str; 2] = ["xtask/sdk/same_format.py", "xtask/sdk/conversion.py"];

/// The variable that tells the test of usage which recordings to read.
const RECORDINGS: &str = "ROTATOR_TEST_CORPUS";

/// What every test is built of.
const WHOLE: [&str; 4] = ["--workspace", "--all-targets", "--features", EVERYTHING];

/// Runs every test: those of the web UI and those in the documents first, then all others, whose counts come last. With
/// arguments, only what they name.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), TaskError> {
    let nextest = process::works(cargo(workspace).args(["nextest", "--version"]));
    let whole = arguments.is_empty();
    let mut command = cargo(workspace);
    command.args(if nextest { &["nextest", "run"][..] } else { &["test", "--no-fail-fast"] });
    if whole {
        let python = python::with_sdks(workspace)?;
        // What is built for them is what the other tests need as well.
        let mut build = cargo(workspace);
        build.args(["test", "--no-run", "--quiet"]).args(WHOLE);
        ui::test(workspace, &mut build, &[])?;
        process::run(cargo(workspace).args(["test", "--quiet", "--workspace", "--doc"]))?;
        command.args(WHOLE).env(PYTHON, python);
    }
    command.args(arguments);
    // The SDK tests are ignored where there is no Python for them.
    match (nextest, whole) {
        (true, true) => command.args(["--run-ignored", "all"]),
        (false, true) => command.args(["--", "--include-ignored"]),
        (_, false) => &mut command,
    };
    let services = Services::start()?;
    process::run(command.envs(services.variables()))
}

/// Runs the SDKs against a corpus, the workspace's own where none is named: every comparison, also where one fails.
pub(crate) fn conformance(
    workspace: &Workspace,
    corpus: Option<PathBuf>,
    chunk: Option<&str>,
) -> Result<(), TaskError> {
    let python = python::with_sdks(workspace)?;
    process::run(cargo(workspace).args(["build", "--quiet", "--package", "rotator-server"]))?;
    let corpus = corpus.unwrap_or_else(|| workspace.path(CORPUS));
    let compared = COMPARISONS.map(|program| {
        let mut command = Command::new(&python);
        command.arg(workspace.path(program)).arg("--corpus").arg(&corpus);
        command.arg("--server").arg(workspace.target().join("debug/rotator-server"));
        if let Some(chunk) = chunk {
            command.args(["--chunk", chunk]);
        }
        process::run(&mut command)
    });
    // A test runs in its package's folder.
    let absolute = std::path::absolute(&corpus).map_err(|source| {
        let path = corpus.display().to_string();
        TaskError::File { path, source }
    })?;
    let mut usage = cargo(workspace);
    usage.args(["test", "--quiet", "--package", "rotator-format-converters", "--test", "usage"]);
    let usage = process::run(usage.env(RECORDINGS, absolute));
    compared.into_iter().chain([usage]).collect()
}

/// How streams are cut: a number of bytes, or `whole`.
pub(crate) fn pieces(text: &str) -> Result<String, String> {
    let is_size = text.parse::<NonZeroUsize>().is_ok();
    if is_size || text == "whole" { Ok(text.to_owned()) } else { Err("a number of bytes, or `whole`".to_owned()) }
}
