//! The logins that are kept between commands: one token a server, in a file that only its owner can read.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use crate::error::CliError;

/// The file with the logins.
pub(crate) struct Sessions {
    path: PathBuf,
}

// === impl Sessions ===

impl Sessions {
    /// The file of this user: below `XDG_CONFIG_HOME`, else below `~/.config` (XDG Base Directory Specification).
    pub(crate) fn new() -> Result<Self, CliError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        let none = || CliError::Usage("neither XDG_CONFIG_HOME nor HOME is set: no place for the login".to_owned());
        Ok(Self { path: config.ok_or_else(none)?.join("rotator-admin").join("sessions.json") })
    }

    /// The token for a server.
    pub(crate) fn token(&self, server: &str) -> Result<Option<String>, CliError> {
        Ok(self.read()?.remove(server))
    }

    /// Keeps a token for a server.
    pub(crate) fn keep(&self, server: &str, token: String) -> Result<(), CliError> {
        let mut tokens = self.read()?;
        tokens.insert(server.to_owned(), token);
        self.write(&tokens)
    }

    /// Forgets a server's token.
    pub(crate) fn forget(&self, server: &str) -> Result<(), CliError> {
        let mut tokens = self.read()?;
        tokens.remove(server);
        self.write(&tokens)
    }

    fn read(&self) -> Result<BTreeMap<String, String>, CliError> {
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| self.unusable(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Writes a new file, which only the owner can read from its beginning, and puts it in the place of the old one.
    fn write(&self, tokens: &BTreeMap<String, String>) -> Result<(), CliError> {
        let write = || {
            let folder = self.path.parent().unwrap_or(&self.path);
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, tokens)?;
            file.flush()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok::<_, std::io::Error>(())
        };
        write().map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &dyn std::error::Error) -> CliError {
        CliError::Usage(format!("{} cannot be used: {error}", self.path.display()))
    }
}
