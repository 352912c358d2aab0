//! What a user may ask of overlays, and how it is written on a command line.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::placing::Anchor;
use super::theme::Color;
use crate::clip::TimePoint;

/// What is drawn over and around a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OverlayOptions {
    /// How much.
    pub level: Level,
    /// Parts to draw beside those of the level.
    pub show: Vec<Part>,
    /// Parts not to draw; takes precedence.
    pub hide: Vec<Part>,
    /// Where parts go, unless they would hide what they speak of.
    pub place: Vec<Placing>,
    /// The colours.
    pub theme: ThemeChoice,
    /// The colour that stands out, instead of the theme's.
    pub accent: Option<Accent>,
    /// Captions to show beside those of the recording.
    pub captions: Vec<Caption>,
    /// What the clip is about, on a card before it.
    pub title: Option<String>,
    /// Name of the ticket or incident, on the cards before and after the clip.
    pub ticket: Option<String>,
    /// Address where more is to be found, as text on the card after the clip.
    pub link: Option<String>,
}

impl OverlayOptions {
    /// Whether a part is drawn. Who asks for one that stands in the bar gets the bar with it.
    pub fn shows(&self, part: Part) -> bool {
        let asked = |part: &Part| self.show.contains(part) && !self.hide.contains(part);
        let holds = part == Part::Bar && [Part::Marks, Part::Reconstruction].iter().any(asked);
        !self.hide.contains(&part) && (self.level >= part.level() || asked(&part) || holds)
    }

    /// Where a part was asked to go.
    pub(super) fn placed(&self, part: Part) -> Option<Anchor> {
        let last = self.place.iter().rev().find(|placing| placing.part == part);
        last.map(|placing| placing.anchor)
    }

    /// Whether the targets of clicks that led to errors are drawn: with the errors' cards, or without
    /// where that was asked for.
    pub(super) fn shows_target(&self) -> bool {
        self.shows(Part::Target) && (self.shows(Part::Errors) || self.show.contains(&Part::Target))
    }
}

/// Where a part goes. Written `errors=bottom-left`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    /// One of [`Placing::PARTS`].
    pub part: Part,
    /// Where.
    pub anchor: Anchor,
}

impl Placing {
    /// The parts that have no place of their own.
    pub const PARTS: [Part; 3] = [Part::Errors, Part::Notes, Part::Captions];
}

impl FromStr for Placing {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = text.split_once('=').and_then(|(part, anchor)| {
            Some(Placing {
                part: Placing::PARTS.into_iter().find(|known| known.name() == part)?,
                anchor: Anchor::ALL.into_iter().find(|known| known.name() == anchor)?,
            })
        });
        found.ok_or_else(|| {
            OverlayOptionError(format!(
                "‘{text}’ places nothing: write {} = {}, like ‘errors=bottom-left’",
                Placing::PARTS.map(Part::name).join("|"),
                Anchor::ALL.map(Anchor::name).join("|")
            ))
        })
    }
}

impl fmt::Display for Placing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.part, self.anchor.name())
    }
}

/// A caption of the user's. Written as a time and a text: `12.5: The order fails`.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// When it appears.
    pub at: TimePoint,
    /// What it says.
    pub text: Arc<str>,
}

/// Why an option's value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OverlayOptionError(String);

/// How much is drawn. Written `none`, `minimal` or `full`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The page alone.
    None,
    /// What the user did: cursor and clicks.
    Minimal,
    /// All there is to tell.
    #[default]
    Full,
}

/// Something that is drawn, and can be switched on and off. Written by its [`Part::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The pointer, and fingers.
    Cursor,
    /// Ripples where something was clicked or touched.
    Clicks,
    /// The bar below the page: address, timeline, clocks.
    Bar,
    /// Marks on the timeline for what happened.
    Marks,
    /// Cards that tell of errors.
    Errors,
    /// The target of the click that led to an error.
    Target,
    /// Requests that failed or took long.
    Requests,
    /// Warnings and errors on the console.
    Console,
    /// What was typed.
    Keys,
    /// What the user did, in words.
    Steps,
    /// Badges where somebody clicked in frustration.
    Badges,
    /// Names of pages and markers as they come.
    Notes,
    /// Captions of the recording and of the user.
    Captions,
    /// Cards before and after the clip, when there is something to say on them.
    Titles,
    /// Labels on what the recording does not contain.
    Missing,
    /// A word in the bar that this is a reconstruction.
    Reconstruction,
}

impl Part {
    /// All parts, in the order in which help texts name them.
    pub const ALL: [Part; 16] = [
        Part::Cursor,
        Part::Clicks,
        Part::Bar,
        Part::Marks,
        Part::Errors,
        Part::Target,
        Part::Requests,
        Part::Console,
        Part::Keys,
        Part::Steps,
        Part::Badges,
        Part::Notes,
        Part::Captions,
        Part::Titles,
        Part::Missing,
        Part::Reconstruction,
    ];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Part::Cursor => "cursor",
            Part::Clicks => "clicks",
            Part::Bar => "bar",
            Part::Marks => "marks",
            Part::Errors => "errors",
            Part::Target => "target",
            Part::Requests => "requests",
            Part::Console => "console",
            Part::Keys => "keys",
            Part::Steps => "steps",
            Part::Badges => "badges",
            Part::Notes => "notes",
            Part::Captions => "captions",
            Part::Titles => "titles",
            Part::Missing => "missing",
            Part::Reconstruction => "reconstruction",
        }
    }

    /// The level from which on it is drawn.
    fn level(self) -> Level {
        match self {
            Part::Cursor | Part::Clicks => Level::Minimal,
            _ => Level::Full,
        }
    }
}

/// Which colours. Written `light`, `dark` or `auto`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// What stands out from the page: the dark one from light pages, the light one from dark pages.
    #[default]
    Auto,
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// A colour, written as CSS writes it: `#4c9dff` or `#49f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent(pub(super) Color);

impl FromStr for Level {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Level::None),
            "minimal" => Ok(Level::Minimal),
            "full" => Ok(Level::Full),
            other => Err(OverlayOptionError(format!(
                "‘{other}’ is not a level of overlays: use none, minimal or full"
            ))),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::None => "none",
            Level::Minimal => "minimal",
            Level::Full => "full",
        })
    }
}

impl FromStr for Caption {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            OverlayOptionError(format!(
                "‘{text}’ is not a caption: write a time, a colon with a blank after it, and the text, like \
                 ‘1:23: The order fails’"
            ))
        };
        let (at, words) = text.split_once(": ").ok_or_else(wrong)?;
        if words.trim().is_empty() {
            return Err(wrong());
        }
        Ok(Caption {
            at: at.parse().map_err(|_| wrong())?,
            text: words.trim().into(),
        })
    }
}

impl FromStr for Part {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Part::ALL
            .into_iter()
            .find(|part| part.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Part::ALL.into_iter().map(Part::name).collect();
                OverlayOptionError(format!(
                    "‘{text}’ is not a part of the overlays: use {}",
                    names.join(", ")
                ))
            })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ThemeChoice {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(ThemeChoice::Auto),
            "light" => Ok(ThemeChoice::Light),
            "dark" => Ok(ThemeChoice::Dark),
            other => Err(OverlayOptionError(format!(
                "‘{other}’ is not a theme: use light, dark or auto"
            ))),
        }
    }
}

impl fmt::Display for ThemeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThemeChoice::Auto => "auto",
            ThemeChoice::Light => "light",
            ThemeChoice::Dark => "dark",
        })
    }
}

impl FromStr for Accent {
    type Err = OverlayOptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hexadecimal(text.trim().trim_start_matches('#'))
            .map(Accent)
            .ok_or_else(|| OverlayOptionError(format!("‘{text}’ is not a colour: use #4c9dff or #49f")))
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn hexadecimal(digits: &str) -> Option<Color> {
    let digits: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).map(|value| value as u8))
        .collect::<Option<_>>()?;
    match digits[..] {
        [r, g, b] => Some(Color(r * 17, g * 17, b * 17)),
        [r, s, g, h, b, c] => Some(Color(r * 16 + s, g * 16 + h, b * 16 + c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_lists_decide_what_is_shown() {
        let mut options = OverlayOptions::default();
        assert!(Part::ALL.into_iter().all(|part| options.shows(part)));
        options.level = Level::Minimal;
        assert!(options.shows(Part::Cursor) && !options.shows(Part::Bar));
        options.show = vec![Part::Bar];
        assert!(options.shows(Part::Bar));
        options.hide = vec![Part::Bar];
        assert!(!options.shows(Part::Bar));
        options.level = Level::None;
        assert!(Part::ALL.into_iter().all(|part| !options.shows(part)));
        options.show = vec![Part::Marks];
        assert!(!options.shows(Part::Bar));
        options.hide.clear();
        assert!(
            options.shows(Part::Marks) && options.shows(Part::Bar) && !options.shows(Part::Reconstruction)
        );
    }

    #[test]
    fn captions_have_a_time_and_a_text() {
        let caption: Caption = "1:23: Mind this: it fails".parse().unwrap();
        assert_eq!(caption.at, "1:23".parse().unwrap());
        assert_eq!(&*caption.text, "Mind this: it fails");
        for wrong in ["", "text", "1:23:text", "soon: text", "1:23:  "] {
            assert!(wrong.parse::<Caption>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for part in Part::ALL {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        for level in [Level::None, Level::Minimal, Level::Full] {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        for theme in [ThemeChoice::Auto, ThemeChoice::Light, ThemeChoice::Dark] {
            assert_eq!(theme.to_string().parse(), Ok(theme));
        }
        assert_eq!("#49f".parse::<Accent>().unwrap().to_string(), "#4499ff");
        assert_eq!("4c9dff".parse::<Accent>().unwrap().to_string(), "#4c9dff");
        for wrong in ["", "#", "#1234", "red", "#ggg"] {
            assert!(wrong.parse::<Accent>().is_err(), "{wrong}");
        }
        for text in ["errors=bottom-left", "captions=top", "notes=right"] {
            assert_eq!(text.parse::<Placing>().unwrap().to_string(), text);
        }
        for wrong in ["errors", "cursor=top", "errors=middle", "=top"] {
            assert!(wrong.parse::<Placing>().is_err(), "{wrong}");
        }
        let error = "arrow".parse::<Part>().unwrap_err().to_string();
        assert!(error.contains("cursor"), "{error}");
    }
}
