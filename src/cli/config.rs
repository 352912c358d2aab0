//! Settings from a file: what stands in it counts where the command line says nothing.
//!
//! The file names options by their long names. They are put on the command line, so that each is read,
//! checked and documented in one place only.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::{Table, Value};

use super::failure::{Failure, Status};

/// The file that is read where there is one.
const NAME: &str = "domreel.toml";

/// What stands for no file at all.
const NONE: &str = "none";

/// Options under these headings can be set: how clips look and which part they show.
const HEADINGS: [&str; 3] = ["Clip", "Picture", "Redaction"];

/// The section of limits, and the option that takes them: `nodes = 5` is `--allow nodes=5`.
const LIMITS: (&str, &str) = ("limits", "allow");

/// Commands that know such options, and limits.
const COMMANDS: [&str; 5] = ["render", "shot", "storyboard", "attach", "submit"];

/// Commands that take limits alone.
const LIMITS_ALONE: [&str; 11] = [
    "inspect",
    "new",
    "embed",
    "fetch",
    "pack",
    "compare",
    "scan",
    "pick",
    "postmortem",
    "worker",
    "serve",
];

/// The command line with what the file says; `None` when there is nothing to add.
///
/// # Errors
/// When a file was named that cannot be read, or one has settings that cannot be used.
pub(super) fn completed(
    line: &[OsString],
    given: &ArgMatches,
    named: Option<&Path>,
) -> Result<Option<ArgMatches>, Failure> {
    let Some((name, sub)) = given
        .subcommand()
        .filter(|(name, _)| COMMANDS.contains(name) || LIMITS_ALONE.contains(name))
    else {
        return Ok(None);
    };
    let file = match named {
        Some(file) if file.as_os_str() == NONE => return Ok(None),
        Some(file) => file.to_owned(),
        None if Path::new(NAME).is_file() => PathBuf::from(NAME),
        None => return Ok(None),
    };
    let wrong = |message: String| Failure::message(Status::Usage, format!("{}: {message}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::message(Status::Input, format!("cannot read {}: {error}", file.display()))
    })?;
    let root = super::command();
    let settings = settings(&text, &known(&root)).map_err(wrong)?;
    let Some(command) = root.find_subcommand(name) else {
        return Ok(None);
    };
    let mut added = Vec::new();
    for (key, value) in &settings {
        let argument = command.get_arguments().find(|argument| is_called(argument, key));
        // What this command has no use for is for others.
        let other = name == "storyboard" && key == "width"; // the whole board's
        let alone = LIMITS_ALONE.contains(&name) && key != LIMITS.1;
        let Some(argument) = argument.filter(|argument| is_settable(argument) && !other && !alone) else {
            continue;
        };
        // What the line says comes later, and counts.
        if key == LIMITS.1 || !is_said(command, sub, argument) {
            added.extend(words(argument, key, value).map_err(wrong)?);
        }
    }
    if added.is_empty() {
        return Ok(None);
    }
    let at = line.iter().skip(1).position(|word| word == name);
    let mut whole = line.to_vec();
    let at = at.map_or(whole.len(), |at| at + 2);
    whole.splice(at..at, added);
    let matches = super::command().try_get_matches_from(whole);
    matches.map(Some).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        wrong(first.strip_prefix("error: ").unwrap_or(first).to_owned())
    })
}

/// What the file sets, by name.
fn settings(text: &str, known: &BTreeSet<String>) -> Result<Vec<(String, Value)>, String> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.to_string().trim().to_owned())?;
    let mut settings = Vec::new();
    let mut unknown = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(section) if key == LIMITS.0 => {
                for (name, value) in section {
                    let value = match value {
                        Value::String(text) => text,
                        Value::Integer(number) => number.to_string(),
                        _ => return Err(format!("the limit ‘{name}’ is a text or a whole number")),
                    };
                    settings.push((LIMITS.1.to_owned(), Value::String(format!("{name}={value}"))));
                }
            }
            // Sections are for those who read the file.
            Value::Table(section) if is_section(&key) => {
                for (key, value) in section {
                    settings.push((key, value));
                }
            }
            Value::Table(_) => unknown.push(format!("[{key}]")),
            value => settings.push((key, value)),
        }
    }
    unknown.extend(
        settings
            .iter()
            .filter(|(key, _)| !known.contains(key))
            .map(|(key, _)| key.clone()),
    );
    if unknown.is_empty() {
        return Ok(settings);
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(format!(
        "there is no setting ‘{}’; there are {}, in [clip], [picture], [redaction] or in no section, and limits in [limits]",
        unknown.join("’, ‘"),
        known.join(", ")
    ))
}

fn is_section(name: &str) -> bool {
    HEADINGS.iter().any(|heading| heading.eq_ignore_ascii_case(name))
}

/// The names of all settings.
fn known(root: &Command) -> BTreeSet<String> {
    let commands = COMMANDS
        .iter()
        .chain(&LIMITS_ALONE)
        .filter_map(|name| root.find_subcommand(name));
    let arguments = commands.flat_map(Command::get_arguments);
    arguments
        .filter(|argument| is_settable(argument))
        .map(|argument| argument.get_id().as_str().replace('_', "-"))
        .collect()
}

fn is_settable(argument: &Arg) -> bool {
    argument.get_long().is_some()
        && (argument.get_id() == LIMITS.1
            || argument
                .get_help_heading()
                .is_some_and(|heading| HEADINGS.contains(&heading)))
}

/// ‘attach’ has other names for some options; what they are is their id.
fn is_called(argument: &Arg, key: &str) -> bool {
    argument.get_id().as_str().replace('_', "-") == key
}

/// Whether the command line has an option, or another that goes in its place.
fn is_said(command: &Command, given: &ArgMatches, argument: &Arg) -> bool {
    let said =
        |argument: &Arg| given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
    let excludes = |one: &Arg, other: &Arg| {
        let others = command.get_arg_conflicts_with(one);
        others.iter().any(|found| found.get_id() == other.get_id())
    };
    said(argument)
        || command
            .get_arguments()
            .filter(|other| other.get_help_heading().is_some() && said(other))
            .any(|other| excludes(argument, other) || excludes(other, argument))
}

/// A setting as words of a command line.
fn words(argument: &Arg, key: &str, value: &Value) -> Result<Vec<OsString>, String> {
    let long = argument.get_long().unwrap_or(key);
    let is_flag = !argument.get_action().takes_values();
    let word = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        _ => Err(format!("‘{key}’ takes a text or a number, or a list of them")),
    };
    match value {
        Value::Boolean(true) if is_flag => Ok(vec![format!("--{long}").into()]),
        Value::Boolean(false) if is_flag => Ok(Vec::new()),
        _ if is_flag => Err(format!("‘{key}’ is true or false")),
        Value::Array(items) => items
            .iter()
            .map(|item| Ok(format!("--{long}={}", word(item)?).into()))
            .collect(),
        value => Ok(vec![format!("--{long}={}", word(value)?).into()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(text: &str, line: &[&str]) -> Result<Option<ArgMatches>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("look.toml");
        std::fs::write(&file, text).expect("a file");
        let line: Vec<OsString> = line.iter().map(OsString::from).collect();
        let given = super::super::command()
            .try_get_matches_from(&line)
            .expect("a sound line");
        completed(&line, &given, Some(&file)).map_err(|failure| failure.to_string())
    }

    fn value(matches: &ArgMatches, id: &str) -> String {
        let (_, sub) = matches.subcommand().expect("a command");
        let values = sub.get_raw(id).into_iter().flatten();
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        values.join(" ")
    }

    const LINE: [&str; 5] = ["domreel", "render", "a.json", "-o", "a.gif"];

    #[test]
    fn settings_stand_where_the_line_says_nothing() {
        let text = "theme = 'light'\n[clip]\nfps = 24\nspeed = 1.5\n[picture]\nhide = ['bar', 'steps']";
        let whole = complete(text, &LINE).unwrap().unwrap();
        assert_eq!(value(&whole, "fps"), "24");
        assert_eq!(value(&whole, "speed"), "1.5");
        assert_eq!(value(&whole, "theme"), "light");
        assert_eq!(value(&whole, "hide"), "bar steps");
        let line = [&LINE[..], &["--fps", "8"]].concat();
        assert_eq!(value(&complete(text, &line).unwrap().unwrap(), "fps"), "8");
    }

    #[test]
    fn what_the_line_says_puts_out_what_cannot_stand_beside_it() {
        let line = [&LINE[..], &["--scale", "0.5"]].concat();
        assert!(complete("width = 640", &line).unwrap().is_none());
        let line = [&LINE[..], &["--from", "0:10"]].concat();
        assert!(complete("around = 'error'", &line).unwrap().is_none());
    }

    #[test]
    fn limits_are_set_and_the_line_comes_last() {
        let text = "fps = 24\n[limits]\nnodes = 5\npage = '2MiB'";
        let line = [&LINE[..], &["--allow", "nodes=7"]].concat();
        let whole = complete(text, &line).unwrap().unwrap();
        assert_eq!(value(&whole, "allow"), "nodes=5 page=2MiB nodes=7");
        let whole = complete(text, &["domreel", "inspect", "a.json"])
            .unwrap()
            .unwrap();
        assert_eq!(value(&whole, "allow"), "nodes=5 page=2MiB");
        let error = complete("[limits]\nnoses = 5", &LINE).unwrap_err();
        assert!(error.contains("there is no limit ‘noses’"), "{error}");
    }

    #[test]
    fn every_command_takes_what_it_knows() {
        let line = ["domreel", "shot", "a.json", "--at", "1", "-o", "a.png"];
        let whole = complete("fps = 24\naccent = '#123456'", &line).unwrap().unwrap();
        assert_eq!(value(&whole, "accent"), "#123456");
        let line = ["domreel", "attach", "a.json", "--to", "a.md"];
        let whole = complete("to = '0:20'", &line).unwrap().unwrap();
        assert_eq!(
            (value(&whole, "to"), value(&whole, "document")),
            ("0:20".into(), "a.md".into())
        );
    }

    #[test]
    fn what_is_not_known_is_named() {
        let error = complete("fsp = 24\n[colours]\na = 1", &LINE).unwrap_err();
        assert!(
            error.contains("‘[colours]’, ‘fsp’") && error.contains("fps"),
            "{error}"
        );
        for (text, told) in [
            ("output = 'b.gif'", "output"),
            ("fps = 'many'", "--fps"),
            ("auto = 1", "‘auto’ is true or false"),
            ("fps = ", "line 1"),
            ("fps = [[1]]", "‘fps’"),
        ] {
            let error = complete(text, &LINE).unwrap_err();
            assert!(error.contains(told), "{told} in {error}");
        }
    }
}
