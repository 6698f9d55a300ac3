//! Static programs, the same to the byte wherever they are built.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::origin::{EPOCH, Origin};
use super::{elf, read};
use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// The profile of what is released.
const PROFILE: &str = "dist";
/// What stands for each folder in messages of the programs.
const SOURCES: &str = "/rotator";
const BUILD: &str = "/build";
const CARGO: &str = "/cargo";

/// For which machines, and with which C library.
#[derive(Debug)]
pub(super) struct Target {
    triple: String,
    /// The version of rustc.
    compiler: String,
    /// Linked as a whole into the program only where it is asked for.
    asks_for_static: bool,
}

/// Builds programs in a folder of its own.
pub(super) struct Built<'a> {
    workspace: &'a Workspace,
    target: &'a Target,
    origin: &'a Origin,
    folder: PathBuf,
}

// === impl Target ===

impl Target {
    /// This machine's architecture: with musl where rustc and a C compiler have it, else with glibc.
    pub(super) fn find() -> Result<Self, TaskError> {
        let version = rustc(&["-vV"])?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host =
            host.ok_or_else(|| TaskError::Failed("rustc does not say for which machines it builds".to_owned()))?;
        let architecture = host.split('-').next().unwrap_or(host);
        let compiler = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default().to_owned();
        let musl = format!("{architecture}-unknown-linux-musl");
        let libraries = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib").join(&musl).join("lib");
        if libraries.is_dir() && process::works(Command::new("musl-gcc").arg("--version")) {
            return Ok(Self { triple: musl, compiler, asks_for_static: false });
        }
        Ok(Self { triple: format!("{architecture}-unknown-linux-gnu"), compiler, asks_for_static: true })
    }

    /// As rustc calls it.
    pub(super) fn triple(&self) -> &str {
        &self.triple
    }

    /// The version of rustc.
    pub(super) fn compiler(&self) -> &str {
        &self.compiler
    }

    /// Whether its C library is musl, which is static unless it is asked for otherwise.
    pub(super) const fn has_musl(&self) -> bool {
        !self.asks_for_static
    }

    /// The architecture as images name it.
    pub(super) fn architecture(&self) -> &str {
        match self.triple.split('-').next() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            Some(other) => other,
            None => "",
        }
    }
}

fn rustc(arguments: &[&str]) -> Result<String, TaskError> {
    let output = Command::new("rustc").args(arguments).output();
    let output = output.map_err(|error| TaskError::failed("rustc", error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

// === impl Built ===

impl<'a> Built<'a> {
    pub(super) fn new(workspace: &'a Workspace, target: &'a Target, origin: &'a Origin, folder: PathBuf) -> Self {
        Self { workspace, target, origin, folder }
    }

    /// Builds a program with these features, the usual ones where none are named, and makes sure that it is static.
    pub(super) fn program(&self, package: &str, features: Option<&str>) -> Result<PathBuf, TaskError> {
        let mut command = cargo(self.workspace);
        // A target that is named leaves build scripts and macros, which run here, as they are.
        command.args([
            "build",
            "--locked",
            "--profile",
            PROFILE,
            "--target",
            &self.target.triple,
            "--package",
            package,
        ]);
        if let Some(features) = features {
            command.args(["--no-default-features", "--features", features]);
        }
        let (rust_flags, c_flags) = self.flags();
        let variable = |name: &str| format!("{name}_{}", self.target.triple.replace('-', "_"));
        command.env("CARGO_TARGET_DIR", &self.folder).env_remove("CARGO_BUILD_BUILD_DIR").env_remove("RUSTFLAGS");
        command.env("CARGO_ENCODED_RUSTFLAGS", rust_flags.join("\x1f")).env(variable("CFLAGS"), c_flags.join(" "));
        command.env("CARGO_INCREMENTAL", "0").env(EPOCH, self.origin.epoch.to_string()).env("ZERO_AR_DATE", "1");
        process::run(&mut command)?;
        let program = self.folder.join(&self.target.triple).join(PROFILE).join(package);
        let needs = elf::needs(&read(&program)?);
        match needs.map_err(|error| TaskError::failed(package, error))?.as_slice() {
            [] => Ok(program),
            needs => Err(TaskError::Failed(format!("{package} is not static: it needs {}", needs.join(", ")))),
        }
    }

    /// Flags for rustc and for the C compiler: no path of this machine is in what they make.
    fn flags(&self) -> (Vec<String>, Vec<String>) {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        // Of prefixes the last one that fits counts: the build's folder may lie in that of the sources.
        let folders = [home.as_deref(), Some(self.workspace.root()), Some(self.folder.as_path())];
        let named = folders.into_iter().zip([CARGO, SOURCES, BUILD]);
        let renamed: Vec<String> =
            named.filter_map(|(folder, name)| Some(format!("{}={name}", folder?.display()))).collect();
        let mut rust: Vec<String> = renamed.iter().map(|pair| format!("--remap-path-prefix={pair}")).collect();
        if self.target.asks_for_static {
            rust.push("-Ctarget-feature=+crt-static".to_owned());
        }
        (rust, renamed.iter().map(|pair| format!("-ffile-prefix-map={pair}")).collect())
    }
}
