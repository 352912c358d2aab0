//! What a job can be asked for: the options of ‘render’ that have nothing to do with where it runs.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};
use domreel::format::FormatName;
use domreel::limits::Limits;
use domreel::overlay::{OutputSize, OverlayOptions};
use domreel::redact::Redaction;
use domreel::render::Framing;
use serde_json::{Map, Value};

use crate::cli::clip::ClipArgs;
use crate::cli::file::{EncoderArgs, FileArgs, FilePlan};
use crate::cli::input::TabArgs;
use crate::cli::picture::{FramingArgs, OverlayArgs, SizeArgs};
use crate::cli::redact::RedactArgs;

/// The options as a command line of their own.
#[derive(Debug, Parser)]
#[command(name = "job", no_binary_name = true, disable_help_flag = true)]
struct JobLine {
    #[command(flatten)]
    options: JobOptions,
}

/// The options. None of them names a file or a program.
#[derive(Debug, Clone, Args)]
pub(crate) struct JobOptions {
    #[command(flatten)]
    pub(crate) tab: TabArgs,
    /// What kind of recording it is, where that is not found: rrweb, datadog, posthog, sentry …
    #[arg(long, value_name = "KIND", help_heading = "Recording")]
    pub(crate) read_as: Option<FormatName>,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    clip: ClipArgs,
    #[command(flatten)]
    size: SizeArgs,
    #[command(flatten)]
    framing: FramingArgs,
    #[command(flatten)]
    overlay: OverlayArgs,
    #[command(flatten)]
    redact: RedactArgs,
}

impl JobOptions {
    /// Reads options as a job has them: by long names without dashes.
    pub(crate) fn read(options: &Map<String, Value>, limits: Limits) -> Result<Self, String> {
        let mut line = Vec::new();
        for (name, value) in options {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            if !name.chars().all(plain) || name.starts_with('-') {
                return Err(format!("there is no option ‘{name}’"));
            }
            match value {
                Value::Bool(true) => line.push(format!("--{name}")),
                Value::Bool(false) | Value::Null => {}
                Value::Object(_) => return Err(format!("the option ‘{name}’ takes no object")),
                Value::Array(items) => {
                    line.extend(items.iter().map(|item| format!("--{name}={}", text(item))))
                }
                other => line.push(format!("--{name}={}", text(other))),
            }
        }
        let line = JobLine::try_parse_from(line).map_err(|error| one_line(&error))?;
        line.options.redaction(limits)?;
        Ok(line.options)
    }

    /// What the file is, where the worker `encoder` says with what.
    pub(crate) fn file(&self, encoder: &EncoderArgs, limits: Limits) -> Result<FilePlan, String> {
        self.file
            .plan(None, encoder, limits)
            .map_err(|error| error.to_string())
    }

    pub(crate) fn clip(&self, file: &FilePlan) -> domreel::clip::ClipOptions {
        self.clip.options(file.default_fps())
    }

    pub(crate) fn choice(&self) -> domreel::render::Choice {
        self.clip.choice()
    }

    pub(crate) fn size(&self, file: &FilePlan) -> OutputSize {
        self.size.size(file.default_width())
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing.framing()
    }

    pub(crate) fn overlay(&self, limits: Limits) -> Result<OverlayOptions, String> {
        let mut options = self.overlay.options();
        self.redaction(limits)?.apply_to_overlay(&mut options);
        Ok(options)
    }

    /// What is masked; options that were read within these limits can be used.
    pub(crate) fn redaction(&self, limits: Limits) -> Result<Redaction, String> {
        let redaction = self.redact.redaction(limits);
        redaction.map_err(|failure| failure.to_string())
    }
}

/// A value as it stands on a command line.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// What clap has to say, without the usage that nobody typed.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    match error.kind() {
        ErrorKind::UnknownArgument => first.replace("unexpected argument", "unknown option"),
        _ => first.to_owned(),
    }
}

/// The options that were given on a command line, as a job has them. What was not given is left to
/// the renderer's defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobArgs(pub(crate) Map<String, Value>);

impl FromArgMatches for JobArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Map::new();
        for argument in JobLine::command().get_arguments() {
            let id = argument.get_id().as_str();
            let (Some(name), Some(ValueSource::CommandLine)) =
                (argument.get_long(), matches.value_source(id))
            else {
                continue;
            };
            let values: Vec<_> = matches
                .get_raw(id)
                .into_iter()
                .flatten()
                .map(|value| value.to_string_lossy().into_owned())
                .collect();
            let value = if argument.get_action().takes_values() {
                match (argument.get_value_delimiter(), values.len()) {
                    (None, 2..) => Value::Array(values.into_iter().map(Value::String).collect()),
                    _ => Value::String(values.join(",")),
                }
            } else {
                Value::Bool(true)
            };
            options.insert(name.to_owned(), value);
        }
        Ok(JobArgs(options))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(JobArgs::from_arg_matches(matches)?.0);
        Ok(())
    }
}

impl Args for JobArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        JobOptions::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        JobOptions::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        job: JobArgs,
    }

    fn read(options: Value) -> Result<JobOptions, String> {
        JobOptions::read(options.as_object().unwrap(), Limits::default())
    }

    #[test]
    fn what_was_typed_arrives_and_nothing_else() {
        let line = [
            "x",
            "--from",
            "0:40",
            "--width=640",
            "--hide",
            "bar",
            "--hide",
            "cursor",
        ];
        let options = Line::try_parse_from(line).unwrap().job.0;
        assert_eq!(
            Value::Object(options.clone()),
            json!({"from": "0:40", "width": "640", "hide": "bar,cursor"})
        );
        let job = JobOptions::read(&options, Limits::default()).unwrap();
        let file = job.file(&EncoderArgs::default(), Limits::default()).unwrap();
        assert_eq!(job.size(&file).width, Some(640));
        assert_eq!(job.clip(&file).from, "0:40".parse().ok());
        assert!(Line::try_parse_from(["x"]).unwrap().job.0.is_empty());
        assert!(Line::try_parse_from(["x", "--width", "1"]).is_err());
    }

    #[test]
    fn json_s_own_types_do_too() {
        let job = read(json!({"width": 640, "speed": 2.5, "hide": ["bar", "clicks"], "tab": null})).unwrap();
        let file = job.file(&EncoderArgs::default(), Limits::default()).unwrap();
        assert_eq!(job.size(&file).width, Some(640));
        assert_eq!(job.clip(&file).speed.factor(), 2.5);
        assert_eq!(job.overlay(Limits::default()).unwrap().hide.len(), 2);
    }

    #[test]
    fn what_holds_commas_is_not_torn() {
        let line = ["x", "--mask-text", "a{1,2}", "--mask-text", "b", "--mask", "p, i"];
        let options = Line::try_parse_from(line).unwrap().job.0;
        assert_eq!(
            Value::Object(options.clone()),
            json!({"mask": "p, i", "mask-text": ["a{1,2}", "b"]})
        );
        let limits = Limits::default();
        let job = JobOptions::read(&options, limits).unwrap();
        let redaction = job.redaction(limits).unwrap();
        assert_eq!(redaction.text("aac b"), "••c •");
    }

    #[test]
    fn options_that_are_none_are_refused() {
        for (options, part) in [
            (json!({"colour": "red"}), "unknown option '--colour'"),
            (json!({"output": "/etc/passwd"}), "unknown option '--output'"),
            (json!({"browser": "/bin/sh"}), "unknown option '--browser'"),
            (json!({"no-sandbox": true}), "unknown option '--no-sandbox'"),
            (json!({"help": true}), "unknown option '--help'"),
            (json!({"width=1 --x": 1}), "no option"),
            (json!({"-width": 1}), "no option"),
            (json!({"width": {}}), "takes no object"),
            (json!({"width": "wide"}), "invalid value 'wide'"),
            (json!({"width": 640, "scale": 1}), "cannot be used with"),
            (json!({"mask": "a:hover"}), "cannot be used"),
            (json!({"mask-text": "("}), "text to mask"),
        ] {
            let error = read(options.clone()).unwrap_err();
            assert!(error.contains(part), "{options}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
