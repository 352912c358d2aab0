//! What a post-mortem says, section by section. Text from recordings goes into the blocks as text;
//! what a person is to fill in stands in italics-free plain sentences that are easy to replace.

use std::collections::BTreeSet;

use super::chart::{description, length, utc};
use super::figures::Figures;
use super::owners::Owners;
use crate::embed::document::{self, Block, Inline, Part, Picture, Place, text};
use crate::embed::manifest::Manifest;
use crate::scan::{Filter, Group, Picked, ProblemKind, Scan, Share};

/// Stands for `@` where somebody is meant to be mentioned; recorded text never has it.
const MENTION: char = '\u{e000}';

/// Most recordings that are named.
const MOST_FILES: usize = 12;

/// A clip that was made for the document.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Why its session was picked.
    pub picked: &'a Picked,
    /// The clip; `None` when none was made.
    pub manifest: Option<&'a Manifest>,
    /// Where the clip is, as the document names it: a path, an address, an attachment or its bytes.
    pub src: &'a str,
}

/// What a post-mortem is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// All that was scanned.
    pub scan: &'a Scan,
    /// What of it counts.
    pub filter: &'a Filter,
    /// The problem.
    pub group: &'a Group,
    /// What was counted.
    pub figures: &'a Figures,
    /// The session that shows it best, and others that ran into it in different ways.
    pub shown: &'a [Shown<'a>],
    /// Who owns what.
    pub owners: &'a Owners,
    /// The chart's name, and where it is, as the document names it; `None`: no chart.
    pub chart: Option<(&'a str, &'a str)>,
}

/// A section of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name, by which a later run finds it.
    pub name: &'static str,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// All sections, in their order.
pub fn sections(sources: &Sources<'_>) -> Vec<Section> {
    let all: [(&'static str, Vec<Block>); 12] = [
        ("title", title(sources)),
        ("summary", summary(sources)),
        ("clip", clip(sources)),
        ("impact", impact(sources)),
        ("steps", steps(sources)),
        ("timeline", timeline(sources)),
        ("error", error(sources)),
        ("environments", environments(sources)),
        ("ways", ways(sources)),
        ("questions", questions(sources)),
        ("actions", actions(sources)),
        ("provenance", provenance(sources)),
    ];
    all.into_iter()
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(name, blocks)| Section { name, blocks })
        .collect()
}

/// Turns what stands for mentions into the target's own way of mentioning, which begins with `sign`.
pub fn with_mentions(text: &str, sign: &str) -> String {
    text.replace(MENTION, sign)
}

fn heading(name: &str) -> Block {
    Block::Heading(1, name.to_owned())
}

fn paragraph(sentences: &str) -> Block {
    Block::Paragraph(vec![text(clean(sentences))])
}

/// Text of recordings must not mention anybody.
fn clean(text: &str) -> String {
    text.replace(MENTION, "")
}

fn cell(content: impl AsRef<str>) -> Vec<Inline> {
    vec![text(clean(content.as_ref()))]
}

fn code(content: &str) -> Inline {
    Inline::Code(clean(content))
}

fn table(head: &[&str], rows: Vec<Vec<Vec<Inline>>>) -> Block {
    Block::Table {
        head: head.iter().map(|name| (*name).to_owned()).collect(),
        rows,
    }
}

/// A count and its noun.
fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

fn percent(part: usize, whole: usize) -> String {
    match (part, whole) {
        (_, 0) => "0 %".to_owned(),
        (part, whole) if part > 0 && part * 100 < whole => "less than 1 %".to_owned(),
        // Rounded down: “100 %” means all.
        (part, whole) => format!("{} %", part * 100 / whole),
    }
}

/// The problem as a thing one can talk about.
fn problem_name(group: &Group) -> String {
    match group.kind {
        ProblemKind::Request => format!("failing {}", group.title),
        _ => group.title.clone(),
    }
}

fn first(shares: &[Share]) -> Option<&Share> {
    shares.first().filter(|share| share.name != "unknown")
}

fn affected(group: &Group) -> String {
    match (group.users, group.sessions_without_user) {
        (0, _) => counted(group.sessions, "session"),
        (users, 0) => format!(
            "{} in {}",
            counted(users, "user"),
            counted(group.sessions, "session")
        ),
        (users, unknown) => format!(
            "{} (and {} whose user is not known) in {}",
            counted(users, "user"),
            counted(unknown, "session"),
            counted(group.sessions, "session")
        ),
    }
}

fn title(sources: &Sources<'_>) -> Vec<Block> {
    let group = sources.group;
    let place = first(&group.pages).map_or(String::new(), |page| format!(" on {}", page.name));
    vec![Block::Heading(
        0,
        clean(&format!("Post-mortem: {}{place}", problem_name(group))),
    )]
}

fn summary(sources: &Sources<'_>) -> Vec<Block> {
    let Sources { group, figures, .. } = *sources;
    let mut told = format!(
        "From {} to {} UTC, {} met this problem {}, out of {} that were recorded ({}).",
        utc(group.first_seen_ms),
        utc(group.last_seen_ms),
        affected(group),
        times(group.occurrences),
        counted(figures.all_sessions, "session"),
        percent(group.sessions, figures.all_sessions)
    );
    if let Some(step) = group.steps.first() {
        told.push_str(&format!(
            " The last thing the user did before it was “{}” in {} of them.",
            uncapitalized(&step.name),
            all_or(step.sessions, group.sessions)
        ));
    }
    let mut seen = Vec::new();
    if let Some(before) = figures.cause(group) {
        seen.push(format!(
            "“{}” came before it in {} of the sessions",
            before.title,
            all_or(before.earlier, group.sessions)
        ));
    }
    for other in figures
        .related
        .iter()
        .filter(|other| other.kind == ProblemKind::RageClick)
        .take(1)
    {
        seen.push(format!(
            "{} ended in a {}",
            counted(other.sessions, "session"),
            other.title
        ));
    }
    let mut outcome = match (
        group.got_past,
        group.sessions - group.got_past.min(group.sessions),
    ) {
        (0, _) => "No session got past it.".to_owned(),
        (past, 0) => format!("All {past} sessions got past it all the same."),
        (past, stuck) => format!(
            "{} ({}) got past it all the same; {} did not.",
            counted(past, "session"),
            percent(past, group.sessions),
            stuck
        ),
    };
    if !seen.is_empty() {
        outcome = format!("{}. {outcome}", capitalized(&seen.join("; ")));
    }
    if let Some(release) = only_release(figures) {
        outcome.push_str(&format!(" {release}"));
    }
    if let Some(place) = &group.place {
        outcome.push_str(&format!(" It comes from the code {place}."));
    }
    vec![heading("Summary"), paragraph(&told), paragraph(&outcome)]
}

/// A release that has the problem to itself.
fn only_release(figures: &Figures) -> Option<String> {
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

fn all_or(part: usize, whole: usize) -> String {
    if part == whole {
        format!("all {whole}")
    } else {
        format!("{part} of {whole}")
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// “Clicked button ‘Pay’” within a sentence.
fn uncapitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

fn clip(sources: &Sources<'_>) -> Vec<Block> {
    let Some((shown, manifest)) = sources
        .shown
        .first()
        .and_then(|shown| Some((shown, shown.manifest?)))
    else {
        return Vec::new();
    };
    let mut blocks = vec![heading("What users saw")];
    blocks.push(Block::Clip(document::picture(manifest, &place(shown))));
    let whose = match (&shown.picked.session, &shown.picked.user) {
        (Some(session), Some(user)) => format!("session {session} of user {user}"),
        (Some(session), None) => format!("session {session}"),
        _ => shown.picked.path.clone(),
    };
    blocks.push(paragraph(&format!(
        "This is {whose}, {} UTC, one of the {} that met the problem.",
        utc(shown.picked.time_ms),
        counted(sources.group.sessions, "session")
    )));
    let captions: Vec<Vec<Inline>> = manifest
        .captions
        .iter()
        .take(20)
        .map(|cue| {
            let at = crate::clip::offset_text(cue.from_ms as f64);
            vec![
                Inline::Strong(at),
                text(format!(" {}", clean(&cue.text.replace('\n', "; ")))),
            ]
        })
        .collect();
    if !captions.is_empty() {
        blocks.push(Block::Bulleted(captions));
    }
    blocks
}

fn place(shown: &Shown<'_>) -> Place {
    Place {
        clip: Some(shown.src.to_owned()),
        folder: String::new(),
    }
}

fn impact(sources: &Sources<'_>) -> Vec<Block> {
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
    blocks.push(table(&["", "Met the problem", ""], rows));
    if let Some((file, src)) = sources.chart {
        blocks.push(Block::Clip(Picture {
            file: file.to_owned(),
            src: src.to_owned(),
            video: false,
            alt: description(figures),
            width: 880,
            height: 400,
            poster: None,
            captions: None,
        }));
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

fn steps(sources: &Sources<'_>) -> Vec<Block> {
    let manifest = sources.shown.first().and_then(|shown| shown.manifest);
    manifest.map(document::steps).unwrap_or_default()
}

fn timeline(sources: &Sources<'_>) -> Vec<Block> {
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
                "The worst {} begin: {} in {}",
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
fn whose(scan: &Scan, group: &Group, first: bool) -> String {
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

fn error(sources: &Sources<'_>) -> Vec<Block> {
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

fn environments(sources: &Sources<'_>) -> Vec<Block> {
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
        table(&["", "", "Sessions that met it", "Of all such sessions"], rows),
    ]
}

fn ways(sources: &Sources<'_>) -> Vec<Block> {
    let others: Vec<&Shown<'_>> = sources.shown.iter().skip(1).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![heading("Other ways users ran into it")];
    for other in others {
        let reason = other.picked.reasons.first().cloned().unwrap_or_default();
        let difference = reason.strip_prefix("differs from the first: ").unwrap_or(&reason);
        let session = other.picked.session.as_ref().unwrap_or(&other.picked.path);
        blocks.push(paragraph(&format!(
            "Session {session}, {} UTC. What is different: {difference}.",
            utc(other.picked.time_ms)
        )));
        if let Some(manifest) = other.manifest {
            blocks.push(Block::Clip(document::picture(manifest, &place(other))));
        }
    }
    blocks
}

fn questions(sources: &Sources<'_>) -> Vec<Block> {
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

fn actions(sources: &Sources<'_>) -> Vec<Block> {
    let Sources {
        group,
        figures,
        owners,
        ..
    } = *sources;
    let mention = |names: &[String]| -> Vec<Inline> {
        if names.is_empty() {
            return cell("nobody is named yet");
        }
        let names: Vec<String> = names
            .iter()
            .map(|name| {
                name.strip_prefix('@')
                    .map_or(name.clone(), |name| format!("{MENTION}{name}"))
            })
            .collect();
        vec![text(names.join(", "))]
    };
    let mut rows = Vec::new();
    let mut add = |what: Vec<Inline>, names: &[String]| rows.push(vec![what, mention(names), cell("")]);
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

fn provenance(sources: &Sources<'_>) -> Vec<Block> {
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
    let same = match group.kind {
        ProblemKind::Error => {
            "same type, same message without numbers, ids and addresses, same innermost call"
        }
        ProblemKind::Request => "same method, same route with ids taken out, same class of status",
        _ => "same kind of click on the same element",
    };
    let rule = |figure: &str, rule: String| vec![cell(figure), cell(rule)];
    blocks.push(table(
        &["Figure", "How it is counted"],
        vec![
            vec![
                cell("The problem"),
                vec![text("Group "), code(&group.id), text(format!(": {same}"))],
            ],
            rule("Occurrences", "Each time it was recorded; what a recording and a file beside it both tell counts once".to_owned()),
            rule("Sessions", "Different session ids; a recording without one is a session".to_owned()),
            rule("Users", "Different user ids as the application set them".to_owned()),
            rule("Got past it", "After the last occurrence a page came that was new in the session, or the request that failed around it went through".to_owned()),
            rule("Last step", "What the user did last, at most 10 s before the first occurrence in a session".to_owned()),
            rule("Came first in", "Sessions in which the other problem's first occurrence is earlier".to_owned()),
        ],
    ));
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
