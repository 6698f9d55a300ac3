//! The licences of everything that programs and images hold: each text once, with the packages that it is of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::others::{LicenceText, Other};
use super::packages::Packages;

use super::unwritten;
use crate::error::TaskError;

/// What names of files begin with that hold licences.
const FILES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
const RULE: &str = "--------------------------------------------------------------------------------";

/// The whole file.
pub(super) fn text(packages: &Packages, others: &[Other]) -> Result<String, TaskError> {
    let mut list = Vec::new();
    for ((name, version), package) in packages.all.iter().filter(|(_, package)| !package.is_own) {
        list.push((format!("{name} {version}: {}\n", package.licence), of_folder(&package.folder)?));
    }
    for other in others {
        let texts = match &other.text {
            LicenceText::In(folder) => of_folder(folder)?,
            LicenceText::This(text) => vec![(*text).to_owned()],
            LicenceText::Elsewhere => Vec::new(),
        };
        list.push((format!("{} {}: {}\n", other.name, other.version, other.licence), texts));
    }
    let without = list.iter().filter(|(_, texts)| texts.is_empty()).map(|(line, _)| line.as_str());
    let without: String = without.collect();
    let mut file = String::from("What the programs hold that others have written, and under which licences.\n\n");
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (line, texts) in list {
        file.push_str(&line);
        for text in texts {
            owners.entry(text).or_default().push_str(&line);
        }
    }
    file.push_str("\nOf these the package holds no text; those of the same licences stand below:\n\n");
    file.push_str(&without);
    for (text, owners) in owners {
        file.push_str(&format!("\n{RULE}\n{owners}{RULE}\n\n{text}"));
    }
    Ok(file)
}

/// The texts of a package, without what editors leave at the ends of lines.
fn of_folder(folder: &Path) -> Result<Vec<String>, TaskError> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).map_err(unwritten(folder))? {
        let path = entry.map_err(unwritten(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && FILES.iter().any(|begin| name.starts_with(begin)) {
            let bytes = fs::read(&path).map_err(unwritten(&path))?;
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
            texts.push(format!("{}\n", lines.join("\n").trim_start_matches('\n')));
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::super::packages::Package;
    use super::*;

    fn package(folder: PathBuf) -> Package {
        let (licence, needs) = ("MIT".to_owned(), BTreeSet::new());
        Package { licence, description: None, repository: None, folder, is_own: false, is_macro: false, needs }
    }

    #[test]
    fn a_text_stands_once_and_a_package_without_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut packages = Packages::default();
        for (name, file, text) in [
            ("one", "LICENSE-MIT", "The text.  \r\nIts end.\n\n"),
            ("two", "license.md", "The text.\nIts end.\n"),
            ("three", "README", "No licence."),
        ] {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(file), text).unwrap();
            packages.all.insert((name.to_owned(), "1.0.0".to_owned()), package(folder));
        }
        let text = text(&packages, &[]).unwrap();
        assert_eq!(text.matches("The text.\nIts end.\n").count(), 1, "{text}");
        assert!(text.contains("\none 1.0.0: MIT\ntwo 1.0.0: MIT\n--"), "{text}");
        assert_eq!(text.matches("three 1.0.0: MIT\n").count(), 2, "{text}");
        assert!(!text.contains("No licence."), "{text}");
    }
}
