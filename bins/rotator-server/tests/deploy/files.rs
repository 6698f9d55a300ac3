//! The files, read.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where the workspace is.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file of `deploy`.
pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(root().join("deploy").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file of `deploy` that holds one document of YAML.
pub(crate) fn yaml(name: &str) -> Value {
    yaml_serde::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The texts of a list.
pub(crate) fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

/// The features of the server, which are what editions are called.
pub(crate) fn features() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("bins/rotator-server/Cargo.toml")).unwrap();
    let section = manifest.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name.to_owned()));
    names.collect()
}

/// The edition that an image is of.
pub(crate) fn edition(image: &str) -> &str {
    let edition = image.strip_prefix("api-key-rotator:").unwrap_or_else(|| panic!("{image}"));
    assert!(features().iter().any(|feature| feature == edition), "{image}");
    edition
}
