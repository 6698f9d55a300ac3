//! That the documents' links lead somewhere: files that are there, and headings in them.

use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::workspace::{self, Workspace};

/// Links that lead nowhere.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let mut documents = markdown(workspace.root())?;
    for folder in ["docs", "docs/guides", "docs/reference", "deploy"] {
        documents.extend(markdown(&workspace.path(folder))?);
    }
    let mut faults = Vec::new();
    for document in documents {
        let text = workspace::read(&document)?;
        let name = document.strip_prefix(workspace.root()).unwrap_or(&document).display().to_string();
        for link in links(&text) {
            if let Some(fault) = fault(&document, &text, link)? {
                faults.push(format!("{name}: {link}: {fault}"));
            }
        }
    }
    Ok(faults)
}

fn markdown(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let unreadable = |source| TaskError::File { path: folder.display().to_string(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with a link of a document.
fn fault(document: &Path, text: &str, link: &str) -> Result<Option<&'static str>, TaskError> {
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let target = document.parent().unwrap_or(document).join(file);
    if !file.is_empty() && !target.exists() {
        return Ok(Some("is not there"));
    }
    let Some(heading) = heading else { return Ok(None) };
    let read;
    let within = if file.is_empty() {
        text
    } else {
        read = workspace::read(&target)?;
        &read
    };
    let is_there = within.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading);
    Ok((!is_there).then_some("has no such heading"))
}

/// The links of a document into the checkout.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.contains("://") && !link.contains(char::is_whitespace))
}

/// What GitHub calls a heading in links.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_checkout_are_found_and_headings_have_names() {
        let text = "[a](docs/a.md#one) and [b](https://example.org) and [c](#two), `x[0](y z)`";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md#one", "#two"]);
        assert_eq!(anchor("## The predecessor's data"), "the-predecessors-data");
        assert_eq!(anchor("## `rotator-admin keys`"), "rotator-admin-keys");
    }
}
