//! The recording that a command is about.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::clip::{ClipError, offset_text};
use domreel::dom::Replay;
use domreel::format::{FormatError, FormatName, Input, ReadOptions, join_side_files, read};
use domreel::limits::{Limit, Limits};
use domreel::moment::moments;
use domreel::overlay::OverlayOptions;
use domreel::recording::{DamageReport, Recording, Tab, follow, visits};
use domreel::render::Choice;

use super::assets::AssetArgs;
use super::console::Console;
use super::failure::{Failure, Status};
use super::limits::LimitArgs;
use super::picture::OverlayArgs;
use super::redact::RedactArgs;

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
    /// Add so many seconds to the times of the files beside the recording, whose clock is off
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds, help_heading = "Recording")]
    clock_offset: Option<f64>,
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
    #[command(flatten)]
    limits: LimitArgs,
}

impl InputArgs {
    /// How much it may come to.
    pub(crate) fn limits(&self) -> Limits {
        self.limits.limits()
    }

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
                tabs.any(|tab| around.choose(&moments(tab, telemetry), &tab.limits).is_ok())
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
        const MOST: usize = 8;
        let [recording] = self.inputs.as_slice() else {
            return Vec::new();
        };
        // What is larger holds no events of one session.
        let largest = self.limits().of(Limit::SideFile);
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
                    .is_ok_and(|data| data.is_file() && data.len() <= largest)
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
        let redaction = self.redact.redaction(self.limits())?;
        let options = ReadOptions {
            format: self.read_as,
            strict: self.strict,
            limits: self.limits(),
        };
        let inputs: Vec<Input> = self.inputs.iter().map(|path| source(path)).collect();
        let read = read(&inputs, &options).and_then(|mut recording| {
            let notes = self.add_events(&mut recording, &self.events, &options)?;
            more(&mut recording, &options)?;
            Ok((recording, notes))
        });
        // Why something cannot be read may cite it.
        let (mut recording, notes) = read.map_err(|error| Failure::from(error).redacted(&redaction))?;
        for note in notes {
            tracing::warn!("{note}");
        }
        self.assets.fill(&mut recording, &options.limits)?;
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
        let redaction = self.redact.redaction(self.limits())?;
        redaction.apply_to_overlay(&mut options);
        Ok(options)
    }

    /// Adds what stands in the files beside the recording, and notes what may be wrong with them.
    fn add_events(
        &self,
        recording: &mut Recording,
        files: &[PathBuf],
        options: &ReadOptions,
    ) -> Result<Vec<String>, FormatError> {
        let mut notes = Vec::new();
        let offset = self.clock_offset.unwrap_or(0.0) * 1000.0;
        for path in files {
            let joined = join_side_files(recording, &[source(path)], offset, options)?;
            let file = path.display();
            if let Some(ahead) = joined.clock_difference {
                let way = if ahead > 0.0 { "ahead of" } else { "behind" };
                notes.push(format!(
                    "the clock of {file} is about {:.1} s {way} the recording’s: --clock-offset {:.1} puts it right",
                    ahead.abs() / 1000.0,
                    (offset - ahead) / 1000.0
                ));
            } else if let (0, Some((count, away))) = (joined.used, joined.of_other_time) {
                let way = if away > 0.0 { "after" } else { "before" };
                notes.push(format!(
                    "nothing in {file} happened during the recording: the nearest of its {count} events is {} {way} \
                     it; --clock-offset moves them",
                    offset_text(away.abs())
                ));
            }
        }
        Ok(notes)
    }
}

/// A number of seconds that a time can be moved by.
fn seconds(text: &str) -> Result<f64, String> {
    /// More than that no clock is off: ten years.
    const MOST: f64 = 315_576_000.0;
    let number: f64 = text
        .parse()
        .map_err(|_| "it is not a number of seconds".to_owned())?;
    match number.abs() <= MOST {
        true => Ok(number),
        false => Err("it is more than ten years".to_owned()),
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
    /// Which tab is shown: the one that the user was in, wherever that was (‘active’), or one of them by its
    /// number, from 1, or its id
    #[arg(long, value_name = "TAB", default_value = ACTIVE, help_heading = "Recording")]
    tab: String,
}

/// Follows the user from tab to tab.
const ACTIVE: &str = "active";

impl TabArgs {
    /// The recording with the tab that was asked for as its first: one of those that it has, or one made
    /// of several that the user went to and fro between.
    pub(crate) fn choose(&self, mut recording: Recording, console: &Console) -> Result<Recording, Failure> {
        if let Some(place) = self.place(&recording)? {
            recording.tabs.swap(0, place);
            return Ok(recording);
        }
        let several = (recording.tabs.len() > 1).then(|| listed(&recording.tabs));
        let (recording, only) = as_seen(recording)?;
        match (several, only) {
            (None, _) => {}
            (Some(tabs), Some(tab)) => console.note(&format!(
                "there {tabs}; shown is tab {}: --tab chooses another one",
                tab + 1
            )),
            (Some(tabs), None) => console.note(&format!(
                "there {tabs}; shown is what the user was in: --tab chooses one of them"
            )),
        }
        Ok(recording)
    }

    /// The recording without all tabs but the one that was asked for, if one was.
    pub(crate) fn only(&self, mut recording: Recording) -> Result<Recording, Failure> {
        if let Some(place) = self.place(&recording)? {
            recording.tabs.swap(0, place);
            recording.tabs.truncate(1);
        }
        Ok(recording)
    }

    /// The place of the tab that was asked for.
    fn place(&self, recording: &Recording) -> Result<Option<usize>, Failure> {
        let (tabs, wanted) = (&recording.tabs, &self.tab);
        if wanted == ACTIVE {
            return Ok(None);
        }
        let place = named(tabs, wanted).ok_or_else(|| {
            let message = format!("there is no tab ‘{wanted}’; there {}", listed(tabs));
            Failure::message(Status::Usage, message)
        })?;
        Ok(Some(place))
    }
}

/// The recording with what the user saw of it as its first tab: one of those that it has, whose place
/// comes with it, or one made of several.
pub(crate) fn as_seen(mut recording: Recording) -> Result<(Recording, Option<usize>), ClipError> {
    let visits = visits(&recording);
    let first = visits.first().ok_or(ClipError::NoPicture)?.tab;
    if visits.iter().any(|visit| visit.tab != first) {
        return Ok((follow(&recording), None));
    }
    recording.tabs.swap(0, first);
    Ok((recording, Some(first)))
}

/// The tab that is shown of a recording that [`TabArgs::choose`] or [`as_seen`] gave.
pub(crate) fn shown_tab(recording: &Recording) -> Result<&Tab, Failure> {
    Ok(recording.tabs.first().ok_or(ClipError::NoPicture)?)
}

/// What of a recording could not be read, and what of it could not be applied to its pages.
pub(crate) fn all_damage(recording: &Recording) -> DamageReport {
    let mut damage = recording.damage.clone();
    for tab in &recording.tabs {
        damage.merge(Replay::new(tab).damage_of_all());
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

/// The place of the tab with that id, or that number.
fn named(tabs: &[Tab], wanted: &str) -> Option<usize> {
    let by_number = || wanted.parse::<usize>().ok()?.checked_sub(1);
    let by_id = tabs.iter().position(|tab| tab.id == wanted);
    by_id.or_else(by_number).filter(|place| *place < tabs.len())
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
            ..Tab::default()
        }
    }

    #[test]
    fn a_tab_is_known_by_id_or_number() {
        let tabs = [tab("2", EventKind::Load, 1), tab("b", EventKind::Load, 1)];
        let id = |wanted| named(&tabs, wanted).map(|place| tabs[place].id.as_str());
        assert_eq!(id("b"), Some("b"));
        assert_eq!(id("1"), Some("2"));
        assert_eq!(id("2"), Some("2"));
        assert_eq!(id("0"), None);
        assert_eq!(id("3"), None);
        assert_eq!(id("c"), None);
    }
}
