//! Tells what went wrong in many recordings.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use domreel::clip::utc_text;
use domreel::limits::Limit;
use domreel::scan::{self, Filter, Group, Member, Scan, ScanOptions, Share, find};
use serde::Serialize;

use super::Done;
use super::console::{Console, shown};
use super::elsewhere::ElsewhereArgs;
use super::failure::{Failure, Status};
use super::limits::LimitArgs;

/// Lines of the table; the rest is counted.
const MOST_LINES: usize = 30;

/// Files named that could not be read; the rest is counted.
const MOST_UNREADABLE: usize = 5;

/// Tell what went wrong in many recordings, in groups: errors, failed requests, signs of frustration
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  domreel scan recordings/
  domreel scan recordings/ --since 2026-11-20 --url /checkout
  domreel scan recordings/ --group error-3f9a1c
  domreel scan recordings/ --json | jq '.groups[0].users'
  domreel scan 'sentry:acme/shop?count_errors:>0' --limit 500
  domreel scan sqlite://domreel-data/jobs.db         the recordings that were submitted to a queue

Each file is a session of its own; files called NAME.events.*, NAME.errors.*, NAME.rum.*, NAME.otlp.* or
NAME.har belong beside NAME.*; a directory called NAME.session holds the parts of one session.
The fields of --json are described in docs/scan.md.")]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub set: SetArgs,
    /// Only the group of this id, of an id that begins so, or with this in its title
    #[arg(long, value_name = "GROUP", help_heading = "Filter")]
    group: Option<String>,
}

/// Which recordings, and what of them counts.
#[derive(Debug, Clone, Args)]
pub(crate) struct SetArgs {
    /// Recordings, or directories of them; also what ‘domreel fetch’ takes (an address, a product's query), and a queue:
    /// sqlite://FILE or postgres://USER@HOST/DATABASE
    #[arg(value_name = "PATH|URL|QUEUE", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    elsewhere: ElsewhereArgs,
    /// Only what happened then or later: 2026-11-20, 2026-11-20T13:37:05Z, or 36h or 7d before the last recording ends
    #[arg(long, value_name = "TIME", help_heading = "Filter")]
    since: Option<String>,
    /// Only on pages whose host and path contain this
    #[arg(long, value_name = "TEXT", help_heading = "Filter")]
    url: Option<String>,
    /// Only what happened to the user of this id
    #[arg(long, value_name = "ID", help_heading = "Filter")]
    user: Option<String>,
    /// Where the facts of scanned recordings are kept [default: domreel/scan in the user's cache directory]
    #[arg(long, value_name = "DIR", help_heading = "Cache")]
    cache: Option<PathBuf>,
    /// Read every recording again, and keep nothing
    #[arg(long, conflicts_with = "cache", help_heading = "Cache")]
    no_cache: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

impl SetArgs {
    /// Scans the recordings; tells what could not be read.
    pub(crate) fn scan(&self, console: &Console) -> Result<(Scan, Filter), Failure> {
        let cache = (!self.no_cache)
            .then(|| self.cache.clone().or_else(default_cache))
            .flatten();
        let limits = self.limits.limits();
        let paths = self
            .elsewhere
            .bring(&self.paths, cache.as_deref(), &limits, console)?;
        let sources = find(&paths).map_err(|error| Failure::new(Status::Input, error))?;
        if sources.is_empty() {
            return Err(Failure::message(
                Status::Input,
                "there are no files to scan; hidden files, and events without a recording, are passed over",
            ));
        }
        let mut options = ScanOptions {
            cache,
            ..ScanOptions::default()
        };
        options.read.limits = self.limits.over(options.read.limits);
        let bar = console.bars().add(
            indicatif::ProgressBar::new(sources.len() as u64)
                .with_message("recordings scanned")
                .with_style(
                    indicatif::ProgressStyle::with_template("{pos}/{len} {msg} {wide_bar} {eta}")
                        .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()),
                ),
        );
        let scan = scan::scan(&sources, &options, &|_, _| bar.inc(1));
        bar.finish_and_clear();
        let (other, unreadable): (Vec<_>, Vec<_>) = scan.unreadable.iter().partition(|file| file.is_other);
        for file in unreadable.iter().take(MOST_UNREADABLE) {
            console.note(&format!("left out {}", file.reason));
        }
        if unreadable.len() > MOST_UNREADABLE {
            let more = unreadable.len() - MOST_UNREADABLE;
            console.note(&format!(
                "… and {more} more that could not be read; --json names all"
            ));
        }
        let more: usize = scan
            .sessions
            .iter()
            .map(|session| session.facts.more_problems)
            .sum();
        if more > 0 {
            let hint = options.read.limits.hint(Limit::ScanProblems);
            console.note(&format!(
                "{more} problems are left out of sessions that have very many; {hint}"
            ));
        }
        if !other.is_empty() {
            console.note(&format!(
                "passed over {} files that are no recordings",
                other.len()
            ));
        }
        if scan.sessions.is_empty() {
            return Err(Failure::message(
                Status::Input,
                "none of the files is a recording that can be read",
            ));
        }
        let filter = self.filter(&scan)?;
        Ok((scan, filter))
    }

    fn filter(&self, scan: &Scan) -> Result<Filter, Failure> {
        let end = scan
            .sessions
            .iter()
            .map(|scanned| scanned.facts.end_ms)
            .max()
            .unwrap_or(0);
        let since_ms = match self.since.as_deref().map(|text| since(text, end)) {
            Some(None) => {
                return Err(Failure::message(
                    Status::Usage,
                    "--since takes a day (2026-11-20), a time (2026-11-20T13:37:05Z), or a length that counts back from the \
                     end of the last recording (90min, 36h, 7d)",
                ));
            }
            Some(found) => found,
            None => None,
        };
        Ok(Filter {
            since_ms,
            url: self.url.clone(),
            user: self.user.clone(),
        })
    }
}

/// The user's cache directory, by the XDG base directory specification.
fn default_cache() -> Option<PathBuf> {
    let from = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")))?;
    Some(base.join("domreel").join("scan"))
}

/// A day, a time, or a length before `end`; milliseconds since the Unix epoch.
fn since(text: &str, end: i64) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let midnight = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        return Some(midnight.as_millisecond());
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let length: i64 = match unit {
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    end.checked_sub(number.parse::<i64>().ok()?.checked_mul(length)?)
}

/// The group that was asked for.
pub(crate) fn chosen<'g>(groups: &'g [Group], wanted: &str) -> Result<&'g Group, Failure> {
    let mut called = groups.iter().filter(|group| group.is_called(wanted));
    match (called.next(), called.next()) {
        (Some(group), None) => Ok(group),
        (Some(first), Some(second)) => {
            // An id says which, even if it stands in another's title.
            if let Some(exact) = groups.iter().find(|group| group.id == wanted) {
                return Ok(exact);
            }
            Err(Failure::message(
                Status::Usage,
                format!(
                    "‘{wanted}’ may be {} ({}) or {} ({}), and perhaps others: give more of the id",
                    first.id,
                    shown(&first.title, 60),
                    second.id,
                    shown(&second.title, 60)
                ),
            ))
        }
        (None, _) => {
            let known: Vec<String> = groups
                .iter()
                .take(8)
                .map(|group| format!("\n  {}  {}", group.id, shown(&group.title, 80)))
                .collect();
            Err(Failure::message(
                Status::Usage,
                format!("no group is called ‘{wanted}’; there are{}", known.concat()),
            ))
        }
    }
}

/// What ‘--json’ prints. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct ScanResult<'a> {
    sessions: usize,
    users: usize,
    sessions_without_user: usize,
    sessions_with_problems: usize,
    from_cache: usize,
    damaged: usize,
    unreadable: Vec<UnreadableJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

/// A group, and the recordings that it was met in where it was asked for.
#[derive(Debug, Serialize)]
struct GroupJson<'a> {
    #[serde(flatten)]
    group: &'a Group,
    #[serde(skip_serializing_if = "Option::is_none")]
    recordings: Option<BTreeSet<String>>,
}

impl std::ops::Deref for GroupJson<'_> {
    type Target = Group;

    fn deref(&self) -> &Group {
        self.group
    }
}

#[derive(Debug, Serialize)]
struct UnreadableJson<'a> {
    path: String,
    reason: &'a str,
    /// It is something else than a recording.
    other: bool,
}

pub(crate) fn run(args: &ScanArgs, console: &Console) -> Done {
    let (scan, filter) = args.set.scan(console)?;
    let all = scan.groups(&filter);
    let groups: Vec<&Group> = match &args.group {
        Some(wanted) => {
            let found: Vec<&Group> = all.iter().filter(|group| group.is_called(wanted)).collect();
            if found.is_empty() {
                chosen(&all, wanted)?;
            }
            found
        }
        None => all.iter().collect(),
    };
    let with_problems: BTreeSet<&str> = groups
        .iter()
        .flat_map(|group| &group.members)
        .filter_map(|member| Some(scan.problem(*member)?.0.name()))
        .collect();
    let counted = || {
        scan.sessions
            .iter()
            .filter(|scanned| filter.takes_session(&scanned.facts))
    };
    let result = ScanResult {
        sessions: scan.session_count(&filter),
        users: scan.user_count(&filter),
        sessions_without_user: counted().filter(|scanned| scanned.facts.user.is_none()).count(),
        sessions_with_problems: with_problems.len(),
        from_cache: scan.from_cache,
        damaged: counted().filter(|scanned| scanned.facts.damage > 0).count(),
        unreadable: scan
            .unreadable
            .iter()
            .map(|unreadable| UnreadableJson {
                path: unreadable.path.display().to_string(),
                reason: &unreadable.reason,
                other: unreadable.is_other,
            })
            .collect(),
        groups: groups
            .into_iter()
            .map(|group| GroupJson {
                group,
                recordings: args.group.as_ref().map(|_| recordings(&scan, group)),
            })
            .collect(),
    };
    console.result(&result, || text(&result, args.group.is_some()))
}

fn recordings(scan: &Scan, group: &Group) -> BTreeSet<String> {
    let path = |member: &Member| Some(scan.problem(*member)?.0.source.path().display().to_string());
    group.members.iter().filter_map(path).collect()
}

/// Writing to a string does not fail.
macro_rules! line {
    ($text:expr, $($format:tt)*) => {{
        let _ = writeln!($text, $($format)*);
    }};
}

fn text(result: &ScanResult<'_>, in_full: bool) -> String {
    let mut text = String::new();
    line!(
        text,
        "{} sessions of {} known users; {} with problems{}",
        result.sessions,
        result.users,
        result.sessions_with_problems,
        match (
            result.damaged,
            result.unreadable.iter().filter(|file| !file.other).count()
        ) {
            (0, 0) => String::new(),
            (damaged, unreadable) => format!("; {damaged} damaged, {unreadable} unreadable"),
        }
    );
    if result.groups.is_empty() {
        line!(text, "nothing went wrong, as far as the recordings tell");
        return text;
    }
    line!(
        text,
        "\n{:>5} {:>8} {:>6} {:>8}  {:<16}  {:<16}  {:<17}  problem",
        "users",
        "sessions",
        "times",
        "got past",
        "first (UTC)",
        "last (UTC)",
        "group"
    );
    for group in result.groups.iter().take(MOST_LINES) {
        let past = 100.0 * group.got_past as f64 / group.sessions.max(1) as f64;
        line!(
            text,
            "{:>5} {:>8} {:>6} {:>7.0}%  {:<16}  {:<16}  {:<17}  {}",
            group.affected(),
            group.sessions,
            group.occurrences,
            past,
            minute(group.first_seen_ms),
            minute(group.last_seen_ms),
            group.id,
            shown(&group.title, 90)
        );
        if in_full {
            details(&mut text, group);
        }
    }
    if result.groups.len() > MOST_LINES {
        line!(
            text,
            "… and {} more; --json lists all",
            result.groups.len() - MOST_LINES
        );
    }
    if result.groups.iter().any(|group| group.sessions_without_user > 0) {
        line!(
            text,
            "\nA session whose user is not known counts as another user."
        );
    }
    text
}

fn details(text: &mut String, group: &Group) {
    if let Some(place) = &group.place {
        line!(text, "      {:<10} {}", "from", shown(place, 100));
    }
    let lists: [(&str, &[Share]); 6] = [
        ("pages", &group.pages),
        ("after", &group.steps),
        ("before it", &group.before),
        ("browsers", &group.browsers),
        ("viewports", &group.viewports),
        ("releases", &group.releases),
    ];
    for (name, shares) in lists {
        for (at, share) in shares.iter().take(5).enumerate() {
            line!(
                text,
                "      {:<10} {:>5}  {}",
                if at == 0 { name } else { "" },
                share.sessions,
                shown(&share.name, 100)
            );
        }
    }
}

/// A time to the minute, as `2026-11-23 13:37`.
fn minute(time_ms: i64) -> String {
    let text = utc_text(time_ms as f64).unwrap_or_default();
    text.get(..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_day_a_time_or_a_length() {
        let end = 1_795_441_025_000;
        assert_eq!(since("2026-11-23", end), Some(1_795_392_000_000));
        assert_eq!(since("2026-11-23T13:37:05Z", end), Some(end));
        assert_eq!(since("36h", end), Some(end - 36 * 3_600_000));
        assert_eq!(since("yesterday", end), None);
        assert_eq!(since("9999999999999999999d", end), None);
    }
}
