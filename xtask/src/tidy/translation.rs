//! That the README's translation keeps in step with it: the same headings, tables and blocks of code, but for words.

use crate::error::TaskError;
use crate::workspace::Workspace;

const ORIGINAL: &str = "README.md";
const TRANSLATION: &str = "README.zh-CN.md";

/// What of a document stays whatever language it is in, line by line with its number.
type Bones = Vec<(usize, String)>;

/// Where the translation departs.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let (original, translation) = (bones(&workspace.read(ORIGINAL)?), bones(&workspace.read(TRANSLATION)?));
    Ok(departure(&original, &translation).into_iter().collect())
}

/// The first place where they differ; those after it follow from it.
fn departure(original: &Bones, translation: &Bones) -> Option<String> {
    let nothing = || (0, "nothing".to_owned());
    let length = original.len().max(translation.len());
    (0..length).find_map(|index| {
        let (number, there) = original.get(index).cloned().unwrap_or_else(nothing);
        let (own_number, own) = translation.get(index).cloned().unwrap_or_else(nothing);
        (there != own)
            .then(|| format!("{TRANSLATION}:{own_number}: has `{own}` where {ORIGINAL}:{number} has `{there}`"))
    })
}

/// Levels of headings, the first cell of rows that are code, info strings, and code without its comments.
fn bones(text: &str) -> Bones {
    let mut bones = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let bone = if line.starts_with("```") {
            is_code = !is_code;
            Some(line.to_owned())
        } else if is_code {
            Some(without_comment(line).to_owned())
        } else if line.starts_with('#') {
            Some(line.chars().take_while(|character| *character == '#').collect())
        } else if line.starts_with('|') {
            let first = line.split('|').nth(1).unwrap_or_default().trim();
            Some(if first.starts_with('`') { format!("| {first}") } else { "|".to_owned() })
        } else if line.starts_with("- ") {
            Some("-".to_owned())
        } else {
            None
        };
        bones.extend(bone.map(|bone| (index + 1, bone)));
    }
    bones
}

/// A comment begins with a hash behind white space, or is a whole line.
fn without_comment(line: &str) -> &str {
    let begin = if line.starts_with('#') { Some(0) } else { line.find(" #") };
    begin.map_or(line, |at| &line[..at]).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str =
        "# A\n\nWords.\n\n- one\n\n| name | what |\n|---|---|\n| `a` | it |\n\n```sh\nrun  # it runs\n```\n";

    #[test]
    fn words_may_differ_and_nothing_else() {
        let translation = "# 甲\n\n话。\n\n- 一\n\n| 名 | 何 |\n|---|---|\n| `a` | 它 |\n\n```sh\nrun  # 运行\n```\n";
        assert_eq!(departure(&bones(ORIGINAL), &bones(translation)), None);
        for (there, instead) in [
            ("# 甲", "## 甲"),
            ("| `a` |", "| `b` |"),
            ("run ", "run --fast "),
            ("```sh", "```python"),
            ("- 一\n", "- 一\n- 二\n"),
        ] {
            let changed = translation.replace(there, instead);
            assert!(departure(&bones(ORIGINAL), &bones(&changed)).is_some(), "{instead}");
        }
    }
}
