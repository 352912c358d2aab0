//! Every figure of a post-mortem, with the rule by which it was counted and the sessions behind it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::figures::Figures;
use crate::scan::{Filter, Group, ProblemKind, Scan};

/// How each figure is counted.
pub(super) const RULES: [(&str, &str); 8] = [
    (
        "Occurrences",
        "Each time it was recorded; what a recording and a file beside it both tell counts once",
    ),
    (
        "Sessions",
        "Different session ids; a recording without one is a session",
    ),
    ("Users", "Different user ids as the application set them"),
    (
        "Got past it",
        "After the last occurrence a page came that was new in the session, or the request that failed around it went through",
    ),
    (
        "Last step",
        "What the user did last, at most 10 s before the first occurrence in a session",
    ),
    (
        "Came first in",
        "Sessions in which the other problem's first occurrence is earlier",
    ),
    (
        "Per stretch of time",
        "Users, sessions and occurrences by when they met it; all sessions by when they began",
    ),
    (
        "Release, browser, viewport",
        "As the recording or a file beside it tells; those of which it is not known are left out of the shares",
    ),
];

/// What makes two problems the same.
pub(super) fn what_is_same(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Error => {
            "same type, same message without numbers, ids and addresses, same innermost call"
        }
        ProblemKind::Request => "same method, same route with ids taken out, same class of status",
        _ => "same kind of click on the same element",
    }
}

/// What is known of one session: its recordings, and how it met the problem.
#[derive(Default)]
struct Row {
    recordings: Vec<String>,
    user: Option<String>,
    release: Option<String>,
    browser: Option<String>,
    begin_ms: i64,
    occurrences_ms: Vec<i64>,
    got_past: bool,
    page: Option<String>,
    viewport: Option<String>,
    step: Option<String>,
}

/// The figures as JSON: `figures` with name, value, rule and the names of the sessions behind it, and `sessions` with
/// what is known of each. Everything in it can be counted again.
pub fn evidence(scan: &Scan, filter: &Filter, group: &Group, figures: &Figures) -> Value {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for scanned in scan
        .sessions
        .iter()
        .filter(|scanned| filter.takes_session(&scanned.facts))
    {
        let row = rows.entry(scanned.name()).or_default();
        if row.recordings.is_empty() {
            row.user.clone_from(&scanned.facts.user);
            row.release.clone_from(&scanned.facts.release);
            row.browser.clone_from(&scanned.facts.browser);
            row.begin_ms = scanned.facts.start_ms;
        }
        row.begin_ms = row.begin_ms.min(scanned.facts.start_ms);
        row.recordings.push(scanned.source.path().display().to_string());
    }
    // Members are in order of time: the last one of a session decides whether it got past.
    for (scanned, problem) in group.members.iter().filter_map(|member| scan.problem(*member)) {
        let row = rows.entry(scanned.name()).or_default();
        if row.occurrences_ms.is_empty() {
            row.page.clone_from(&problem.page);
            row.step.clone_from(&problem.step);
            row.viewport = problem
                .viewport
                .map(|(width, height)| format!("{width}×{height}"));
        }
        row.occurrences_ms.push(problem.time_ms);
        row.got_past = problem.got_past;
    }
    let met: Vec<&str> = rows
        .iter()
        .filter(|(_, row)| !row.occurrences_ms.is_empty())
        .map(|(name, _)| *name)
        .collect();
    let past: Vec<&str> = rows
        .iter()
        .filter(|(_, row)| row.got_past)
        .map(|(name, _)| *name)
        .collect();
    let rule = |name: &str| {
        RULES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, rule)| *rule)
    };
    let figure = |name: &str, value: usize, counted_by: &str, sessions: &[&str]| json!({ "name": name, "value": value, "rule": rule(counted_by), "sessions": sessions });
    let sessions: Vec<Value> = rows
        .iter()
        .map(|(name, row)| {
            json!({
                "session": name,
                "recordings": row.recordings,
                "user": row.user,
                "release": row.release,
                "browser": row.browser,
                "begin_ms": row.begin_ms,
                "occurrences_ms": row.occurrences_ms,
                "got_past": row.got_past,
                "page": row.page,
                "viewport": row.viewport,
                "step": row.step,
            })
        })
        .collect();
    json!({
        "domreel": env!("CARGO_PKG_VERSION"),
        "group": group.id,
        "title": group.title,
        "rule": what_is_same(group.kind),
        "figures": [
            figure("users", group.users, "Users", &met),
            figure("sessions", group.sessions, "Sessions", &met),
            figure("occurrences", group.occurrences, "Occurrences", &met),
            figure("got past it", group.got_past, "Got past it", &past),
            json!({ "name": "all sessions", "value": figures.all_sessions, "rule": rule("Sessions") }),
            json!({ "name": "all users", "value": figures.all_users, "rule": rule("Users") }),
        ],
        "sessions": sessions,
    })
}
