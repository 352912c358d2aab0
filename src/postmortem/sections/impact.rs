//! How far it reaches.

use super::super::chart::{description, length, utc};
use super::Sources;
use super::shown::picture;
use super::words::{cell, heading, paragraph, percent, table};
use crate::embed::document::Block;

pub(super) fn impact(sources: &Sources<'_>) -> Vec<Block> {
    let Sources { group, figures, .. } = *sources;
    let mut blocks = vec![heading("Impact")];
    let mut rows = vec![
        vec![
            cell("Users"),
            cell(group.users.to_string()),
            cell(format!("of {} known", figures.all_users)),
        ],
        vec![
            cell("Sessions"),
            cell(group.sessions.to_string()),
            cell(format!(
                "of {} ({})",
                figures.all_sessions,
                percent(group.sessions, figures.all_sessions)
            )),
        ],
        vec![
            cell("Occurrences"),
            cell(group.occurrences.to_string()),
            cell(format!(
                "{:.1} per session",
                group.occurrences as f64 / group.sessions.max(1) as f64
            )),
        ],
        vec![
            cell("Got past it"),
            cell(group.got_past.to_string()),
            cell(format!(
                "{} of the sessions that met it",
                percent(group.got_past, group.sessions)
            )),
        ],
    ];
    if group.sessions_without_user > 0 {
        rows.insert(
            1,
            vec![
                cell("Sessions without a known user"),
                cell(group.sessions_without_user.to_string()),
                cell(""),
            ],
        );
    }
    blocks.push(table(&["How many", "Met the problem", "Of all"], rows));
    if let Some(chart) = sources.chart {
        blocks.push(Block::Clip(picture(chart, description(figures))));
    }
    let each = length(figures.bucket_ms);
    blocks.push(paragraph(&format!(
        "The figures behind the chart, per {each}; stretches in which nobody met the problem are left out."
    )));
    let rows = figures
        .buckets
        .iter()
        .filter(|bucket| bucket.occurrences > 0)
        .map(|bucket| {
            [
                bucket.users,
                bucket.sessions,
                bucket.all_sessions,
                bucket.occurrences,
            ]
            .iter()
            .map(|count| cell(count.to_string()))
            .fold(vec![cell(utc(bucket.start_ms))], |mut row, next| {
                row.push(next);
                row
            })
        })
        .collect();
    blocks.push(table(
        &[
            "From (UTC)",
            "Users",
            "Sessions",
            "Of all sessions",
            "Occurrences",
        ],
        rows,
    ));
    blocks
}

pub(super) fn environments(sources: &Sources<'_>) -> Vec<Block> {
    let Sources { group, figures, .. } = *sources;
    let mut rows = Vec::new();
    for (name, among) in [
        ("Release", &figures.releases),
        ("Browser", &figures.browsers),
        ("Environment", &figures.environments),
    ] {
        for (value, met, all) in among.iter().filter(|(_, met, _)| *met > 0).take(8) {
            rows.push(vec![
                cell(name),
                cell(value),
                cell(met.to_string()),
                cell(format!("{} of {all} ({})", met, percent(*met, *all))),
            ]);
        }
    }
    for (name, shares) in [("Page", &group.pages), ("Viewport", &group.viewports)] {
        for share in shares.iter().filter(|share| share.name != "unknown").take(8) {
            rows.push(vec![
                cell(name),
                cell(&share.name),
                cell(share.sessions.to_string()),
                cell(""),
            ]);
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    vec![
        heading("Environments affected"),
        table(
            &["Of what", "Which", "Sessions that met it", "Of all such sessions"],
            rows,
        ),
    ]
}
