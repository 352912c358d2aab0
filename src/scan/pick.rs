//! The session that shows a problem best, and others that show it differently.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::facts::{Problem, SessionFacts};
use super::groups::{Group, Member, Share};
use super::{Scan, Scanned, read_source};
use crate::dom::Replay;
use crate::format::ReadOptions;

/// Candidates that are read again to see what their pages lack.
const LOOKED_AT: usize = 12;

/// A problem this near to the beginning or end of a recording may not be seen whole, in milliseconds.
const ROOM: i64 = 1_000;

/// How to pick.
#[derive(Debug, Clone, Default)]
pub struct PickOptions {
    /// How many sessions.
    pub count: usize,
    /// Different ways into the problem, not the best ones whatever they are.
    pub diverse: bool,
    /// How recordings are read.
    pub read: ReadOptions,
}

/// A session that was picked. The names of its fields are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picked {
    /// The occurrence to show: the first of the session.
    #[serde(skip)]
    pub member: Member,
    /// Path of the recording.
    pub path: String,
    /// Files beside it.
    pub events: Vec<String>,
    /// Its session, where known.
    pub session: Option<String>,
    /// Its user, where known.
    pub user: Option<String>,
    /// When the problem happens in it, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// How well it shows the problem: up to 100.
    pub score: i64,
    /// Why it was picked.
    pub reasons: Vec<String>,
    /// What speaks against it.
    pub drawbacks: Vec<String>,
    /// What the user did before it, as far as it tells ways apart.
    #[serde(skip)]
    ways: BTreeMap<&'static str, String>,
}

impl Picked {
    fn gain(&mut self, points: i64, reason: impl Into<String>) {
        self.score += points;
        self.reasons.push(reason.into());
    }

    fn lack(&mut self, points: i64, drawback: impl Into<String>) {
        self.score -= points;
        self.drawbacks.push(drawback.into());
    }
}

/// The sessions of `group` that show it best, the best first. Sessions without a picture are left out.
pub fn pick(scan: &Scan, group: &Group, options: &PickOptions) -> Vec<Picked> {
    let mut seen = BTreeSet::new();
    let mut candidates: Vec<Picked> = group
        .members
        .iter()
        .filter_map(|member| {
            let (scanned, problem) = scan.problem(*member)?;
            let fresh = seen.insert(scanned.name().to_owned());
            (fresh && scanned.facts.has_picture)
                .then(|| judged(scan, group, *member, problem))
                .flatten()
        })
        .collect();
    let order = |candidates: &mut Vec<Picked>| {
        candidates.sort_by(|one, two| two.score.cmp(&one.score).then_with(|| one.path.cmp(&two.path)));
    };
    order(&mut candidates);
    let count = options.count.max(1);
    let mut chosen = if options.diverse {
        different(candidates, count)
    } else {
        candidates.truncate(LOOKED_AT.max(count));
        candidates
    };
    for picked in &mut chosen {
        look(scan, picked, &options.read);
    }
    if !options.diverse {
        order(&mut chosen);
    }
    chosen.truncate(count);
    chosen
}

/// Sessions without any problem that were on the page where `picked` met `group`, those most like it first: what it
/// can be seen beside. At most `most`.
pub fn healthy<'s>(scan: &'s Scan, group: &Group, picked: &Picked, most: usize) -> Vec<&'s Scanned> {
    let Some((like, problem)) = scan.problem(picked.member) else {
        return Vec::new();
    };
    let has = |scanned: &Scanned| {
        let affected = || {
            group
                .members
                .iter()
                .filter_map(|member| Some(scan.problem(*member)?.0.name()))
        };
        scanned.facts.problems.is_empty() && affected().all(|name| name != scanned.name())
    };
    let place = |scanned: &Scanned| {
        let page = problem.page.as_ref()?;
        scanned.facts.pages.iter().position(|visit| visit.page == *page)
    };
    // Whoever went on after the page got past what failed there.
    let unlike = |scanned: &Scanned, at: usize| {
        [
            scanned.facts.pages.len() == at + 1,
            scanned.facts.damage > 0,
            scanned.facts.viewport != like.facts.viewport,
            scanned.facts.pages.first().map(|visit| &visit.page)
                != like.facts.pages.first().map(|visit| &visit.page),
            scanned.facts.browser != like.facts.browser,
            scanned.facts.format != like.facts.format,
        ]
    };
    let mut found: Vec<_> = scan
        .sessions
        .iter()
        .filter(|scanned| scanned.facts.has_picture && has(scanned))
        .filter_map(|scanned| Some((unlike(scanned, place(scanned)?), scanned.source.path(), scanned)))
        .collect();
    found.sort_by(|one, two| (&one.0, one.1).cmp(&(&two.0, two.1)));
    found
        .into_iter()
        .take(most)
        .map(|(_, _, scanned)| scanned)
        .collect()
}

/// What speaks for and against a session, as far as its facts tell.
fn judged(scan: &Scan, group: &Group, member: Member, problem: &Problem) -> Option<Picked> {
    let (scanned, _) = scan.problem(member)?;
    let facts = &scanned.facts;
    let mut picked = Picked {
        member,
        path: scanned.source.path().display().to_string(),
        events: scanned
            .source
            .events
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        session: facts.session.clone(),
        user: facts.user.clone(),
        time_ms: problem.time_ms,
        score: 0,
        reasons: Vec::new(),
        drawbacks: Vec::new(),
        ways: ways(facts, problem),
    };
    match facts.damage {
        0 => picked.gain(20, "nothing of the recording is damaged"),
        count => picked.lack(20, format!("{count} things in the recording are damaged")),
    }
    match problem.steps_before {
        0 => {}
        steps => {
            let points = 20 - i64::try_from(steps).unwrap_or(i64::MAX).min(20);
            picked.gain(points, format!("{steps} steps lead to the problem"));
        }
    }
    if let (Some(step), Some(after)) = (&problem.step, problem.after_step_ms) {
        picked.gain(
            10,
            format!("it follows {:.1} s after “{step}”", after as f64 / 1000.0),
        );
    }
    if problem.time_ms - facts.start_ms >= ROOM && facts.end_ms - problem.time_ms >= ROOM {
        picked.gain(10, "the recording shows what came before and after");
    } else {
        picked.lack(10, "the recording begins or ends right at the problem");
    }
    let viewport = problem
        .viewport
        .map(|(width, height)| format!("{width}×{height}"));
    let typical = [
        ("page", &group.pages, &problem.page, 10),
        ("last step", &group.steps, &problem.step, 10),
        ("viewport", &group.viewports, &viewport, 5),
        ("browser", &group.browsers, &facts.browser, 5),
    ];
    let most = typical
        .iter()
        .filter(|(_, shares, value, _)| value.as_ref().is_some_and(|value| is_most(shares, value)));
    let (mut names, mut points) = (Vec::new(), 0);
    for (name, _, _, worth) in most {
        names.push(*name);
        points += worth;
    }
    if !names.is_empty() {
        picked.gain(
            points,
            format!("typical of the group: {} as in most sessions", names.join(", ")),
        );
    }
    Some(picked)
}

fn is_most(shares: &[Share], value: &str) -> bool {
    shares.first().is_some_and(|first| first.name == value)
}

/// What tells one way into a problem from another.
fn ways(facts: &SessionFacts, problem: &Problem) -> BTreeMap<&'static str, String> {
    let known = |value: Option<&String>| value.cloned().unwrap_or_else(|| "unknown".to_owned());
    let times = facts
        .problems
        .iter()
        .filter(|other| other.kind == problem.kind && other.what == problem.what)
        .count();
    let narrow = problem
        .viewport
        .map(|(width, _)| if width < 600 { "narrow" } else { "wide" });
    BTreeMap::from([
        ("entered at", known(facts.pages.first().map(|visit| &visit.page))),
        ("page", known(problem.page.as_ref())),
        ("after", known(problem.step.as_ref())),
        ("screen", narrow.unwrap_or("unknown").to_owned()),
        ("browser", known(facts.browser.as_ref())),
        (
            "then",
            match (problem.got_past, times) {
                (true, _) => "got past it",
                (false, 0..=1) => "gave up after one try",
                (false, 2..=3) => "tried again",
                (false, _) => "tried again and again",
            }
            .to_owned(),
        ),
    ])
}

/// Sessions that differ from each other as much as possible: each next one differs most from the
/// nearest of those before, and of equals is the best.
fn different(mut candidates: Vec<Picked>, count: usize) -> Vec<Picked> {
    let mut chosen: Vec<Picked> = Vec::new();
    while chosen.len() < count && !candidates.is_empty() {
        let distance = |candidate: &Picked| {
            let differences = |other: &Picked| {
                candidate
                    .ways
                    .iter()
                    .filter(|(name, value)| other.ways.get(*name) != Some(value))
                    .count()
            };
            chosen.iter().map(differences).min().unwrap_or(0)
        };
        // Candidates are in order of their score: the first of equals is the best.
        let best = candidates
            .iter()
            .enumerate()
            .rev()
            .max_by_key(|(_, candidate)| distance(candidate))
            .map_or(0, |(at, _)| at);
        let mut next = candidates.remove(best);
        if let Some(first) = chosen.first() {
            let differs: Vec<String> = next
                .ways
                .iter()
                .filter(|(name, value)| first.ways.get(*name) != Some(value))
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            let differs = if differs.is_empty() {
                "does not differ from the first".to_owned()
            } else {
                format!("differs from the first: {}", differs.join("; "))
            };
            next.reasons.insert(0, differs);
        }
        chosen.push(next);
    }
    chosen
}

/// Reads the recording again and sees what the page lacks at the time of the problem.
fn look(scan: &Scan, picked: &mut Picked, options: &ReadOptions) {
    let Some((scanned, problem)) = scan.problem(picked.member) else {
        return;
    };
    let Ok(recording) = read_source(&scanned.source, options) else {
        picked.lack(100, "the recording cannot be read any more");
        return;
    };
    let Some(tab) = recording.tabs.get(problem.tab) else {
        return;
    };
    let mut replay = Replay::new(tab);
    for event in &tab.events {
        if event.time > problem.time_ms as f64 {
            break;
        }
        replay.advance_to(event.time);
    }
    match replay.page().missing_resources().len() {
        0 => picked.gain(10, "nothing that the page shows is missing from the recording"),
        missing => {
            let points = i64::try_from(missing).unwrap_or(10).min(10);
            picked.lack(
                points,
                format!("{missing} pictures, fonts or the like are missing from the recording"),
            );
        }
    }
}
