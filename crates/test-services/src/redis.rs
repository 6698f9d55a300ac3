//! A Redis, or a Valkey, of one test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::ServiceError;
use crate::process::{find, with_free_port};

/// The program, unless `ROTATOR_TEST_REDIS` names another.
const PROGRAM: &str = "redis-server";
/// What it says when it is ready; `valkey-server` says the same.
const READY: &str = "Ready to accept connections";
/// The package of Debian that it comes with.
const PACKAGE: &str = "redis-server";

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

// === impl Redis ===

impl Redis {
    /// Starts a server that writes nothing to disk.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        Self::with_options(&[])
    }

    /// Starts a server with options more, such as `["--requirepass", "secret"]`.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn with_options(options: &[&str]) -> Result<Self, ServiceError> {
        let folder = TempDir::new().map_err(|error| ServiceError::failed("make a folder for a server", error))?;
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (child, port) = with_free_port(|port| Ok((run(port, &options, &folder)?, port)))?;
        Ok(Self { child, port, options, folder })
    }

    /// The port that it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The id of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its URL, without a password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it at once, as a crash does; all that it held is lost.
    ///
    /// # Errors
    /// The process cannot be ended.
    pub fn kill(&mut self) -> Result<(), ServiceError> {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        ended.map(drop).map_err(|error| ServiceError::failed("end the server", error))
    }

    /// Starts it again on the same port, with nothing in it.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> Result<(), ServiceError> {
        self.kill()?;
        self.child = run(self.port, &self.options, &self.folder)?;
        Ok(())
    }

    /// Sends a command, its words separated by blanks, and gives the answer as it came, up to a few kilobytes.
    ///
    /// # Errors
    /// It cannot be talked to.
    pub fn command(&self, line: &str) -> Result<String, ServiceError> {
        command(self.port, line)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been ended already, and nobody is left who could be told.
        drop(self.kill());
    }
}

/// Whether the program is there.
pub(crate) fn installed() -> Result<(), ServiceError> {
    match std::env::var_os("ROTATOR_TEST_REDIS") {
        Some(_) => Ok(()),
        None => find(PROGRAM, PACKAGE, &[]).map(drop),
    }
}

/// Starts the program, and gives it when it answers.
fn run(port: u16, options: &[String], folder: &TempDir) -> Result<Child, ServiceError> {
    let program = match std::env::var_os("ROTATOR_TEST_REDIS") {
        Some(program) => program.into(),
        None => find(PROGRAM, PACKAGE, &[])?,
    };
    let failed = |error: std::io::Error| ServiceError::failed(format!("start {}", program.display()), error);
    let mut child = Command::new(&program)
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--port"])
        .arg(port.to_string())
        .arg("--dir")
        .arg(folder.path())
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).map_err(failed)? == 0 {
                child.wait().map_err(failed)?;
                return Err(ServiceError::failed(format!("start {}", program.display()), said));
            }
            if line.contains(READY) {
                break;
            }
            said = line;
        }
        // What it says later is read, so that it never waits for somebody to do so.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    }
    command(port, "PING")?;
    Ok(child)
}

fn command(port: u16, line: &str) -> Result<String, ServiceError> {
    let talk = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        let mut answer = vec![0; 16 * 1024];
        let length = stream.read(&mut answer)?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    talk().map_err(|error: std::io::Error| ServiceError::failed("talk to the server", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_as_soon_as_it_is_there_and_is_gone_with_its_value() {
        let mut redis = Redis::start().unwrap();
        assert_eq!(redis.command("PING").unwrap(), "+PONG\r\n");
        redis.command("SET a 1").unwrap();
        redis.restart().unwrap();
        assert_eq!(redis.command("EXISTS a").unwrap(), ":0\r\n");
        let port = redis.port();
        drop(redis);
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
