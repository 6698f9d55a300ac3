//! Files of the checkout that hold a page.

use std::path::{Path, PathBuf};

/// The variable with which [`check`] writes files instead of comparing them.
pub const WRITE: &str = "ROTATOR_WRITE_REFERENCE";

/// What stands at the head of every page.
const HEAD: &str = "<!-- Written from the code by `cargo xtask reference`. -->";

/// Compares the file at `path` (below the root of the checkout) with the page that the code says it holds, or writes it where
/// [`WRITE`] is set.
///
/// # Panics
/// When they differ: the message names the first line that does, and what writes the file anew. When the file cannot be read or
/// written.
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn check(path: &str, page: &str) {
    let is_markdown = Path::new(path).extension().is_some_and(|extension| extension == "md");
    let page = if is_markdown { format!("{HEAD}\n\n{page}") } else { page.to_owned() };
    let file = in_checkout(path);
    if std::env::var_os(WRITE).is_some() {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        std::fs::write(&file, page).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some((number, is, must)) = difference(&there, &page) {
        panic!(
            "{path}:{number} is stale; `cargo xtask reference` writes it anew\n  it says   {is}\n  must say  {must}"
        );
    }
}

/// The text of a file of the checkout.
///
/// # Panics
/// When it cannot be read.
#[must_use]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(in_checkout(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn in_checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The first line that differs, with its number from 1 on.
fn difference<'a>(there: &'a str, page: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if there == page {
        return None;
    }
    const NOTHING: &str = "(nothing)";
    let (mut is, mut must) = (there.split('\n'), page.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (is.next(), must.next()) {
            (None, None) => return None,
            (is, must) if is == must => {}
            (is, must) => return Some((number, is.unwrap_or(NOTHING), must.unwrap_or(NOTHING))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
        assert_eq!(difference("a\nb", "a\nb\n"), Some((3, "(nothing)", "")));
        assert_eq!(difference("", "a\n"), Some((1, "", "a")));
    }
}
