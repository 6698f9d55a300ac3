//! A command line as pages: its settings as a table, and each command with its help.

use std::fmt::Write;

use clap::{Arg, Command};

/// How wide help is written, in columns.
const WIDTH: usize = 110;

/// The arguments that are variables as well, as a table: variable, default, meaning. A default stands at the end of an argument's help as
/// `[default: 8000]`, since what is absent must be told from what is set to it.
#[must_use]
pub fn settings(command: &Command) -> String {
    let mut page = "| variable | default | meaning |\n|---|---|---|\n".to_owned();
    for argument in command.get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let help = help_of(argument);
        let (meaning, default) = match help.split_once(" [default: ") {
            Some((meaning, default)) => (meaning, code(default.trim_end_matches(['.', ']']))),
            None => (help.as_str(), "not set".to_owned()),
        };
        let meaning = meaning.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{}` | {default} | {meaning} |", variable.to_string_lossy());
    }
    page
}

/// A value is code, and words are words.
fn code(default: &str) -> String {
    if default.contains(' ') || default == "none" { default.to_owned() } else { format!("`{default}`") }
}

fn help_of(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every command with its help, in the order of the help itself. Arguments that all commands have stand with the program alone.
#[must_use]
pub fn commands(program: &Command) -> String {
    // What the environment of this process holds is no part of a page.
    let mut program = program.clone().term_width(WIDTH).mut_args(|argument| argument.hide_env_values(true));
    program.build();
    let mut page = String::new();
    describe(&program, program.get_name(), &mut page);
    page
}

fn describe(command: &Command, path: &str, page: &mut String) {
    let is_program = command.get_name() == path;
    let hides = |argument: Arg| if argument.is_global_set() && !is_program { argument.hide(true) } else { argument };
    let mut shown = command.clone().term_width(WIDTH).bin_name(path).mut_args(hides);
    let help = shown.render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let _ = writeln!(page, "## `{path}`\n\n```text\n{}\n```\n", help.trim_end());
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        describe(below, &format!("{path} {}", below.get_name()), page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_a_table_and_commands_have_their_help() {
        let command = Command::new("program")
            .arg(Arg::new("port").long("port").env("PORT").global(true).help("The port | 0 [default: 8000]"))
            .arg(Arg::new("key").long("key").env("KEY").help("A key"))
            .arg(Arg::new("flag").long("flag").help("No variable"))
            .subcommand(Command::new("check").about("Check it").arg(Arg::new("file").help("What to check")));
        let rows = "| `PORT` | `8000` | The port \\| 0 |\n| `KEY` | not set | A key |\n";
        assert!(settings(&command).ends_with(rows), "{}", settings(&command));

        let page = commands(&command);
        let (program, check) = page.split_once("## `program check`").unwrap_or_default();
        assert!(program.contains("--port") && program.contains("Check it"), "{page}");
        assert!(check.contains("What to check") && !check.contains("--port"), "{page}");
    }
}
