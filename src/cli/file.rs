//! Options about the file that a clip becomes.

use std::path::{Path, PathBuf};

use clap::Args;
use domreel::embed::preset::{Preset, PresetError, Presets};
use domreel::encode::fit::{FitEncoder, FitOptions};
use domreel::encode::gif::Repeat;
use domreel::encode::output::{EncodeOptions, Format, Target, open};
use domreel::encode::{EncodeError, Encoder};
use domreel::limits::Limits;

use super::failure::{Failure, Status};

/// What the file is, for commands and jobs alike.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FileArgs {
    /// Format of the clip [default: what the name of OUT says, or what suits --for, or gif]
    #[arg(long, value_enum, help_heading = "File")]
    format: Option<ClipFormat>,
    /// Make it fit for where it is pasted: github, gitlab, jira, confluence, slack, notion, linear, datadog,
    /// notebook, html, markdown and others
    ///
    /// Sets format, width and most bytes, and writes the snippet that shows the clip there beside it.
    /// docs/targets.md has the table.
    #[arg(long = "for", value_name = "TARGET", help_heading = "File")]
    target: Option<String>,
    /// Most bytes of the file, like 10MB, 500kB or 8MiB
    ///
    /// If that is not enough, colours, frames and size are given up, as little as it takes. Pages are
    /// drawn once whatever that is.
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "File")]
    max_size: Option<u64>,
    /// How exact GIFs and videos are, 0 to 100; the others are lossless [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=100), help_heading = "File")]
    quality: Option<u8>,
    /// How often a GIF, APNG or WebP plays: forever, or a number
    #[arg(long, value_name = "N", default_value = "forever", value_parser = repeat, help_heading = "File")]
    repeat: Repeat,
}

/// What else can be said about it where the machine is the user's own.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EncoderArgs {
    /// Have a program called ffmpeg make the video, named or by its path; WebM needs one
    #[arg(long, value_name = "ffmpeg", help_heading = "File")]
    encoder: Option<PathBuf>,
    /// A file that changes the table of targets, or adds to it (docs/targets.md)
    #[arg(long, value_name = "FILE", env = "DOMREEL_TARGETS", help_heading = "File")]
    targets: Option<PathBuf>,
}

/// Formats of clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ClipFormat {
    /// An animated GIF
    Gif,
    /// A video in H.264
    Mp4,
    /// A video in VP9, which needs ffmpeg
    Webm,
    /// An animated WebP, lossless
    Webp,
    /// An animated PNG, lossless
    Apng,
    /// A directory of PNG frames with frames.json
    Png,
}

impl ClipFormat {
    fn format(self) -> Format {
        match self {
            ClipFormat::Gif => Format::Gif,
            ClipFormat::Mp4 => Format::Mp4,
            ClipFormat::Webm => Format::Webm,
            ClipFormat::Webp => Format::Webp,
            ClipFormat::Apng => Format::Apng,
            ClipFormat::Png => Format::Png,
        }
    }
}

/// What the file is, decided.
#[derive(Debug, Clone)]
pub(crate) struct FilePlan {
    pub(crate) format: Format,
    /// What it is made for.
    pub(crate) preset: Option<Preset>,
    max_bytes: Option<u64>,
    encode: EncodeOptions,
}

impl FileArgs {
    /// A file of which nothing but its format was said.
    pub(crate) fn of_format(format: Option<ClipFormat>) -> Self {
        FileArgs {
            format,
            ..FileArgs::default()
        }
    }

    /// Decides, where `named` is the format that the name of the output says.
    ///
    /// # Errors
    /// When the target is not known, or shows no such format.
    pub(crate) fn plan(
        &self,
        named: Option<Format>,
        encoder: &EncoderArgs,
        limits: Limits,
    ) -> Result<FilePlan, PresetError> {
        let preset = match &self.target {
            Some(name) => Some(Presets::load(encoder.targets.as_deref())?.get(name)?.clone()),
            None => None,
        };
        let wanted = self.format.map(ClipFormat::format).or(named);
        let format = match &preset {
            Some(preset) => preset.format(wanted)?,
            None => wanted.unwrap_or(Format::Gif),
        };
        let limit = preset.as_ref().map(Preset::aim_bytes);
        let mut encode = match self.quality {
            Some(quality) => EncodeOptions::of_quality(quality),
            None => EncodeOptions::default(),
        };
        encode.repeat = self.repeat;
        encode.limits = limits;
        encode.ffmpeg = encoder.encoder.clone();
        if format == Format::Webm && encode.ffmpeg.is_none() {
            encode.ffmpeg = Some("ffmpeg".into());
        }
        Ok(FilePlan {
            format,
            max_bytes: [self.max_size, limit].into_iter().flatten().min(),
            preset,
            encode,
        })
    }

    /// Whether a format or a target was asked for.
    pub(crate) fn decides(&self) -> bool {
        self.format.is_some() || self.target.is_some()
    }
}

impl FilePlan {
    /// Frames a second at most, if nothing else is asked for.
    pub(crate) fn default_fps(&self) -> u32 {
        self.format.default_fps() as u32
    }

    /// Width of the page's picture, if nothing else is asked for.
    pub(crate) fn default_width(&self) -> Option<u32> {
        match &self.preset {
            Some(preset) => Some(preset.width),
            None => self.format.default_width(),
        }
    }

    /// The encoder of a clip that is captured at `fps` frames a second at most.
    ///
    /// # Errors
    /// When the place cannot be written to, or the format needs what is not there.
    pub(crate) fn open(&self, target: &Target, fps: u32) -> Result<Box<dyn Encoder>, EncodeError> {
        let Some(max_bytes) = self.max_bytes else {
            return open(target, self.format, &self.encode);
        };
        let fit = FitOptions {
            max_bytes,
            captured_fps: Some(fps),
        };
        let encoder = FitEncoder::new(target.clone(), self.format, self.encode.clone(), fit)?;
        Ok(Box::new(encoder))
    }
}

/// Where the clip goes, and the format that its name says, if it says one.
pub(crate) fn target(output: &Path, args: &FileArgs) -> Result<(Target, Option<Format>), Failure> {
    if output.as_os_str() == "-" {
        return Ok((Target::Stdout, None));
    }
    let named = match Format::of_name(output) {
        // A name without ending says nothing where a target says more.
        Some(Format::Png) if args.decides() => None,
        None if !args.decides() => {
            return Err(Failure::message(
                Status::Usage,
                format!(
                    "the name {} tells no format that domreel writes: end it in .gif, .mp4, .webp, .apng or \
                     .webm, name a directory for PNG frames, or give --format",
                    output.display()
                ),
            ));
        }
        named => named,
    };
    Ok((Target::Path(output.to_owned()), named))
}

/// Reads a number of bytes: `10MB`, `500 kB`, `8MiB`, `123456`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return Err("use a number with B, kB, MB, GB, KiB, MiB or GiB, like 10MB".to_owned()),
    };
    match number.parse::<f64>() {
        Ok(number) if number * factor >= 1.0 && number.is_finite() => Ok((number * factor) as u64),
        _ => Err("use a number with a unit, like 10MB".to_owned()),
    }
}

fn repeat(text: &str) -> Result<Repeat, String> {
    match (text, text.parse()) {
        ("forever", _) => Ok(Repeat::Forever),
        (_, Ok(times @ 1..)) => Ok(Repeat::Times(times)),
        _ => Err("use ‘forever’, or a number from 1 to 65535".to_owned()),
    }
}

impl From<PresetError> for Failure {
    fn from(error: PresetError) -> Self {
        Failure::new(Status::Usage, error)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        file: FileArgs,
        #[command(flatten)]
        encoder: EncoderArgs,
    }

    fn format(name: &str, arguments: &[&str]) -> Option<Format> {
        let line = Line::try_parse_from([&["domreel"], arguments].concat()).unwrap();
        let (_, named) = target(Path::new(name), &line.file).ok()?;
        Some(
            line.file
                .plan(named, &line.encoder, Limits::default())
                .ok()?
                .format,
        )
    }

    #[test]
    fn an_option_comes_before_the_name() {
        assert_eq!(format("clip.gif", &[]), Some(Format::Gif));
        assert_eq!(format("clip.mp4", &[]), Some(Format::Mp4));
        assert_eq!(format("clip.gif", &["--format", "png"]), Some(Format::Png));
        assert_eq!(format("frames", &[]), Some(Format::Png));
        assert_eq!(format("-", &[]), Some(Format::Gif));
        assert_eq!(format("-", &["--format", "webp"]), Some(Format::Webp));
        assert_eq!(format("clip.doc", &[]), None);
        assert_eq!(format("clip.doc", &["--format", "gif"]), Some(Format::Gif));
    }

    #[test]
    fn a_target_decides_what_the_name_leaves_open() {
        assert_eq!(format("clip", &["--for", "slack"]), Some(Format::Gif));
        assert_eq!(format("clip.gif", &["--for", "github"]), Some(Format::Gif));
        assert_eq!(format("clip.apng", &["--for", "github"]), None);
        assert_eq!(format("clip.gif", &["--for", "word"]), None);
    }

    #[test]
    fn the_smaller_limit_counts() {
        let limit = |arguments: &[&str]| {
            let line = Line::try_parse_from([&["domreel"], arguments].concat()).unwrap();
            line.file
                .plan(None, &line.encoder, Limits::default())
                .unwrap()
                .max_bytes
        };
        assert_eq!(limit(&[]), None);
        assert_eq!(limit(&["--for", "slack"]), Some(4_750_000));
        assert_eq!(limit(&["--for", "slack", "--max-size", "1MB"]), Some(1_000_000));
        assert_eq!(limit(&["--max-size", "1MiB"]), Some(1 << 20));
    }

    #[test]
    fn a_dash_is_standard_output() {
        let args = FileArgs::default();
        assert_eq!(target(Path::new("-"), &args).unwrap().0, Target::Stdout);
        assert_eq!(
            target(Path::new("./-.gif"), &args).unwrap().0,
            Target::Path("./-.gif".into())
        );
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, expected) in [
            ("10MB", Some(10_000_000)),
            ("1.5 mb", Some(1_500_000)),
            ("500kB", Some(500_000)),
            ("8MiB", Some(8 << 20)),
            ("1234", Some(1234)),
            ("0", None),
            ("-1MB", None),
            ("MB", None),
            ("10 parsecs", None),
        ] {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }
}
