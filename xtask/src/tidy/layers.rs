//! The layer rule, from cargo's own metadata: arrows point down only, and every crate is listed.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::error::TaskError;
use crate::workspace::Workspace;

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Domain,
    Contract,
    Backend,
    Engine,
    Program,
    /// Stands beside the layers: a development dependency of any crate, a dependency of the tasks alone.
    Test,
}

/// Every crate of the workspace: its folder and its layer.
const CRATES: &[(&str, Layer)] = &[
    ("crates/domain", Layer::Domain),
    ("crates/storage-trait", Layer::Contract),
    ("crates/cache-trait", Layer::Contract),
    ("crates/storage-sea-orm", Layer::Backend),
    ("crates/storage-sqlite", Layer::Backend),
    ("crates/storage-mysql", Layer::Backend),
    ("crates/storage-postgres", Layer::Backend),
    ("crates/cache-memory", Layer::Backend),
    ("crates/cache-redis", Layer::Backend),
    ("crates/format-converters", Layer::Backend),
    ("crates/llm-adapters", Layer::Backend),
    ("crates/request-log", Layer::Backend),
    ("crates/usage", Layer::Backend),
    ("crates/webhooks", Layer::Backend),
    ("crates/proxy-core", Layer::Engine),
    ("crates/admin-api", Layer::Engine),
    ("crates/bench-load", Layer::Test),
    ("crates/mock-upstream", Layer::Test),
    ("crates/reference", Layer::Test),
    ("crates/test-services", Layer::Test),
    ("bins/rotator-server", Layer::Program),
    ("bins/rotator-admin", Layer::Program),
    ("xtask", Layer::Program),
];

/// The one arrow inside a layer: a database's crate stands on what is written once for all of them.
const WITHIN_A_LAYER: &[(&str, &str)] = &[
    ("rotator-storage-sqlite", "rotator-storage-sea-orm"),
    ("rotator-storage-mysql", "rotator-storage-sea-orm"),
    ("rotator-storage-postgres", "rotator-storage-sea-orm"),
];

/// What breaks the rule.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let metadata = MetadataCommand::new().current_dir(workspace.root()).no_deps().exec();
    let metadata = metadata.map_err(|error| TaskError::failed("cargo metadata", error))?;
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some(folder) = folder_of(workspace, package) else {
            faults.push(format!("{}: lies outside the workspace", package.name));
            continue;
        };
        let Some(layer) = layer_of_folder(&folder) else {
            faults.push(format!("{folder}: is not in the list of crates (xtask/src/tidy/layers.rs)"));
            continue;
        };
        if package.name.as_str() != name_of(&folder) {
            faults.push(format!("{folder}: its package must be named {}", name_of(&folder)));
        }
        faults.extend(arrows(package, layer));
    }
    let listed = |folder: &&str| metadata.packages.iter().any(|package| package.name.as_str() == name_of(folder));
    let gone = CRATES.iter().map(|(folder, _)| *folder).filter(|folder| !listed(folder));
    faults.extend(gone.map(|folder| format!("{folder}: is in the list of crates, but not in the workspace")));
    Ok(faults)
}

/// The arrows of one crate that do not point down.
fn arrows(package: &Package, layer: Layer) -> Vec<String> {
    let name = package.name.as_str();
    let own = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
    let wrong = own.filter(|dependency| {
        let allowed = WITHIN_A_LAYER.contains(&(name, dependency.name.as_str()));
        match (dependency.kind, layer_of_name(&dependency.name)) {
            // A test may use what stands beside or below its crate, to have something to test with.
            (DependencyKind::Development, Some(below)) => below == Layer::Program,
            (_, Some(Layer::Test)) => name != "rotator-xtask",
            (_, Some(below)) => below >= layer && !allowed,
            (_, None) => true,
        }
    });
    let git = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.source.as_ref().is_some_and(|source| source.repr.starts_with("git+")));
    wrong
        .map(|dependency| format!("{name} must not depend on {}: arrows point down only", dependency.name))
        .chain(git.map(|dependency| format!("{name}: {} is a git dependency", dependency.name)))
        .collect()
}

/// A package's folder below the root.
fn folder_of(workspace: &Workspace, package: &Package) -> Option<String> {
    let folder = package.manifest_path.as_std_path().parent()?;
    let root = workspace.root().canonicalize().ok()?;
    Some(folder.canonicalize().ok()?.strip_prefix(root).ok()?.to_string_lossy().into_owned())
}

fn layer_of_folder(folder: &str) -> Option<Layer> {
    CRATES.iter().find(|(listed, _)| *listed == folder).map(|(_, layer)| *layer)
}

fn layer_of_name(name: &str) -> Option<Layer> {
    CRATES.iter().find(|(folder, _)| name_of(folder) == name).map(|(_, layer)| *layer)
}

/// `rotator-` and the folder; a program's folder has the prefix already.
fn name_of(folder: &str) -> String {
    let last = folder.rsplit('/').next().unwrap_or(folder);
    if last.starts_with("rotator-") { last.to_owned() } else { format!("rotator-{last}") }
}
