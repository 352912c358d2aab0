//! The files beside a clip.

use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domreel::embed::beside::{self, Extra};
use domreel::embed::drawn_with;
use domreel::embed::manifest::{DrawnWith, Facts, Manifest, Redaction};
use domreel::encode::output::write_file;
use domreel::encode::poster::PosterEncoder;
use domreel::encode::{Encoder, Format};
use domreel::limits::Limits;
use domreel::recording::{Recording, Tab};
use domreel::render::{RenderOptions, Report, StoryboardOptions, poster_ms, storyboard};

use super::failure::{Failure, Status};
use super::input::InputArgs;

/// Which files are written beside a clip.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BesideArgs {
    /// Files to write beside the clip: manifest (clip.json), vtt (captions), alt (alternative text, clip.txt),
    /// poster (clip.png), steps (clip.steps.md), storyboard (clip.storyboard.png), or all
    ///
    /// They are named after OUT. The fields of the manifest are described in docs/manifest.md.
    #[arg(long, value_name = "FILE", value_delimiter = ',', value_parser = extra(), help_heading = "Output")]
    with: Vec<Extras>,
}

/// One file, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extras {
    One(Extra),
    All,
}

fn extra() -> impl TypedValueParser<Value = Extras> {
    let names = Extra::ALL.map(Extra::name).into_iter().chain(["all"]);
    PossibleValuesParser::new(names).map(|name| {
        let one = Extra::ALL.into_iter().find(|extra| extra.name() == name);
        one.map_or(Extras::All, Extras::One)
    })
}

impl BesideArgs {
    /// The files that were asked for, each once.
    pub(crate) fn extras(&self) -> Vec<Extra> {
        let wanted =
            |extra: &Extra| self.with.contains(&Extras::One(*extra)) || self.with.contains(&Extras::All);
        Extra::ALL.into_iter().filter(wanted).collect()
    }
}

/// Refuses what would have no place, or take that of something else.
pub(crate) fn check(output: &Path, extras: &[Extra], input: &InputArgs) -> Result<(), Failure> {
    if extras.is_empty() {
        return Ok(());
    }
    if output.as_os_str() == "-" {
        let message =
            "--with writes files beside the clip, and a clip on standard output has no place: name a file";
        return Err(Failure::message(Status::Usage, message));
    }
    for extra in extras {
        let path = extra.path(output);
        let taken = match extra {
            Extra::Manifest => path.exists() && Manifest::read(&path, &input.limits()).is_err(),
            _ => input.is_one(&path),
        };
        if taken || path == output {
            let message = format!(
                "{} is there already and is not a file about a clip: give the clip another name, or leave out --with {}",
                path.display(),
                extra.name()
            );
            return Err(Failure::message(Status::Usage, message));
        }
    }
    Ok(())
}

/// Has the poster written with the clip, if it is wanted.
///
/// # Errors
/// When there is nothing to show.
pub(crate) fn with_poster(
    encoder: Box<dyn Encoder>,
    output: &Path,
    extras: &[Extra],
    (recording, tab): (&Recording, &Tab),
    options: &RenderOptions,
) -> Result<Box<dyn Encoder>, Failure> {
    if !extras.contains(&Extra::Poster) {
        return Ok(encoder);
    }
    let at_ms = poster_ms(recording, tab, options)?;
    let path = Extra::Poster.path(output);
    Ok(Box::new(PosterEncoder::new(encoder, path, at_ms)))
}

/// Writes the storyboard of the same clip, if it is wanted.
///
/// # Errors
/// When the browser fails, or the file cannot be written.
pub(crate) fn write_storyboard(
    output: &Path,
    extras: &[Extra],
    (recording, tab): (&Recording, &Tab),
    options: &RenderOptions,
) -> Result<(), Failure> {
    if extras.contains(&Extra::Storyboard) {
        let made = storyboard(recording, tab, options, &StoryboardOptions::default())?;
        write_file(
            &Extra::Storyboard.path(output),
            &super::storyboard::encoded(&made)?,
        )?;
    }
    Ok(())
}

/// Puts the manifest of a clip together, and writes what was asked for beside it.
///
/// # Errors
/// When the clip cannot be read again, or a file cannot be written.
pub(crate) fn describe(
    output: &Path,
    format: Format,
    extras: &[Extra],
    (recording, tab): (&Recording, &Tab),
    options: &RenderOptions,
    report: &Report,
) -> Result<Manifest, Failure> {
    let sha256 = (format != Format::Png)
        .then(|| beside::sha256_of(output))
        .transpose();
    let sha256 = sha256.map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot read {} again", output.display()));
        Failure::new(Status::Output, error)
    })?;
    let name = output.file_name().unwrap_or(output.as_os_str()).to_string_lossy();
    let redactions: Vec<Redaction> = recording
        .redaction
        .rules
        .iter()
        .map(|applied| Redaction {
            rule: applied.rule.clone(),
            count: applied.count,
        })
        .collect();
    let facts = Facts {
        recording,
        tab,
        options,
        report,
        format,
        file: &name,
        sha256: sha256.as_deref(),
        beside: &beside::names(output, extras),
        drawn_with: &asked(options, &tab.limits)?,
        redactions: &redactions,
    };
    let manifest = Manifest::new(&facts)
        .ok_or_else(|| Failure::message(Status::Internal, "the render did not tell what it showed"))?;
    beside::write(&manifest, output, extras)?;
    Ok(manifest)
}

fn asked(options: &RenderOptions, limits: &Limits) -> Result<DrawnWith, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Internal, error))?;
    Ok(runtime.block_on(drawn_with(&options.drawing.browser, limits)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        input: InputArgs,
        #[command(flatten)]
        beside: BesideArgs,
    }

    fn line(arguments: &[&str]) -> Result<Line, clap::Error> {
        Line::try_parse_from([&["domreel", "in.json"], arguments].concat())
    }

    #[test]
    fn files_are_asked_for_by_name() {
        let extras = |arguments| line(arguments).unwrap().beside.extras();
        assert_eq!(extras(&[]), []);
        assert_eq!(
            extras(&["--with", "vtt,manifest,vtt"]),
            [Extra::Manifest, Extra::Vtt]
        );
        assert_eq!(extras(&["--with", "all"]), Extra::ALL);
        assert!(line(&["--with", "everything"]).is_err());
    }

    #[test]
    fn nothing_takes_the_place_of_something_else() {
        let directory = tempfile::tempdir().unwrap();
        let input = line(&[]).unwrap().input;
        let clip = directory.path().join("session.gif");
        let extras = [Extra::Manifest];
        assert!(check(&clip, &extras, &input).is_ok());
        std::fs::write(directory.path().join("session.json"), "[]").unwrap();
        assert!(check(&clip, &extras, &input).is_err());
        assert!(check(&clip, &[Extra::Vtt], &input).is_ok());
        assert!(check(Path::new("-"), &extras, &input).is_err());
        assert!(check(Path::new("-"), &[], &input).is_ok());
    }
}
