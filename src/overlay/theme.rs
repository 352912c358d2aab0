//! Colours and measures.

use std::fmt;

use super::options::{Accent, OverlayOptions, ThemeChoice};
use crate::pixmap::Pixmap;

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

impl Color {
    /// How bright it is, 0 to 255 (ITU-R BT.601).
    fn luma(self) -> u32 {
        (u32::from(self.0) * 299 + u32::from(self.1) * 587 + u32::from(self.2) * 114) / 1000
    }
}

impl fmt::Display for Color {
    /// As CSS.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl ThemeChoice {
    /// The theme that stands out from a page: light from one that is dark for the most part, else dark.
    pub(crate) fn beside(page: &Pixmap) -> ThemeChoice {
        /// Of so many pixels, one is looked at.
        const OF: usize = 37;
        let (mut dark, mut all) = (0_usize, 0_usize);
        for pixel in page.data.chunks_exact(4).step_by(OF) {
            if let [red, green, blue, _] = *pixel {
                all += 1;
                dark += usize::from(Color(red, green, blue).luma() < 0x60);
            }
        }
        if dark * 2 > all {
            ThemeChoice::Light
        } else {
            ThemeChoice::Dark
        }
    }
}

/// The colours of everything that is drawn over and around a page. Text on [`Theme::ground`] keeps a
/// contrast of at least 4.5:1 (WCAG 2.2, 1.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Theme {
    /// Of the bar, chips and cards.
    pub(super) ground: Color,
    /// Between the ground and what it lies on.
    pub(super) edge: Color,
    /// Around pages that are smaller than the output.
    pub(super) backdrop: Color,
    /// Text that matters.
    pub(super) ink: Color,
    /// Text beside it.
    pub(super) muted: Color,
    /// What of the timeline is still to come.
    pub(super) track: Color,
    /// The one colour that stands out.
    pub(super) accent: Color,
    /// Text on it.
    pub(super) on_accent: Color,
    /// Errors, on the ground.
    pub(super) danger: Color,
    /// Text on it.
    pub(super) on_danger: Color,
    /// Warnings and what took long, on the ground.
    pub(super) warning: Color,
    /// Text on it.
    pub(super) on_warning: Color,
    /// Lines over what is missing.
    pub(super) hatch: Color,
    /// Around lines that are drawn over the page.
    pub(super) casing: Color,
}

impl Theme {
    /// Dark, so that it ends a light page as clearly as a dark one.
    const DARK: Theme = Theme {
        ground: Color(0x17, 0x1a, 0x20),
        edge: Color(0x3a, 0x41, 0x4c),
        backdrop: Color(0x24, 0x29, 0x31),
        ink: Color(0xf5, 0xf7, 0xf9),
        muted: Color(0xa6, 0xb0, 0xbd),
        track: Color(0x46, 0x4f, 0x5c),
        accent: Color(0x4c, 0x9d, 0xff),
        on_accent: Color(0x0a, 0x16, 0x28),
        danger: Color(0xff, 0x5c, 0x5c),
        on_danger: Color(0x2b, 0x04, 0x04),
        warning: Color(0xff, 0xb8, 0x38),
        on_warning: Color(0x2b, 0x1b, 0x00),
        hatch: Color(0x80, 0x88, 0x94),
        casing: Color(0xff, 0xff, 0xff),
    };

    const LIGHT: Theme = Theme {
        ground: Color(0xff, 0xff, 0xff),
        edge: Color(0xc9, 0xd0, 0xd9),
        backdrop: Color(0xe6, 0xe9, 0xee),
        ink: Color(0x17, 0x1a, 0x20),
        muted: Color(0x57, 0x60, 0x6e),
        track: Color(0xd3, 0xd9, 0xe1),
        accent: Color(0x0b, 0x62, 0xd6),
        on_accent: Color(0xff, 0xff, 0xff),
        danger: Color(0xd0, 0x2b, 0x2b),
        on_danger: Color(0xff, 0xff, 0xff),
        warning: Color(0x9a, 0x5b, 0x00),
        on_warning: Color(0xff, 0xff, 0xff),
        hatch: Color(0x80, 0x88, 0x94),
        casing: Color(0xff, 0xff, 0xff),
    };

    /// What the options ask for; the dark one while that is not decided.
    pub(super) fn new(options: &OverlayOptions) -> Theme {
        Theme::of(options.theme, options.accent)
    }

    pub(super) fn of(choice: ThemeChoice, accent: Option<Accent>) -> Theme {
        let theme = match choice {
            ThemeChoice::Light => Theme::LIGHT,
            ThemeChoice::Dark | ThemeChoice::Auto => Theme::DARK,
        };
        let Some(Accent(accent)) = accent else {
            return theme;
        };
        let on_accent = if accent.luma() > 0x80 {
            Color(0, 0, 0)
        } else {
            Color(255, 255, 255)
        };
        Theme {
            accent,
            on_accent,
            ..theme
        }
    }

    /// What style sheets call the colours of text and what is behind it.
    pub(super) fn variables(&self) -> [(&'static str, Color); 10] {
        [
            ("ground", self.ground),
            ("edge", self.edge),
            ("ink", self.ink),
            ("muted", self.muted),
            ("accent", self.accent),
            ("on-accent", self.on_accent),
            ("danger", self.danger),
            ("on-danger", self.on_danger),
            ("warning", self.warning),
            ("on-warning", self.on_warning),
        ]
    }
}

/// Measures in output pixels. They follow the width of the output, not the scale of the page, so that
/// text is readable in a small clip of a large page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Metrics {
    /// Font size of the bar's text.
    pub(super) font: u32,
    /// Height of a line of text.
    pub(super) line: u32,
    /// Height of the bar.
    pub(super) bar_height: u32,
    /// Between the bar's content and the edges.
    pub(super) margin: u32,
    /// Between two things in the bar.
    pub(super) gap: u32,
    /// From the top of the bar to the timeline.
    pub(super) track_top: u32,
    /// Thickness of the timeline.
    pub(super) track: u32,
    /// From the top of the bar to its line of text.
    pub(super) text_top: u32,
    /// Height of a row of the lane above the bar.
    pub(super) row: u32,
    /// Height of the arrow that is the mouse pointer.
    pub(super) cursor: u32,
}

impl Metrics {
    pub(super) fn for_width(width: u32) -> Metrics {
        let font = match width {
            0..360 => 11,
            360..900 => 12,
            900..1200 => 13,
            1200..1500 => 14,
            1500..1800 => 16,
            _ => 18,
        };
        let times = |factor: f64| (f64::from(font) * factor).round() as u32;
        Metrics {
            font,
            line: times(1.4),
            bar_height: times(3.6),
            margin: times(1.15),
            gap: times(1.5),
            track_top: times(0.8),
            track: times(0.34),
            text_top: times(1.65),
            row: times(1.65),
            cursor: times(1.8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dark_for_the_most_part_gets_light_cards() {
        let page = |dark: usize, light: usize| {
            let mut data = [13, 17, 28, 255].repeat(dark);
            data.extend([250, 250, 250, 255].repeat(light));
            Pixmap {
                width: 1,
                height: (dark + light) as u32,
                data,
            }
        };
        assert_eq!(ThemeChoice::beside(&page(700, 300)), ThemeChoice::Light);
        assert_eq!(ThemeChoice::beside(&page(300, 700)), ThemeChoice::Dark);
        assert_eq!(ThemeChoice::beside(&page(0, 0)), ThemeChoice::Dark);
    }
}
