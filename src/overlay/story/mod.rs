//! What there is to tell beside the page, and when: in clip time, without a thought of how it looks.

mod activity;
mod errors;
mod naming;
mod notes;
mod typing;

use std::sync::Arc;

use super::options::Caption;
use super::places::Wanted;
use crate::clip::{Clip, SegmentKind, TimeMap};
use crate::moment::{CodePlace, moments};
use crate::recording::{
    ConsoleLevel, EventData, EventKind, FrustrationKind, InteractionKind, NodeId, Signal, SignalKind, Tab,
    Telemetry,
};

/// Most cues of one kind: more is not read by anybody, and each costs a picture.
const MOST_CUES: usize = 300;

/// Everything there is to tell in one clip; each list in order of its beginnings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Story {
    /// Every click and tap up to the end of the clip.
    pub(super) clicks: Vec<Click>,
    pub(super) errors: Vec<ErrorCue>,
    pub(super) requests: Vec<RequestCue>,
    pub(super) console: Vec<ConsoleCue>,
    pub(super) typing: Vec<TypingCue>,
    pub(super) steps: Vec<StepCue>,
    pub(super) frustrations: Vec<FrustrationCue>,
    pub(super) notes: Vec<NoteCue>,
    pub(super) captions: Vec<CaptionCue>,
    pub(super) landmarks: Vec<Landmark>,
}

/// When something is shown, in milliseconds of clip time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) until: f64,
}

impl Span {
    pub(super) fn holds(self, clip_ms: f64) -> bool {
        (self.from..self.until).contains(&clip_ms)
    }

    fn overlaps(self, other: Span) -> bool {
        self.from < other.until && other.from < self.until
    }
}

/// An error, however often it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ErrorCue {
    pub(super) span: Span,
    /// Clip time at which it can have been read.
    pub(super) read_by: f64,
    /// Clip times at which it came, ascending; never empty.
    pub(super) times: Vec<f64>,
    /// Recording time of the first.
    pub(super) recording: f64,
    pub(super) error_type: Arc<str>,
    pub(super) message: Arc<str>,
    /// Nobody caught it; `None` when that is not known.
    pub(super) handled: Option<bool>,
    /// Function, and file with line, of the innermost call in the application's own code.
    pub(super) place: Option<CodePlace>,
    /// The click right before.
    pub(super) cause: Option<Click>,
    /// What came onto the page with it: the page's own word on what went wrong, as a rule.
    pub(super) answers: Vec<Wanted>,
}

/// A click or tap of the user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Click {
    /// Recording time.
    pub(super) time: f64,
    pub(super) node: NodeId,
    /// CSS pixels of the viewport of the node's document.
    pub(super) position: Option<(f64, f64)>,
    /// What it is called, where known.
    pub(super) name: Option<Arc<str>>,
    /// What kind of thing it is (`button`), where known.
    pub(super) role: Option<&'static str>,
    pub(super) touch: bool,
}

/// A request that failed or took long, however often it was made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RequestCue {
    pub(super) span: Span,
    /// Clip times at which it ended.
    pub(super) times: Vec<f64>,
    pub(super) method: Arc<str>,
    /// Without host, query and fragment.
    pub(super) path: String,
    pub(super) status: Option<u16>,
    pub(super) failed: bool,
    /// Milliseconds that the first one took, where known.
    pub(super) duration: Option<f64>,
}

/// A warning or error on the console, however often it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConsoleCue {
    pub(super) span: Span,
    pub(super) times: Vec<f64>,
    pub(super) level: ConsoleLevel,
    pub(super) text: Arc<str>,
}

/// Something that was typed into one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TypingCue {
    pub(super) span: Span,
    /// Recording time of its beginning.
    pub(super) recording: f64,
    pub(super) node: NodeId,
    /// What the field is called; empty when that is not known.
    pub(super) field: String,
    /// What was in the field in the end; bullets where the recording has it masked.
    pub(super) text: String,
    /// Clip times, and how many characters of `text` were there from then on.
    pub(super) steps: Vec<(f64, usize)>,
}

/// Something that the user did, in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepCue {
    pub(super) span: Span,
    pub(super) text: Arc<str>,
}

/// A sign of frustration at a spot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FrustrationCue {
    pub(super) span: Span,
    /// Recording time of its first click.
    pub(super) recording: f64,
    pub(super) kind: FrustrationKind,
    pub(super) clicks: u32,
    /// CSS pixels of the page's viewport, unless `node` says of which document.
    pub(super) position: Option<(f64, f64)>,
    pub(super) node: Option<NodeId>,
}

impl FrustrationCue {
    /// Whether it is about what was clicked there, or so near to it that nobody can tell.
    pub(super) fn is_at(&self, click: &Click) -> bool {
        const NEAR: f64 = 24.0;
        let near = match (self.position, click.position) {
            (Some((x, y)), Some((other_x, other_y))) => (x - other_x).hypot(y - other_y) <= NEAR,
            _ => false,
        };
        near || self.node == Some(click.node)
    }
}

/// A few words on what happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NoteCue {
    pub(super) span: Span,
    pub(super) kind: NoteKind,
    pub(super) text: Arc<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    /// Another page was entered.
    Page,
    /// A marker of the application, or of a person.
    Marker,
    /// The user went to another tab.
    Tab,
}

/// A caption.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CaptionCue {
    pub(super) span: Span,
    pub(super) text: Arc<str>,
}

/// Something to be marked on the timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Landmark {
    pub(super) clip_ms: f64,
    pub(super) kind: LandmarkKind,
}

/// From the least to the most important: what is more important is drawn over the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LandmarkKind {
    Page,
    Marker,
    Request,
    Frustration,
    Error,
}

impl Story {
    /// Reads what `tab` and `telemetry` tell of the time that `clip` shows. `captions` are added to
    /// those of the recording.
    pub(super) fn new(tab: &Tab, telemetry: &Telemetry, clip: &Clip, captions: &[Caption]) -> Story {
        let signals = signals_of(tab, telemetry);
        let clicks = clicks(tab, clip, &signals);
        let mut story = Story {
            errors: errors::cues(&signals, &clicks, tab, clip),
            requests: activity::requests(&signals, &clip.map),
            console: activity::console(&signals, &clip.map),
            typing: typing::cues(tab, &clip.map),
            frustrations: notes::frustrations(
                &moments(tab, telemetry),
                &telemetry.signals,
                &clicks,
                &clip.map,
            ),
            notes: notes::notes(&signals, &clip.map),
            captions: notes::captions(&signals, captions, clip),
            landmarks: Vec::new(),
            steps: Vec::new(),
            clicks,
        };
        naming::name(tab, clip, &mut story);
        story.end_with_parts(&clip.map);
        story.landmarks = story.find_landmarks();
        story
    }

    /// Ends what is told in one part of a clip before the next one begins. Captions go on until they are
    /// cleared.
    fn end_with_parts(&mut self, map: &TimeMap) {
        let segments = map.segments().iter();
        let cuts: Vec<f64> = segments
            .filter(|segment| matches!(segment.kind, SegmentKind::Cut { .. }))
            .map(|segment| segment.clip.start)
            .collect();
        let end = |span: &mut Span, last: f64| {
            let next = first_after(&cuts, last, |cut| *cut);
            span.until = next.map_or(span.until, |cut| span.until.min(cut));
        };
        let last = |times: &[f64]| times.last().copied().unwrap_or(0.0);
        for cue in &mut self.errors {
            end(&mut cue.span, last(&cue.times));
        }
        for cue in &mut self.requests {
            end(&mut cue.span, last(&cue.times));
        }
        for cue in &mut self.console {
            end(&mut cue.span, last(&cue.times));
        }
        let typing = self.typing.iter_mut().map(|cue| &mut cue.span);
        let steps = self.steps.iter_mut().map(|cue| &mut cue.span);
        let notes = self.notes.iter_mut().map(|cue| &mut cue.span);
        let badges = self.frustrations.iter_mut().map(|cue| &mut cue.span);
        for span in typing.chain(steps).chain(notes).chain(badges) {
            end(span, span.from);
        }
    }

    /// Leaves out console lines that are on the cards of errors: nothing need be told twice.
    pub(super) fn without_what_cards_tell(mut self) -> Story {
        let errors = &self.errors;
        self.console
            .retain(|line| !errors.iter().any(|error| error.message == line.text));
        self
    }

    fn find_landmarks(&self) -> Vec<Landmark> {
        use LandmarkKind::*;
        let at = |kind| {
            move |clip_ms: &f64| Landmark {
                clip_ms: *clip_ms,
                kind,
            }
        };
        let mut landmarks = Vec::new();
        for note in &self.notes {
            let kind = match note.kind {
                NoteKind::Page | NoteKind::Tab => Page,
                NoteKind::Marker => Marker,
            };
            landmarks.push(at(kind)(&note.span.from));
        }
        for request in self.requests.iter().filter(|request| request.failed) {
            landmarks.extend(request.times.iter().map(at(Request)));
        }
        landmarks.extend(
            self.frustrations
                .iter()
                .map(|cue| at(Frustration)(&cue.span.from)),
        );
        for error in &self.errors {
            landmarks.extend(error.times.iter().map(at(Error)));
        }
        landmarks.sort_by(|one, other| {
            one.kind
                .cmp(&other.kind)
                .then(one.clip_ms.total_cmp(&other.clip_ms))
        });
        landmarks
    }
}

/// When an error of a clip is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// From when it appears until it can have been read.
    pub(super) span: Span,
    /// Clip time of the click that led there, or of the error itself.
    pub(super) led_by: f64,
}

/// When each error of a clip is read.
pub(super) fn readings(tab: &Tab, telemetry: &Telemetry, clip: &Clip) -> Vec<Reading> {
    let signals = signals_of(tab, telemetry);
    let clicks = clicks(tab, clip, &signals);
    let cues = errors::cues(&signals, &clicks, tab, clip);
    let reading = |cue: &ErrorCue| Reading {
        span: Span {
            from: cue.span.from,
            until: cue.read_by,
        },
        led_by: cue
            .cause
            .as_ref()
            .map_or(cue.span.from, |click| clip.map.clip_at(click.time)),
    };
    cues.iter().map(reading).collect()
}

/// What happened in a tab.
fn signals_of<'t>(tab: &Tab, telemetry: &'t Telemetry) -> Vec<&'t Signal> {
    let of_tab = |signal: &&Signal| match signal.tab.as_deref() {
        Some(name) => name.is_empty() || tab.id.is_empty() || name == tab.id,
        None => true,
    };
    let signals = telemetry.signals.iter().filter(|signal| signal.time.is_finite());
    signals.filter(of_tab).collect()
}

/// Every click and tap before the end of the clip, in order, named where a product's tracking did.
fn clicks(tab: &Tab, clip: &Clip, signals: &[&Signal]) -> Vec<Click> {
    /// Tracking notes a click a little before or after the recorder does.
    const APART_MS: f64 = 300.0;
    /// What led to the first picture's error can have been before it, but not long before.
    const EARLIER_MS: f64 = 10_000.0;
    let first = tab
        .events
        .partition_point(|event| event.time < clip.map.start() - EARLIER_MS);
    let mut clicks: Vec<Click> = Vec::new();
    for event in tab
        .events
        .iter()
        .skip(first)
        .take_while(|event| event.time <= clip.map.end())
    {
        if event.kind != EventKind::Interaction {
            continue;
        }
        let Ok(data) = event.data() else { continue };
        let EventData::Interaction(interaction) = &*data else {
            continue;
        };
        if interaction.kind != InteractionKind::Click {
            continue;
        }
        clicks.push(Click {
            time: event.time,
            node: interaction.target,
            position: interaction
                .position
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                // One that a key caused is recorded at the origin.
                .filter(|position| *position != (0.0, 0.0)),
            name: None,
            role: None,
            touch: interaction.touch,
        });
    }
    for signal in signals {
        let (SignalKind::Action(action), Some(first)) = (
            &signal.kind,
            Some(clicks.partition_point(|click| click.time < signal.time - APART_MS)),
        ) else {
            continue;
        };
        let Some(name) = &action.target else { continue };
        if !matches!(&*action.kind, "click" | "tap") {
            continue;
        }
        let near = clicks
            .iter_mut()
            .skip(first)
            .take_while(|click| click.time <= signal.time + APART_MS);
        if let Some(click) = near.min_by(|one, two| {
            (one.time - signal.time)
                .abs()
                .total_cmp(&(two.time - signal.time).abs())
        }) {
            click.name.get_or_insert_with(|| Arc::clone(name));
        }
    }
    clicks
}

/// The first time after `clip_ms` of entries in the order of their times.
pub(super) fn first_after<T>(entries: &[T], clip_ms: f64, time: impl Fn(&T) -> f64) -> Option<f64> {
    let after = entries.partition_point(|entry| time(entry) <= clip_ms);
    entries.get(after).map(time)
}

/// Ends each where the next one begins.
fn one_at_a_time<T>(cues: &mut [T], span: impl Fn(&mut T) -> &mut Span) {
    let mut next = f64::INFINITY;
    for cue in cues.iter_mut().rev() {
        let span = span(cue);
        span.until = span.until.min(next);
        next = span.from;
    }
}

/// How long a text takes to be read, in milliseconds.
fn reading_ms(text: &str) -> f64 {
    1500.0 + 45.0 * text.chars().take(200).count() as f64
}

#[cfg(test)]
mod tests;
