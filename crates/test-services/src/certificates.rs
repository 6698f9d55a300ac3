//! Certificates for servers that take TLS, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::ServiceError;
use crate::process::{find, run};

/// An authority, and the certificate of a server that it has signed; in files that are gone with this value.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

// === impl Certificates ===

impl Certificates {
    /// A new authority, and a certificate for these names, as OpenSSL writes them (`DNS:localhost,IP:127.0.0.1`).
    ///
    /// # Errors
    /// `openssl` is missing, or what it said.
    pub fn new(names: &str) -> Result<Self, ServiceError> {
        let folder = TempDir::new().map_err(|error| ServiceError::failed("make a folder for certificates", error))?;
        let extensions = format!("subjectAltName={names}\n");
        let written = std::fs::write(folder.path().join("names"), extensions);
        written.map_err(|error| ServiceError::failed("write the names of a certificate", error))?;
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        let authority = "-x509 -days 2 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE";
        openssl(folder.path(), &format!("req {authority} {key} -keyout ca.key -out ca.crt"))?;
        openssl(folder.path(), &format!("req -subj /CN=server {key} -keyout server.key -out server.csr"))?;
        let signed = "x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial";
        openssl(folder.path(), &format!("{signed} -extfile names -out server.crt"))?;
        Ok(Self { folder })
    }

    /// The authority's certificate, which clients are to trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    /// The server's private key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

fn openssl(folder: &Path, arguments: &str) -> Result<(), ServiceError> {
    let program = find("openssl", "openssl", &[])?;
    run(Command::new(program).args(arguments.split(' ')).current_dir(folder)).map(drop)
}
