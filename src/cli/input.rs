//! The recording that a command is about.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::clip::ClipError;
use domreel::dom::Replay;
use domreel::format::{FormatError, FormatName, Input, ReadOptions, read, read_side_files};
use domreel::moment::moments;
use domreel::overlay::OverlayOptions;
use domreel::recording::{DamageReport, Recording, Tab};
use domreel::render::Choice;

use super::assets::AssetArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::picture::OverlayArgs;
use super::redact::RedactArgs;

/// Clocks of two sources differ by no more than this, in milliseconds.
const AROUND_SESSION: f64 = 5000.0;

/// Which recording, and how it is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// The recording: files of one session, a directory of them, or ‘-’ for standard input
    ///
    /// Each may be plain or compressed with gzip, zstd or zlib; what it is, is found by its content.
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
    /// Errors, requests and the like from a file beside the recording: Datadog RUM, Sentry or PostHog events,
    /// a HAR, OTLP, or lines of {"time","kind","message"}; again for more files
    ///
    /// What happened outside of the recording's time is left out.
    #[arg(long, value_name = "FILE", help_heading = "Recording")]
    events: Vec<PathBuf>,
    /// What kind of recording it is, where that is not found: rrweb, datadog, posthog, sentry …
    #[arg(long, value_name = "KIND", help_heading = "Recording")]
    read_as: Option<FormatName>,
    /// Make the first damage of the recording an error
    #[arg(long, help_heading = "Recording")]
    strict: bool,
    #[command(flatten)]
    assets: AssetArgs,
    #[command(flatten)]
    redact: RedactArgs,
}

impl InputArgs {
    /// Reads it.
    ///
    /// # Errors
    /// When there is nothing to show, and with `--strict` when anything is damaged.
    pub(crate) fn read(&self) -> Result<Recording, Failure> {
        self.read_with(|_, _| Ok(()))
    }

    /// Reads it to show some moment. If it has none of that kind, files of the same name beside it may
    /// tell of one: products keep errors apart from recordings.
    ///
    /// # Errors
    /// As [`InputArgs::read`].
    pub(crate) fn read_to_show(&self, choice: &Choice, console: &Console) -> Result<Recording, Failure> {
        let Choice::Around(around, _) = choice else {
            return self.read();
        };
        self.read_with(|recording, options| {
            let has = |recording: &Recording| {
                let telemetry = &recording.telemetry;
                let mut tabs = recording.tabs.iter();
                tabs.any(|tab| around.choose(&moments(tab, telemetry)).is_ok())
            };
            if !self.events.is_empty() || has(recording) {
                return Ok(());
            }
            for file in self.files_beside() {
                let known = recording.telemetry.signals.len();
                // What is something else is no concern.
                if self
                    .add_events(recording, std::slice::from_ref(&file), options)
                    .is_ok()
                    && recording.telemetry.signals.len() > known
                {
                    console.note(&format!(
                        "the recording alone does not tell of that moment: read {} beside it",
                        file.display()
                    ));
                }
            }
            Ok(())
        })
    }

    /// Files beside the only recording that are named like it up to the first dot.
    fn files_beside(&self) -> Vec<PathBuf> {
        /// What is larger holds no events of one session.
        const LARGEST: u64 = 64 << 20;
        const MOST: usize = 8;
        let [recording] = self.inputs.as_slice() else {
            return Vec::new();
        };
        let folder = match recording.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let begins = format!("{}.", self.name());
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&begins))
            .filter(|entry| {
                entry
                    .metadata()
                    .is_ok_and(|data| data.is_file() && data.len() <= LARGEST)
            })
            .map(|entry| entry.path())
            .filter(|path| !self.is_one(path))
            .collect();
        files.sort();
        files.truncate(MOST);
        files
    }

    fn read_with(
        &self,
        more: impl FnOnce(&mut Recording, &ReadOptions) -> Result<(), FormatError>,
    ) -> Result<Recording, Failure> {
        let redaction = self.redact.redaction()?;
        let options = ReadOptions {
            format: self.read_as,
            strict: self.strict,
            ..ReadOptions::default()
        };
        let inputs: Vec<Input> = self.inputs.iter().map(|path| source(path)).collect();
        let read = read(&inputs, &options).and_then(|mut recording| {
            self.add_events(&mut recording, &self.events, &options)?;
            more(&mut recording, &options)?;
            Ok(recording)
        });
        // Why something cannot be read may cite it.
        let mut recording = read.map_err(|error| Failure::from(error).redacted(&redaction))?;
        self.assets.fill(&mut recording)?;
        redaction.apply(&mut recording);
        if self.strict
            && let Some(first) = all_damage(&recording).examples().first()
        {
            return Err(Failure::message(
                Status::Damaged,
                format!("the recording is damaged: {first}; without --strict, what is undamaged is used"),
            ));
        }
        Ok(recording)
    }

    /// Whether no recording was named.
    pub(crate) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// What the recording is called: its first file or directory, without folders and endings.
    pub(crate) fn name(&self) -> String {
        let first = self.inputs.first().and_then(|path| path.file_name());
        let name = first.unwrap_or_default().to_string_lossy();
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
        match stem {
            "" | "-" => "session".to_owned(),
            stem => stem.to_owned(),
        }
    }

    /// Whether a path is that of an input.
    pub(crate) fn is_one(&self, path: &Path) -> bool {
        let same = |input: &PathBuf| match (input.canonicalize(), path.canonicalize()) {
            (Ok(input), Ok(path)) => input == path,
            _ => input == path,
        };
        self.inputs.iter().chain(&self.events).any(same)
    }

    /// What the user wants to have written on the pictures, without what is to be masked.
    pub(crate) fn overlay(&self, overlay: &OverlayArgs) -> Result<OverlayOptions, Failure> {
        let mut options = overlay.options();
        self.redact.redaction()?.apply_to_overlay(&mut options);
        Ok(options)
    }

    /// Adds what stands in files beside the recording.
    fn add_events(
        &self,
        recording: &mut Recording,
        files: &[PathBuf],
        options: &ReadOptions,
    ) -> Result<(), FormatError> {
        let files: Vec<Input> = files.iter().map(|path| source(path)).collect();
        let mut telemetry = read_side_files(&files, options)?;
        let start = recording
            .tabs
            .iter()
            .filter_map(Tab::start)
            .fold(f64::INFINITY, f64::min);
        let end = recording
            .tabs
            .iter()
            .filter_map(Tab::end)
            .fold(f64::NEG_INFINITY, f64::max);
        let during = start - AROUND_SESSION..=end + AROUND_SESSION;
        telemetry.signals.retain(|signal| during.contains(&signal.time));
        recording.telemetry.merge(telemetry);
        Ok(())
    }
}

/// A path as an input; ‘-’ is standard input.
pub(crate) fn source(path: &Path) -> Input {
    if path.as_os_str() == "-" {
        Input::Stdin
    } else {
        Input::Path(path.to_owned())
    }
}

/// Which tab of a recording.
#[derive(Debug, Clone, Args)]
pub(crate) struct TabArgs {
    /// Which tab is shown: its number, from 1, or its id [default: the one with most events]
    #[arg(long, value_name = "TAB", help_heading = "Recording")]
    tab: Option<String>,
}

impl TabArgs {
    /// The tab that was asked for, or the one with most events among those that can be shown.
    pub(crate) fn choose<'a>(&self, recording: &'a Recording, console: &Console) -> Result<&'a Tab, Failure> {
        let tabs = &recording.tabs;
        if let Some(wanted) = &self.tab {
            return named(tabs, wanted).ok_or_else(|| {
                let message = format!("there is no tab ‘{wanted}’; there {}", listed(tabs));
                Failure::message(Status::Usage, message)
            });
        }
        if tabs.len() > 1 {
            console.note(&format!("there {}: --tab chooses one of them", listed(tabs)));
        }
        busiest(tabs).ok_or_else(|| ClipError::NoPicture.into())
    }
}

/// What of a recording could not be read, and what of it could not be applied to its pages.
pub(crate) fn all_damage(recording: &Recording) -> DamageReport {
    let mut damage = recording.damage.clone();
    for tab in &recording.tabs {
        let mut replay = Replay::new(tab);
        for event in &tab.events {
            // What changes is of no interest here, and goes at once: a long session's is large.
            replay.advance_to(event.time);
        }
        damage.merge(replay.damage().clone());
    }
    damage
}

/// Tells that not everything of a recording could be used. Returns how much could not.
pub(crate) fn warn_of_damage(recording: &Recording, console: &Console) -> u64 {
    let counts = recording.damage.counts().map(|(_, count)| count);
    let total = counts.fold(0, u64::saturating_add);
    if let Some(first) = recording.damage.examples().first() {
        let more = match total {
            0 | 1 => String::new(),
            _ => format!(" and {} more", total - 1),
        };
        console.note(&format!(
            "the recording is damaged: {first}{more}; ‘domreel inspect’ tells what"
        ));
    }
    total
}

/// Tells what was masked, and which masks met nothing.
pub(crate) fn tell_redaction(recording: &Recording, console: &Console) {
    let redaction = &recording.redaction;
    let summary = redaction.summary();
    if !summary.is_empty() {
        console.note(&format!("masked: {summary}"));
    }
    for rule in redaction.idle() {
        console.note(&format!("the mask ‘{}’ met nothing in this recording", rule.rule));
    }
}

/// The tab with that id, or that number.
fn named<'a>(tabs: &'a [Tab], wanted: &str) -> Option<&'a Tab> {
    let by_number = || tabs.get(wanted.parse::<usize>().ok()?.checked_sub(1)?);
    tabs.iter().find(|tab| tab.id == wanted).or_else(by_number)
}

/// The first of those with most events.
pub(crate) fn busiest(tabs: &[Tab]) -> Option<&Tab> {
    tabs.iter()
        .filter(|tab| tab.has_picture())
        .rev()
        .max_by_key(|tab| tab.events.len())
}

fn listed(tabs: &[Tab]) -> String {
    let tabs: Vec<String> = (1..)
        .zip(tabs)
        .map(|(number, tab)| match tab.id.as_str() {
            "" => format!("{number} ({} events)", tab.events.len()),
            id => format!("{number} ‘{id}’ ({} events)", tab.events.len()),
        })
        .collect();
    match tabs.len() {
        1 => format!("is tab {}", tabs.join(", ")),
        _ => format!("are tabs {}", tabs.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domreel::recording::{Event, EventData, EventKind, Payload};

    use super::*;

    fn tab(id: &str, kind: EventKind, events: usize) -> Tab {
        let event = Event {
            time: 0.0,
            index: 0,
            kind,
            payload: Payload::Decoded(Arc::new(EventData::Ignored)),
        };
        Tab {
            id: id.to_owned(),
            events: vec![event; events],
        }
    }

    #[test]
    fn a_tab_is_known_by_id_or_number() {
        let tabs = [tab("2", EventKind::Load, 1), tab("b", EventKind::Load, 1)];
        let id = |wanted| named(&tabs, wanted).map(|tab| tab.id.as_str());
        assert_eq!(id("b"), Some("b"));
        assert_eq!(id("1"), Some("2"));
        assert_eq!(id("2"), Some("2"));
        assert_eq!(id("0"), None);
        assert_eq!(id("3"), None);
        assert_eq!(id("c"), None);
    }

    #[test]
    fn the_busiest_tab_with_a_picture_is_shown() {
        let tabs = [
            tab("blind", EventKind::Mutation, 9),
            tab("first", EventKind::FullSnapshot, 3),
            tab("second", EventKind::FullSnapshot, 3),
            tab("small", EventKind::FullSnapshot, 1),
        ];
        assert_eq!(busiest(&tabs).map(|tab| tab.id.as_str()), Some("first"));
        assert!(busiest(&tabs[..1]).is_none());
    }
}
