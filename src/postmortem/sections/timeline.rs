//! When it happened, and what exactly.

use super::super::chart::{length, utc};
use super::Sources;
use super::words::{all_or, cell, code, counted, heading, paragraph, table};
use crate::embed::document::{self, Block, text};
use crate::scan::{Group, ProblemKind, Scan};

pub(super) fn timeline(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        scan, group, figures, ..
    } = *sources;
    let mut rows: Vec<(i64, String)> = vec![
        (figures.recorded.0, "The recordings begin".to_owned()),
        (
            group.first_seen_ms,
            format!("First occurrence{}", whose(scan, group, true)),
        ),
        (
            group.last_seen_ms,
            format!("Last occurrence{}", whose(scan, group, false)),
        ),
        (
            figures.recorded.1,
            match figures.sessions_since {
                0 => "The recordings end".to_owned(),
                since => format!(
                    "The recordings end; {} after the last occurrence, none of which met the problem",
                    counted(since, "session")
                ),
            },
        ),
    ];
    if let Some(worst) = figures.worst() {
        rows.push((
            worst.start_ms,
            format!(
                "Begin of the {} in which most met it: {} in {}",
                length(figures.bucket_ms),
                counted(worst.users, "user"),
                counted(worst.sessions, "session")
            ),
        ));
    }
    for (release, met, _) in figures.releases.iter().filter(|(_, met, _)| *met > 0).take(3) {
        let sessions = || {
            scan.sessions
                .iter()
                .filter(|scanned| scanned.facts.release.as_deref() == Some(release))
                .filter(|scanned| sources.filter.takes_session(&scanned.facts))
                .map(|scanned| scanned.facts.start_ms)
        };
        if let (Some(begin), Some(end)) = (sessions().min(), sessions().max()) {
            rows.push((
                begin,
                format!("First session of release {release} ({met} of its sessions met the problem)"),
            ));
            rows.push((end, format!("Last session of release {release} begins")));
        }
    }
    rows.sort();
    let rows = rows
        .into_iter()
        .map(|(time, what)| vec![cell(utc(time)), cell(what)])
        .collect();
    let mut blocks = vec![heading("Timeline"), table(&["UTC", "What happened"], rows)];
    if let Some(moments) = sources
        .shown
        .first()
        .and_then(|shown| document::moments(shown.manifest?))
    {
        blocks.push(paragraph("In the session that is shown:"));
        blocks.push(moments);
    }
    blocks
}

/// In which session the first or last occurrence was.
pub(super) fn whose(scan: &Scan, group: &Group, first: bool) -> String {
    let member = if first {
        group.members.first()
    } else {
        group.members.last()
    };
    let Some((scanned, _)) = member.and_then(|member| scan.problem(*member)) else {
        return String::new();
    };
    match (&scanned.facts.session, &scanned.facts.user) {
        (Some(session), Some(user)) => format!(" (session {session}, user {user})"),
        (Some(session), None) => format!(" (session {session})"),
        _ => String::new(),
    }
}

pub(super) fn error(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        scan,
        group,
        figures,
        shown,
        ..
    } = *sources;
    let member = shown
        .first()
        .map(|shown| shown.picked.member)
        .or(group.members.first().copied());
    let Some((_, problem)) = member.and_then(|member| scan.problem(member)) else {
        return Vec::new();
    };
    let mut items = vec![vec![text("As recorded: "), code(&problem.text)]];
    if let Some(place) = &group.place {
        items.push(vec![text("From: "), code(place)]);
    }
    if group.kind == ProblemKind::Error {
        let caught = if problem.handled {
            "The application caught it, or only wrote it to the console"
        } else {
            "Nothing caught it"
        };
        items.push(cell(caught));
    }
    let mut blocks = vec![heading("Error details"), Block::Bulleted(items)];
    if !problem.stack.is_empty() {
        blocks.push(paragraph("Calls that led to it, the innermost first:"));
        blocks.push(Block::Numbered(
            problem.stack.iter().map(|line| vec![code(line)]).collect(),
        ));
    }
    if !figures.related.is_empty() {
        blocks.push(paragraph("Other problems in the same sessions:"));
        let rows = figures
            .related
            .iter()
            .take(8)
            .map(|other| {
                vec![
                    vec![code(&other.title)],
                    cell(all_or(other.sessions, group.sessions)),
                    cell(other.earlier.to_string()),
                    vec![code(&other.id)],
                ]
            })
            .collect();
        blocks.push(table(&["Problem", "Sessions", "Came first in", "Group"], rows));
    }
    blocks
}
