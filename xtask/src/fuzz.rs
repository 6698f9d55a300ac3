//! `fuzz`: the fuzz targets of the wire formats.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::{self, Workspace};

/// The crate of the targets.
const CRATE: &str = "crates/format-converters/fuzz";
/// Where the words of the formats are.
const SOURCES: &str = "crates/format-converters/src";
/// Recordings of the vendors' answers.
const CORPUS: &str = "crates/format-converters/tests/corpus";
/// The most bytes of an input.
const MOST_BYTES: usize = 4096;

/// Runs a target, or all of them, so many times each.
pub(crate) fn run(workspace: &Workspace, target: Option<&str>, runs: u64) -> Result<(), TaskError> {
    if !process::works(cargo(workspace).args(["fuzz", "--version"])) {
        return Err(TaskError::Missing { program: "cargo-fuzz", advice: "cargo install cargo-fuzz --locked" });
    }
    let targets = targets(workspace)?;
    let chosen: Vec<&String> = targets.iter().filter(|name| target.is_none_or(|target| target == *name)).collect();
    if chosen.is_empty() {
        return Err(TaskError::Failed(format!("there is no such target: choose among {}", targets.join(", "))));
    }
    let folder = workspace.target().join("fuzz");
    let dictionary = folder.join("dictionary");
    write(&dictionary, &words(workspace)?)?;
    for name in chosen {
        let (found, seeds) = (folder.join("corpus").join(name), folder.join("seeds").join(name));
        let artifacts = folder.join("artifacts").join(name);
        for folder in [&found, &seeds, &artifacts] {
            std::fs::create_dir_all(folder).map_err(|source| file_error(folder, source))?;
        }
        seed(workspace, name, &seeds)?;
        let mut command = cargo(workspace);
        // The crates forbid unsafe code, so no sanitizer would find anything; without one the stable compiler will do.
        command.args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir", CRATE, "--target-dir"]).arg(&folder);
        command.arg(name).arg(&found).arg(&seeds).arg("--").arg(format!("-runs={runs}"));
        command.args([format!("-max_len={MOST_BYTES}"), format!("-dict={}", dictionary.display())]);
        command.args([format!("-artifact_prefix={}/", artifacts.display()), "-print_final_stats=1".to_owned()]);
        command.args(["-timeout=10", "-verbosity=0"]);
        process::run(&mut command)?;
    }
    Ok(())
}

/// The names of the targets.
fn targets(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let mut names: Vec<String> = files(&workspace.path(CRATE).join("fuzz_targets"))?
        .iter()
        .filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Copies what a target begins with: its own seeds, and the recordings, streams to those that read streams and all to what
/// reads either.
fn seed(workspace: &Workspace, target: &str, seeds: &Path) -> Result<(), TaskError> {
    let reads_streams = matches!(target, "sse" | "stream");
    let own = workspace.path(CRATE).join("seeds").join(target);
    let mut inputs = if own.is_dir() { files(&own)? } else { Vec::new() };
    inputs.extend(files(&workspace.path(CORPUS))?.into_iter().filter(|file| {
        let extension = file.extension().unwrap_or_default();
        if target == "usage" {
            extension == "sse" || extension == "json"
        } else if reads_streams {
            extension == "sse"
        } else {
            extension == "json"
        }
    }));
    for input in inputs {
        let seed = seeds.join(input.file_name().unwrap_or_default());
        std::fs::copy(&input, seed).map_err(|source| file_error(&input, source))?;
    }
    Ok(())
}

/// Every word between quotes in the sources, as a dictionary: those of the formats are among them.
fn words(workspace: &Workspace) -> Result<String, TaskError> {
    let mut words = BTreeSet::new();
    let is_word = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        (2..=40).contains(&text.len()) && text.bytes().all(fits)
    };
    for file in files(&workspace.path(SOURCES))? {
        let text = workspace::read(&file)?;
        words.extend(text.split('"').filter(|text| is_word(text)).map(|word| format!("\"{word}\"\n")));
    }
    Ok(words.into_iter().collect())
}

/// Every file below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| file_error(folder, source))? {
        let path = entry.map_err(|source| file_error(folder, source))?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn write(path: &Path, text: &str) -> Result<(), TaskError> {
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    written.map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> TaskError {
    TaskError::File { path: path.display().to_string(), source }
}
