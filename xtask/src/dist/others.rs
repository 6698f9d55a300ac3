//! What programs hold that is no package of cargo's: the packages of npm that the web UI is made of, Swagger UI, and the libraries
//! of Rust and of C.

use std::path::PathBuf;
use std::process::Command;

use cargo_metadata::MetadataCommand;
use serde_json::Value;

use super::build::Target;
use super::unwritten;
use crate::error::TaskError;
use crate::workspace::Workspace;

const LOCK: &str = "crates/admin-api/ui/package-lock.json";
const FOLDER: &str = "crates/admin-api/ui";
/// The package that brings Swagger UI to the build of `rotator-admin-api`.
const SWAGGER: &str = "utoipa-swagger-ui-vendored";

/// One of them.
#[derive(Debug)]
pub(super) struct Other {
    /// Its package URL (ECMA-427).
    pub(super) url: String,
    pub(super) name: String,
    pub(super) version: String,
    /// An expression of SPDX.
    pub(super) licence: String,
    pub(super) text: LicenceText,
}

/// Where the text of its licence stands.
#[derive(Debug)]
pub(super) enum LicenceText {
    /// In a folder on this machine.
    In(PathBuf),
    This(&'static str),
    /// It is that of another package.
    Elsewhere,
}

/// What the licence of Swagger UI wants to be told.
const SWAGGER_NOTICE: &str = "swagger-ui\nCopyright 2020-2021 SmartBear Software Inc.\n";
/// The licence of glibc.
const LGPL: &str = include_str!("lgpl-2.1.txt");

/// All of them.
pub(super) fn read(workspace: &Workspace, target: &Target) -> Result<Vec<Other>, TaskError> {
    let mut others = of_ui(workspace)?;
    others.push(swagger(workspace)?);
    others.push(Other::linked("rust-std", target.compiler(), "MIT OR Apache-2.0", LicenceText::Elsewhere));
    others.push(if target.has_musl() {
        Other::linked("musl", "", "MIT", LicenceText::Elsewhere)
    } else {
        Other::linked("glibc", &glibc()?, "LGPL-2.1-or-later", LicenceText::This(LGPL))
    });
    Ok(others)
}

/// All that the UI may hold; what only builds it is left out.
fn of_ui(workspace: &Workspace) -> Result<Vec<Other>, TaskError> {
    let lock: Value = serde_json::from_str(&workspace.read(LOCK)?).map_err(|error| TaskError::failed(LOCK, error))?;
    let packages = lock["packages"].as_object().into_iter().flatten();
    let shipped = packages.filter(|(place, package)| !place.is_empty() && package["dev"] != true);
    let package = |(place, package): (&String, &Value)| {
        let (_, name) = place.rsplit_once("node_modules/")?;
        let version = package["version"].as_str()?.to_owned();
        Some(Other {
            // The `@` of a scope is written as its code.
            url: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
            name: name.to_owned(),
            version,
            licence: package["license"].as_str()?.to_owned(),
            text: LicenceText::In(workspace.path(FOLDER).join(place)),
        })
    };
    let packages: Option<Vec<Other>> = shipped.map(package).collect();
    let lacking = || TaskError::Failed(format!("{LOCK}: a package has no version or no licence"));
    let mut packages = packages.ok_or_else(lacking)?;
    packages.sort_by(|one, other| one.url.cmp(&other.url));
    packages.dedup_by(|one, other| one.url == other.url);
    Ok(packages)
}

/// Swagger UI, whose version stands in the name of the archive that its package holds.
fn swagger(workspace: &Workspace) -> Result<Other, TaskError> {
    let metadata = MetadataCommand::new().current_dir(workspace.root()).other_options(["--locked".to_owned()]).exec();
    let metadata = metadata.map_err(|error| TaskError::failed("cargo metadata", error))?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == SWAGGER);
    let folder = package.and_then(|package| package.manifest_path.parent()).map(|folder| folder.join("res"));
    let lacking = || TaskError::Failed(format!("{SWAGGER} has no archive"));
    let folder = folder.ok_or_else(lacking)?;
    let names = folder.read_dir_utf8().map_err(unwritten(folder.as_std_path()))?.flatten();
    let mut versions =
        names.filter_map(|entry| Some(entry.file_name().strip_prefix('v')?.strip_suffix(".zip")?.to_owned()));
    let version = versions.next().ok_or_else(lacking)?;
    Ok(Other {
        url: format!("pkg:npm/swagger-ui@{version}"),
        name: "swagger-ui".to_owned(),
        version,
        licence: "Apache-2.0".to_owned(),
        text: LicenceText::This(SWAGGER_NOTICE),
    })
}

/// The version of the C library that is linked: that of this machine.
fn glibc() -> Result<String, TaskError> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let output = output.map_err(|error| TaskError::failed("getconf", error))?;
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.split_whitespace().last().unwrap_or_default().to_owned())
}

// === impl Other ===

impl Other {
    fn linked(name: &str, version: &str, licence: &str, text: LicenceText) -> Self {
        Self {
            url: if version.is_empty() {
                format!("pkg:generic/{name}")
            } else {
                format!("pkg:generic/{name}@{version}")
            },
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_listed_and_what_builds_it_is_not() {
        let others = read(&Workspace::new(), &Target::find().unwrap()).unwrap();
        let holds = |name: &str| others.iter().any(|other| other.name == name && !other.licence.is_empty());
        assert!(holds("vue") && holds("@vue/runtime-dom") && !holds("vite") && !holds("eslint"));
        assert!(holds("swagger-ui") && holds("rust-std") && (holds("glibc") || holds("musl")));
        let url = &others.iter().find(|other| other.name == "@vue/runtime-dom").unwrap().url;
        assert!(url.starts_with("pkg:npm/%40vue/runtime-dom@3."), "{url}");
    }
}
