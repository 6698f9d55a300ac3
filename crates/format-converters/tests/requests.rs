//! What requests become in the other formats.
//!
//! `tests/requests` holds requests of every format, written after the vendors' references. Each has a snapshot that shows what
//! it becomes in the three other formats, with what is lost on the way.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use insta::{assert_snapshot, with_settings};
use rotator_domain::Format;
use rotator_format_converters::{Asked, Invalid, Losses, ModelTable, Writing, wire_format};

/// The formats by the names of their folders, with a model that is asked in each of them.
const FORMATS: [(&str, Format, &str); 4] = [
    ("chat", Format::OpenAi, "gpt-5.1"),
    ("responses", Format::OpenAiResponses, "gpt-5.1"),
    ("messages", Format::Anthropic, "claude-sonnet-4-5"),
    ("gemini", Format::Gemini, "gemini-3-flash-preview"),
];

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requests").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn converted(source: Format, target: Format, model: &str, body: &[u8]) -> Result<(String, Losses), Invalid> {
    let asked = Asked { model: Some(model.to_owned()), ..Asked::default() };
    let request = wire_format(source).read_request(&asked, body)?;
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = wire_format(target).write_request(&request, &mut writing)?;
    let query = call.query.map(|query| format!("?{query}")).unwrap_or_default();
    let body = pretty(&String::from_utf8_lossy(&call.body));
    Ok((format!("{} {}{query}\n{body}", call.method, call.path), writing.losses))
}

/// Puts every member and item on a line of its own. All values stay as they are written.
fn pretty(json: &str) -> String {
    let mut lines = String::new();
    let (mut depth, mut is_text, mut is_escaped) = (0, false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_quote = letter == '"' && !is_escaped;
        is_escaped = is_text && letter == '\\' && !is_escaped;
        is_text ^= is_quote;
        let is_empty = matches!((letter, letters.peek()), ('{', Some('}')) | ('[', Some(']')));
        match letter {
            '}' | ']' if !is_text && !lines.ends_with(['{', '[']) => {
                depth -= 1;
                lines.push_str(&format!("\n{:1$}{letter}", "", depth * 2));
            }
            '{' | '[' if !is_text && !is_empty => {
                depth += 1;
                lines.push_str(&format!("{letter}\n{:1$}", "", depth * 2));
            }
            ',' if !is_text => lines.push_str(&format!(",\n{:1$}", "", depth * 2)),
            ':' if !is_text => lines.push_str(": "),
            ' ' | '\n' if !is_text => {}
            _ => lines.push(letter),
        }
    }
    lines
}

fn check(source: &str) {
    let (_, format, _) = FORMATS.into_iter().find(|(name, ..)| *name == source).unwrap();
    let paths = fixtures(source);
    assert!(paths.len() >= 12, "the fixtures of {source} are there");
    for path in paths {
        let body = fs::read(&path).unwrap();
        let mut told = String::new();
        for (target, to, model) in FORMATS.into_iter().filter(|(_, to, _)| *to != format) {
            told.push_str(&match converted(format, to, model, &body) {
                Ok((body, losses)) => format!("=== {target}, without {:?}\n{body}\n", losses.names()),
                Err(error) => format!("=== {target}: refused, {error}\n"),
            });
        }
        let name = format!("{source}-{}", path.file_stem().unwrap().to_string_lossy());
        with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/requests" }, {
            assert_snapshot!(name, told.trim_end());
        });
    }
}

#[test]
fn chat_completions_become_the_others() {
    check("chat");
}

#[test]
fn responses_become_the_others() {
    check("responses");
}

#[test]
fn messages_become_the_others() {
    check("messages");
}

#[test]
fn generate_content_becomes_the_others() {
    check("gemini");
}
