//! From a render to its manifest.

use std::sync::Arc;

use super::settings::{asked, settings};
use super::{
    Beside, ClipFile, DrawnWith, Environment, FileFacts, Gap, Manifest, MomentShown, PageShown, Program,
    RecordingFacts, Redaction, Shown, StepTaken, Stretch, missing,
};
use crate::clip::{Clip, SegmentKind, utc_iso};
use crate::embed::{alt, captions};
use crate::encode::Format;
use crate::moment::{Moment, MomentKind, UserStep, UserStepKind, code_place, moments, steps};
use crate::recording::{Event, EventData, Origin, Recording, SignalKind, Tab, Telemetry};
use crate::render::{RenderOptions, Report};

/// Most moments and most steps that are listed.
const MOST: usize = 1000;
/// Most steps before the clip: what led there, not a diary.
const MOST_STEPS_BEFORE: usize = 25;
/// Longest texts and addresses, in characters.
const LONGEST_TEXT: usize = 1000;
const LONGEST_URL: usize = 500;

/// What a manifest is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What was recorded, as it was rendered: with everything redacted that was to be.
    pub recording: &'a Recording,
    /// The tab that was rendered.
    pub tab: &'a Tab,
    /// What was asked for.
    pub options: &'a RenderOptions,
    /// What the render told.
    pub report: &'a Report,
    /// The clip's format.
    pub format: Format,
    /// The clip's name, without folders.
    pub file: &'a str,
    /// SHA-256 of the clip's file; `None` for directories.
    pub sha256: Option<&'a str>,
    /// Names of the files beside it.
    pub beside: &'a Beside,
    /// The browser's version and the fonts; how pictures were taken is in the report.
    pub drawn_with: &'a DrawnWith,
    /// The rules by which things were made unreadable.
    pub redactions: &'a [Redaction],
}

impl Manifest {
    /// Puts all facts together; `None` when the report is one of no clip.
    pub fn new(facts: &Facts<'_>) -> Option<Manifest> {
        let clip = facts.report.clip.as_ref()?;
        let Facts {
            recording,
            tab,
            options,
            report,
            ..
        } = *facts;
        let times = Times { clip };
        let told = Told::of(recording, tab, &times);
        let context = &recording.telemetry.context;
        let owned = |text: &Option<Arc<str>>| text.as_ref().map(|text| shortened(text, LONGEST_TEXT));
        let mut manifest = Manifest {
            manifest: Manifest::VERSION,
            program: Program {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            clip: ClipFile {
                file: facts.file.to_owned(),
                format: facts.format.name().to_owned(),
                media_type: facts.format.media_type().map(str::to_owned),
                width: report.width,
                height: report.height,
                frames: report.frames,
                bytes: report.bytes,
                duration_ms: report.clip_ms,
                sha256: facts.sha256.map(str::to_owned),
            },
            beside: facts.beside.clone(),
            recording: RecordingFacts {
                format: recording.format.to_owned(),
                files: recording
                    .sources
                    .iter()
                    .map(|source| FileFacts {
                        name: source.name.clone(),
                        bytes: source.bytes,
                        sha256: source.sha256.clone(),
                    })
                    .collect(),
                session: owned(&context.session),
                tab: tab.id.clone(),
                start_utc: utc_iso(clip.origin),
                start_ms: clip.origin,
                duration_ms: whole(clip.session_end - clip.origin),
            },
            shown: Shown {
                asked: asked(options),
                why: report.chosen.clone(),
                from_ms: times.at(clip.map.start()),
                to_ms: times.at(clip.map.end()),
                from_utc: utc_iso(clip.map.start()),
                to_utc: utc_iso(clip.map.end()),
            },
            time_map: times.stretches(),
            gaps: times.gaps(),
            pages: pages(tab, &times),
            environment: Environment {
                user_agent: owned(&context.user_agent),
                service: owned(&context.service),
                release: owned(&context.release),
                environment: owned(&context.environment),
            },
            moments: told.moments,
            moments_elsewhere: told.moments_elsewhere,
            steps: told.steps,
            steps_before: told.steps_before,
            captions: Vec::new(),
            alt: String::new(),
            assets: recording.assets.clone(),
            missing: missing::missing(tab, clip, &recording.damage, report.refused_changes),
            redactions: facts.redactions.to_vec(),
            drawn_with: DrawnWith {
                capture: report.capture.to_owned(),
                ..facts.drawn_with.clone()
            },
            settings: settings(options),
        };
        let written = recorded_captions(tab, &recording.telemetry, options, clip);
        manifest.captions = captions::cues(&manifest, &written);
        manifest.alt = alt::text(&manifest);
        Some(manifest)
    }
}

/// Recording time as a manifest has it.
struct Times<'a> {
    clip: &'a Clip,
}

impl Times<'_> {
    /// Since the session's first event, in whole milliseconds.
    fn at(&self, recording: f64) -> f64 {
        whole(self.clip.since_origin(recording))
    }

    /// Where the clip shows a recording time; `None` when it does not.
    fn shown(&self, recording: f64) -> Option<f64> {
        self.clip.shown(recording).map(whole)
    }

    fn stretches(&self) -> Vec<Stretch> {
        let segments = self.clip.map.segments().iter();
        segments
            .map(|segment| Stretch {
                kind: name(segment.kind).to_owned(),
                clip_from_ms: thousandth(segment.clip.start),
                clip_to_ms: thousandth(segment.clip.end),
                at_from_ms: thousandth(self.clip.since_origin(segment.recording.start)),
                at_to_ms: thousandth(self.clip.since_origin(segment.recording.end)),
            })
            .collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let segments = self.clip.map.segments().iter();
        segments
            .filter_map(|segment| match segment.kind {
                SegmentKind::Fold { skipped_ms } | SegmentKind::Cut { skipped_ms } => Some(Gap {
                    kind: name(segment.kind).to_owned(),
                    clip_ms: whole(segment.clip.start),
                    at_ms: self.at(segment.recording.start),
                    skipped_ms: whole(skipped_ms),
                }),
                SegmentKind::Play | SegmentKind::Hold => None,
            })
            .collect()
    }
}

fn name(kind: SegmentKind) -> &'static str {
    match kind {
        SegmentKind::Play => "play",
        SegmentKind::Fold { .. } => "fold",
        SegmentKind::Cut { .. } => "cut",
        SegmentKind::Hold => "hold",
    }
}

/// Whole milliseconds, without a negative zero.
fn whole(ms: f64) -> f64 {
    ms.round() + 0.0
}

/// Milliseconds to the microsecond: a map that is to be exact.
fn thousandth(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0 + 0.0
}

fn shortened(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// What happened.
struct Told {
    moments: Vec<MomentShown>,
    moments_elsewhere: usize,
    steps: Vec<StepTaken>,
    steps_before: usize,
}

impl Told {
    fn of(recording: &Recording, tab: &Tab, times: &Times<'_>) -> Told {
        let all: Vec<Moment> = moments(tab, &recording.telemetry)
            .into_iter()
            .filter(|moment| moment.kind != MomentKind::View)
            .collect();
        let shown: Vec<&Moment> = all
            .iter()
            .filter(|moment| times.shown(moment.time).is_some())
            .take(MOST)
            .collect();
        // Those that only name a node are told by what it is called.
        let asked: Vec<_> = shown
            .iter()
            .map(|moment| moment.node.filter(|_| moment.text.is_empty()))
            .collect();
        let nodes: Vec<_> = shown
            .iter()
            .zip(&asked)
            .filter_map(|(moment, node)| Some((moment.time, (*node)?)))
            .collect();
        let until = tab
            .events
            .partition_point(|event| event.time <= times.clip.map.end());
        let part = Tab {
            id: tab.id.clone(),
            events: tab.events.get(..until).unwrap_or_default().to_vec(),
            limits: tab.limits,
        };
        let (steps, described) = steps(&part, &nodes);
        let mut described = described.into_iter();
        let moments: Vec<MomentShown> = shown
            .iter()
            .zip(&asked)
            .map(|(moment, asked)| {
                let told = asked.and_then(|_| described.next().flatten());
                let text = match told {
                    Some(told) => told.to_string(),
                    None => moment.text.to_string(),
                };
                moment_shown(moment, &text, &recording.telemetry, times)
            })
            .collect();
        let begun = steps.partition_point(|step| step.time < times.clip.map.start());
        let left_out = begun.saturating_sub(MOST_STEPS_BEFORE);
        Told {
            moments_elsewhere: all.len() - moments.len(),
            moments,
            steps: steps
                .iter()
                .skip(left_out)
                .take(MOST)
                .map(|step| step_taken(step, times))
                .collect(),
            steps_before: left_out,
        }
    }
}

fn moment_shown(moment: &Moment, text: &str, telemetry: &Telemetry, times: &Times<'_>) -> MomentShown {
    let signal = moment.signal.and_then(|at| telemetry.signals.get(at));
    let place = match signal.map(|signal| &signal.kind) {
        Some(SignalKind::Error(error)) => code_place(&error.stack),
        Some(SignalKind::Console(line)) => code_place(&line.stack),
        _ => None,
    };
    MomentShown {
        kind: moment.kind.name().to_owned(),
        text: shortened(text, LONGEST_TEXT),
        status: match moment.kind {
            MomentKind::FailedRequest(status) => Some(status),
            _ => None,
        },
        clip_ms: times.shown(moment.time).unwrap_or_default(),
        at_ms: times.at(moment.time),
        utc: utc_iso(moment.time),
        place: place.map(|place| shortened(&place.to_string(), LONGEST_TEXT)),
        page: moment.page.as_ref().map(|page| shortened(page, LONGEST_URL)),
        id: moment.id.as_ref().map(|id| shortened(id, LONGEST_TEXT)),
        origin: match moment.origin {
            Origin::Recorded => "recorded",
            Origin::SideFile => "side-file",
            Origin::Derived => "derived",
        }
        .to_owned(),
    }
}

fn step_taken(step: &UserStep, times: &Times<'_>) -> StepTaken {
    // A page that the clip begins with was opened before its first picture.
    let opened = step.kind == UserStepKind::Open && step.time == times.clip.origin;
    let first = opened && times.clip.map.start() - times.clip.origin < 1000.0;
    StepTaken {
        kind: step.kind.name().to_owned(),
        text: shortened(&step.text, LONGEST_TEXT),
        clip_ms: times.shown(step.time).or(first.then_some(0.0)),
        at_ms: times.at(step.time),
        utc: utc_iso(step.time),
    }
}

/// The pages that are shown: the one the clip begins with, and where the address or the size changes.
fn pages(tab: &Tab, times: &Times<'_>) -> Vec<PageShown> {
    let map = &times.clip.map;
    let mut pages: Vec<PageShown> = Vec::new();
    let looked_at = |event: &&Event| event.kind.tells_viewport();
    for event in tab.events.iter().filter(looked_at) {
        if event.time > map.end() || pages.len() >= MOST {
            break;
        }
        let Ok(data) = event.data() else { continue };
        let last = pages.last();
        let (url, width, height) = match &*data {
            EventData::Meta(meta) => (shortened(&meta.href, LONGEST_URL), meta.width, meta.height),
            EventData::ViewportResize { width, height } => (
                last.map(|page| page.url.clone()).unwrap_or_default(),
                *width,
                *height,
            ),
            _ => continue,
        };
        if last.is_some_and(|page| page.url == url && page.width == width && page.height == height) {
            continue;
        }
        let page = PageShown {
            clip_ms: whole(map.clip_at(event.time)),
            url,
            width,
            height,
        };
        if event.time <= map.start() {
            pages.clear();
        }
        pages.push(page);
    }
    pages
}

/// Captions of the recording and of the user: clip time and text, in order.
fn recorded_captions(
    tab: &Tab,
    telemetry: &Telemetry,
    options: &RenderOptions,
    clip: &Clip,
) -> Vec<(f64, Option<Arc<str>>)> {
    let recorded = telemetry.signals.iter().filter_map(|signal| {
        let here = signal.tab.as_deref().is_none_or(|id| id == tab.id);
        match &signal.kind {
            SignalKind::Caption(text) if here => Some((signal.time, text.clone())),
            _ => None,
        }
    });
    let users = options
        .overlay
        .captions
        .iter()
        .map(|caption| (clip.resolve(caption.at), Some(Arc::clone(&caption.text))));
    let mut captions: Vec<_> = recorded
        .chain(users)
        .filter(|(time, _)| (clip.map.start()..=clip.map.end()).contains(time))
        .map(|(time, text)| (clip.map.clip_at(time), text))
        .collect();
    captions.sort_by(|one, two| one.0.total_cmp(&two.0));
    captions.truncate(MOST);
    captions
}
