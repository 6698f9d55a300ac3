//! `dist`: what is released. Static programs, an image of each edition, lists of what is in them, and sums.

mod archive;
mod build;
mod check;
mod elf;
mod image;
mod licences;
mod name_server;
mod origin;
mod others;
mod packages;
mod released;
mod rooted;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use self::build::{Built, Target};
use self::image::Image;
use self::origin::Origin;
use self::packages::Packages;
use self::released::{Released, SUMS};
use crate::error::TaskError;
use crate::ui;
use crate::workspace::{self, Workspace};

/// What of it is made, and what is done with it.
#[derive(Args)]
pub(crate) struct DistArguments {
    /// One edition; all when absent.
    #[arg(long, value_parser = edition)]
    edition: Option<&'static Edition>,
    /// Where it is put [default: dist in cargo's target folder].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Run each image as a container would: its own files alone, read only, as its user, before an upstream with TLS.
    #[arg(long)]
    check: bool,
    /// Build everything once more, elsewhere, and compare.
    #[arg(long)]
    twice: bool,
    /// Whether the web UI is built before, which needs Node.js.
    #[arg(long, value_enum, default_value_t)]
    ui: Ui,
}

/// Where the web UI comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Ui {
    /// It is built.
    #[default]
    Build,
    /// The one is taken that was built before.
    Built,
}

/// A build of the server for some users.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) name: &'static str,
    /// Features of `rotator-server`.
    pub(crate) features: &'static str,
    /// What the files of its image may take together, in bytes.
    pub(crate) largest: u64,
    title: &'static str,
}

/// What the programs and images are called.
pub(crate) const NAME: &str = "api-key-rotator";
/// The texts of this project's own licence, in the root of its sources.
const OWN_LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
const LICENCES: &str = "THIRD-PARTY-LICENSES";

/// All editions.
pub(crate) const EDITIONS: &[Edition] = &[
    Edition {
        name: "lightweight",
        features: "lightweight",
        largest: 20_000_000,
        title: "API Key Rotator (SQLite and memory)",
    },
    Edition {
        name: "enterprise",
        features: "enterprise",
        largest: 30_000_000,
        title: "API Key Rotator (SQLite, MySQL, PostgreSQL, memory and Redis)",
    },
];

/// Makes what was asked for.
pub(crate) fn run(workspace: &Workspace, arguments: &DistArguments) -> Result<(), TaskError> {
    if arguments.ui == Ui::Build {
        ui::build(workspace)?;
    }
    if !ui::page(workspace).is_file() {
        return Err(TaskError::Failed("the web UI was not built before: `cargo xtask ui` does that".to_owned()));
    }
    let out = arguments.out.clone().unwrap_or_else(|| workspace.target().join("dist"));
    let editions: Vec<&Edition> = arguments.edition.map_or_else(|| EDITIONS.iter().collect(), |one| vec![one]);
    let target = Target::find()?;
    let origin = Origin::of(workspace)?;
    let made = make(workspace, &target, &origin, &editions, &out, "dist-build")?;
    for (edition, files) in editions.iter().zip(&made) {
        println!("{}: {} files of {} bytes, {} bytes to pull", edition.tag(), files.count, files.bytes, files.packed);
    }
    println!("in {}", out.display());
    if arguments.twice {
        let again = tempfile::tempdir().map_err(|error| TaskError::failed("a folder", error))?;
        make(workspace, &target, &origin, &editions, again.path(), "dist-build-again")?;
        compare(&out.join(SUMS), &again.path().join(SUMS))?;
    }
    if arguments.check {
        for edition in &editions {
            check::run(edition, &out.join(edition.archive()))?;
        }
    }
    let too_large = editions.iter().zip(&made).filter(|(edition, files)| files.bytes > edition.largest);
    let names: Vec<String> = too_large.map(|(edition, _)| edition.tag()).collect();
    if names.is_empty() { Ok(()) } else { Err(TaskError::Failed(format!("too large: {}", names.join(", ")))) }
}

/// Builds everything in a folder of its own, and writes it.
fn make(
    workspace: &Workspace,
    target: &Target,
    origin: &Origin,
    editions: &[&Edition],
    out: &Path,
    work: &str,
) -> Result<Vec<image::Size>, TaskError> {
    let mut released = Released::new(out)?;
    let builder = Built::new(workspace, target, origin, workspace.target().join(work));
    released.copy("rotator-admin", &builder.program("rotator-admin", None)?)?;
    let others = others::read(workspace, target)?;
    let mut everything = Packages::of(workspace, target, "rotator-admin", None)?;
    let mut servers = Vec::new();
    for edition in editions {
        let server = builder.program("rotator-server", Some(edition.features))?;
        servers.push(released.copy(&format!("rotator-server-{}", edition.name), &server)?);
        let packages = Packages::of(workspace, target, "rotator-server", Some(edition.features))?;
        let list = sbom::document(edition, origin, &packages, &others);
        released.write(&format!("sbom-{}.cdx.json", edition.name), format!("{list:#}\n").as_bytes())?;
        everything.add(packages);
    }
    let mut documents = Vec::new();
    for name in OWN_LICENCES {
        documents.push((name, workspace.read(name)?));
    }
    documents.push((LICENCES, licences::text(&everything, &others)?));
    for (name, text) in &documents {
        released.write(name, text.as_bytes())?;
    }
    let mut sizes = Vec::new();
    for (edition, server) in editions.iter().zip(servers) {
        let image = Image::new(edition, origin, target.architecture(), &server, &documents)?;
        image.write_layout(&released.folder(&format!("{NAME}-{}.oci", edition.name))?)?;
        released.write(&edition.archive(), &image.archive()?)?;
        sizes.push(image.size());
    }
    released.finish()?;
    Ok(sizes)
}

/// Says which files differ.
fn compare(first: &Path, second: &Path) -> Result<(), TaskError> {
    let (first, second) = (workspace::read(first)?, workspace::read(second)?);
    let differing: Vec<&str> = first.lines().filter(|line| !second.lines().any(|other| other == *line)).collect();
    if differing.is_empty() && first.lines().count() == second.lines().count() {
        println!("two builds are the same to the byte");
        return Ok(());
    }
    Err(TaskError::Failed(format!("two builds differ in:\n{}", differing.join("\n"))))
}

/// SHA-256, in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, TaskError> {
    fs::read(path).map_err(unwritten(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TaskError> {
    fs::write(path, bytes).map_err(unwritten(path))
}

/// The error of a file or folder.
fn unwritten(path: &Path) -> impl FnOnce(std::io::Error) -> TaskError {
    let path = path.display().to_string();
    |source| TaskError::File { path, source }
}

/// The edition of a name.
fn edition(name: &str) -> Result<&'static Edition, String> {
    let names = || EDITIONS.iter().map(|edition| edition.name).collect::<Vec<_>>().join(" or ");
    EDITIONS.iter().find(|edition| edition.name == name).ok_or_else(names)
}

// === impl Edition ===

impl Edition {
    /// What its image is called.
    pub(crate) fn tag(&self) -> String {
        format!("{NAME}:{}", self.name)
    }

    /// The file that `docker load` takes.
    fn archive(&self) -> String {
        format!("{NAME}-{}.tar", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_are_features_of_the_server() {
        let manifest = Workspace::new().read("bins/rotator-server/Cargo.toml").unwrap();
        for edition in EDITIONS {
            assert!(manifest.contains(&format!("\n{} = [", edition.features)), "{edition:?}");
        }
        assert_eq!(edition("large"), Err("lightweight or enterprise".to_owned()));
    }

    #[test]
    fn each_licence_of_the_project_has_its_text() {
        let workspace = Workspace::new();
        let origin = Origin::of(&workspace).unwrap();
        let names = origin.licence.split(" OR ").filter_map(|licence| licence.split('-').next());
        let mut texts: Vec<String> = names.map(|name| format!("LICENSE-{}", name.to_uppercase())).collect();
        texts.sort();
        assert_eq!(texts, OWN_LICENCES);
        for name in OWN_LICENCES {
            assert!(workspace.read(name).unwrap().contains("WARRANTIES"), "{name}");
        }
    }

    #[test]
    fn builds_that_differ_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["1", "2"].map(|name| folder.path().join(name));
        fs::write(&first, "00  a\n01  b\n").unwrap();
        for (text, same) in [("00  a\n01  b\n", true), ("00  a\n02  b\n", false), ("00  a\n01  b\n02  c\n", false)] {
            fs::write(&second, text).unwrap();
            assert_eq!(compare(&first, &second).is_ok(), same, "{text}");
        }
    }
}
