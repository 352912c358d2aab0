//! Where a player can jump to in a clip.

use crate::clip::Clip;
use crate::encode::Chapter;
use crate::moment::{Moment, MomentKind, address};
use crate::recording::{FrustrationKind, Origin};

/// Shortest chapter, in milliseconds of clip time: of what lies closer together, the worst is named.
const SHORTEST_MS: f64 = 1000.0;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 100;

/// The chapters of a clip, the first one at its beginning: one for each moment it shows. None if it
/// shows no moment.
pub(super) fn chapters(moments: &[Moment], clip: &Clip) -> Vec<Chapter> {
    let mut shown: Vec<(f64, &Moment)> = Vec::new();
    for moment in moments.iter().filter(|moment| !only_follows(moment)) {
        let Some(clip_ms) = clip.shown(moment.time) else {
            continue;
        };
        match shown.last_mut() {
            Some((begun, known)) if clip_ms - *begun < SHORTEST_MS => {
                if moment.kind < known.kind {
                    *known = moment;
                }
            }
            _ => shown.push((clip_ms, moment)),
        }
    }
    if shown.is_empty() {
        return Vec::new();
    }
    let mut chapters: Vec<Chapter> = shown
        .into_iter()
        .map(|(clip_ms, moment)| Chapter {
            clip_ms: clip_ms.max(0.0) as u64,
            title: title(moment),
        })
        .collect();
    // Players take what comes before the first chapter for part of it, or show nothing for it.
    if let Some(first) = chapters.first_mut() {
        if (first.clip_ms as f64) < SHORTEST_MS {
            first.clip_ms = 0;
        } else {
            let start = Chapter {
                clip_ms: 0,
                title: "Start".to_owned(),
            };
            chapters.insert(0, start);
        }
    }
    chapters
}

/// Whether a moment only says again what another one shows: a click that an error follows.
fn only_follows(moment: &Moment) -> bool {
    moment.kind == MomentKind::Frustration(FrustrationKind::ErrorClick) && moment.origin == Origin::Derived
}

fn title(moment: &Moment) -> String {
    let text = match moment.kind {
        MomentKind::View => address(&moment.text),
        _ => &moment.text,
    };
    let kind = moment.kind.to_string();
    let mut letters = kind.chars();
    let kind: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = match text.is_empty() {
        true => kind,
        false => format!("{kind}: {text}"),
    };
    if title.chars().count() <= LONGEST_TITLE {
        return title;
    }
    let mut title: String = title.chars().take(LONGEST_TITLE - 1).collect();
    title.push('…');
    title
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{ClipOptions, Idle};
    use crate::format::{Input, ReadOptions, read};
    use crate::moment::moments;

    fn clip_of(fixture: &str, options: &ClipOptions) -> Vec<Chapter> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(fixture);
        let recording = read(&[Input::Path(path)], &ReadOptions::default()).unwrap();
        let tab = &recording.tabs[0];
        let clip = Clip::new(tab, options).unwrap();
        chapters(&moments(tab, &recording.telemetry), &clip)
    }

    #[test]
    fn they_begin_at_the_start_and_are_told_apart() {
        let options = ClipOptions {
            idle: Idle::Keep,
            ..ClipOptions::default()
        };
        let chapters = clip_of("checkout.json.gz", &options);
        assert!(chapters.len() >= 2, "{chapters:?}");
        assert_eq!(chapters[0].clip_ms, 0);
        assert!(
            chapters
                .windows(2)
                .all(|pair| pair[1].clip_ms - pair[0].clip_ms >= SHORTEST_MS as u64),
            "{chapters:?}"
        );
        assert!(
            chapters
                .iter()
                .any(|chapter| chapter.title.starts_with("Error: ")),
            "{chapters:?}"
        );
        assert!(
            chapters
                .iter()
                .all(|chapter| chapter.title.chars().count() <= LONGEST_TITLE)
        );
    }

    #[test]
    fn what_is_not_shown_has_none() {
        let options = ClipOptions {
            to: "1".parse().ok(),
            ..ClipOptions::default()
        };
        let chapters = clip_of("checkout.json.gz", &options);
        assert!(
            chapters.iter().all(|chapter| !chapter.title.starts_with("Error")),
            "{chapters:?}"
        );
    }
}
