//! What is left for people: questions, actions, comments.

use super::super::chart::utc;
use super::Sources;
use super::summary::only_release;
use super::words::{capitalized, cell, clean, code, counted, heading, mention, table};
use crate::embed::document::{Block, Inline, text};
use crate::scan::ProblemKind;

pub(super) fn questions(sources: &Sources<'_>) -> Vec<Block> {
    let Sources { group, figures, .. } = *sources;
    let mut items: Vec<String> = Vec::new();
    if let Some(before) = figures.cause(group) {
        items.push(format!("Why does “{}” happen, which comes first?", before.title));
    }
    if group.got_past > 0 && group.got_past < group.sessions {
        items.push(format!(
            "What was different for the {} that got past it?",
            counted(group.got_past, "session")
        ));
    }
    if let Some((release, ..)) = figures.releases.iter().find(|(_, met, _)| *met > 0)
        && only_release(figures).is_some()
    {
        items.push(format!("What changed in release {release}?"));
    }
    items.push(match figures.sessions_since {
        0 => "Is it over? The recordings end with it.".to_owned(),
        since => format!(
            "What ended it at {} UTC? {} since then did not meet it.",
            utc(group.last_seen_ms),
            capitalized(&counted(since, "session"))
        ),
    });
    items.push("How was it noticed, and how long after the first occurrence?".to_owned());
    vec![
        heading("Open questions"),
        Block::Bulleted(items.iter().map(cell).collect()),
    ]
}

pub(super) fn actions(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        group,
        figures,
        owners,
        ..
    } = *sources;
    let mut rows = Vec::new();
    let mut add = |what: Vec<Inline>, names: &[String]| rows.push(vec![what, mentioned(names), cell("")]);
    let place = group
        .place
        .as_ref()
        .map_or(String::new(), |place| format!(" ({place})"));
    let own = owners.of(group);
    match group.kind {
        ProblemKind::Error => add(vec![text("Fix "), code(&group.title), text(clean(&place))], own),
        ProblemKind::Request => add(vec![text("Find out why it fails: "), code(&group.title)], own),
        _ => add(vec![text("Make this answer: "), code(&group.title)], own),
    }
    for other in figures
        .related
        .iter()
        .filter(|other| other.kind == ProblemKind::Request)
        .take(3)
    {
        let theirs = owners.of_texts(&[&other.id, &other.title]);
        let theirs = if theirs.is_empty() { own } else { theirs };
        add(
            vec![text("Find out why this request fails: "), code(&other.title)],
            theirs,
        );
    }
    if group.got_past < group.sessions {
        add(
            cell("Tell the user on the page when this step fails, and what to do"),
            own,
        );
    }
    if group.users > 0 {
        add(
            cell(format!(
                "Decide what to tell the {} that met it",
                counted(group.users, "user")
            )),
            &[],
        );
    }
    vec![heading("Actions"), table(&["What", "Who", "Until"], rows)]
}

/// Those who are named, as mentions.
fn mentioned(names: &[String]) -> Vec<Inline> {
    if names.is_empty() {
        return cell("nobody is named yet");
    }
    let mut all = Vec::new();
    for name in names {
        if !all.is_empty() {
            all.push(text(", "));
        }
        all.push(mention(name));
    }
    all
}

/// What only people know, to be filled in.
pub(super) fn comments(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        group,
        figures,
        owners,
        ..
    } = *sources;
    let own = owners.of(group);
    let asked = |who: &[String], question: String| -> Vec<Inline> {
        let mut line = Vec::new();
        if !who.is_empty() {
            line.extend(mentioned(who));
            line.push(text(": "));
        }
        line.push(Inline::Strong(clean(&question)));
        line.push(text(" (to be filled in)"));
        line
    };
    let mut items = vec![
        asked(
            own,
            "What broke, in a sentence for those who do not know the code?".to_owned(),
        ),
        asked(
            own,
            "What set it off, and what in the system made it possible?".to_owned(),
        ),
    ];
    if let Some(before) = figures.cause(group) {
        let theirs = owners.of_texts(&[&before.id, &before.title]);
        let theirs = if theirs.is_empty() { own } else { theirs };
        items.push(asked(theirs, format!("What is known of “{}”?", before.title)));
    }
    items.push(asked(own, "What ended it, and for good?".to_owned()));
    items.push(asked(&[], "What would have told us earlier?".to_owned()));
    items.push(asked(&[], "What went well, and where were we lucky?".to_owned()));
    vec![
        heading("Comments"),
        Block::Paragraph(vec![text(
            "What only people know. A section that was changed by hand is never written anew.",
        )]),
        Block::Bulleted(items),
    ]
}
