//! What is counted for a post-mortem.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{Filter, Group, ProblemKind, Scan, Scanned};

/// Lengths of the stretches that a chart counts in, in milliseconds.
const STEPS: [i64; 8] = [
    60_000,
    300_000,
    900_000,
    3_600_000,
    3 * 3_600_000,
    6 * 3_600_000,
    86_400_000,
    7 * 86_400_000,
];

/// Most bars of a chart.
const MOST_BUCKETS: i64 = 36;

/// Sessions of a group that another problem was met in too, for it to be told, in percent.
const RELATED: usize = 10;

/// One stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Its begin, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// Sessions that were going on at its begin or began in it.
    pub all_sessions: usize,
    /// Sessions in which the problem was met in it.
    pub sessions: usize,
    /// Users that met it; a session without a known user counts as another one.
    pub users: usize,
    /// How often it was met.
    pub occurrences: usize,
}

/// Another problem in the same sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// In how many of the sessions.
    pub sessions: usize,
    /// In how many of those it came first.
    pub earlier: usize,
}

/// A value of a dimension (a browser, a release): sessions with it that met the problem, and all.
pub type Among = (String, usize, usize);

/// What is counted for a post-mortem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sessions that were scanned and pass the filter.
    pub all_sessions: usize,
    /// Known users among them.
    pub all_users: usize,
    /// Begin of the first and end of the last of them, in milliseconds since the Unix epoch.
    pub recorded: (i64, i64),
    /// Length of each bucket, in milliseconds.
    pub bucket_ms: i64,
    /// Stretches of time without gaps, from the first session to the last.
    pub buckets: Vec<Bucket>,
    /// Other problems in the same sessions, the most frequent first.
    pub related: Vec<Related>,
    /// Releases.
    pub releases: Vec<Among>,
    /// Browsers.
    pub browsers: Vec<Among>,
    /// Environments.
    pub environments: Vec<Among>,
    /// Sessions of which the release is known.
    pub release_known: usize,
    /// Sessions after the last occurrence.
    pub sessions_since: usize,
}

impl Figures {
    /// Counts what there is to say of `group`, one of `groups`.
    pub fn of(scan: &Scan, filter: &Filter, groups: &[Group], group: &Group) -> Figures {
        let counted: Vec<&Scanned> = scan
            .sessions
            .iter()
            .filter(|scanned| filter.takes_session(&scanned.facts))
            .collect();
        let start = counted
            .iter()
            .map(|scanned| scanned.facts.start_ms)
            .min()
            .unwrap_or(0);
        let end = counted
            .iter()
            .map(|scanned| scanned.facts.end_ms)
            .max()
            .unwrap_or(start);
        let bucket_ms = bucket_length(end.saturating_sub(start));
        let affected: BTreeSet<&str> = group
            .members
            .iter()
            .filter_map(|member| Some(scan.problem(*member)?.0.name()))
            .collect();
        let among = |value: &dyn Fn(&Scanned) -> Option<String>| among(&counted, &affected, value);
        Figures {
            all_sessions: scan.session_count(filter),
            all_users: scan.user_count(filter),
            recorded: (start, end),
            bucket_ms,
            buckets: buckets(scan, &counted, group, (start, end), bucket_ms),
            related: related(scan, groups, group, &affected),
            releases: among(&|scanned| scanned.facts.release.clone()),
            browsers: among(&|scanned| scanned.facts.browser.clone()),
            release_known: among(&|scanned| scanned.facts.release.clone())
                .iter()
                .map(|(_, _, all)| all)
                .sum(),
            environments: among(&|scanned| scanned.facts.environment.clone()),
            sessions_since: counted
                .iter()
                .filter(|scanned| scanned.facts.start_ms > group.last_seen_ms)
                .map(|scanned| scanned.name())
                .collect::<BTreeSet<_>>()
                .len(),
        }
    }

    /// The error or failed request that came first in most sessions of the group, if it did in more
    /// than half of them. Signs of frustration follow from others.
    pub fn cause(&self, group: &Group) -> Option<&Related> {
        self.related
            .iter()
            .filter(|other| matches!(other.kind, ProblemKind::Error | ProblemKind::Request))
            .filter(|other| other.earlier * 2 > group.sessions)
            .max_by_key(|other| other.earlier)
    }

    /// The stretch in which most users met the problem, the first of equal ones.
    pub fn worst(&self) -> Option<&Bucket> {
        self.buckets
            .iter()
            .rev()
            .max_by_key(|bucket| (bucket.users, bucket.sessions))
            .filter(|bucket| bucket.sessions > 0)
    }
}

/// The shortest stretch that makes few enough bars of `span`.
fn bucket_length(span: i64) -> i64 {
    let fits = |step: &&i64| span / **step < MOST_BUCKETS;
    STEPS
        .iter()
        .find(fits)
        .copied()
        .unwrap_or_else(|| (span / MOST_BUCKETS / 86_400_000 + 1) * 86_400_000)
}

/// Sessions, users (or sessions without one) and occurrences.
type Met<'a> = (BTreeSet<&'a str>, BTreeSet<(bool, &'a str)>, usize);

fn buckets(
    scan: &Scan,
    counted: &[&Scanned],
    group: &Group,
    (start, end): (i64, i64),
    length: i64,
) -> Vec<Bucket> {
    let first = start.div_euclid(length);
    let place = |time: i64| time.div_euclid(length);
    let mut all: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for scanned in counted {
        all.entry(place(scanned.facts.start_ms))
            .or_default()
            .insert(scanned.name());
    }
    let mut met: BTreeMap<i64, Met<'_>> = BTreeMap::new();
    for member in &group.members {
        let Some((scanned, problem)) = scan.problem(*member) else {
            continue;
        };
        let (sessions, users, occurrences) = met.entry(place(problem.time_ms)).or_default();
        sessions.insert(scanned.name());
        users.insert(match &scanned.facts.user {
            Some(user) => (true, user.as_str()),
            None => (false, scanned.name()),
        });
        *occurrences += 1;
    }
    // Side files may tell of times shortly beyond the recordings.
    let last = met.keys().next_back().copied().unwrap_or(first).max(place(end));
    let first = met.keys().next().copied().unwrap_or(first).min(first);
    (first..=last)
        .take(10_000)
        .map(|at| {
            let (sessions, users, occurrences) = match met.get(&at) {
                Some((sessions, users, occurrences)) => (sessions.len(), users.len(), *occurrences),
                None => (0, 0, 0),
            };
            Bucket {
                start_ms: at * length,
                all_sessions: all.get(&at).map_or(0, BTreeSet::len).max(sessions),
                sessions,
                users,
                occurrences,
            }
        })
        .collect()
}

fn related(scan: &Scan, groups: &[Group], group: &Group, affected: &BTreeSet<&str>) -> Vec<Related> {
    let firsts = |group: &Group| {
        let mut firsts: BTreeMap<String, i64> = BTreeMap::new();
        for member in &group.members {
            if let Some((scanned, problem)) = scan.problem(*member) {
                firsts.entry(scanned.name().to_owned()).or_insert(problem.time_ms);
            }
        }
        firsts
    };
    let own = firsts(group);
    let mut related: Vec<Related> = groups
        .iter()
        .filter(|other| other.id != group.id)
        .filter_map(|other| {
            let theirs = firsts(other);
            let shared: Vec<(&String, &i64)> = theirs
                .iter()
                .filter(|(name, _)| affected.contains(name.as_str()))
                .collect();
            let earlier = shared
                .iter()
                .filter(|(name, time)| own.get(*name).is_some_and(|first| *time < first))
                .count();
            (shared.len() * 100 >= affected.len().max(1) * RELATED).then(|| Related {
                id: other.id.clone(),
                title: other.title.clone(),
                kind: other.kind,
                sessions: shared.len(),
                earlier,
            })
        })
        .collect();
    related.sort_by(|one, two| {
        two.sessions
            .cmp(&one.sessions)
            .then(two.earlier.cmp(&one.earlier))
            .then_with(|| one.id.cmp(&two.id))
    });
    related
}

fn among(
    counted: &[&Scanned],
    affected: &BTreeSet<&str>,
    value: &dyn Fn(&Scanned) -> Option<String>,
) -> Vec<Among> {
    let mut by_value: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for scanned in counted {
        if let Some(value) = value(scanned) {
            by_value.entry(value).or_default().insert(scanned.name());
        }
    }
    let mut among: Vec<Among> = by_value
        .into_iter()
        .map(|(value, names)| {
            let met = names.iter().filter(|name| affected.contains(*name)).count();
            (value, met, names.len())
        })
        .collect();
    among.sort_by(|one, two| two.1.cmp(&one.1).then(two.2.cmp(&one.2)));
    among
}
