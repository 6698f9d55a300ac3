//! The packages that a program is made of: cargo's tree of them, and what their manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::{Metadata, MetadataCommand};

use super::build::Target;
use crate::error::TaskError;
use crate::process::cargo;
use crate::workspace::Workspace;

/// A package and its version.
pub(super) type Id = (String, String);

/// Packages, each with what it stands on. The first is the program.
#[derive(Debug, Default)]
pub(super) struct Packages {
    pub(super) root: Id,
    pub(super) all: BTreeMap<Id, Package>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Package {
    /// An expression of SPDX.
    pub(super) licence: String,
    pub(super) description: Option<String>,
    /// Where its sources are told to be.
    pub(super) repository: Option<String>,
    /// Its folder on this machine.
    pub(super) folder: PathBuf,
    /// It is one of this workspace.
    pub(super) is_own: bool,
    /// It only makes code while others are built.
    pub(super) is_macro: bool,
    pub(super) needs: BTreeSet<Id>,
}

/// A line of cargo's tree.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    depth: usize,
    id: Id,
    is_macro: bool,
}

// === impl Packages ===

impl Packages {
    /// What a program with these features is made of.
    pub(super) fn of(
        workspace: &Workspace,
        target: &Target,
        program: &str,
        features: Option<&str>,
    ) -> Result<Self, TaskError> {
        let mut command = cargo(workspace);
        command.args(["tree", "--locked", "--package", program, "--edges", "normal", "--target", target.triple()]);
        command.args(["--prefix", "depth", "--format", " {p}"]);
        if let Some(features) = features {
            command.args(["--no-default-features", "--features", features]);
        }
        let output = command.output().map_err(|error| TaskError::failed("cargo tree", error))?;
        if !output.status.success() {
            return Err(TaskError::failed("cargo tree", String::from_utf8_lossy(&output.stderr)));
        }
        let lines: Option<Vec<Line>> = String::from_utf8_lossy(&output.stdout).lines().map(Line::read).collect();
        let lines = lines.ok_or_else(|| TaskError::Failed("cargo tree cannot be read".to_owned()))?;
        let metadata =
            MetadataCommand::new().current_dir(workspace.root()).other_options(["--locked".to_owned()]).exec();
        Self::new(&lines, &metadata.map_err(|error| TaskError::failed("cargo metadata", error))?)
    }

    fn new(lines: &[Line], metadata: &Metadata) -> Result<Self, TaskError> {
        let mut packages = Self::default();
        // Those that the next line may hang on.
        let mut above: Vec<Id> = Vec::new();
        for Line { depth, id, is_macro } in lines {
            above.truncate(*depth);
            if let Some(parent) = above.last().and_then(|parent| packages.all.get_mut(parent)) {
                parent.needs.insert(id.clone());
            } else {
                packages.root.clone_from(id);
            }
            above.push(id.clone());
            if packages.all.contains_key(id) {
                continue;
            }
            let is_it = |package: &&cargo_metadata::Package| {
                package.name.as_str() == id.0 && package.version.to_string() == id.1
            };
            let Some(package) = metadata.packages.iter().find(is_it) else {
                return Err(TaskError::Failed(format!("cargo metadata does not tell of {} {}", id.0, id.1)));
            };
            packages.all.insert(id.clone(), Package::new(package, *is_macro));
        }
        Ok(packages)
    }

    /// Adds those of another program.
    pub(super) fn add(&mut self, other: Self) {
        for (id, package) in other.all {
            self.all.entry(id).or_insert(package);
        }
    }
}

// === impl Package ===

impl Package {
    fn new(package: &cargo_metadata::Package, is_macro: bool) -> Self {
        let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().to_owned());
        Self {
            // A slash is how manifests said it before.
            licence: package.license.as_deref().unwrap_or("NOASSERTION").replace('/', " OR ").replace("  ", " "),
            description: package.description.as_ref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
            repository: package.repository.clone(),
            folder: folder.unwrap_or_default(),
            is_own: package.source.is_none(),
            is_macro,
            needs: BTreeSet::new(),
        }
    }
}

// === impl Line ===

impl Line {
    /// Reads `2 serde v1.0.0 (proc-macro) (*)`.
    fn read(line: &str) -> Option<Self> {
        let (depth, rest) = line.split_once(' ')?;
        let mut words = rest.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let is_macro = words.any(|word| word == "(proc-macro)");
        Some(Self { depth: depth.parse().ok()?, id: (name.to_owned(), version.to_owned()), is_macro })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_tree_are_read() {
        let id = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let lines = ["0 rotator-server v0.1.0 (/home/a b)", "1 serde_derive v1.0.0 (proc-macro) (*)"];
        assert_eq!(Line::read(lines[0]), Some(Line { depth: 0, id: id("rotator-server", "0.1.0"), is_macro: false }));
        assert_eq!(Line::read(lines[1]), Some(Line { depth: 1, id: id("serde_derive", "1.0.0"), is_macro: true }));
        assert_eq!(Line::read("error: nothing"), None);
    }

    #[test]
    fn an_edition_holds_its_backends_and_no_others() {
        let (workspace, target) = (Workspace::new(), Target::find().unwrap());
        let packages = |features| Packages::of(&workspace, &target, "rotator-server", Some(features)).unwrap();
        let holds = |packages: &Packages, name: &str| packages.all.keys().any(|(other, _)| other == name);
        let (light, large) = (packages("lightweight"), packages("enterprise"));
        assert_eq!(light.root.0, "rotator-server");
        assert!(holds(&light, "rotator-storage-sqlite") && !holds(&light, "rotator-cache-redis"));
        assert!(holds(&large, "rotator-cache-redis") && large.all.len() > light.all.len());
        // What tests alone need is in neither.
        assert!(!holds(&large, "rotator-mock-upstream") && !holds(&large, "insta"));
        let root = &light.all[&light.root];
        assert!(root.is_own && root.needs.iter().any(|(name, _)| name == "tokio"));
        assert!(light.all.values().all(|package| package.licence != "NOASSERTION"));
    }
}
