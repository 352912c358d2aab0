//! The same problem in many sessions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::facts::{Problem, ProblemKind, SessionFacts, tally};
use super::{Filter, Scanned};
use crate::digest::sha256;

/// A problem counts as what came before another when it was at most this long before, in milliseconds.
const BEFORE: i64 = 10_000;

/// Most entries of each list of a group.
const MOST_LISTED: usize = 20;

/// A problem and the sessions it was met in. The names of its fields are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Names it in options; the same in every scan that finds the same.
    pub id: String,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// Names it for people.
    pub title: String,
    /// Function and file that an error came from, where known.
    pub place: Option<String>,
    /// How often it happened.
    pub occurrences: usize,
    /// In how many sessions.
    pub sessions: usize,
    /// To how many users, of those that are known.
    pub users: usize,
    /// Sessions of which the user is not known.
    pub sessions_without_user: usize,
    /// First occurrence, in milliseconds since the Unix epoch.
    pub first_seen_ms: i64,
    /// Last occurrence, in milliseconds since the Unix epoch.
    pub last_seen_ms: i64,
    /// Sessions that got past it all the same.
    pub got_past: usize,
    /// Routes, by sessions.
    pub pages: Vec<Share>,
    /// Browsers, by sessions.
    pub browsers: Vec<Share>,
    /// Viewports (`1280×800`, CSS pixels), by sessions.
    pub viewports: Vec<Share>,
    /// Releases, by sessions.
    pub releases: Vec<Share>,
    /// What the user did last before it, by sessions.
    pub steps: Vec<Share>,
    /// Which other problem came last before it, by sessions.
    pub before: Vec<Share>,
    /// Its occurrences in order of time.
    #[serde(skip)]
    pub members: Vec<Member>,
}

/// In how many sessions of a group something was the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What.
    pub name: String,
    /// In how many sessions.
    pub sessions: usize,
}

/// An occurrence: positions of the session in the scan, and of the problem in the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Position of the session.
    pub session: usize,
    /// Position of the problem.
    pub problem: usize,
}

impl Group {
    /// How many people were affected, taking every session without a known user for another person's.
    pub fn affected(&self) -> usize {
        self.users + self.sessions_without_user
    }

    /// Whether `wanted` names it: its id, the beginning of that, or a part of its title.
    pub fn is_called(&self, wanted: &str) -> bool {
        !wanted.is_empty()
            && (self.id.starts_with(wanted) || self.title.to_lowercase().contains(&wanted.to_lowercase()))
    }
}

/// Kind and text of a problem, which all occurrences share.
type Key = (ProblemKind, String);

/// Groups the problems of `sessions` that `filter` lets through, those that affect most users first.
pub(super) fn groups(sessions: &[Scanned], filter: &Filter) -> Vec<Group> {
    // Which groups there are must not depend on the filter: ids would change with it.
    let mut by_key: BTreeMap<Key, Vec<Member>> = BTreeMap::new();
    for (session, scanned) in sessions.iter().enumerate() {
        for (problem, found) in scanned.facts.problems.iter().enumerate() {
            by_key
                .entry((found.kind, found.what.clone()))
                .or_default()
                .push(Member { session, problem });
        }
    }
    let mut titles = BTreeMap::new();
    let mut found = Vec::new();
    for ((kind, what), members) in by_key {
        for (place, members) in by_place(sessions, members) {
            let id = id(kind, &what, place.as_deref());
            for member in &members {
                titles.insert(*member, (id.clone(), title(kind, &what)));
            }
            found.push((id, kind, what.clone(), place, members));
        }
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .filter_map(|(id, kind, what, place, mut members)| {
            members.retain(|member| filter.takes(sessions, *member));
            (!members.is_empty()).then(|| {
                let blank = Group {
                    id,
                    kind,
                    title: title(kind, &what),
                    place,
                    occurrences: 0,
                    sessions: 0,
                    users: 0,
                    sessions_without_user: 0,
                    first_seen_ms: 0,
                    last_seen_ms: 0,
                    got_past: 0,
                    pages: Vec::new(),
                    browsers: Vec::new(),
                    viewports: Vec::new(),
                    releases: Vec::new(),
                    steps: Vec::new(),
                    before: Vec::new(),
                    members,
                };
                counted(blank, sessions, &titles)
            })
        })
        .collect();
    groups.sort_by(|one, two| {
        let order = |group: &Group| (group.affected(), group.sessions, group.occurrences);
        order(two).cmp(&order(one)).then_with(|| one.id.cmp(&two.id))
    });
    groups
}

fn problem(sessions: &[Scanned], member: Member) -> Option<(&SessionFacts, &Problem)> {
    let facts = &sessions.get(member.session)?.facts;
    Some((facts, facts.problems.get(member.problem)?))
}

/// Errors of one text by the place that they came from. Sources that know less of the place than
/// others say the same: they go with the most frequent place that agrees with what they know.
fn by_place(sessions: &[Scanned], members: Vec<Member>) -> Vec<(Option<String>, Vec<Member>)> {
    let place =
        |member: &Member| problem(sessions, *member).and_then(|(_, problem)| problem.place.as_deref());
    let known = tally(members.iter().filter_map(place).map(str::to_owned));
    // A place that says more than the one it agrees with stands for both.
    let full = |given: Option<&str>| -> Option<String> {
        let Some(given) = given else {
            return known.first().map(|(place, _)| widest(place, &known));
        };
        Some(widest(given, &known))
    };
    let mut groups: BTreeMap<Option<String>, Vec<Member>> = BTreeMap::new();
    for member in members {
        let place = full(place(&member));
        groups.entry(place).or_default().push(member);
    }
    groups.into_iter().collect()
}

/// The most frequent place that tells function and file where `given` tells only one of them.
fn widest(given: &str, known: &[(String, usize)]) -> String {
    let is_part = |other: &str| {
        other != given
            && (other.ends_with(&format!(" {given}")) || other.starts_with(&format!("{given} at ")))
    };
    known
        .iter()
        .find(|(other, _)| is_part(other))
        .map_or_else(|| given.to_owned(), |(other, _)| other.clone())
}

/// A short name from what the group is.
fn id(kind: ProblemKind, what: &str, place: Option<&str>) -> String {
    let digest = sha256(format!("{}\0{what}\0{}", kind.name(), place.unwrap_or_default()).as_bytes());
    format!("{}-{}", kind.name(), digest.get(..6).unwrap_or_default())
}

fn title(kind: ProblemKind, what: &str) -> String {
    match kind {
        ProblemKind::Error | ProblemKind::Request => what.to_owned(),
        ProblemKind::RageClick => format!("rage click on {what}"),
        ProblemKind::DeadClick => format!("dead click on {what}"),
        ProblemKind::ErrorClick => format!("error click on {what}"),
    }
}

/// Fills in the figures of a group from its members.
fn counted(mut group: Group, sessions: &[Scanned], titles: &BTreeMap<Member, (String, String)>) -> Group {
    group.members.sort_by_key(|member| {
        let time = problem(sessions, *member).map_or(0, |(_, problem)| problem.time_ms);
        (time, *member)
    });
    group.occurrences = group.members.len();
    let times = || {
        group
            .members
            .iter()
            .filter_map(|member| Some(problem(sessions, *member)?.1.time_ms))
    };
    group.first_seen_ms = times().min().unwrap_or_default();
    group.last_seen_ms = times().max().unwrap_or_default();
    // The first and the last occurrence of each session; one session may come in several files.
    let mut spans: BTreeMap<&str, (Member, Member)> = BTreeMap::new();
    for member in &group.members {
        let Some(scanned) = sessions.get(member.session) else {
            continue;
        };
        spans.entry(scanned.name()).or_insert((*member, *member)).1 = *member;
    }
    group.sessions = spans.len();
    let firsts = || spans.values().filter_map(|(first, _)| problem(sessions, *first));
    let users: Vec<Option<&str>> = firsts().map(|(facts, _)| facts.user.as_deref()).collect();
    group.users = users.iter().flatten().collect::<BTreeSet<_>>().len();
    group.sessions_without_user = users.iter().filter(|user| user.is_none()).count();
    group.got_past = spans
        .values()
        .filter_map(|(_, last)| problem(sessions, *last))
        .filter(|(_, problem)| problem.got_past)
        .count();
    let unknown = || "unknown".to_owned();
    group.pages = shares(firsts().map(|(_, problem)| problem.page.clone().unwrap_or_else(unknown)));
    group.browsers = shares(firsts().map(|(facts, _)| facts.browser.clone().unwrap_or_else(unknown)));
    group.releases = shares(firsts().map(|(facts, _)| facts.release.clone().unwrap_or_else(unknown)));
    group.viewports = shares(firsts().map(|(_, problem)| {
        problem
            .viewport
            .map_or_else(unknown, |(width, height)| format!("{width}×{height}"))
    }));
    group.steps = shares(firsts().filter_map(|(_, problem)| problem.step.clone()));
    let before: Vec<String> = spans
        .values()
        .filter_map(|(first, _)| before(sessions, *first, &group.id, titles))
        .collect();
    group.before = shares(before.into_iter());
    group
}

/// The title of the last problem of another group before a member.
fn before(
    sessions: &[Scanned],
    member: Member,
    group: &str,
    titles: &BTreeMap<Member, (String, String)>,
) -> Option<String> {
    let (facts, problem) = problem(sessions, member)?;
    let earlier = facts.problems.iter().enumerate().take(member.problem).rev();
    earlier
        .take_while(|(_, other)| problem.time_ms - other.time_ms <= BEFORE)
        .find_map(|(at, _)| {
            let other = Member {
                session: member.session,
                problem: at,
            };
            let (id, title) = titles.get(&other)?;
            (id != group).then(|| title.clone())
        })
}

fn shares(names: impl Iterator<Item = String>) -> Vec<Share> {
    let mut shares: Vec<Share> = tally(names)
        .into_iter()
        .map(|(name, sessions)| Share { name, sessions })
        .collect();
    shares.truncate(MOST_LISTED);
    shares
}
