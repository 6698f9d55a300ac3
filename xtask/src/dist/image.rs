//! An image, as the OCI image specification 1.1 has it, in an archive that `docker load` takes as well.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::archive::{self, Entry};
use super::origin::Origin;
use super::{Edition, NAME, digest, unwritten, write};
use crate::error::TaskError;

/// Who the server is in its image: nobody whom the machine knows.
pub(super) const USER: u64 = 65_532;
/// Where the server lies.
pub(super) const SERVER: &str = "/usr/local/bin/rotator-server";
/// Where its data lie.
pub(super) const DATA: &str = "/data";
/// The port that the server listens on.
pub(crate) const PORT: u16 = 8000;
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The first letters of a line of PEM, which has 64.
const LINE: usize = 64;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Everything that an image is.
pub(super) struct Image {
    tag: String,
    epoch: u64,
    config: Blob,
    layer: Blob,
    manifest: Blob,
    index: Value,
    size: Size,
}

/// How large an image is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) count: usize,
    /// All files together.
    pub(super) bytes: u64,
    /// What is pulled.
    pub(super) packed: u64,
}

/// Bytes that are named for their sum.
struct Blob {
    bytes: Vec<u8>,
    sum: String,
}

// === impl Image ===

impl Image {
    /// The image of an edition whose program is `server`, with licences and other documents by their names.
    pub(super) fn new(
        edition: &Edition,
        origin: &Origin,
        architecture: &str,
        server: &[u8],
        documents: &[(&str, String)],
    ) -> Result<Self, TaskError> {
        let entries = entries(server, documents);
        let layer = archive::tar(&entries, origin.epoch)?;
        let unpacked = digest(&layer);
        let layer = Blob::new(archive::gzip(&layer)?);
        let labels = labels(edition, origin);
        let config = Blob::of(&json!({
            "created": origin.created(),
            "architecture": architecture,
            "os": "linux",
            "config": config(&labels),
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{unpacked}")]},
            "history": [{"created": origin.created(), "created_by": "cargo xtask dist"}],
        }))?;
        let manifest = Blob::of(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG),
            "layers": [layer.descriptor(LAYER)],
            "annotations": labels,
        }))?;
        let mut described = manifest.descriptor(MANIFEST);
        described["platform"] = json!({"architecture": architecture, "os": "linux"});
        described["annotations"] = json!({"org.opencontainers.image.ref.name": edition.tag()});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described]});
        let files = || entries.iter().filter_map(|entry| entry.bytes.as_ref());
        let bytes = files().map(|bytes| bytes.len() as u64).sum();
        let packed = [&config, &manifest, &layer].map(|blob| blob.bytes.len() as u64).iter().sum();
        let size = Size { count: files().count(), bytes, packed };
        Ok(Self { tag: edition.tag(), epoch: origin.epoch, config, layer, manifest, index, size })
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// Writes it as an image layout.
    pub(super) fn write_layout(&self, folder: &Path) -> Result<(), TaskError> {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(unwritten(&blobs))?;
        for entry in self.files()? {
            if let Some(bytes) = &entry.bytes {
                write(&folder.join(&entry.path), bytes)?;
            }
        }
        Ok(())
    }

    /// The same files in one archive, with the list that `docker load` reads.
    pub(super) fn archive(&self) -> Result<Vec<u8>, TaskError> {
        let list = json!([{
            "Config": self.config.path(),
            "RepoTags": [self.tag],
            "Layers": [self.layer.path()],
        }]);
        let mut entries = vec![Entry::folder("blobs"), Entry::folder("blobs/sha256")];
        entries.extend(self.files()?);
        entries.push(Entry::file("manifest.json", text(&list)?));
        archive::tar(&entries, self.epoch)
    }

    fn files(&self) -> Result<Vec<Entry>, TaskError> {
        let blobs = [&self.config, &self.layer, &self.manifest];
        let mut files: Vec<Entry> = blobs.iter().map(|blob| Entry::file(&blob.path(), blob.bytes.clone())).collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.push(Entry::file("index.json", text(&self.index)?));
        files.push(Entry::file("oci-layout", text(&json!({"imageLayoutVersion": "1.0.0"}))?));
        Ok(files)
    }
}

/// The files of the image. Its folders are named one by one, so that their owners are those of the image.
fn entries(server: &[u8], documents: &[(&str, String)]) -> Vec<Entry> {
    let place = format!("usr/share/doc/{NAME}");
    let private = Entry { mode: 0o700, owner: USER, ..Entry::folder("data") };
    let mut entries = vec![
        private,
        Entry::folder("etc"),
        Entry::file("etc/group", format!("root:x:0:\nrotator:x:{USER}:\n")),
        // Programs with glibc look names up as this says, and need none of its libraries for these two.
        Entry::file("etc/nsswitch.conf", "hosts: files dns\n"),
        Entry::file(
            "etc/passwd",
            format!("root:x:0:0:root:/:/nowhere\nrotator:x:{USER}:{USER}:API Key Rotator:{DATA}:/nowhere\n"),
        ),
        Entry::folder("etc/ssl"),
        Entry::folder("etc/ssl/certs"),
        Entry::file(CERTIFICATES.trim_start_matches('/'), certificates()),
        // SQLite and whoever mounts something there expect it.
        Entry { mode: 0o1777, ..Entry::folder("tmp") },
        Entry::folder("usr"),
        Entry::folder("usr/local"),
        Entry::folder("usr/local/bin"),
        Entry::program(SERVER.trim_start_matches('/'), server),
        Entry::folder("usr/share"),
        Entry::folder("usr/share/doc"),
        Entry::folder(&place),
    ];
    entries.extend(documents.iter().map(|(name, text)| Entry::file(&format!("{place}/{name}"), text.as_str())));
    entries
}

/// The root certificates that Mozilla trusts, in PEM.
fn certificates() -> String {
    let mut text = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let letters = STANDARD.encode(certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let mut rest = letters.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(LINE.min(rest.len()));
            text.push_str(line);
            text.push('\n');
            rest = after;
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// How a container runs.
fn config(labels: &Value) -> Value {
    const SECOND: u64 = 1_000_000_000;
    json!({
        "User": format!("{USER}:{USER}"),
        "Env": [
            "PATH=/usr/local/bin",
            "BACKEND_HOST=0.0.0.0",
            format!("BACKEND_PORT={PORT}"),
            format!("DATABASE_PATH={DATA}/api_key_rotator.db"),
            format!("ROTATOR_DATA_DIR={DATA}"),
            format!("SSL_CERT_FILE={CERTIFICATES}"),
        ],
        "Entrypoint": [SERVER],
        "WorkingDir": DATA,
        "ExposedPorts": {format!("{PORT}/tcp"): {}},
        "Volumes": {DATA: {}},
        "StopSignal": "SIGTERM",
        "Labels": labels,
        // An addition of Docker's; other runtimes pass over it.
        "Healthcheck": {
            "Test": ["CMD", SERVER, "healthcheck"],
            "Interval": 30 * SECOND,
            "Timeout": 6 * SECOND,
            "StartPeriod": 10 * SECOND,
            "Retries": 3,
        },
    })
}

/// What the image says of itself, by the names of the specification.
fn labels(edition: &Edition, origin: &Origin) -> Value {
    let mut labels = json!({
        "org.opencontainers.image.created": origin.created(),
        "org.opencontainers.image.description": "Holds pools of upstream API keys and gives clients one stable address for them",
        "org.opencontainers.image.licenses": origin.licence,
        "org.opencontainers.image.revision": origin.revision,
        "org.opencontainers.image.title": edition.title,
        "org.opencontainers.image.version": origin.version,
    });
    if let Some(source) = &origin.source {
        labels["org.opencontainers.image.source"] = json!(source);
    }
    labels
}

fn text(value: &Value) -> Result<Vec<u8>, TaskError> {
    serde_json::to_vec(value).map_err(|error| TaskError::failed("a list of the image", error))
}

// === impl Blob ===

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        let sum = digest(&bytes);
        Self { bytes, sum }
    }

    fn of(value: &Value) -> Result<Self, TaskError> {
        text(value).map(Self::new)
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.sum)
    }

    fn descriptor(&self, kind: &str) -> Value {
        json!({"mediaType": kind, "digest": format!("sha256:{}", self.sum), "size": self.bytes.len()})
    }
}

#[cfg(test)]
mod tests;
