//! Where the figures come from.

use std::collections::BTreeSet;

use super::super::chart::utc;
use super::super::evidence::{RULES, what_is_same};
use super::Sources;
use super::shown::place;
use super::words::{cell, clean, code, counted, heading, paragraph, table};
use crate::embed::document::{self, Block, Inline, Part, text};

/// Most recordings that are named.
const MOST_FILES: usize = 12;

pub(super) fn provenance(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        scan,
        filter,
        group,
        figures,
        shown,
        ..
    } = *sources;
    let mut blocks = vec![heading("Where these figures come from")];
    let unreadable = scan.unreadable.iter().filter(|file| !file.is_other).count();
    let damaged = scan
        .sessions
        .iter()
        .filter(|scanned| scanned.facts.damage > 0)
        .count();
    let mut told = format!(
        "Written by domreel {} from {}, recorded from {} to {} UTC",
        env!("CARGO_PKG_VERSION"),
        counted(figures.all_sessions, "session"),
        utc(figures.recorded.0),
        utc(figures.recorded.1)
    );
    if unreadable > 0 {
        told.push_str(&format!("; {} could not be read", counted(unreadable, "file")));
    }
    if damaged > 0 {
        told.push_str(&format!(
            "; of {} a part could not be used",
            counted(damaged, "session")
        ));
    }
    told.push('.');
    let filters: Vec<String> = [
        filter
            .since_ms
            .map(|since| format!("what happened since {} UTC", utc(since))),
        filter.url.as_ref().map(|url| format!("pages with ‘{url}’")),
        filter.user.as_ref().map(|user| format!("user {user}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !filters.is_empty() {
        told.push_str(&format!(" Only {} counts.", filters.join(", ")));
    }
    told.push_str(" What nobody recorded is not in these figures.");
    blocks.push(paragraph(&told));
    let same = what_is_same(group.kind);
    let mut rows = vec![vec![
        cell("The problem"),
        vec![text("Group "), code(&group.id), text(format!(": {same}"))],
    ]];
    rows.extend(RULES.iter().map(|(figure, rule)| vec![cell(figure), cell(rule)]));
    blocks.push(table(&["Figure", "How it is counted"], rows));
    if let Some(evidence) = sources.evidence {
        blocks.push(Block::Paragraph(vec![
            text("Every figure with the sessions behind it: "),
            Inline::Code(clean(evidence)),
            text("."),
        ]));
    }
    let files: BTreeSet<String> = group
        .members
        .iter()
        .filter_map(|member| Some(file_name(scan.problem(*member)?.0.source.path())))
        .collect();
    let named: Vec<&str> = files.iter().take(MOST_FILES).map(String::as_str).collect();
    let more = files.len().saturating_sub(named.len());
    let more = if more > 0 {
        format!(
            " and {more} more (‘domreel scan --group {} --json’ names them all)",
            group.id
        )
    } else {
        String::new()
    };
    blocks.push(paragraph(&format!(
        "Recordings that met it: {}{more}.",
        named.join(", ")
    )));
    if let Some(shown) = shown.first() {
        blocks.push(paragraph(&format!(
            "Why this session is shown: {}.",
            shown.picked.reasons.join("; ")
        )));
        if let Some(manifest) = shown.manifest {
            blocks.extend(document::blocks(manifest, &place(shown), &[Part::Source]));
        }
    }
    blocks
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
