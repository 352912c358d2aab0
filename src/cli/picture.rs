//! Options about how pictures look, for clips and stills alike.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domreel::overlay::{Accent, Caption, Level, OutputSize, OverlayOptions, Part, Placing, ThemeChoice};
use domreel::render::{Crop, Framing};

/// How large the pictures are.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SizeArgs {
    /// Width of the page's picture in device pixels [default: 1280 for videos, as recorded for
    /// frames and stills, 800 otherwise]
    ///
    /// A page that was recorded narrower is not enlarged.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=8192),
          conflicts_with = "scale", help_heading = "Picture")]
    width: Option<u32>,
    /// Device pixels to a CSS pixel, 0.1 to 8
    #[arg(long, value_name = "FACTOR", value_parser = scale, help_heading = "Picture")]
    scale: Option<f64>,
}

impl SizeArgs {
    /// The size, where `default_width` (device pixels) is for when nothing is asked for.
    pub(crate) fn size(self, default_width: Option<u32>) -> OutputSize {
        OutputSize {
            width: self.width.or(default_width),
            scale: self.scale,
        }
    }
}

/// Which part of the page is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct CropArgs {
    /// Show a part of the page only: a selector of an element, which is followed, or x,y,width,height in
    /// CSS pixels
    #[arg(
        long,
        value_name = "PART",
        allow_hyphen_values = true,
        help_heading = "Picture"
    )]
    crop: Option<Crop>,
}

impl CropArgs {
    pub(crate) fn framing(&self) -> Framing {
        self.crop.clone().map_or(Framing::Whole, Framing::Part)
    }
}

/// How much of the page is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct FramingArgs {
    #[command(flatten)]
    part: CropArgs,
    /// auto: look from closer at what is clicked and typed into, so that small things are readable in a
    /// small clip
    #[arg(long, value_enum, default_value_t = Zoom::Off, value_name = "WHEN", conflicts_with = "crop",
          help_heading = "Picture")]
    zoom: Zoom,
}

impl FramingArgs {
    pub(crate) fn framing(&self) -> Framing {
        match self.zoom {
            Zoom::Auto => Framing::CloseUps,
            Zoom::Off => self.part.framing(),
        }
    }
}

/// When the page is looked at from closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Zoom {
    /// Where the user clicks and types.
    Auto,
    /// Never.
    Off,
}

/// What is drawn over and around the page.
#[derive(Debug, Clone, Args)]
pub(crate) struct OverlayArgs {
    /// How much is drawn over the page: none, minimal (cursor and clicks) or full
    #[arg(long, value_name = "LEVEL", default_value_t, help_heading = "Picture")]
    overlay: Level,
    /// Parts to draw beside those of the level
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = part(), help_heading = "Picture")]
    show: Vec<Part>,
    /// Parts not to draw
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = part(), help_heading = "Picture")]
    hide: Vec<Part>,
    /// Where a part goes, unless it would hide what it speaks of: errors, notes or captions at top, bottom, left,
    /// right, top-left …, like ‘errors=bottom-left’
    #[arg(
        long,
        value_name = "PART=SIDE",
        value_delimiter = ',',
        help_heading = "Picture"
    )]
    place: Vec<Placing>,
    /// Colours of the overlays: light, dark or auto, which is dark over light pages and light over
    /// dark ones
    #[arg(long, default_value = "auto", help_heading = "Picture")]
    theme: ThemeChoice,
    /// The colour that stands out, like ‘#4c9dff’ [default: the theme's]
    #[arg(long, value_name = "COLOUR", help_heading = "Picture")]
    accent: Option<Accent>,
    /// A caption, as a time and a text: ‘1:23: The order fails’; can be given several times
    #[arg(long, value_name = "TIME: TEXT", help_heading = "Picture")]
    caption: Vec<Caption>,
    /// What the clip is about, on a card before it
    #[arg(long, value_name = "TEXT", help_heading = "Picture")]
    title: Option<String>,
    /// Name of the ticket or incident, on cards before and after the clip
    #[arg(long, value_name = "ID", help_heading = "Picture")]
    ticket: Option<String>,
    /// Address where more is to be found, as text on those cards
    #[arg(long, value_name = "URL", help_heading = "Picture")]
    link: Option<String>,
}

impl OverlayArgs {
    pub(crate) fn options(&self) -> OverlayOptions {
        OverlayOptions {
            level: self.overlay,
            show: self.show.clone(),
            hide: self.hide.clone(),
            place: self.place.clone(),
            theme: self.theme,
            accent: self.accent,
            captions: self.caption.clone(),
            title: self.title.clone(),
            ticket: self.ticket.clone(),
            link: self.link.clone(),
        }
    }
}

/// Reads the name of a part; help and completions list them all.
fn part() -> impl TypedValueParser<Value = Part> {
    PossibleValuesParser::new(Part::ALL.map(Part::name)).try_map(|name| name.parse::<Part>())
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.1..=8.0).contains(&factor) => Ok(factor),
        _ => Err("use a number from 0.1 to 8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        size: SizeArgs,
        #[command(flatten)]
        overlay: OverlayArgs,
    }

    fn line(arguments: &[&str]) -> Result<Line, clap::Error> {
        Line::try_parse_from([&["domreel"], arguments].concat())
    }

    #[test]
    fn what_is_asked_for_comes_before_the_default() {
        let size = |arguments| line(arguments).unwrap().size.size(Some(800));
        assert_eq!(size(&[]).width, Some(800));
        assert_eq!(size(&["--width", "640"]).width, Some(640));
        assert_eq!(size(&["--scale", "0.5"]).scale, Some(0.5));
    }

    #[test]
    fn sizes_have_bounds_and_exclude_each_other() {
        for arguments in [
            &["--scale", "0"][..],
            &["--scale", "NaN"],
            &["--scale", "9"],
            &["--width", "0"],
            &["--width", "100000"],
            &["--width", "800", "--scale", "1"],
        ] {
            assert!(line(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn overlays_are_full_unless_told() {
        assert_eq!(line(&[]).unwrap().overlay.options(), OverlayOptions::default());
        let chosen = line(&["--overlay", "none", "--show", "cursor,bar", "--hide", "clicks"]).unwrap();
        let options = chosen.overlay.options();
        assert_eq!(options.level, Level::None);
        assert_eq!(options.show, [Part::Cursor, Part::Bar]);
        assert_eq!(options.hide, [Part::Clicks]);
        assert!(line(&["--overlay", "some"]).is_err());
    }
}
