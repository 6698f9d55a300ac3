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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::dist::EDITIONS;
    use crate::dist::build::Target;
    use crate::dist::image::Image;
    use crate::dist::origin::Origin;

    /// Says who it is, where it can write, and whom it knows by a name.
    const PROGRAM: &str = r#"
        use std::{env::{args, var}, fs::{metadata, write}, net::ToSocketAddrs, os::unix::fs::MetadataExt};
        fn main() {
            let own = write("/data/own", "").and_then(|()| metadata("/data/own")).map(|file| file.uid());
            let elsewhere = ["/new", "/etc/passwd", "/tmp/new"].map(|path| write(path, "").is_ok());
            let found = ["known.test:80", "unknown.test:80"].map(|name| name.to_socket_addrs().is_ok_and(|mut it| it.next().is_some()));
            println!("{own:?} {elsewhere:?} {found:?} {:?} {:?}", var("BACKEND_PORT"), args().nth(1));
        }
    "#;

    /// The program, static as those are that are released.
    fn program(folder: &Path) -> PathBuf {
        let program = folder.join("program");
        std::fs::write(folder.join("program.rs"), PROGRAM).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args([
            "--edition=2024",
            "-Ctarget-feature=+crt-static",
            "--target",
            Target::find().unwrap().triple(),
            "-o",
        ]);
        let output = rustc.arg(&program).arg(folder.join("program.rs")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        program
    }

    #[test]
    fn what_runs_there_sees_the_image_alone_and_writes_to_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let server = std::fs::read(program(folder.path())).unwrap();
        assert_eq!(crate::dist::elf::needs(&server), Ok(Vec::new()));
        let image = Image::new(&EDITIONS[0], &Origin::example(), "amd64", &server, &[]).unwrap();
        let archive = folder.path().join("image.tar");
        std::fs::write(&archive, image.archive().unwrap()).unwrap();
        let rooted = Rooted::unpack(&archive).unwrap();
        rooted.add("etc/hosts", "127.0.0.1 known.test\n").unwrap();
        let output = rooted.server().output().unwrap();
        // Who is nobody in particular outside is the superuser of a place of its own.
        let user = if rooted.is_superuser { 65532 } else { 0 };
        let facts =
            |argument: &str| format!("Ok({user}) [false, false, false] [true, false] Ok(\"8000\") {argument}\n");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(String::from_utf8_lossy(&output.stdout), facts("None"), "{errors}");
        // The health check is the program itself.
        let output = rooted.health_check().output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.ends_with("Some(\"healthcheck\")\n"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}
