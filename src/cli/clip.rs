//! Options about which part of a recording is shown, and when.

use clap::Args;
use domreel::clip::{ClipOptions, Idle, Seconds, Speed, TimePoint};
use domreel::moment::{Around, PartOptions};
use domreel::render::Choice;

/// Which part of a recording is shown, and how fast.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClipArgs {
    /// Where the clip begins: seconds (12.5), 1:23, or a time in UTC (13:37:05Z, 2026-11-23T13:37:05Z)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Clip")]
    from: Option<TimePoint>,
    /// Where the clip ends
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Clip")]
    to: Option<TimePoint>,
    /// Show a moment: error, error:2, error:last, error:/regex/, error-id:ID, rage-click, dead-click,
    /// error-click, request:5xx, marker:NAME, all-errors, or a time
    ///
    /// The clip begins with what the user did that led there and ends when the page has settled.
    /// ‘domreel inspect’ lists the moments.
    #[arg(long, value_name = "MOMENT", conflicts_with_all = ["from", "to", "auto"], help_heading = "Clip")]
    around: Option<Around>,
    /// Show the part most worth seeing, and say why
    #[arg(long, conflicts_with_all = ["from", "to"], help_heading = "Clip")]
    auto: bool,
    /// With --around or --auto: begin so long before the moment
    #[arg(long, value_name = "TIME", help_heading = "Clip")]
    before: Option<Seconds>,
    /// With --around or --auto: end so long after the moment
    #[arg(long, value_name = "TIME", help_heading = "Clip")]
    after: Option<Seconds>,
    /// With --around or --auto: show so much of the recording at most around each moment
    #[arg(long, value_name = "TIME", default_value_t = PartOptions::default().max, help_heading = "Clip")]
    max: Seconds,
    /// Without a range: of clips that would be longer than this, show the part most worth seeing
    #[arg(long, value_name = "TIME", default_value = "2min", help_heading = "Clip")]
    max_session: Seconds,
    /// How many times faster than recorded, 0.1 to 100
    #[arg(long, value_name = "FACTOR", default_value_t = ClipOptions::default().speed, help_heading = "Clip")]
    speed: Speed,
    /// Fold stretches without activity that are longer than this, in seconds; ‘off’ keeps all of them
    #[arg(long, value_name = "TIME", default_value_t = ClipOptions::default().idle, help_heading = "Clip")]
    idle: Idle,
    /// Hold the last frame for so many seconds
    #[arg(long, value_name = "TIME", default_value_t = ClipOptions::default().hold, help_heading = "Clip")]
    hold: Seconds,
    /// Most frames a second, 1 to 120 [default: 24 for videos, 12 otherwise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(ClipOptions::MAX_FPS)),
          help_heading = "Clip")]
    fps: Option<u32>,
    /// Refuse to make clips longer than this
    #[arg(long, value_name = "TIME", default_value = "60min", help_heading = "Clip")]
    max_length: Seconds,
}

impl ClipArgs {
    /// Which part of the recording is shown.
    pub(crate) fn choice(&self) -> Choice {
        let parts = PartOptions {
            before: self.before,
            after: self.after,
            max: self.max,
        };
        match &self.around {
            Some(around) => Choice::Around(around.clone(), parts),
            None if self.auto => Choice::MostWorthSeeing(parts),
            None if self.from.is_some() || self.to.is_some() => Choice::Range,
            None => Choice::WholeUpTo(self.max_session, parts),
        }
    }

    /// The options, where `default_fps` is for when nothing is asked for.
    pub(crate) fn options(&self, default_fps: u32) -> ClipOptions {
        ClipOptions {
            from: self.from,
            to: self.to,
            speed: self.speed,
            idle: self.idle,
            hold: self.hold,
            fps: self.fps.unwrap_or(default_fps),
            max_length: self.max_length,
            ..ClipOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        clip: ClipArgs,
    }

    fn options(arguments: &[&str]) -> Result<ClipOptions, clap::Error> {
        Line::try_parse_from([&["domreel"], arguments].concat()).map(|line| line.clip.options(12))
    }

    #[test]
    fn the_defaults_are_the_library_s() {
        assert_eq!(options(&[]).unwrap(), ClipOptions::default());
    }

    #[test]
    fn every_option_arrives() {
        let arguments = [
            "--from",
            "1:23",
            "--to",
            "13:37:05Z",
            "--speed",
            "2x",
            "--idle",
            "off",
            "--hold",
            "500ms",
            "--fps",
            "24",
            "--max-length",
            "2min",
        ];
        let options = options(&arguments).unwrap();
        assert_eq!(options.from, "1:23".parse().ok());
        assert_eq!(options.to, "13:37:05Z".parse().ok());
        assert_eq!(options.speed.factor(), 2.0);
        assert_eq!(options.idle, Idle::Keep);
        assert_eq!(options.hold.milliseconds(), 500.0);
        assert_eq!(options.fps, 24);
        assert_eq!(options.max_length.milliseconds(), 120_000.0);
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [
            ["--from", "yesterday"],
            ["--from", "-5"],
            ["--speed", "0"],
            ["--idle", "never"],
            ["--fps", "0"],
            ["--fps", "1000"],
            ["--hold", "-1"],
        ] {
            assert!(options(&arguments).is_err(), "{arguments:?}");
        }
    }
}
