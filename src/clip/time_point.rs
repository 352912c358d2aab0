//! Times as a user writes them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;

use super::options::decimal;

/// A time in a session, as it is written on a command line.
///
/// | written | means |
/// |---|---|
/// | `12.5`, `12.5s` | seconds since the session's first event |
/// | `1:23`, `1:02:03.5` | minutes and seconds, hours too, since the first event |
/// | `2026-11-23T13:37:05Z`, with any offset; `2026-11-23 13:37:05 UTC` | that moment |
/// | `13:37:05Z`, `13:37 UTC` | that time of day in UTC |
///
/// `13:37:05` without a `Z` is a time since the first event where the session is that long, and a
/// time of day in UTC otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimePoint(Written);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    /// Milliseconds since the first event; `or_time_of_day` when it may be that as well.
    SinceStart { ms: f64, or_time_of_day: bool },
    /// Milliseconds since midnight UTC.
    TimeOfDay { ms: f64 },
    /// Milliseconds since the Unix epoch.
    Moment { ms: f64 },
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "‘{text}’ is not a time: {reason}. Use seconds since the start (12.5), 1:23, 1:02:03.5, \
     or a time in UTC (13:37:05Z, 2026-11-23T13:37:05Z)"
)]
pub struct TimePointError {
    text: String,
    reason: &'static str,
}

/// First and last time of a session, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: f64,
    pub(super) end: f64,
}

const DAY_MS: f64 = 86_400_000.0;

impl TimePoint {
    /// So many milliseconds after the session's first event.
    pub fn since_start(ms: f64) -> Self {
        TimePoint(Written::SinceStart {
            ms,
            or_time_of_day: false,
        })
    }

    /// The recording time that is meant, in milliseconds since the Unix epoch; not always within the
    /// session.
    pub(super) fn resolve(self, session: Span) -> f64 {
        let since_start = |ms: f64| session.start + ms;
        match self.0 {
            Written::Moment { ms } => ms,
            Written::TimeOfDay { ms } => session.at_time_of_day(ms),
            Written::SinceStart { ms, or_time_of_day } => {
                let by_day = session.at_time_of_day(ms);
                let meant = since_start(ms);
                if or_time_of_day && !session.contains(meant) && session.contains(by_day) {
                    by_day
                } else {
                    meant
                }
            }
        }
    }
}

impl Span {
    fn contains(self, time: f64) -> bool {
        (self.start..=self.end).contains(&time)
    }

    /// The first time within the session at which it is so many milliseconds past midnight UTC; if
    /// there is none, the closest outside.
    fn at_time_of_day(self, ms: f64) -> f64 {
        let before = self.start - self.start.rem_euclid(DAY_MS) + ms;
        let (before, after) = if before >= self.start {
            (before - DAY_MS, before)
        } else {
            (before, before + DAY_MS)
        };
        if after <= self.end || after - self.end < self.start - before {
            after
        } else {
            before
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} long", offset_text(self.end - self.start))?;
        if let (Some(start), Some(end)) = (utc_text(self.start), utc_text(self.end)) {
            write!(f, ", {start} to {end}")?;
        }
        Ok(())
    }
}

impl FromStr for TimePoint {
    type Err = TimePointError;

    fn from_str(text: &str) -> Result<Self, TimePointError> {
        let because = |reason| TimePointError {
            text: text.chars().take(60).collect(),
            reason,
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(because("it is empty"));
        }
        if trimmed.len() > 60 {
            return Err(because("it is too long"));
        }
        // A date begins with a year; `-` stands nowhere else.
        if trimmed.contains('-') {
            return moment(trimmed)
                .map(|ms| TimePoint(Written::Moment { ms }))
                .ok_or_else(|| because("it looks like a date but is none"));
        }
        let utc = trimmed
            .strip_suffix("UTC")
            .or_else(|| trimmed.strip_suffix(['Z', 'z']));
        if let Some(time) = utc {
            return time_of_day(time.trim_end())
                .map(|ms| TimePoint(Written::TimeOfDay { ms }))
                .ok_or_else(|| because("a time of day is HH:MM or HH:MM:SS"));
        }
        let clock = trimmed.strip_suffix('s').unwrap_or(trimmed);
        let ms = since_start(clock).map_err(because)?;
        Ok(TimePoint(Written::SinceStart {
            ms,
            or_time_of_day: time_of_day(clock) == Some(ms) && clock.matches(':').count() == 2,
        }))
    }
}

/// `12.5`, `1:23` or `1:02:03.5` in milliseconds.
fn since_start(clock: &str) -> Result<f64, &'static str> {
    let mut total = 0.0;
    let parts: Vec<&str> = clock.split(':').collect();
    if parts.len() > 3 {
        return Err("it has more than hours, minutes and seconds");
    }
    for (place, part) in parts.iter().enumerate() {
        let last = place + 1 == parts.len();
        let number = decimal(part)
            .filter(|_| last || !part.contains('.'))
            .ok_or("it has something in it that is no number")?;
        if place > 0 && number >= 60.0 {
            return Err("minutes and seconds go up to 59");
        }
        total = total * 60.0 + number;
    }
    if total > 1e10 {
        return Err("no session is that long");
    }
    Ok(total * 1000.0)
}

/// `13:37` or `13:37:05.5` in milliseconds since midnight.
fn time_of_day(clock: &str) -> Option<f64> {
    let colons = clock.matches(':').count();
    let seconds = if colons == 1 { ":00" } else { "" };
    since_start(&format!("{clock}{seconds}"))
        .ok()
        .filter(|ms| colons > 0 && *ms < DAY_MS)
}

/// A date with a time in milliseconds since the Unix epoch; without an offset it is in UTC.
fn moment(text: &str) -> Option<f64> {
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let civil: civil::DateTime = text.strip_suffix("UTC").unwrap_or(text).trim_end().parse().ok()?;
        Offset::UTC.to_timestamp(civil).ok()
    })?;
    Some(timestamp.as_duration().as_millis_f64())
}

impl fmt::Display for TimePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Written::SinceStart { ms, .. } => f.write_str(&offset_text(ms)),
            Written::TimeOfDay { ms } => write!(f, "{} UTC", offset_text(ms)),
            Written::Moment { ms } => f.write_str(&utc_text(ms).unwrap_or_else(|| ms.to_string())),
        }
    }
}

/// A length of time as clocks show it: `0:12`, `1:02:03`. Fractions are cut off.
pub fn offset_text(ms: f64) -> String {
    let seconds = (ms.max(0.0) / 1000.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A time since the Unix epoch as `2026-11-23 13:37:05 UTC`; `None` when calendars do not reach it.
pub fn utc_text(epoch_ms: f64) -> Option<String> {
    let whole = epoch_ms.floor();
    // Times beyond what an i64 holds become its ends, which no calendar reaches either.
    let timestamp = Timestamp::from_millisecond(whole as i64).ok()?;
    let civil = Offset::UTC.to_datetime(timestamp);
    Some(civil.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A time since the Unix epoch as `2026-11-23T13:37:05.123Z`; `None` when calendars do not reach it.
pub fn utc_iso(epoch_ms: f64) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(epoch_ms.round() as i64).ok()?;
    let civil = Offset::UTC.to_datetime(timestamp);
    Some(civil.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 13:37:05 UTC.
    const START: f64 = 1_795_441_025_000.0;

    fn session(length_ms: f64) -> Span {
        Span {
            start: START,
            end: START + length_ms,
        }
    }

    fn resolved(text: &str, length_ms: f64) -> f64 {
        text.parse::<TimePoint>().unwrap().resolve(session(length_ms)) - START
    }

    #[test]
    fn times_since_the_start() {
        for (text, ms) in [
            ("0", 0.0),
            ("12.5", 12_500.0),
            (" 12.5s ", 12_500.0),
            ("1:23", 83_000.0),
            ("90:00", 5_400_000.0),
            ("1:02:03.5", 3_723_500.0),
        ] {
            assert_eq!(resolved(text, 4e6), ms, "{text}");
        }
    }

    #[test]
    fn moments_and_times_of_day() {
        for text in [
            "2026-11-23T13:37:15Z",
            "2026-11-23T14:37:15+01:00",
            "2026-11-23 13:37:15 UTC",
            "2026-11-23 13:37:15",
            "13:37:15Z",
            "13:37:15 UTC",
        ] {
            assert_eq!(resolved(text, 60_000.0), 10_000.0, "{text}");
        }
        assert_eq!(resolved("13:38Z", 60_000.0), 55_000.0);
    }

    #[test]
    fn three_numbers_are_a_time_of_day_only_when_the_session_is_not_that_long() {
        assert_eq!(resolved("13:37:15", 60_000.0), 10_000.0);
        let fourteen_hours = 14.0 * 3_600_000.0;
        assert_eq!(resolved("13:37:15", fourteen_hours), 49_035_000.0);
        // Neither: as it is written.
        assert_eq!(resolved("1:00:00", 60_000.0), 3_600_000.0);
    }

    #[test]
    fn a_time_of_day_past_midnight_is_the_next_day() {
        assert_eq!(resolved("00:00:05Z", 12.0 * 3_600_000.0), 37_380_000.0);
        // Not within the session: the closest one, so that the message makes sense.
        assert_eq!(resolved("13:37:00Z", 60_000.0), -5_000.0);
        assert_eq!(resolved("13:39:05Z", 60_000.0), 120_000.0);
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("soon", "no number"),
            ("1:75", "59"),
            ("1:2:3:4", "more than hours"),
            ("1.5:00", "no number"),
            ("-5", "date"),
            ("2026-13-01T00:00:00Z", "date"),
            ("25:00Z", "time of day"),
            ("99999999999", "that long"),
            ("inf", "no number"),
        ] {
            let error = text.parse::<TimePoint>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(error.contains("2026-11-23T13:37:05Z"), "an example: {error}");
        }
        let endless = "9".repeat(10_000);
        assert!(endless.parse::<TimePoint>().unwrap_err().to_string().len() < 400);
    }

    #[test]
    fn texts_of_times() {
        assert_eq!(offset_text(0.0), "0:00");
        assert_eq!(offset_text(67_999.0), "1:07");
        assert_eq!(offset_text(3_723_500.0), "1:02:03");
        assert_eq!(offset_text(f64::NAN), "0:00");
        assert_eq!(utc_text(START).as_deref(), Some("2026-11-23 13:37:05 UTC"));
        assert_eq!(utc_text(-1.0).as_deref(), Some("1969-12-31 23:59:59 UTC"));
        assert_eq!(utc_text(1e300), None);
    }
}
