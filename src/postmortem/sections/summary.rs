//! Title and summary: what happened, in plain sentences.

use super::super::chart::utc;
use super::super::figures::Figures;
use super::Sources;
use super::words::{
    affected, all_or, capitalized, clean, counted, first, heading, paragraph, percent, problem_name, times,
    uncapitalized,
};
use crate::embed::document::Block;
use crate::scan::{Group, ProblemKind};

pub(super) fn title(sources: &Sources<'_>) -> Vec<Block> {
    let group = sources.group;
    let place = first(&group.pages).map_or(String::new(), |page| format!(" on {}", page.name));
    vec![Block::Heading(
        0,
        clean(&format!("Post-mortem: {}{place}", problem_name(group))),
    )]
}

pub(super) fn summary(sources: &Sources<'_>) -> Vec<Block> {
    let Sources { group, figures, .. } = *sources;
    let told = format!(
        "From {} to {} UTC, {} met this problem {}, out of {} that were recorded ({}).{}",
        utc(group.first_seen_ms),
        utc(group.last_seen_ms),
        affected(group),
        times(group.occurrences),
        counted(figures.all_sessions, "session"),
        percent(group.sessions, figures.all_sessions),
        outcome(group)
    );
    vec![heading("Summary"), paragraph(&told), paragraph(&way(sources))]
}

/// What became of those who met it.
fn outcome(group: &Group) -> String {
    let stuck = group.sessions.saturating_sub(group.got_past);
    match (group.got_past, stuck) {
        (0, _) => " No session got past it.".to_owned(),
        (past, 0) => format!(" All {past} sessions got past it all the same."),
        (past, stuck) => format!(
            " In {} ({}) the user did not get past it; in {} the user did all the same.",
            counted(stuck, "session"),
            percent(stuck, group.sessions),
            past
        ),
    }
}

/// How it came about: page, step, what came before, where it comes from.
fn way(sources: &Sources<'_>) -> String {
    let Sources { group, figures, .. } = *sources;
    let mut told = String::new();
    if let Some(page) = first(&group.pages) {
        told.push_str(&format!(
            "It shows on {} in {} sessions",
            page.name,
            all_or(page.sessions, group.sessions)
        ));
        match group.steps.first() {
            Some(step) => told.push_str(&format!(
                "; the last thing the user did before it was “{}” in {}.",
                uncapitalized(&step.name),
                all_or(step.sessions, group.sessions)
            )),
            None => told.push('.'),
        }
    }
    if let Some(before) = figures.cause(group) {
        told.push_str(&format!(
            " “{}” came before it in {}.",
            before.title,
            all_or(before.earlier, group.sessions)
        ));
    }
    let rage = figures
        .related
        .iter()
        .find(|other| other.kind == ProblemKind::RageClick);
    if let Some(rage) = rage {
        told.push_str(&format!(
            " In {} there was a {}.",
            counted(rage.sessions, "session"),
            rage.title
        ));
    }
    if let Some(release) = only_release(figures) {
        told.push_str(&format!(" {release}"));
    }
    if let Some(place) = &group.place {
        told.push_str(&format!(" It comes from the code {place}."));
    }
    told.trim_start().to_owned()
}

/// A release that has the problem to itself.
pub(super) fn only_release(figures: &Figures) -> Option<String> {
    let (with, without): (Vec<_>, Vec<_>) = figures.releases.iter().partition(|(_, met, _)| *met > 0);
    let [(name, met, all)] = with.as_slice() else {
        return None;
    };
    let others: usize = without.iter().map(|(_, _, all)| all).sum();
    (others > 0).then(|| {
        let known = match figures.all_sessions.saturating_sub(figures.release_known) {
            0 => String::new(),
            _ => format!(
                " Of the {} of which the release is known,",
                counted(figures.release_known, "session")
            ),
        };
        let told = format!(
            "only those of release {name} met it: {met} of {all}, and none of the {} of other releases.",
            counted(others, "session")
        );
        match known.as_str() {
            "" => capitalized(&told),
            known => format!("{} {told}", known.trim_start()),
        }
    })
}
