//! Finding, running and ending programs.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Certificates, ServiceError};

/// How long a server may take to come up; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(120);
const LOG: &str = "server.log";
const PAUSE: Duration = Duration::from_millis(30);
/// Another process may take a port between its being found free and being used.
const ATTEMPTS: u32 = 4;
/// Folders of servers that are not everybody's to run.
const FOLDERS: [&str; 5] = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/bin", "/opt/homebrew/bin"];

/// Runs the server and waits; ends it when the standard input ends, which is when the process that started it drops its
/// handle or dies. Then the folder goes as well. A line on the standard input kills the server, and the folder stays.
const KEEPER: &str = r#"
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- & server=$!
(if read -r _ <&3; then : > "$folder/kept"; signal=KILL; fi; kill -s "$signal" "$server" 2>/dev/null) & reader=$!
exec 3<&-
wait "$server"
kill "$reader" 2>/dev/null
if [ -e "$folder/kept" ]; then rm "$folder/kept"; else rm -rf "$folder"; fi
"#;

/// A user whom servers run as that refuse the superuser.
#[derive(Clone, Copy)]
pub(crate) struct Owner(Option<(u32, u32)>);

/// A folder for a server, its owner's.
pub(crate) struct Home {
    folder: TempDir,
    owner: Owner,
}

/// A running server; dropped, it is ended and its folder removed.
pub(crate) struct Service {
    keeper: Child,
    home: Home,
    program: PathBuf,
    arguments: Vec<OsString>,
    signal: &'static str,
    ready: Ready,
}

/// Says whether a server answers.
type Ready = Box<dyn Fn() -> Result<(), ServiceError> + Send + Sync>;

// === impl Owner ===

impl Owner {
    /// The first of these users that there is, where this process is the superuser's; else this process's own user.
    pub(crate) fn first_of(users: &[&str]) -> Self {
        let id = |flag, user: &str| -> Option<u32> {
            let output = Command::new("id").args([flag, "--", user]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        let own = Command::new("id").arg("-u").output().map(|output| output.stdout).unwrap_or_default();
        if own.trim_ascii() != b"0" {
            return Self(None);
        }
        Self(users.iter().find_map(|user| Some((id("-u", user)?, id("-g", user)?))))
    }

    fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Self(Some((user, group))) = self {
            command.uid(user).gid(group);
        }
        command
    }
}

// === impl Home ===

impl Home {
    pub(crate) fn new(owner: Owner) -> Result<Self, ServiceError> {
        let failed = |error| ServiceError::failed("make a folder for a server", error);
        let folder = tempfile::Builder::new().prefix("rotator-test-").tempdir().map_err(failed)?;
        if let Owner(Some((user, group))) = owner {
            chown(folder.path(), Some(user), Some(group)).map_err(failed)?;
        }
        Ok(Self { folder, owner })
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file that the server can read.
    pub(crate) fn write(&self, below: &str, text: &str) -> Result<PathBuf, ServiceError> {
        let path = self.path(below);
        let failed = |error| ServiceError::failed("write a file for a server", error);
        fs::write(&path, text).map_err(failed)?;
        if let Owner(Some((user, group))) = self.owner {
            chown(&path, Some(user), Some(group)).map_err(failed)?;
        }
        Ok(path)
    }

    /// Copies a server's certificate and key to where it can read them, and nobody else the key.
    pub(crate) fn copy(&self, certificates: &Certificates) -> Result<[PathBuf; 2], ServiceError> {
        let failed = |error| ServiceError::failed("copy a certificate for a server", error);
        let copy = |file: PathBuf, name| self.write(name, &fs::read_to_string(file).map_err(failed)?);
        let (certificate, key) =
            (copy(certificates.certificate(), "server.crt")?, copy(certificates.key(), "server.key")?);
        fs::set_permissions(&key, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok([certificate, key])
    }

    /// Runs a program to its end as the folder's owner.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A]) -> Result<(), ServiceError> {
        run(self.owner.command(program).args(arguments).current_dir(self.folder.path())).map(|_| ())
    }

    /// Starts a server as the folder's owner, and waits until `ready` says that it answers. `signal` ends it.
    pub(crate) fn start<A: AsRef<OsStr>>(
        self,
        program: &Path,
        arguments: &[A],
        signal: &'static str,
        ready: impl Fn() -> Result<(), ServiceError> + Send + Sync + 'static,
    ) -> Result<Service, ServiceError> {
        let arguments: Vec<OsString> = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        let keeper = self.keep(program, &arguments, signal)?;
        let (program, ready) = (program.to_owned(), Box::new(ready));
        let mut service = Service { keeper, home: self, program, arguments, signal, ready };
        service.until_ready()?;
        Ok(service)
    }

    fn keep(&self, program: &Path, arguments: &[OsString], signal: &str) -> Result<Child, ServiceError> {
        let failed = |error| ServiceError::failed(format!("start {}", program.display()), error);
        let output = File::options().append(true).open(self.write(LOG, "")?).map_err(failed)?;
        let mut keeper = self.owner.command(Path::new("/bin/sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(self.folder.path()).arg(signal).arg(program).args(arguments);
        keeper.current_dir(self.folder.path()).stdin(Stdio::piped()).process_group(0);
        keeper.stdout(output.try_clone().map_err(failed)?).stderr(output);
        keeper.spawn().map_err(failed)
    }
}

// === impl Service ===

impl Service {
    /// Ends the server at once, as a crash does. What it has written stays.
    pub(crate) fn kill(&mut self) -> Result<(), ServiceError> {
        let failed = |error| ServiceError::failed("kill a server", error);
        if let Some(mut stdin) = self.keeper.stdin.take() {
            writeln!(stdin, "kill").map_err(failed)?;
        }
        self.keeper.wait().map_err(failed).map(drop)
    }

    /// Starts it again where it was.
    pub(crate) fn restart(&mut self) -> Result<(), ServiceError> {
        self.kill()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.keeper = self.home.keep(&self.program, &self.arguments, self.signal)?;
            // Processes of the one that was killed may live a moment longer.
            match self.until_ready() {
                Err(_) if Instant::now() < deadline => {
                    self.kill()?;
                    std::thread::sleep(PAUSE);
                }
                done => return done,
            }
        }
    }

    fn until_ready(&mut self) -> Result<(), ServiceError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Err(error) = (self.ready)() else { return Ok(()) };
            let ended = matches!(self.keeper.try_wait(), Ok(Some(_)));
            if ended || Instant::now() > deadline {
                let log = fs::read_to_string(self.home.path(LOG)).unwrap_or_else(|_| "the server ended".to_owned());
                let action = format!("start {}", self.program.display());
                return Err(ServiceError::failed(action, format!("{error}\n{log}")));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whether it ended well changes nothing for anybody.
        let _ = self.keeper.wait();
    }
}

/// Tries with a free port, and again with another one.
pub(crate) fn with_free_port<T>(start: impl Fn(u16) -> Result<T, ServiceError>) -> Result<T, ServiceError> {
    let mut attempt = 1;
    loop {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| ServiceError::failed("find a free port", error))?.port();
        match start(port) {
            Err(ServiceError::Failed { .. }) if attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

/// Finds a program in `PATH`, in `more`, and where servers are.
///
/// # Errors
/// When it is in none of them; the error names the package that brings it.
pub fn find(program: &'static str, package: &'static str, more: &[PathBuf]) -> Result<PathBuf, ServiceError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let everywhere = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from)).chain(more.iter().cloned());
    let mut files = everywhere.map(|folder| folder.join(program));
    files.find(|file| file.is_file()).ok_or(ServiceError::Missing { program, package })
}

/// Runs a program to its end and gives what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<String, ServiceError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| ServiceError::failed(&name, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(ServiceError::failed(name, String::from_utf8_lossy(&said)))
}
