//! Values of variables that stand in files: `NAME_FILE` says where that of `NAME` is.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;
use clap::builder::Resettable;

use crate::error::AppError;

/// What the names of variables end with that name files.
const SUFFIX: &str = "_FILE";
/// A library's own settings, which are names of files.
const NAMES_OF_FILES: [&str; 2] = ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"];

/// What a variable of the environment says.
type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Gives each setting whose file is named what stands there; flags come before it.
///
/// # Errors
/// Names the variable: it is set both ways, or its file cannot be read.
pub(crate) fn fill(mut command: Command) -> Result<Command, AppError> {
    let settings = command.get_arguments().filter_map(|setting| {
        let name = setting.get_env()?.to_str()?;
        Some((setting.get_id().clone(), name.to_owned()))
    });
    for (id, name) in settings.collect::<Vec<_>>() {
        if let Some(text) = in_file(&name, &|name| std::env::var_os(name))? {
            // The variable may be there and empty, which is not set, but would come first.
            command = command
                .mut_arg(id, |setting| setting.env(Resettable::Reset).default_value(text).hide_default_value(true));
        }
    }
    Ok(command)
}

/// Puts into the environment what stands in the files of variables whose names begin with one of these: libraries read them there.
///
/// # Errors
/// As `fill`.
pub(crate) fn fill_environment(beginnings: &[&str]) -> Result<(), AppError> {
    let names = std::env::vars_os().filter_map(|(pointer, _)| {
        let pointer = pointer.into_string().ok().filter(|pointer| !NAMES_OF_FILES.contains(&pointer.as_str()))?;
        let name = pointer.strip_suffix(SUFFIX)?;
        beginnings.iter().any(|beginning| name.starts_with(beginning)).then(|| name.to_owned())
    });
    for name in names.collect::<Vec<_>>() {
        let Some(text) = in_file(&name, &|name| std::env::var_os(name))? else { continue };
        let filled = line(&name, &text).and_then(|line| dotenvy::from_read_override(line.as_bytes()).ok());
        filled.ok_or_else(|| AppError::config(format!("{name}{SUFFIX}"), "names what no variable can hold"))?;
    }
    Ok(())
}

/// A variable as a line of `.env`; none where the text can be no variable's.
fn line(name: &str, text: &str) -> Option<String> {
    let mut line = format!("{name}=\"");
    for character in text.chars() {
        match character {
            '\0' => return None,
            '\n' => line.push_str("\\n"),
            '\\' | '"' | '$' => line.extend(['\\', character]),
            other => line.push(other),
        }
    }
    line.push_str("\"\n");
    Some(line)
}

/// What a variable that is no setting says, itself or through its file.
///
/// # Errors
/// As `fill`.
pub(crate) fn variable(name: &'static str) -> Result<Option<String>, AppError> {
    let environment = |name: &str| std::env::var_os(name);
    if let Some(text) = in_file(name, &environment)? {
        return Ok(Some(text));
    }
    let text = named(name, &environment).map(OsString::into_string);
    text.transpose().map_err(|_| AppError::config(name, "must be UTF-8"))
}

/// What stands in the file of a variable, where one is named, without the line break at its end.
fn in_file(name: &str, environment: Environment<'_>) -> Result<Option<String>, AppError> {
    let pointer = format!("{name}{SUFFIX}");
    let Some(path) = named(&pointer, environment) else {
        return Ok(None);
    };
    if named(name, environment).is_some() {
        return Err(AppError::config(name.to_owned(), format!("is set, and {pointer} as well")));
    }
    let path = Path::new(&path);
    let failed = |why: String| AppError::config(pointer.clone(), format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let mut text = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8".to_owned()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Some(text))
}

/// A variable that is set and not empty.
fn named(name: &str, environment: Environment<'_>) -> Option<OsString> {
    environment(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a file with these bytes, and of a variable with this value.
    fn read(bytes: &[u8], value: Option<&str>) -> Result<Option<String>, AppError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, bytes).unwrap();
        in_file("NAME", &|name| match name {
            "NAME_FILE" => Some(file.clone().into_os_string()),
            "NAME" => value.map(OsString::from),
            _ => None,
        })
    }

    #[test]
    fn one_line_break_is_no_part_of_the_value() {
        for (bytes, expected) in [
            (&b"planted"[..], "planted"),
            (b"planted\n", "planted"),
            (b"planted\r\n", "planted"),
            (b"planted\n\n", "planted\n"),
            (b" a b ", " a b "),
            (b"", ""),
        ] {
            assert_eq!(read(bytes, None).unwrap().unwrap(), expected);
        }
        assert_eq!(read(b"planted", Some("")).unwrap().unwrap(), "planted", "an empty variable is not set");
    }

    #[test]
    fn a_line_says_the_same_as_the_text() {
        for text in
            ["", "authorization=Bearer a b", "'a' \"b\" #c", "a$HOME ${HOME} \\n \\", " a\nb=c\r\n\n", "\u{feff}ü"]
        {
            let line = line("OTEL_NAME", text).unwrap();
            let read: Vec<_> = dotenvy::from_read_iter(line.as_bytes()).map(Result::unwrap).collect();
            assert_eq!(read, [("OTEL_NAME".to_owned(), text.to_owned())]);
        }
        assert_eq!(line("OTEL_NAME", "a\0b"), None);
    }

    #[test]
    fn what_is_wrong_names_the_variable_and_the_file() {
        let twice = read(b"planted", Some("planted")).unwrap_err().to_string();
        assert_eq!(twice, "NAME: is set, and NAME_FILE as well");
        let bytes = read(b"planted\xff", None).unwrap_err().to_string();
        assert!(bytes.starts_with("NAME_FILE: /") && bytes.ends_with("/secret: is not UTF-8"), "{bytes}");
        let missing = in_file("NAME", &|name| (name == "NAME_FILE").then(|| "/nowhere/secret".into()));
        let missing = missing.unwrap_err().to_string();
        assert!(missing.starts_with("NAME_FILE: /nowhere/secret: cannot be read: "), "{missing}");
        assert!(in_file("NAME", &|name| (name == "NAME_FILE").then(OsString::new)).unwrap().is_none());
    }
}
