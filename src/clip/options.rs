//! What a user may ask of a clip, and how it is written on a command line.

use std::fmt;
use std::str::FromStr;

use super::TimePoint;

/// Which part of a recording is shown, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipOptions {
    /// Where it begins; `None`: with the session.
    pub from: Option<TimePoint>,
    /// Where it ends; `None`: with the session.
    pub to: Option<TimePoint>,
    /// Recording time that passes in a unit of clip time.
    pub speed: Speed,
    /// Stretches without activity that are longer than this, in recording time, are folded.
    pub idle: Idle,
    /// Clip time that a folded stretch takes: long enough to read how much was folded.
    pub fold: Seconds,
    /// Most frames a second of clip time, 1 to 120.
    pub fps: u32,
    /// How long the last frame is held, in clip time.
    pub hold: Seconds,
    /// The longest clip allowed, in clip time.
    pub max_length: Seconds,
}

impl Default for ClipOptions {
    fn default() -> Self {
        ClipOptions {
            from: None,
            to: None,
            speed: Speed(1.0),
            idle: Idle::Above(Seconds(3000.0)),
            fold: Seconds(1000.0),
            fps: 12,
            hold: Seconds(2000.0),
            max_length: Seconds(3_600_000.0),
        }
    }
}

impl ClipOptions {
    /// The highest frame rate that can be asked for.
    pub const MAX_FPS: u32 = 120;

    pub(super) fn check(&self) -> Result<(), OptionError> {
        if !(1..=Self::MAX_FPS).contains(&self.fps) {
            return Err(OptionError(format!(
                "{} frames a second cannot be made: choose --fps from 1 to {}",
                self.fps,
                Self::MAX_FPS
            )));
        }
        Ok(())
    }
}

/// Why an option's value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OptionError(pub(super) String);

/// A length of time, kept in milliseconds. Written `2`, `2.5`, `2s`, `800ms` or `2min`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Seconds(f64);

impl Seconds {
    /// The longest that can be written: ten thousand years.
    const MAX_MS: f64 = 3.2e14;

    /// A length of `milliseconds`; what is negative or no number becomes 0.
    pub fn from_milliseconds(milliseconds: f64) -> Self {
        if milliseconds.is_nan() {
            return Seconds(0.0);
        }
        Seconds(milliseconds.clamp(0.0, Self::MAX_MS))
    }

    /// The length in milliseconds; finite and never negative.
    pub fn milliseconds(self) -> f64 {
        self.0
    }
}

impl FromStr for Seconds {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let trimmed = text.trim();
        let (number, unit) = match trimmed.find(|c: char| c.is_ascii_alphabetic()) {
            Some(at) => trimmed.split_at(at),
            None => (trimmed, "s"),
        };
        let factor = match unit {
            "ms" => 1.0,
            "s" => 1000.0,
            "min" => 60_000.0,
            _ => f64::NAN,
        };
        match decimal(number.trim_end()).map(|number| number * factor) {
            Some(milliseconds) if milliseconds <= Self::MAX_MS => Ok(Seconds(milliseconds)),
            _ => Err(OptionError(format!(
                "‘{text}’ is not a length of time: use seconds (2.5), 800ms or 2min"
            ))),
        }
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1000.0)
    }
}

/// How fast the recording plays, 0.1 to 100 times its own speed. Written `2`, `0.5` or `2x`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Speed(f64);

impl Speed {
    /// A speed of `factor`; `None` when it is out of bounds.
    pub fn new(factor: f64) -> Option<Self> {
        (0.1..=100.0).contains(&factor).then_some(Speed(factor))
    }

    /// Recording time that passes in a unit of clip time.
    pub fn factor(self) -> f64 {
        self.0
    }
}

impl FromStr for Speed {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let number = text.trim().trim_end_matches(['x', '×']);
        decimal(number)
            .and_then(Speed::new)
            .ok_or_else(|| OptionError(format!("‘{text}’ is not a speed from 0.1 to 100")))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which stretches without activity are folded. Written `off` or like [`Seconds`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Idle {
    /// None of them: all time is shown.
    Keep,
    /// Those longer than this, in recording time.
    Above(Seconds),
}

impl FromStr for Idle {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text.trim() {
            "off" => Ok(Idle::Keep),
            other => other.parse().map(Idle::Above).map_err(|_| {
                OptionError(format!(
                    "‘{text}’ is neither ‘off’ nor a length of time like 3 or 800ms"
                ))
            }),
        }
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Idle::Keep => f.write_str("off"),
            Idle::Above(seconds) => seconds.fmt(f),
        }
    }
}

/// A plain number: digits with at most one point. No sign, exponent, infinity or hexadecimal.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = plain.then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, milliseconds) in [
            ("2", 2000.0),
            ("0.25", 250.0),
            ("800ms", 800.0),
            ("2 min", 120_000.0),
            ("3s", 3000.0),
        ] {
            assert_eq!(
                text.parse::<Seconds>().unwrap().milliseconds(),
                milliseconds,
                "{text}"
            );
        }
        for text in [
            "",
            "-1",
            "1e9",
            "inf",
            "NaN",
            "2h",
            "1.2.3",
            "s",
            "99999999999999999",
        ] {
            let error = text.parse::<Seconds>().unwrap_err().to_string();
            assert!(error.contains("not a length of time"), "{error}");
        }
    }

    #[test]
    fn speeds_have_bounds() {
        assert_eq!("2x".parse::<Speed>().unwrap().factor(), 2.0);
        assert_eq!("0.1".parse::<Speed>().unwrap().factor(), 0.1);
        for text in ["0", "101", "-1", "fast", "NaN", "1e1"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }

    #[test]
    fn idle_can_be_kept() {
        assert_eq!("off".parse::<Idle>().unwrap(), Idle::Keep);
        assert_eq!("3".parse::<Idle>().unwrap(), ClipOptions::default().idle);
        assert!("never".parse::<Idle>().is_err());
    }

    #[test]
    fn values_print_as_they_are_written() {
        let defaults = ClipOptions::default();
        assert_eq!(defaults.idle.to_string(), "3");
        assert_eq!(defaults.hold.to_string(), "2");
        assert_eq!(defaults.speed.to_string(), "1");
        assert_eq!(Idle::Keep.to_string(), "off");
    }

    #[test]
    fn milliseconds_from_elsewhere_become_usable() {
        assert_eq!(Seconds::from_milliseconds(f64::NAN).milliseconds(), 0.0);
        assert_eq!(Seconds::from_milliseconds(-5.0).milliseconds(), 0.0);
        assert!(
            Seconds::from_milliseconds(f64::INFINITY)
                .milliseconds()
                .is_finite()
        );
    }
}
