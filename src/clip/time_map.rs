//! Clip time to recording time and back.

use std::ops::Range;

use super::plan::Grid;

/// What a stretch of a clip does with time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SegmentKind {
    /// Both clocks run.
    Play,
    /// Recording time is skipped in a short pause; the page stands still.
    Fold {
        /// How much recording time, in milliseconds.
        skipped_ms: f64,
    },
    /// Recording time that was not asked for is left out between two parts, in a short pause.
    Cut {
        /// How much recording time, in milliseconds.
        skipped_ms: f64,
    },
    /// Recording time stands still.
    Hold,
}

/// A stretch of a clip in which the relation of the two clocks is linear.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// What it does with time.
    pub kind: SegmentKind,
    /// Clip time in milliseconds. Begins where the segment before ends; never empty.
    pub clip: Range<f64>,
    /// Recording time in milliseconds since the Unix epoch; empty for [`SegmentKind::Hold`].
    pub recording: Range<f64>,
}

impl Segment {
    /// Whether a recording time is within it, not at its ends.
    pub(super) fn holds(&self, recording: f64) -> bool {
        self.recording.start < recording && recording < self.recording.end
    }

    fn recording_at(&self, clip_ms: f64) -> f64 {
        let share = (clip_ms - self.clip.start) / (self.clip.end - self.clip.start);
        let length = self.recording.end - self.recording.start;
        // Rounding must not lead out of the segment.
        (self.recording.start + share * length).min(self.recording.end)
    }
}

/// A piecewise linear relation of clip time and recording time; neither clock ever runs backwards.
///
/// The last segment holds the last picture, so there is always one.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeMap {
    segments: Vec<Segment>,
    length: u64,
    /// Recording times of what is told: more than is played where nothing was recorded before or after it.
    told: Range<f64>,
}

impl TimeMap {
    /// A map of these segments: in order, without gaps, a hold at last that ends at a whole millisecond.
    pub(crate) fn of(segments: Vec<Segment>) -> TimeMap {
        let length = segments.last().map_or(0.0, |last| last.clip.end) as u64;
        let start = segments.first().map_or(0.0, |first| first.recording.start);
        let end = segments.last().map_or(0.0, |last| last.recording.end);
        TimeMap {
            segments,
            length,
            told: start..end,
        }
    }

    /// The same, telling with its first and last picture what happened before and after them, within these
    /// recording times.
    #[must_use]
    pub(super) fn telling(mut self, told: Range<f64>) -> TimeMap {
        self.told = told.start.min(self.start())..told.end.max(self.end());
        self
    }

    /// The segments, in order and without gaps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Length of the clip in milliseconds: a whole number of them, so that durations can add up to
    /// it exactly.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Clip time at which the last picture is reached.
    pub fn play_length(&self) -> f64 {
        self.hold().clip.start
    }

    /// Recording time of the clip's first picture.
    pub fn start(&self) -> f64 {
        self.segments
            .first()
            .map_or(0.0, |segment| segment.recording.start)
    }

    /// Recording time of the clip's last picture.
    pub fn end(&self) -> f64 {
        self.hold().recording.end
    }

    /// Whether what happened at a recording time is shown: it is in the clip, and not left out between two
    /// parts of it. What happened shortly before or after all that was recorded is shown with the first or
    /// last picture.
    pub fn shows(&self, recording: f64) -> bool {
        (self.told.start..=self.told.end).contains(&recording) && !self.leaves_out(recording)
    }

    /// Whether a recording time lies between two parts of the clip, in none of them.
    pub fn leaves_out(&self, recording: f64) -> bool {
        let is_cut = |segment: &Segment| matches!(segment.kind, SegmentKind::Cut { .. });
        self.segments
            .iter()
            .any(|segment| is_cut(segment) && segment.holds(recording))
    }

    /// The segment that `clip_ms` is in; the first or last one for times outside of the clip.
    pub fn segment_at(&self, clip_ms: f64) -> &Segment {
        let after = self
            .segments
            .partition_point(|segment| segment.clip.end <= clip_ms);
        self.segments.get(after).unwrap_or_else(|| self.hold())
    }

    /// Recording time at a clip time; times outside of the clip are taken as its start or end.
    pub fn recording_at(&self, clip_ms: f64) -> f64 {
        let segment = self.segment_at(clip_ms);
        segment.recording_at(clip_ms.clamp(segment.clip.start, segment.clip.end))
    }

    /// Recording time of the picture that is shown at a clip time: as [`TimeMap::recording_at`], but
    /// standing still while time is folded.
    pub fn picture_at(&self, clip_ms: f64) -> f64 {
        let segment = self.segment_at(clip_ms);
        match segment.kind {
            SegmentKind::Fold { .. } | SegmentKind::Cut { .. } => segment.recording.start,
            SegmentKind::Play | SegmentKind::Hold => self.recording_at(clip_ms),
        }
    }

    /// The first clip time at which a recording time is reached; times outside of the clip are taken
    /// as its start or end.
    pub fn clip_at(&self, recording: f64) -> f64 {
        let after = self
            .segments
            .partition_point(|segment| segment.recording.end < recording);
        let segment = self.segments.get(after).unwrap_or_else(|| self.hold());
        let length = segment.recording.end - segment.recording.start;
        if length <= 0.0 {
            return segment.clip.start;
        }
        let share = ((recording - segment.recording.start) / length).clamp(0.0, 1.0);
        segment.clip.start + share * (segment.clip.end - segment.clip.start)
    }

    /// The same, standing still for `milliseconds` of clip time when a recording time is first reached.
    /// Within a fold, it stands still after it.
    #[must_use]
    pub fn with_hold(&self, recording: f64, milliseconds: u64) -> TimeMap {
        if milliseconds == 0 {
            return self.clone();
        }
        let ms = milliseconds as f64;
        let at = self.clip_at(recording);
        let hold = |clip: f64, recording: f64| Segment {
            kind: SegmentKind::Hold,
            clip: clip..clip + ms,
            recording: recording..recording,
        };
        let part = |of: &Segment, clip: Range<f64>, recording: Range<f64>| Segment {
            kind: of.kind,
            clip,
            recording,
        };
        let mut segments = Vec::with_capacity(self.segments.len() + 2);
        let mut held = false;
        for segment in &self.segments {
            let Segment {
                clip,
                recording,
                kind,
            } = segment;
            let mut start = (clip.start, recording.start);
            if !held && at <= clip.start {
                if *kind == SegmentKind::Hold {
                    segments.push(part(segment, clip.start..clip.end + ms, recording.clone()));
                    held = true;
                    continue;
                }
                segments.push(hold(clip.start, recording.start));
                held = true;
            } else if !held && at < clip.end && *kind == SegmentKind::Play {
                let middle = segment.recording_at(at);
                segments.push(part(segment, clip.start..at, recording.start..middle));
                segments.push(hold(at, middle));
                start = (at, middle);
                held = true;
            }
            let later = if held { ms } else { 0.0 };
            segments.push(part(
                segment,
                start.0 + later..clip.end + later,
                start.1..recording.end,
            ));
        }
        TimeMap {
            segments,
            length: self.length + milliseconds,
            told: self.told.clone(),
        }
    }

    fn hold(&self) -> &Segment {
        self.segments.last().expect("a time map ends with a hold")
    }
}

/// Appends segments.
#[derive(Debug)]
pub(super) struct TimeMapBuilder {
    segments: Vec<Segment>,
    clip: f64,
    recording: f64,
}

impl TimeMapBuilder {
    /// A clip that begins at a recording time.
    pub(super) fn new(recording: f64) -> Self {
        TimeMapBuilder {
            segments: Vec::new(),
            clip: 0.0,
            recording,
        }
    }

    /// Length so far.
    pub(super) fn clip_ms(&self) -> f64 {
        self.clip
    }

    /// Plays up to a recording time.
    pub(super) fn play_until(&mut self, recording: f64, speed: f64) {
        let clip_ms = (recording - self.recording) / speed;
        self.push(SegmentKind::Play, recording, clip_ms);
    }

    /// Skips to a recording time, in `clip_ms` of clip time.
    pub(super) fn fold_until(&mut self, recording: f64, clip_ms: f64) {
        let skipped_ms = recording - self.recording;
        // Without any clip time, the fold would not be there and its time would play.
        self.push(SegmentKind::Fold { skipped_ms }, recording, clip_ms.max(1.0));
    }

    /// Leaves out what is before a recording time, in a pause of `clip_ms` of clip time.
    pub(super) fn cut_until(&mut self, recording: f64, clip_ms: f64) {
        let skipped_ms = recording - self.recording;
        self.push(SegmentKind::Cut { skipped_ms }, recording, clip_ms.max(1.0));
    }

    fn push(&mut self, kind: SegmentKind, recording: f64, clip_ms: f64) {
        if recording > self.recording && clip_ms > 0.0 {
            self.segments.push(Segment {
                kind,
                clip: self.clip..self.clip + clip_ms,
                recording: self.recording..recording,
            });
            self.clip += clip_ms;
            self.recording = recording;
        }
    }

    /// Ends the clip with its last picture, shown for at least `hold_ms` and for at least one frame.
    pub(super) fn hold(mut self, hold_ms: f64, fps: u32) -> TimeMap {
        let grid = Grid { fps };
        let last = grid.first_from(self.clip);
        let one_frame = grid.at(last + 1) - grid.at(last);
        let length = grid.at(last) + one_frame.max(hold_ms.round() as u64);
        self.segments.push(Segment {
            kind: SegmentKind::Hold,
            clip: self.clip..length as f64,
            recording: self.recording..self.recording,
        });
        TimeMap::of(self.segments)
    }
}
