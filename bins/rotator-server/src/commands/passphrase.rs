//! Where the passphrase of an export comes from: a file, the environment, or the terminal.

use std::path::Path;

use rotator_admin_api::moving::{MovingError, Passphrase};
use rotator_domain::Secret;

use crate::config;
use crate::error::AppError;

const VARIABLE: &str = "ROTATOR_EXPORT_PASSPHRASE";

/// How often it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To open what there is.
    Once,
    /// To seal what nobody opens who has mistyped it.
    Twice,
}

pub(super) fn read(file: Option<&Path>, asked: Asked) -> Result<Passphrase, AppError> {
    let text = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| AppError::failed(format!("could not read {}", file.display()), error))?;
            // A file ends with a line break, which is no part of the passphrase.
            Secret::new(Secret::new(text).expose().trim_end_matches(['\r', '\n']))
        }
        None => match config::variable(VARIABLE)? {
            Some(text) => Secret::new(text),
            None => ask(asked, |question| rpassword::prompt_password(question).map(Secret::new))?,
        },
    };
    Passphrase::new(text).map_err(unusable)
}

fn ask(asked: Asked, mut prompt: impl FnMut(&str) -> std::io::Result<Secret>) -> Result<Secret, AppError> {
    let mut prompt = |question| {
        prompt(question).map_err(|error| {
            let action =
                format!("could not ask for the passphrase (--passphrase-file and {VARIABLE} spare the question)");
            AppError::failed(action, error)
        })
    };
    let text = prompt("Passphrase: ")?;
    if asked == Asked::Twice {
        // A short one is refused before it is typed again.
        Passphrase::new(text.clone()).map_err(unusable)?;
        if prompt("The same again: ")? != text {
            return Err(AppError::failed("could not use the passphrase", "the two differ"));
        }
    }
    Ok(text)
}

fn unusable(error: MovingError) -> AppError {
    AppError::failed("could not use the passphrase", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these answers, and how many of them were asked for.
    fn answers(asked: Asked, answers: &[&str]) -> (Option<String>, usize) {
        let mut count = 0;
        let prompt = |_: &str| {
            count += 1;
            answers.get(count - 1).map(|text| Secret::new(*text)).ok_or_else(|| std::io::Error::other("no terminal"))
        };
        let text = ask(asked, prompt).ok().map(|text| text.expose().to_owned());
        (text, count)
    }

    #[test]
    fn a_new_passphrase_is_asked_for_twice() {
        let good = Some("long enough".to_owned());
        assert_eq!(answers(Asked::Once, &["long enough"]), (good.clone(), 1));
        assert_eq!(answers(Asked::Twice, &["long enough", "long enough"]), (good, 2));
        assert_eq!(answers(Asked::Twice, &["long enough", "long  enough"]), (None, 2));
        assert_eq!(answers(Asked::Twice, &["short"]), (None, 1));
        assert_eq!(answers(Asked::Once, &[]), (None, 1));
    }
}
