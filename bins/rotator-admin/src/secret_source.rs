//! Where secrets come from, since none need stand in the arguments, and what variables say.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// In a variable of the environment.
    Environment(String),
    /// In a file.
    File(PathBuf),
    /// On the standard input.
    StandardInput,
}

// === impl SecretSource ===

impl SecretSource {
    /// Reads `env:NAME`, `file:PATH` or `-`. The text is not repeated in the error: it may be the secret itself.
    pub(crate) fn parse(text: &str) -> Result<Self, CliError> {
        match text.split_once(':') {
            _ if text == "-" => Ok(Self::StandardInput),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(CliError::Usage("a secret's source must be env:NAME, file:PATH or -".to_owned())),
        }
    }

    /// What stands there, whole. Relative paths begin at `folder`.
    pub(crate) fn read(&self, folder: &Path) -> Result<String, CliError> {
        match self {
            Self::Environment(name) => {
                std::env::var(name).map_err(|_| CliError::Usage(format!("the variable {name} is not set, or no text")))
            }
            Self::File(path) => read_text(&folder.join(path)),
            Self::StandardInput => read_text(Path::new("-")),
        }
    }
}

/// A file's text; `-` is the standard input.
pub(crate) fn read_text(path: &Path) -> Result<String, CliError> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| CliError::Usage(format!("{} cannot be read: {error}", path.display())))
}

/// What a variable says, itself or through the file that `NAME_FILE` names, whose text counts without the white space around it.
pub(crate) fn variable(name: &str) -> Result<Option<String>, CliError> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let pointer = format!("{name}_FILE");
    match (given(name), given(&pointer)) {
        (Some(_), Some(_)) => Err(CliError::Usage(format!("{name} is set, and {pointer} as well"))),
        (Some(value), None) => {
            let value = value.into_string();
            value.map(Some).map_err(|_| CliError::Usage(format!("the variable {name} is no text")))
        }
        (None, Some(file)) => match read_text(file.as_ref()) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) => Err(CliError::Usage(format!("{pointer}: {error}"))),
        },
        (None, None) => Ok(None),
    }
}

/// One secret: from its source, or asked for on the terminal.
pub(crate) fn one_secret(source: Option<&str>, question: &str, option: &str) -> Result<String, CliError> {
    let text = match source {
        Some(source) => SecretSource::parse(source)?.read(Path::new(""))?,
        None if std::io::stdin().is_terminal() => rpassword::prompt_password(question)
            .map_err(|error| CliError::Usage(format!("the terminal cannot be read: {error}")))?,
        None => return Err(CliError::Usage(format!("there is no terminal to ask on; use {option}"))),
    };
    // A file ends with a line break, which is no part of the secret.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_and_a_secret_in_its_place_is_not_repeated() {
        assert_eq!(SecretSource::parse("env:KEY").unwrap(), SecretSource::Environment("KEY".to_owned()));
        assert_eq!(SecretSource::parse("file:a b:c").unwrap(), SecretSource::File(PathBuf::from("a b:c")));
        assert_eq!(SecretSource::parse("-").unwrap(), SecretSource::StandardInput);
        for text in ["sk-planted", "env:", "file:", "", "ENV:sk-planted"] {
            let error = SecretSource::parse(text).unwrap_err().to_string();
            assert_eq!(error, "a secret's source must be env:NAME, file:PATH or -");
        }
    }
}
