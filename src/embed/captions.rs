//! What there is to read while a clip plays, and its form as WebVTT.

use std::fmt::Write;
use std::sync::Arc;

use super::manifest::{Cue, Manifest};
use super::words;

/// What happens within this time of clip is told together.
const TOGETHER_MS: f64 = 700.0;
/// A text is there this long at least, unless the clip ends; and this long at most.
const SHORTEST_MS: u64 = 1500;
const LONGEST_MS: u64 = 6000;
/// Most lines at a time, and longest line in characters.
const MOST_LINES: usize = 3;
const LONGEST_LINE: usize = 100;
/// How much a step matters beside what went wrong; see `words::rank`.
const STEP_RANK: u8 = 3;

/// The captions of a clip, one after the other: steps, moments, and captions that somebody `wrote`
/// (clip time and text; none clears).
pub(super) fn cues(manifest: &Manifest, wrote: &[(f64, Option<Arc<str>>)]) -> Vec<Cue> {
    let mut lines: Vec<Line> = Vec::new();
    for step in &manifest.steps {
        if let Some(clip_ms) = step.clip_ms.filter(|_| step.kind != "scroll") {
            lines.push(Line::new(clip_ms, STEP_RANK, &step.text));
        }
    }
    for moment in manifest.moments.iter().filter(|moment| !words::follows(moment)) {
        let text = format!("{}: {}", words::kind(moment), moment.text);
        let text = text.trim_end_matches([' ', ':']);
        lines.push(Line::new(moment.clip_ms, words::rank(moment), text));
    }
    for (clip_ms, text) in wrote {
        if let Some(text) = text {
            lines.push(Line::new(*clip_ms, 0, text));
        }
    }
    lines.sort_by(|one, two| one.clip_ms.total_cmp(&two.clip_ms));
    let length = manifest.clip.duration_ms;
    let mut groups: Vec<(u64, Vec<Line>)> = Vec::new();
    for line in lines {
        let from_ms = line.clip_ms.max(0.0) as u64;
        if from_ms >= length {
            continue;
        }
        match groups.last_mut() {
            Some((begun, group)) if line.clip_ms - *begun as f64 <= TOGETHER_MS => {
                if !group.iter().any(|known| known.text == line.text) {
                    group.push(line);
                }
            }
            _ => groups.push((from_ms, vec![line])),
        }
    }
    let mut cues: Vec<Cue> = Vec::new();
    for (from_ms, group) in groups {
        let text = joined(group);
        let told = cues.last().map(|cue| (cue.from_ms, cue.text.as_str()));
        // The same again, while it can still be read, is not news.
        if told.is_some_and(|(begun, known)| from_ms - begun <= LONGEST_MS && same_lines(known, &text)) {
            continue;
        }
        cues.push(Cue {
            from_ms,
            to_ms: 0,
            text,
        });
    }
    for at in 0..cues.len() {
        let next = cues.get(at + 1).map_or(length, |cue| cue.from_ms);
        if let Some(cue) = cues.get_mut(at) {
            let lines = cue.text.lines().count() as u64;
            let enough = cue.from_ms + (SHORTEST_MS * (1 + lines)).min(LONGEST_MS);
            cue.to_ms = enough.min(next).max(cue.from_ms + 1);
        }
    }
    cues
}

/// Something to read.
struct Line {
    clip_ms: f64,
    /// The less, the more it matters.
    rank: u8,
    text: String,
}

impl Line {
    fn new(clip_ms: f64, rank: u8, text: &str) -> Line {
        Line {
            clip_ms,
            rank,
            text: words::line(text, LONGEST_LINE),
        }
    }
}

/// The lines that matter most, in the order in which they came.
fn joined(mut group: Vec<Line>) -> String {
    while group.len() > MOST_LINES {
        let least = group.iter().map(|line| line.rank).max();
        match group.iter().rposition(|line| Some(line.rank) == least) {
            Some(at) => drop(group.remove(at)),
            None => break,
        }
    }
    let lines: Vec<String> = group.into_iter().map(|line| line.text).collect();
    lines.join("\n")
}

fn same_lines(known: &str, text: &str) -> bool {
    text.lines().all(|line| known.lines().any(|known| known == line))
}

/// The captions as a WebVTT file.
pub fn web_vtt(manifest: &Manifest) -> String {
    let mut vtt = "WEBVTT\n".to_owned();
    for (number, cue) in (1..).zip(&manifest.captions) {
        // A string takes whatever is written to it.
        let _ = write!(
            vtt,
            "\n{number}\n{} --> {}\n",
            timestamp(cue.from_ms),
            timestamp(cue.to_ms)
        );
        for line in cue.text.lines().filter(|line| !line.trim().is_empty()) {
            vtt.push_str(&escaped(line));
            vtt.push('\n');
        }
    }
    vtt
}

/// `00:01:02.345`, as WebVTT has it.
fn timestamp(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{ms:03}")
}

/// With every `>` escaped, no line can hold the arrow that would end a text.
fn escaped(line: &str) -> String {
    line.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::manifest::tests::checkout;

    #[test]
    fn captions_follow_each_other() {
        let manifest = checkout();
        assert!(manifest.captions.len() > 2);
        for pair in manifest.captions.windows(2) {
            assert!(pair[0].from_ms < pair[0].to_ms && pair[0].to_ms <= pair[1].from_ms);
        }
        assert!(
            manifest
                .captions
                .iter()
                .all(|cue| cue.to_ms <= manifest.clip.duration_ms)
        );
    }

    #[test]
    fn texts_cannot_break_out_of_their_cue() {
        let mut manifest = checkout();
        manifest.captions = vec![Cue {
            from_ms: 3_723_004,
            to_ms: 3_724_000,
            text: "a --> <b>\n\nWEBVTT & co".to_owned(),
        }];
        assert_eq!(
            web_vtt(&manifest),
            "WEBVTT\n\n1\n01:02:03.004 --> 01:02:04.000\na --&gt; &lt;b&gt;\nWEBVTT &amp; co\n"
        );
    }

    #[test]
    fn what_somebody_wrote_is_told_too() {
        let mut manifest = checkout();
        manifest.steps.clear();
        manifest.moments.clear();
        let wrote = [(100.0, Some("Look here".into())), (900.0, None)];
        let cues = cues(&manifest, &wrote);
        assert_eq!(cues.len(), 1);
        assert_eq!((cues[0].from_ms, cues[0].text.as_str()), (100, "Look here"));
    }
}
