//! Which part of a recording shows a moment: from what the user did that led there until the page has
//! settled.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use regex::Regex;

use super::{Moment, MomentKind};
use crate::clip::{Seconds, TimePoint};
use crate::limits::{Limit, Limits};
use crate::recording::{EventData, EventKind, FrustrationKind, InteractionKind, Tab};

/// A click at most this long before a moment led to it, in milliseconds of recording time.
const CAUSE_WITHIN: f64 = 10_000.0;

/// Shown before the cause, so that the eye finds its place.
const LEAD_IN: f64 = 2_500.0;

/// Shown after the page has settled, so that the outcome can be read.
const LEAD_OUT: f64 = 2_500.0;

/// A page that does not change for this long has settled.
const SETTLED: f64 = 1_000.0;

/// Which moments a clip is to show.
#[derive(Debug, Clone)]
pub enum Around {
    /// The moment that this names, by its position among the equal ones (0 the first).
    One(Kinds, Pick),
    /// All moments of that kind.
    All(Kinds),
    /// A time.
    Time(TimePoint),
}

/// Which kind of moment.
#[derive(Debug, Clone)]
pub enum Kinds {
    /// Errors that nobody caught, or any if there are none.
    Error,
    /// The error with that id.
    ErrorId(String),
    /// Errors whose text matches this regular expression, which is compiled when it is known how large it may be.
    ErrorText(String),
    /// A sign of frustration.
    Frustration(FrustrationKind),
    /// Requests that failed with a status in this range.
    Request(u16, u16),
    /// Markers of that name; any if it is empty.
    Marker(String),
}

/// Which of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// By position, from 0.
    Nth(usize),
    /// The last.
    Last,
}

/// Why no moment could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AroundError {
    /// The text names no moment.
    #[error(
        "‘{0}’ names no moment: use error, error:2, error:last, error:/regex/, error-id:ID, rage-click, \
         dead-click, error-click, request:5xx, marker:NAME, all-errors or a time like 1:23"
    )]
    Unknown(String),
    /// The regular expression cannot be used.
    #[error("the regular expression in ‘{given}’ cannot be used: {reason}")]
    Regex {
        /// What was given.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The recording has no such moment.
    #[error("the recording has no {wanted}; it has {found}")]
    NotThere {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
}

impl FromStr for Around {
    type Err = AroundError;

    fn from_str(text: &str) -> Result<Self, AroundError> {
        let unknown = || AroundError::Unknown(text.to_owned());
        let trimmed = text.trim();
        let (name, rest) = match trimmed.split_once(':') {
            Some((name, rest)) if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) => {
                (name, Some(rest))
            }
            _ => (trimmed, None),
        };
        let nth = |kinds: Kinds| match rest {
            None | Some("first") => Ok(Around::One(kinds, Pick::Nth(0))),
            Some("last") => Ok(Around::One(kinds, Pick::Last)),
            Some(number) => match number.parse::<usize>() {
                Ok(number) if number > 0 => Ok(Around::One(kinds, Pick::Nth(number - 1))),
                _ => Err(unknown()),
            },
        };
        match name {
            "error" => match rest {
                Some(pattern) if pattern.len() > 2 && pattern.starts_with('/') && pattern.ends_with('/') => {
                    let pattern = pattern[1..pattern.len() - 1].to_owned();
                    // What is no regular expression at all is none within other limits either.
                    match compiled(&pattern, &Limits::default()) {
                        Ok(_) | Err(regex::Error::CompiledTooBig(_)) => {
                            Ok(Around::One(Kinds::ErrorText(pattern), Pick::Nth(0)))
                        }
                        Err(error) => Err(AroundError::Regex {
                            given: text.to_owned(),
                            reason: error.to_string(),
                        }),
                    }
                }
                _ => nth(Kinds::Error),
            },
            "error-id" => match rest {
                Some(id) if !id.is_empty() => Ok(Around::One(Kinds::ErrorId(id.to_owned()), Pick::Nth(0))),
                _ => Err(unknown()),
            },
            "all-errors" => Ok(Around::All(Kinds::Error)),
            "rage-click" => nth(Kinds::Frustration(FrustrationKind::RageClick)),
            "dead-click" => nth(Kinds::Frustration(FrustrationKind::DeadClick)),
            "error-click" => nth(Kinds::Frustration(FrustrationKind::ErrorClick)),
            "request" => {
                let (low, high) = statuses(rest.unwrap_or("failed")).ok_or_else(unknown)?;
                Ok(Around::One(Kinds::Request(low, high), Pick::Nth(0)))
            }
            "marker" => {
                let name = rest.unwrap_or_default().to_owned();
                Ok(Around::One(Kinds::Marker(name), Pick::Nth(0)))
            }
            _ => trimmed.parse().map(Around::Time).map_err(|_| unknown()),
        }
    }
}

/// The statuses that `5xx`, `404`, `0` (no answer) or `failed` mean.
fn statuses(text: &str) -> Option<(u16, u16)> {
    if text == "failed" {
        return Some((0, 599));
    }
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    let status = text.parse().ok().filter(|status| *status < 600)?;
    Some((status, status))
}

impl fmt::Display for Around {
    /// As it is written on a command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kinds, pick) = match self {
            Around::Time(point) => return point.fmt(f),
            Around::All(_) => return f.write_str("all-errors"),
            Around::One(kinds, pick) => (kinds, *pick),
        };
        match kinds {
            Kinds::Error => f.write_str("error")?,
            Kinds::ErrorId(id) => write!(f, "error-id:{id}")?,
            Kinds::ErrorText(regex) => write!(f, "error:/{regex}/")?,
            Kinds::Frustration(kind) => f.write_str(kind.name())?,
            Kinds::Request(0, 599) => f.write_str("request")?,
            Kinds::Request(low, high) if low == high => write!(f, "request:{low}")?,
            Kinds::Request(low, _) => write!(f, "request:{}xx", low / 100)?,
            Kinds::Marker(name) if name.is_empty() => f.write_str("marker")?,
            Kinds::Marker(name) => write!(f, "marker:{name}")?,
        }
        match pick {
            Pick::Nth(0) => Ok(()),
            Pick::Nth(at) => write!(f, ":{}", at + 1),
            Pick::Last => f.write_str(":last"),
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kinds::Error => f.write_str("error"),
            Kinds::ErrorId(id) => write!(f, "error with the id {id}"),
            Kinds::ErrorText(regex) => write!(f, "error that matches /{regex}/"),
            Kinds::Frustration(kind) => kind.fmt(f),
            Kinds::Request(0, 599) => f.write_str("failed request"),
            Kinds::Request(low, high) if low == high => write!(f, "request with status {low}"),
            Kinds::Request(low, _) => write!(f, "request with status {}xx", low / 100),
            Kinds::Marker(name) if name.is_empty() => f.write_str("marker"),
            Kinds::Marker(name) => write!(f, "marker ‘{name}’"),
        }
    }
}

impl Around {
    /// The moments meant, in order of time; for a time, none.
    ///
    /// # Errors
    /// When there is no such moment, or a regular expression is larger than `limits` allow.
    pub fn choose<'m>(&self, moments: &'m [Moment], limits: &Limits) -> Result<Vec<&'m Moment>, AroundError> {
        let (kinds, pick) = match self {
            Around::Time(_) => return Ok(Vec::new()),
            Around::One(kinds, pick) => (kinds, Some(*pick)),
            Around::All(kinds) => (kinds, None),
        };
        let found = matching(kinds, moments, limits)?;
        let chosen = match pick {
            None => found,
            Some(Pick::Nth(at)) => found.get(at).copied().into_iter().collect(),
            Some(Pick::Last) => found.last().copied().into_iter().collect(),
        };
        if chosen.is_empty() {
            return Err(AroundError::NotThere {
                wanted: kinds.to_string(),
                found: inventory(moments),
            });
        }
        Ok(chosen)
    }
}

/// A regular expression, no larger than `limits` allow.
fn compiled(pattern: &str, limits: &Limits) -> Result<Regex, regex::Error> {
    let mut builder = regex::RegexBuilder::new(pattern);
    builder.size_limit(limits.size(Limit::Regex)).build()
}

fn matching<'m>(
    kinds: &Kinds,
    moments: &'m [Moment],
    limits: &Limits,
) -> Result<Vec<&'m Moment>, AroundError> {
    let is_error = |moment: &Moment| matches!(moment.kind, MomentKind::Error | MomentKind::HandledError);
    let all = |wanted: &dyn Fn(&Moment) -> bool| -> Vec<&'m Moment> {
        moments.iter().filter(|moment| wanted(moment)).collect()
    };
    Ok(match kinds {
        Kinds::Error => {
            let unhandled = all(&|moment| moment.kind == MomentKind::Error);
            if unhandled.is_empty() {
                all(&is_error)
            } else {
                unhandled
            }
        }
        Kinds::ErrorId(id) => all(&|moment| moment.id.as_deref() == Some(id)),
        Kinds::ErrorText(pattern) => {
            let regex = compiled(pattern, limits).map_err(|error| AroundError::Regex {
                given: Around::One(kinds.clone(), Pick::Nth(0)).to_string(),
                reason: match error {
                    regex::Error::CompiledTooBig(_) => {
                        format!("it is too large; {}", limits.hint(Limit::Regex))
                    }
                    error => error.to_string(),
                },
            })?;
            all(&|moment| is_error(moment) && regex.is_match(&moment.text))
        }
        Kinds::Frustration(kind) => all(&|moment| moment.kind == MomentKind::Frustration(*kind)),
        Kinds::Request(low, high) => all(&|moment| match moment.kind {
            MomentKind::FailedRequest(status) => (*low..=*high).contains(&status),
            _ => false,
        }),
        Kinds::Marker(name) => {
            all(&|moment| moment.kind == MomentKind::Marker && (name.is_empty() || *moment.text == **name))
        }
    })
}

/// What kinds of moments there are, with counts, in words.
fn inventory(moments: &[Moment]) -> String {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for moment in moments {
        let name = moment.kind.name();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    if counts.is_empty() {
        return "no moments at all".to_owned();
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    parts.join(", ")
}

/// How much is shown around a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartOptions {
    /// Shown before the moment; `None`: from what led to it.
    pub before: Option<Seconds>,
    /// Shown after the moment; `None`: until the page has settled.
    pub after: Option<Seconds>,
    /// Longest part, in recording time.
    pub max: Seconds,
}

impl Default for PartOptions {
    fn default() -> Self {
        PartOptions {
            before: None,
            after: None,
            max: Seconds::from_milliseconds(20_000.0),
        }
    }
}

/// The part of `tab` that shows what happened at `time`, or the first or last of it if that was before or after
/// it; both in milliseconds since the Unix epoch.
pub fn part_around(tab: &Tab, time: f64, options: &PartOptions) -> Range<f64> {
    let picture = tab
        .events
        .iter()
        .find(|event| event.kind == EventKind::FullSnapshot);
    let first = picture.map_or(f64::NEG_INFINITY, |event| event.time);
    let time = time.max(first).min(tab.end().unwrap_or(time));
    let max = options.max.milliseconds();
    let from = match options.before {
        Some(before) => time - before.milliseconds(),
        None => cause(tab, time).unwrap_or(time) - LEAD_IN,
    };
    let to = match options.after {
        Some(after) => time + after.milliseconds(),
        None => settled(tab, time, max / 2.0) + LEAD_OUT,
    };
    // The moment itself stays in view: what led there is cut first.
    let to = to.min(time.max(from) + max);
    let from = from.max(to - max).max(tab.start().unwrap_or(from));
    from..to.min(tab.end().unwrap_or(to)).max(from)
}

/// Parts in order of time, those that touch each other joined.
pub fn joined(mut parts: Vec<Range<f64>>) -> Vec<Range<f64>> {
    parts.sort_by(|one, two| one.start.total_cmp(&two.start));
    let mut joined: Vec<Range<f64>> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
}

/// When the user did what led to something at `time`: the last click, tap or navigation before it,
/// and of clicks in a row the first.
fn cause(tab: &Tab, time: f64) -> Option<f64> {
    let until = tab.events.partition_point(|event| event.time <= time);
    let mut cause = None;
    for event in tab.events.iter().take(until).rev() {
        let earliest = cause.unwrap_or(time) - CAUSE_WITHIN;
        if event.time < earliest {
            break;
        }
        let clicked = event.kind == EventKind::Interaction
            && matches!(
                event.data().as_deref(),
                Ok(EventData::Interaction(done)) if matches!(done.kind,
                    InteractionKind::Click | InteractionKind::DoubleClick | InteractionKind::TouchEnd)
            );
        match cause {
            None if clicked || event.kind == EventKind::FullSnapshot => cause = Some(event.time),
            // Further clicks count while they follow each other closely.
            Some(known) if clicked && known - event.time <= SETTLED => cause = Some(event.time),
            _ => {}
        }
    }
    cause
}

/// When the page stops changing after `time`, at most `limit` later.
fn settled(tab: &Tab, time: f64, limit: f64) -> f64 {
    let first = tab.events.partition_point(|event| event.time <= time);
    let mut last = time;
    for event in tab.events.iter().skip(first) {
        if event.time - last > SETTLED || event.time - time > limit {
            break;
        }
        if event.kind.touches_page() && event.kind != EventKind::PointerMove {
            last = event.time;
        }
    }
    last
}

/// The moment most worth seeing, and why: the rarest and gravest kind first, of those the first.
pub fn most_worth_seeing(moments: &[Moment]) -> Option<(&Moment, &'static str)> {
    type Rank = (&'static str, fn(&Moment) -> bool);
    let ranked: [Rank; 6] = [
        ("the first error that nobody caught", |moment| {
            moment.kind == MomentKind::Error
        }),
        (
            "the first request that the server could not answer",
            |moment| matches!(moment.kind, MomentKind::FailedRequest(status) if status >= 500 || status == 0),
        ),
        ("the first rage click", |moment| {
            moment.kind == MomentKind::Frustration(FrustrationKind::RageClick)
        }),
        ("the first error", |moment| {
            moment.kind == MomentKind::HandledError
        }),
        ("the first failed request", |moment| {
            matches!(moment.kind, MomentKind::FailedRequest(_))
        }),
        ("the first dead click", |moment| {
            moment.kind == MomentKind::Frustration(FrustrationKind::DeadClick)
        }),
    ];
    ranked.iter().find_map(|(why, is_it)| {
        let moment = moments.iter().find(|moment| is_it(moment))?;
        Some((moment, *why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Around {
        text.parse().expect(text)
    }

    #[test]
    fn large_expressions_are_refused_by_name_unless_they_are_allowed() {
        let around = parsed("error:/\\w{1000}|total/");
        let choose = |limits: &Limits| around.choose(&[], limits).unwrap_err();
        let told = choose(&Limits::default()).to_string();
        assert!(told.contains("--allow regex="), "{told}");
        let more = Limits::default().with(Limit::Regex, 64 << 20);
        assert!(matches!(choose(&more), AroundError::NotThere { .. }));
    }

    #[test]
    fn moments_are_named() {
        assert!(matches!(parsed("error"), Around::One(Kinds::Error, Pick::Nth(0))));
        assert!(matches!(
            parsed("error:2"),
            Around::One(Kinds::Error, Pick::Nth(1))
        ));
        assert!(matches!(
            parsed("error:last"),
            Around::One(Kinds::Error, Pick::Last)
        ));
        assert!(matches!(
            parsed("error:/total|sum/"),
            Around::One(Kinds::ErrorText(_), _)
        ));
        assert!(matches!(
            parsed("error-id:abc"),
            Around::One(Kinds::ErrorId(_), _)
        ));
        assert!(matches!(
            parsed("request:5xx"),
            Around::One(Kinds::Request(500, 599), _)
        ));
        assert!(matches!(
            parsed("request:404"),
            Around::One(Kinds::Request(404, 404), _)
        ));
        assert!(matches!(
            parsed("request"),
            Around::One(Kinds::Request(0, 599), _)
        ));
        assert!(matches!(parsed("all-errors"), Around::All(Kinds::Error)));
        assert!(matches!(parsed("1:23"), Around::Time(_)));
        for wrong in ["", "eror", "error:0", "request:9xx", "error-id:", "error:/(/"] {
            assert!(wrong.parse::<Around>().is_err(), "{wrong}");
        }
    }
}
