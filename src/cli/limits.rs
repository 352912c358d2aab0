//! How much a recording and what is made of it may come to, on the command line.

use clap::Args;
use domreel::clip::Seconds;
use domreel::limits::{Limit, Limits, Unit};

use super::file::bytes;

/// The limits that somebody changed.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LimitArgs {
    /// Allow more or less of something than usual: nodes=2000000, page=1GiB, browser-answer=2min; again for others
    ///
    /// Beyond its limit, what there is too much of is left out and counted as damage, or the command fails
    /// and says which limit it was. Limits and what they are by default:
    /// input=1GiB, unpacked=2GiB (bytes of one file, as it is and decompressed),
    /// events=5000000, session=168h (of a recording), part=1GiB, pieces=100000 (of its compressed events),
    /// side-file=64MiB (found beside it),
    /// regex=1MiB, selector=4KiB (of one option), secrets=1MiB (masked texts that are sought elsewhere too),
    /// asset=64MiB, assets=100000, assets-size=1GiB, asset-redirects=10, filled=2GiB, absent=20000 (of --assets and packs),
    /// host-assets=2000, host-size=256MiB, host-answer=30s, host-time=5min (of --allow-host),
    /// nodes=1000000, depth=512, text=16MiB, attribute=64MiB, page=256MiB (of a page),
    /// sheet-changes=200000, adopted-sheets=10000, canvas=256MiB, canvas-pieces=200000,
    /// viewport=16384, viewport-area=40000000 (CSS pixels),
    /// browser-start=30s, browser-answer=30s, browser-ready=5s, browser-restarts=1, browser-memory=4GiB,
    /// output=1GiB (of a clip), gif-ahead=24MiB, gif-ahead-pictures=240 (seen before a GIF begins), upload=10min (of a file),
    /// inline=256MiB (a clip in a document), manifest=64MiB,
    /// fetch-answer=2min, fetch-size=512MiB, fetch-tries=5, fetch-wait=5min, fetch-pages=10000, fetch-errors=100 (of ‘fetch’),
    /// scan-alone=24MiB, scan-problems=2000 (of ‘scan’), job=64KiB (of a job that is submitted to ‘serve’).
    #[arg(id = "allow", long = "allow", value_name = "LIMIT=VALUE", value_parser = limit, help_heading = "Limits")]
    changed: Vec<(Limit, u64)>,
}

impl LimitArgs {
    /// The limits that hold; of what was said twice, the last.
    pub(crate) fn limits(&self) -> Limits {
        self.over(Limits::default())
    }

    /// The same where others are usual.
    pub(crate) fn over(&self, usual: Limits) -> Limits {
        let change = |limits: Limits, (limit, value): &(Limit, u64)| limits.with(*limit, *value);
        self.changed.iter().fold(usual, change)
    }
}

/// Reads `NAME=VALUE`.
fn limit(text: &str) -> Result<(Limit, u64), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "use LIMIT=VALUE, like nodes=2000000".to_owned())?;
    let limit = Limit::named(name.trim()).ok_or_else(|| {
        let names: Vec<_> = Limit::ALL.into_iter().map(Limit::name).collect();
        format!("there is no limit ‘{name}’; there are {}", names.join(", "))
    })?;
    let value = value.trim();
    let value = match limit.unit() {
        Unit::Count => value
            .replace('_', "")
            .parse()
            .map_err(|_| format!("‘{value}’ is not a number"))?,
        Unit::Bytes => bytes(value)?,
        Unit::Time => milliseconds(value)?,
    };
    Ok((limit, value))
}

/// Reads a time, which may be hours.
fn milliseconds(text: &str) -> Result<u64, String> {
    const HOUR_MS: f64 = 3_600_000.0;
    let hours = text
        .strip_suffix('h')
        .and_then(|hours| hours.trim().parse::<f64>().ok());
    let milliseconds = match hours {
        Some(hours) if (0.0..1e9).contains(&hours) => hours * HOUR_MS,
        _ => text
            .parse::<Seconds>()
            .map_err(|error| error.to_string())?
            .milliseconds(),
    };
    Ok(milliseconds as u64)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitArgs,
    }

    fn read(arguments: &[&str]) -> Result<Limits, clap::Error> {
        let line = std::iter::once(&"domreel").chain(arguments);
        Line::try_parse_from(line).map(|line| line.limits.limits())
    }

    #[test]
    fn limits_are_read_in_their_units() {
        let limits = read(&[
            "--allow",
            "nodes=5",
            "--allow",
            "page=2MiB",
            "--allow=browser-answer=1.5min",
            "--allow",
            "session=2h",
            "--allow",
            "nodes=1_000",
        ])
        .unwrap();
        assert_eq!(limits.of(Limit::Nodes), 1000);
        assert_eq!(limits.of(Limit::Page), 2 << 20);
        assert_eq!(limits.of(Limit::BrowserAnswer), 90_000);
        assert_eq!(limits.of(Limit::Session), 7_200_000);
        assert_eq!(limits.of(Limit::Depth), Limit::Depth.default());
    }

    #[test]
    fn what_is_no_limit_is_told() {
        for (text, told) in [
            ("noses=5", "there are input"),
            ("nodes", "LIMIT=VALUE"),
            ("nodes=many", "not a number"),
            ("nodes=-1", "not a number"),
            ("page=5 apples", "10MB"),
            ("browser-ready=NaNh", "length of time"),
        ] {
            let error = read(&["--allow", text]).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    /// The help tells the truth.
    #[test]
    fn every_limit_is_in_the_help() {
        let help = Line::command().render_long_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for limit in Limit::ALL {
            let told = format!("{}={}", limit.name(), limit.text(limit.default()));
            assert!(help.contains(&told), "{told} in {help}");
        }
    }
}
