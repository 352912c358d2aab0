//! The real renderer, as the worker wants it.

use std::path::Path;

use domreel::clip::{ClipError, ClipOptions, Idle, TimePoint};
use domreel::encode::EncodeError;
use domreel::encode::frames::png;
use domreel::encode::output::Target;
use domreel::format::{FormatError, Input, ReadOptions, read};
use domreel::limits::{Limit, Limits};
use domreel::recording::{DamageKind, EventData, EventKind, Recording};
use domreel::render::{self, Choice, DrawingOptions, RenderError, RenderOptions, StillOptions};
use domreel::stage::{ReadyBrowsers, StageError};
use domreel::worker::job::{Class, JobError, JobSpec, Phase};
use domreel::worker::renderer::{Progress, Rendered, RenderedFile, Renderer};
use serde_json::{Map, Value, json};

use super::options::JobOptions;
use crate::cli::browser::BrowserArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::file::EncoderArgs;
use crate::cli::input::shown_tab;
use crate::cli::{doctor, inspect};

/// Renders with Chromium.
#[derive(Debug)]
pub(crate) struct ChromiumRenderer {
    pub(crate) browser: BrowserArgs,
    /// Browsers for each job.
    pub(crate) browsers: usize,
    /// Browsers that stay ready between jobs.
    pub(crate) ready: Option<ReadyBrowsers>,
    /// How much a recording may come to.
    pub(crate) limits: Limits,
    /// What makes videos, and the table of targets.
    pub(crate) encoder: EncoderArgs,
    /// Says nothing: what concerns a job goes into its report.
    pub(crate) console: Console,
}

impl ChromiumRenderer {
    fn line(&self, options: &Map<String, Value>) -> Result<JobOptions, JobError> {
        JobOptions::read(options, self.limits).map_err(bad_option)
    }

    fn read(&self, input: &Path, line: &JobOptions) -> Result<Recording, JobError> {
        let options = ReadOptions {
            format: line.read_as,
            limits: self.limits,
            ..ReadOptions::default()
        };
        let redaction = line.redaction(self.limits).map_err(bad_option)?;
        let mut recording = read(&[Input::Path(input.to_owned())], &options).map_err(|error| {
            let mut told = unreadable(&error, input);
            told.message = redaction.text(&told.message);
            told
        })?;
        redaction.apply(&mut recording);
        // A command shows what it can; a queue must not pass off a part as the whole.
        let mut damage = recording.damage.examples().iter();
        if let Some(excess) = damage.find(|damage| damage.kind == DamageKind::Limit) {
            let detail = redaction.text(&excess.detail);
            return Err(JobError::fatal(
                Class::Limit,
                format!("the recording is too much: {detail}"),
            ));
        }
        self.check_pages(&recording)?;
        Ok(recording)
    }

    /// Looks whether a page has too many nodes as it was recorded at once.
    fn check_pages(&self, recording: &Recording) -> Result<(), JobError> {
        let mut events = recording.tabs.iter().flat_map(|tab| &tab.events);
        let most = self.limits.size(Limit::Nodes);
        let is_too_large = events.any(|event| {
            // What cannot be decoded is counted as damage where it is shown.
            event.kind == EventKind::FullSnapshot
                && event.data().is_ok_and(|data| {
                    matches!(&*data, EventData::FullSnapshot(snapshot) if snapshot.tree.nodes.len() > most)
                })
        });
        if !is_too_large {
            return Ok(());
        }
        let hint = self.limits.hint(Limit::Nodes);
        let message = format!("the recording is too much: a page has more nodes than it may; {hint}");
        Err(JobError::fatal(Class::Limit, message))
    }

    fn drawing(&self, browsers: usize) -> Result<DrawingOptions, JobError> {
        let drawing = crate::cli::render::drawing(&self.browser, browsers)
            .map_err(|failure| JobError::retryable(Class::Browser, failure.to_string()))?;
        Ok(DrawingOptions {
            ready: self.ready.clone(),
            ..drawing
        })
    }
}

impl Renderer for ChromiumRenderer {
    fn version(&self) -> String {
        version()
    }

    fn check(&self, options: &Map<String, Value>) -> Result<(), JobError> {
        self.line(options)?
            .file(&self.encoder, self.limits)
            .map_err(bad_option)?;
        Ok(())
    }

    fn render(
        &self,
        job: &JobSpec,
        input: &Path,
        out_dir: &Path,
        progress: &Progress,
    ) -> Result<Rendered, JobError> {
        let line = self.line(&job.options)?;
        let plan = line.file(&self.encoder, self.limits).map_err(bad_option)?;
        let recording = self.read(input, &line)?;
        progress.alive();
        let option = |failure: Failure| JobError::fatal(Class::Option, failure.to_string());
        let recording = line.tab.choose(recording, &self.console).map_err(option)?;
        let tab = shown_tab(&recording).map_err(option)?;
        let options = RenderOptions {
            clip: line.clip(&plan),
            choice: line.choice(),
            size: line.size(&plan),
            framing: line.framing(),
            overlay: line.overlay(self.limits).map_err(bad_option)?,
            still: false,
            drawing: self.drawing(self.browsers)?,
        };
        let format = plan.format;
        let (name, media_type) = match format.extension().zip(format.media_type()) {
            Some((extension, media_type)) => (format!("clip.{extension}"), media_type),
            None => ("frames".to_owned(), ""),
        };
        let target = Target::Path(out_dir.join(&name));
        let encoder = plan.open(&target, options.clip.fps).map_err(not_encoded)?;
        let report = render::render(&recording, tab, &options, encoder, &Reporter(progress));
        let report = report.map_err(not_rendered)?;
        for _ in 0..report.restarts {
            progress.browser_restarted();
        }
        progress.captures(report.captured, report.frames.saturating_sub(report.captured));
        let files = if media_type.is_empty() {
            frame_files(&out_dir.join(&name), &name)?
        } else {
            vec![RenderedFile {
                name,
                media_type: media_type.to_owned(),
            }]
        };
        let damage: u64 = recording
            .damage
            .counts()
            .map(|(_, count)| count)
            .fold(0, u64::saturating_add);
        let mut told = serde_json::to_value(&report).unwrap_or_default();
        if let Some(told) = told.as_object_mut() {
            told.insert("format".to_owned(), json!(format.name()));
            told.insert("damage".to_owned(), json!(damage));
            told.insert("redactions".to_owned(), json!(recording.redaction));
        }
        Ok(Rendered { files, report: told })
    }

    fn inspect(&self, input: &Path) -> Result<Value, JobError> {
        let recording = self.read(input, &self.line(&Map::new())?)?;
        inspect::to_json(&recording).map_err(|error| JobError::fatal(Class::Internal, error.to_string()))
    }

    fn still(&self, input: &Path, options: &Map<String, Value>, at_ms: f64) -> Result<Vec<u8>, JobError> {
        let line = self.line(options)?;
        let recording = self.read(input, &line)?;
        let option = |failure: Failure| JobError::fatal(Class::Option, failure.to_string());
        let recording = line.tab.choose(recording, &self.console).map_err(option)?;
        let tab = shown_tab(&recording).map_err(option)?;
        let at: TimePoint = format!("{:.3}", at_ms / 1000.0)
            .parse()
            .map_err(|error| JobError::fatal(Class::Option, format!("{error}")))?;
        let options = RenderOptions {
            // The whole session: the picture's time counts from there.
            clip: ClipOptions {
                idle: Idle::Keep,
                max_length: "100000000".parse().unwrap_or(ClipOptions::default().max_length),
                ..ClipOptions::default()
            },
            choice: Choice::Range,
            size: line.size(&line.file(&self.encoder, self.limits).map_err(bad_option)?),
            framing: line.framing(),
            overlay: line.overlay(self.limits).map_err(bad_option)?,
            still: false,
            drawing: self.drawing(1)?,
        };
        let mut picture = Vec::new();
        let stills = StillOptions { at: vec![at] };
        let taken = render::still(&recording, tab, &options, &stills, |_, pixels| {
            picture = png(&pixels).map_err(|source| EncodeError::Write {
                format: "png",
                source,
            })?;
            Ok(())
        });
        taken.map_err(not_rendered)?;
        Ok(picture)
    }

    fn ready(&self) -> Result<(), String> {
        doctor::ready(&self.browser)
    }
}

/// Changes whenever the same recording and options may give other bytes.
pub(crate) fn version() -> String {
    format!("domreel {}", env!("CARGO_PKG_VERSION"))
}

fn bad_option(message: String) -> JobError {
    JobError::fatal(Class::Option, message)
}

/// The files of a clip that is a directory, in the order of their names, the list of frames first.
fn frame_files(directory: &Path, prefix: &str) -> Result<Vec<RenderedFile>, JobError> {
    let failed = |error: std::io::Error| JobError::retryable(Class::Storage, error.to_string());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
    }
    names.sort_by_key(|name| (!name.ends_with(".json"), name.clone()));
    let file = |name: String| RenderedFile {
        media_type: if name.ends_with(".json") {
            "application/json"
        } else {
            "image/png"
        }
        .to_owned(),
        name: format!("{prefix}/{name}"),
    };
    Ok(names.into_iter().map(file).collect())
}

fn unreadable(error: &FormatError, input: &Path) -> JobError {
    // Where the worker keeps it for the moment means nothing to anybody.
    let place = input.display().to_string();
    JobError::fatal(
        Class::Recording,
        error.to_string().replace(&place, "the recording"),
    )
}

fn not_encoded(error: EncodeError) -> JobError {
    match error {
        EncodeError::Write { .. } | EncodeError::File { .. } => {
            JobError::retryable(Class::Storage, error.to_string())
        }
        _ => JobError::fatal(Class::Encode, error.to_string()),
    }
}

fn not_rendered(error: RenderError) -> JobError {
    let message = error.to_string();
    match error {
        RenderError::Clip(ClipError::NoPicture) => JobError::fatal(Class::Recording, message),
        RenderError::Clip(_)
        | RenderError::Around(_)
        | RenderError::Tab { .. }
        | RenderError::Crop { .. } => JobError::fatal(Class::Option, message),
        RenderError::Stage(StageError::TooMuch { .. }) => JobError::fatal(Class::Limit, message),
        RenderError::Stage(_) => JobError::retryable(Class::Browser, message),
        RenderError::Encode(error) => not_encoded(error),
        _ => JobError::retryable(Class::Internal, message),
    }
}

/// Passes on how far a render is.
struct Reporter<'a>(&'a Progress);

impl render::Progress for Reporter<'_> {
    fn phase(&self, phase: render::Phase) {
        self.0.phase(match phase {
            render::Phase::Starting => Phase::Plan,
            render::Phase::Rendering | render::Phase::Finishing => Phase::Render,
        });
        self.0.alive();
    }

    fn frame(&self, clip_ms: u64, length_ms: u64, frames: u64) {
        self.0.frames(frames, clip_ms as f64 / length_ms.max(1) as f64);
    }

    fn cancelled(&self) -> bool {
        self.0.stop().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let no_picture = not_rendered(RenderError::Clip(ClipError::NoPicture));
        assert_eq!(
            (no_picture.class, no_picture.retryable),
            (Class::Recording, false)
        );
        let full = EncodeError::File {
            path: "clip.gif".into(),
            source: std::io::Error::other("no space"),
        };
        let full = not_rendered(RenderError::Encode(full));
        assert_eq!((full.class, full.retryable), (Class::Storage, true));
        let empty = not_rendered(RenderError::Encode(EncodeError::NoFrames));
        assert_eq!((empty.class, empty.retryable), (Class::Encode, false));
    }

    #[test]
    fn each_limit_is_a_failure_that_names_its_option() {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/checkout.json.gz");
        let line = renderer().line(&Map::new()).unwrap();
        let read = |limit: Limit, value: u64| {
            let mut renderer = renderer();
            renderer.limits = renderer.limits.with(limit, value);
            renderer.read(Path::new(fixture), &line).map(|_| ())
        };
        assert_eq!(read(Limit::Nodes, Limit::Nodes.default()), Ok(()));
        for (limit, value) in [
            (Limit::Unpacked, 60_000),
            (Limit::Events, 100),
            (Limit::Nodes, 20),
            (Limit::Session, 30_000),
        ] {
            let error = read(limit, value).unwrap_err();
            assert_eq!((error.class, error.retryable), (Class::Limit, false), "{error}");
            let option = format!("--allow {}=", limit.name());
            assert!(error.message.contains(&option), "{error}");
        }
    }

    fn renderer() -> ChromiumRenderer {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            work: crate::cli::worker::WorkArgs,
        }
        let line = <Line as clap::Parser>::parse_from(["worker"]);
        line.work.renderer(1)
    }

    #[test]
    fn the_list_of_frames_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["0002.png", "frames.json", "0001.png"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let files = frame_files(directory.path(), "frames").unwrap();
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            ["frames/frames.json", "frames/0001.png", "frames/0002.png"]
        );
    }
}
