//! An image, unpacked into a folder, and run there as a container would be: with its own files alone, which it cannot change
//! but for its data, as its own user.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::unwritten;
use crate::error::TaskError;
use crate::process;

/// Makes the folder read only, but for the data, and goes there.
const ENTER: &str = r#"
set -e
root=$1 data=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount --bind "$root$data" "$root$data"
mount -o remount,bind,ro "$root"
exec chroot $user "$root" "$@"
"#;

/// Where it was unpacked, and what the image says of how it runs.
pub(super) struct Rooted {
    folder: TempDir,
    config: Value,
    is_superuser: bool,
}

// === impl Rooted ===

impl Rooted {
    /// Unpacks what `docker load` takes.
    pub(super) fn unpack(archive: &Path) -> Result<Self, TaskError> {
        let files = files(archive)?;
        let is_superuser = process::is_superuser();
        let named = |path: &Value| files.get(path.as_str()?);
        let lacking = || TaskError::Failed(format!("{} is no image", archive.display()));
        let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).map_err(|_| lacking());
        let list = parse(files.get("manifest.json").ok_or_else(lacking)?)?;
        let config = parse(named(&list[0]["Config"]).ok_or_else(lacking)?)?;
        let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for the image", error))?;
        for layer in list[0]["Layers"].as_array().into_iter().flatten() {
            let bytes = named(layer).ok_or_else(lacking)?;
            let mut layer = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
            layer.set_preserve_permissions(true);
            layer.set_preserve_ownerships(is_superuser);
            layer.unpack(folder.path()).map_err(unwritten(folder.path()))?;
        }
        // Others must be able to go there: the user of the image is one of them.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).map_err(unwritten(folder.path()))?;
        Ok(Self { folder, config: config["config"].clone(), is_superuser })
    }

    /// Adds to a file, which may be new: what runs containers does so with names, and who runs them with certificates.
    pub(super) fn add(&self, path: &str, text: &str) -> Result<(), TaskError> {
        let path = self.folder.path().join(path);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, before + text).map_err(unwritten(&path))
    }

    /// What the image starts.
    pub(super) fn server(&self) -> Command {
        let data = self.config["Volumes"].as_object().and_then(|volumes| volumes.keys().next());
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !self.is_superuser {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["sh", "-c", ENTER, "enter"]).arg(self.folder.path()).arg(data.map_or("", String::as_str));
        command.arg(self.user()).args(words(&self.config["Entrypoint"]));
        self.with_environment(command)
    }

    /// What the image asks how the server is.
    pub(super) fn health_check(&self) -> Command {
        let mut command = Command::new(if self.is_superuser { "chroot" } else { "unshare" });
        if !self.is_superuser {
            command.args(["--user", "--map-root-user", "chroot"]);
        }
        let user = self.user();
        command.args((!user.is_empty()).then_some(user)).arg(self.folder.path());
        command.args(words(&self.config["Healthcheck"]["Test"]).skip(1));
        self.with_environment(command)
    }

    /// The option that makes it the image's user. Who is nobody in particular is that already.
    fn user(&self) -> String {
        let user = self.config["User"].as_str().unwrap_or_default();
        if self.is_superuser { format!("--userspec={user}") } else { String::new() }
    }

    /// The variables of the image. Where programs are, this machine says: those that go there come from it.
    fn with_environment(&self, mut command: Command) -> Command {
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let variables = words(&self.config["Env"]).filter_map(|variable| variable.split_once('='));
        command.envs(variables.filter(|(name, _)| *name != "PATH"));
        command
    }
}

fn words(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The files of an archive.
fn files(archive: &Path) -> Result<BTreeMap<String, Vec<u8>>, TaskError> {
    let failed = |error| unwritten(archive)(error);
    let mut reader = tar::Archive::new(std::fs::File::open(archive).map_err(failed)?);
    let mut files = BTreeMap::new();
    for entry in reader.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        files.insert(entry.path().map_err(failed)?.to_string_lossy().into_owned(), bytes);
    }
    Ok(files)
}
