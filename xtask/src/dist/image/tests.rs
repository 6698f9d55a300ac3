//! An image of a program that is none: what is in it does not matter to whoever unpacks it.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;
use crate::dist::EDITIONS;

fn image() -> Image {
    Image::new(&EDITIONS[0], &Origin::example(), "amd64", b"a program", &[("LICENSE-MIT", "the text".to_owned())])
        .unwrap()
}

/// The files of an archive.
fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    });
    entries.collect()
}

fn read(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Value {
    serde_json::from_slice(&files[path]).unwrap()
}

/// What a descriptor describes, whose kind, sum and length are right.
fn described<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value, kind: &str) -> &'a [u8] {
    assert_eq!(descriptor["mediaType"], kind);
    let sum = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let bytes = &files[&format!("blobs/sha256/{sum}")];
    assert_eq!((digest(bytes).as_str(), descriptor["size"].as_u64().unwrap()), (sum, bytes.len() as u64));
    bytes
}

#[test]
fn whoever_follows_the_index_comes_to_the_files() {
    let files = unpacked(&image().archive().unwrap());
    assert_eq!(read(&files, "oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));
    let index = read(&files, "index.json");
    assert_eq!((&index["schemaVersion"], &index["mediaType"]), (&json!(2), &json!(INDEX)));
    let [described_manifest] = index["manifests"].as_array().unwrap().as_slice() else { panic!("{index}") };
    assert_eq!(described_manifest["annotations"]["org.opencontainers.image.ref.name"], "api-key-rotator:lightweight");
    assert_eq!(described_manifest["platform"], json!({"architecture": "amd64", "os": "linux"}));
    let manifest: Value = serde_json::from_slice(described(&files, described_manifest, MANIFEST)).unwrap();
    let config: Value = serde_json::from_slice(described(&files, &manifest["config"], CONFIG)).unwrap();
    let mut layer = Vec::new();
    let packed = described(&files, &manifest["layers"][0], LAYER);
    flate2::read::GzDecoder::new(packed).read_to_end(&mut layer).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"], json!([format!("sha256:{}", digest(&layer))]));
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    let layer = unpacked(&layer);
    assert_eq!(layer["usr/local/bin/rotator-server"], b"a program");
    assert_eq!(layer["usr/share/doc/api-key-rotator/LICENSE-MIT"], b"the text");
    let entrypoint = config["config"]["Entrypoint"][0].as_str().unwrap();
    assert!(layer.contains_key(entrypoint.trim_start_matches('/')));
    assert_eq!(config["config"]["Healthcheck"]["Test"], json!(["CMD", entrypoint, "healthcheck"]));
}

#[test]
fn docker_load_finds_the_same_blobs() {
    let files = unpacked(&image().archive().unwrap());
    let list = read(&files, "manifest.json");
    assert_eq!(list[0]["RepoTags"], json!(["api-key-rotator:lightweight"]));
    let named = [&list[0]["Config"], &list[0]["Layers"][0]].map(|path| path.as_str().unwrap());
    for path in named {
        assert_eq!(format!("blobs/sha256/{}", digest(&files[path])), path);
    }
    let manifest = files.values().find_map(|bytes| {
        let manifest: Value = serde_json::from_slice(bytes).ok()?;
        (manifest["mediaType"] == MANIFEST).then_some(manifest)
    });
    let manifest = manifest.unwrap();
    let sums = [&manifest["config"], &manifest["layers"][0]].map(|blob| blob["digest"].as_str().unwrap());
    assert_eq!(sums.map(|sum| sum.replace("sha256:", "blobs/sha256/")), named);
}

#[test]
fn two_writes_are_the_same_to_the_byte_and_so_is_the_layout() {
    let (first, second) = (image(), image());
    assert_eq!(first.archive().unwrap(), second.archive().unwrap());
    let folder = tempfile::tempdir().unwrap();
    first.write_layout(folder.path()).unwrap();
    let mut files = unpacked(&first.archive().unwrap());
    for docker_only in ["manifest.json", "blobs", "blobs/sha256"] {
        files.remove(docker_only);
    }
    for (path, bytes) in files {
        assert_eq!(std::fs::read(folder.path().join(&path)).unwrap(), bytes, "{path}");
    }
}

#[test]
fn a_container_is_nobody_and_writes_to_its_data_alone() {
    let entries = entries(b"a program", &[]);
    let theirs: Vec<&str> = entries.iter().filter(|entry| entry.owner != 0).map(|entry| entry.path.as_str()).collect();
    assert_eq!(theirs, ["data"]);
    assert!(entries.iter().all(|entry| entry.mode & 0o022 == 0 || entry.path == "tmp"));
    let config = config(&labels(&EDITIONS[0], &Origin::example()));
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Volumes"], json!({"/data": {}}));
    assert_eq!(config["ExposedPorts"], json!({"8000/tcp": {}}));
    let labels = &config["Labels"];
    assert_eq!(labels["org.opencontainers.image.revision"], "0123abcd");
    assert_eq!(labels["org.opencontainers.image.source"], "https://example.org/rotator");
}

#[test]
fn the_certificates_are_read_by_whoever_reads_pem() {
    let text = certificates();
    let count = text.matches("-----BEGIN CERTIFICATE-----\n").count();
    assert!(count > 50 && text.lines().all(|line| line.len() <= 64), "{count}");
    let first: String = text.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    assert_eq!(STANDARD.decode(first).unwrap(), webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref());
}
