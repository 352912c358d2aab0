//! A post-mortem to begin with: every heading that one needs, and what a recording knows filled in.
//!
//! It asks for causes in the system, never for who is to blame.

use super::document::{self, Block, Inline, Part, Place, text};
use super::manifest::{Manifest, MomentShown};
use super::{alt, words};

/// Most rows of the timeline, and longest event, in characters.
const MOST_ROWS: usize = 40;
const LONGEST_EVENT: usize = 200;
/// Steps of the user that are told before the first thing that went wrong.
const STEPS_BEFORE: usize = 6;

/// The headings and what is under them. `manifest`: what is known of one session; `title`: what it is about.
///
/// A clip goes where the [marker](Block::Marker) stands.
pub fn postmortem(manifest: Option<&Manifest>, title: Option<&str>) -> Vec<Block> {
    let about = match (title, manifest) {
        (Some(title), _) => words::line(title, 150),
        (None, Some(manifest)) if alt::worst(manifest).is_some() => document::title(manifest),
        (None, _) => "(what broke, for whom)".to_owned(),
    };
    let mut blocks = vec![
        heading(0, &format!("Post-mortem: {about}")),
        Block::Table {
            head: row_of_names(&["Date", "Authors", "Status", "Severity"]),
            rows: vec![vec![
                vec![text(manifest.map_or_else(|| todo("date"), date))],
                vec![text(todo("names"))],
                vec![text("Draft")],
                vec![text(todo("severity"))],
            ]],
        },
        heading(1, "Summary"),
    ];
    if let Some(manifest) = manifest {
        blocks.push(paragraph(&manifest.alt));
    }
    blocks.push(paragraph(&todo(
        "what happened, to whom, for how long, and how it ended, in a few sentences",
    )));
    blocks.push(heading(1, "Impact"));
    blocks.push(Block::Bulleted(impact(manifest)));
    blocks.push(heading(1, "Timeline"));
    blocks.push(paragraph("All times are in UTC."));
    blocks.push(timeline(manifest));
    blocks.push(heading(1, "Trigger"));
    if let Some(trigger) = manifest.and_then(trigger) {
        blocks.push(Block::Paragraph(trigger));
    }
    blocks.push(paragraph(&todo(
        "what set it off: a change, a load, a date, an input",
    )));
    blocks.push(heading(1, "Root causes"));
    if let Some(place) = manifest.and_then(place) {
        blocks.push(Block::Paragraph(place));
    }
    blocks.push(paragraph(&todo(
        "what in the system made it possible; ask why until the answer is something that can be changed, not somebody",
    )));
    blocks.push(heading(1, "Detection"));
    if let Some(first) = manifest.and_then(first_failure) {
        let utc = words::utc(first.utc.as_deref());
        blocks.push(paragraph(&format!(
            "In the recorded session it shows first at {utc}."
        )));
    }
    blocks.push(paragraph(&todo(
        "how and when it was noticed, and what would have noticed it earlier",
    )));
    blocks.push(heading(1, "Resolution"));
    blocks.push(paragraph(&todo(
        "what ended the impact, and what was done for good",
    )));
    blocks.push(heading(1, "Lessons learned"));
    for (name, asks) in [
        ("What went well", "what helped"),
        ("What went wrong", "what made it worse or slower"),
        ("Where we got lucky", "what might have made it worse, and did not"),
    ] {
        blocks.push(heading(2, name));
        blocks.push(Block::Bulleted(vec![vec![text(todo(asks))]]));
    }
    blocks.push(heading(1, "Action items"));
    blocks.push(Block::Table {
        head: row_of_names(&["Action", "Kind", "Owner", "Due", "Ticket"]),
        rows: ["prevent", "detect", "mitigate"]
            .map(|kind| {
                let todo = |what: &str| vec![text(todo(what))];
                vec![
                    todo("action"),
                    vec![text(kind)],
                    todo("owner"),
                    todo("date"),
                    todo("ticket"),
                ]
            })
            .to_vec(),
    });
    blocks.push(heading(1, "Supporting information"));
    blocks.push(Block::Marker);
    if let Some(manifest) = manifest {
        let parts = [Part::Environment, Part::Source];
        let more = document::blocks(manifest, &Place::default(), &parts);
        blocks.extend(more.into_iter().map(|block| match block {
            Block::Heading(level, text) => Block::Heading(level.saturating_add(1), text),
            other => other,
        }));
    }
    blocks
}

fn heading(level: u8, text: &str) -> Block {
    Block::Heading(level, text.to_owned())
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(vec![text(words)])
}

fn row_of_names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What people have to say.
fn todo(what: &str) -> String {
    format!("(to be written: {what})")
}

fn date(manifest: &Manifest) -> String {
    let utc = words::utc(manifest.shown.from_utc.as_deref());
    utc.split(' ').next().unwrap_or_default().to_owned()
}

fn is_failure(moment: &&MomentShown) -> bool {
    matches!(moment.kind.as_str(), "error" | "handled-error" | "request")
}

fn first_failure(manifest: &Manifest) -> Option<&MomentShown> {
    manifest.moments.iter().find(is_failure)
}

fn impact(manifest: Option<&Manifest>) -> Vec<Vec<Inline>> {
    let mut items = Vec::new();
    let failures: Vec<&MomentShown> = manifest
        .map(|manifest| manifest.moments.iter().filter(is_failure).collect())
        .unwrap_or_default();
    if let (Some(first), Some(last)) = (failures.first(), failures.last()) {
        items.push(vec![text(format!(
            "In the recorded session, from {} to {} UTC.",
            words::utc(first.utc.as_deref()),
            words::utc(last.utc.as_deref())
        ))]);
    }
    if let Some(manifest) = manifest {
        for (moment, count) in words::distinct(&manifest.moments).into_iter().take(10) {
            if moment.kind == "marker" || words::follows(moment) {
                continue;
            }
            let mut item = vec![text(format!("{}, {}", words::kind(moment), times(count)))];
            if !moment.text.is_empty() {
                item.push(text(": "));
                item.push(Inline::Code(words::line(&moment.text, LONGEST_EVENT)));
            }
            items.push(item);
        }
    }
    items.push(vec![text(todo("start and end of the impact, in UTC"))]);
    items.push(vec![text(todo(
        "how many users, requests, orders; what they could not do",
    ))]);
    items
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// What happened in the session, among what people have to add.
fn timeline(manifest: Option<&Manifest>) -> Block {
    let row = |utc: String, event: Vec<Inline>| vec![vec![text(utc)], event];
    let open = |what: &str| row(todo("time"), vec![text(todo(what))]);
    let mut rows = vec![open("the change, deployment or event before it")];
    if let Some(manifest) = manifest {
        rows.extend(events(manifest).into_iter().map(|(utc, event)| row(utc, event)));
    }
    rows.push(open("first alert or report"));
    rows.push(open("what was tried, and what it showed"));
    rows.push(open("end of the impact"));
    Block::Table {
        head: row_of_names(&["UTC", "Event"]),
        rows,
    }
}

/// The last steps before it went wrong, and everything that did, in order.
fn events(manifest: &Manifest) -> Vec<(String, Vec<Inline>)> {
    let mut events: Vec<(f64, String, Vec<Inline>)> = Vec::new();
    let first = first_failure(manifest).or_else(|| alt::worst(manifest));
    let until = first.map_or(f64::INFINITY, |moment| moment.at_ms);
    let steps: Vec<_> = manifest
        .steps
        .iter()
        .filter(|step| step.at_ms <= until && step.kind != "scroll" && step.kind != "resize")
        .collect();
    for step in steps.iter().rev().take(STEPS_BEFORE) {
        let event = format!(
            "The user: {}",
            words::line(&words::uncapitalised(&step.text), LONGEST_EVENT)
        );
        events.push((step.at_ms, words::utc(step.utc.as_deref()), vec![text(event)]));
    }
    for (moment, count) in words::distinct(&manifest.moments) {
        if words::follows(moment) {
            continue;
        }
        let mut event = vec![text(words::kind(moment))];
        if !moment.text.is_empty() {
            event.push(text(": "));
            event.push(Inline::Code(words::line(&moment.text, LONGEST_EVENT)));
        }
        if count > 1 {
            event.push(text(format!(" ({count} times from here on)")));
        }
        events.push((moment.at_ms, words::utc(moment.utc.as_deref()), event));
    }
    events.sort_by(|one, two| one.0.total_cmp(&two.0));
    events.truncate(MOST_ROWS);
    events.into_iter().map(|(_, utc, event)| (utc, event)).collect()
}

/// What the user did right before it went wrong.
fn trigger(manifest: &Manifest) -> Option<Vec<Inline>> {
    let worst = alt::worst(manifest)?;
    let step = manifest
        .steps
        .iter()
        .rev()
        .find(|step| step.at_ms <= worst.at_ms && step.kind != "scroll" && step.kind != "resize")?;
    Some(vec![text(format!(
        "In the recorded session, the user {} right before it.",
        words::line(&words::uncapitalised(&step.text), LONGEST_EVENT)
    ))])
}

/// The place in code that the error names.
fn place(manifest: &Manifest) -> Option<Vec<Inline>> {
    let worst = alt::worst(manifest)?;
    let place = worst.place.as_ref()?;
    Some(vec![
        text("The error names "),
        Inline::Code(words::line(place, LONGEST_EVENT)),
        text(": where it shows, which need not be where it comes from."),
    ])
}
