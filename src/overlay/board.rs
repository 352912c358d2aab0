//! A storyboard: pictures of a page in a grid, with times and texts. The browser lays it out and draws
//! its texts; the pictures are put into the places that are left for them.

use std::fmt::Write as _;

use super::atlas::escaped;
use super::cards::{CROSS, FLAG, KEYBOARD, PAGE, POINTER, WARNING};
use super::options::{OverlayOptions, ThemeChoice};
use super::paint::Painter;
use super::scene::Rect;
use super::theme::Theme;
use crate::clip::{offset_text, utc_text};
use crate::moment::{KeyFrame, KeyKind, KeyLine, MomentKind, UserStepKind, address};
use crate::pixmap::Pixmap;
use crate::recording::FrustrationKind;
use crate::stage::SheetPicture;

/// What a board looks like, independent of the page's style.
const STYLE: &str = include_str!("../../assets/storyboard.css");

/// Width of a board whose rows are full, in pixels: on paper, 18 cm of it are 280 dots to the inch.
const FULL_WIDTH: u32 = 2000;

/// Pictures are no narrower: rows are broken up rather.
const LEAST_PICTURE: u32 = 60;

/// Longest texts, in characters.
const MOST_TEXT: usize = 220;
const MOST_TITLE: usize = 160;

/// How large a board is and how it is divided. All lengths are output pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardLayout {
    /// Width of the board.
    pub width: u32,
    /// Pictures in a row.
    pub columns: u32,
    /// Width of a picture.
    pub picture: u32,
    /// Size of the text.
    font: u32,
    gap: u32,
    margin: u32,
}

impl BoardLayout {
    /// Lines around pictures are so thick.
    const BORDER: u32 = 2;

    /// For `frames` pictures of a page of this size (CSS pixels); `columns` and `width` as asked for.
    pub fn new(frames: usize, page: (u32, u32), columns: Option<u32>, width: Option<u32>) -> BoardLayout {
        let full = if page.0 >= page.1 { 3 } else { 5 };
        let frames = u32::try_from(frames).unwrap_or(u32::MAX).max(1);
        let columns = columns.unwrap_or(full).clamp(1, frames);
        let width = width.unwrap_or_else(|| {
            // Few pictures are no larger than many.
            let share = f64::from(columns) / f64::from(full.max(columns));
            (f64::from(FULL_WIDTH) * share.max(0.5)) as u32
        });
        // As large below each picture, however many there are in a row, unless a row is crowded.
        let row = f64::from(width) / f64::from(columns) * f64::from(full);
        let font = (row * 0.0125)
            .max(f64::from(width) * 0.0085)
            .min(f64::from(width) * 0.022);
        let font = font.max(11.0).round() as u32;
        let columns = columns.min(width / (LEAST_PICTURE + 2 * font)).max(1);
        let (gap, margin) = (font * 3 / 2, font * 2);
        let room = width.saturating_sub(2 * margin + (columns - 1) * gap) / columns;
        BoardLayout {
            width,
            columns,
            picture: room.saturating_sub(2 * Self::BORDER).max(16),
            font,
            gap,
            margin,
        }
    }
}

/// A board without its pictures.
#[derive(Debug, Clone)]
pub struct Board {
    html: String,
}

/// What a board tells above its pictures.
#[derive(Debug, Clone, Copy)]
pub struct BoardHead<'a> {
    /// Address of the first page.
    pub page: &'a str,
    /// Recording times of the first and last picture's range, in milliseconds since the Unix epoch.
    pub shown: (f64, f64),
    /// Where the session's clock begins, in milliseconds since the Unix epoch.
    pub origin: f64,
}

impl Board {
    /// Writes the board for pictures that are `height` pixels high. Titles, theme and accent colour come from
    /// `options`; a board is light if nothing else is asked for, for it is printed.
    pub fn new(
        head: &BoardHead<'_>,
        frames: &[KeyFrame],
        layout: &BoardLayout,
        height: u32,
        options: &OverlayOptions,
    ) -> Board {
        let options = &OverlayOptions {
            theme: match options.theme {
                ThemeChoice::Auto => ThemeChoice::Light,
                chosen => chosen,
            },
            ..options.clone()
        };
        let mut html = format!(
            "<style>{STYLE}</style><div class=board data-sprite=board style=\"width:{}px",
            layout.width
        );
        for (name, length) in [
            ("font", layout.font),
            ("gap", layout.gap),
            ("margin", layout.margin),
            ("cell", layout.picture + 2 * BoardLayout::BORDER),
        ] {
            // Writing to a string cannot fail.
            let _ = write!(html, ";--{name}:{length}px");
        }
        let _ = write!(html, ";--columns:{}", layout.columns);
        for (name, color) in Theme::new(options).variables() {
            let _ = write!(html, ";--{name}:{color}");
        }
        html.push_str("\">");
        html.push_str(&heading(head, options));
        html.push_str("<div class=grid>");
        for (index, frame) in frames.iter().enumerate() {
            html.push_str(&cell(index, frame, head.origin, (layout.picture, height)));
        }
        html.push_str("</div></div>");
        Board { html }
    }

    /// What the browser has to draw.
    pub fn sheet(&self) -> &str {
        &self.html
    }

    /// The board with its pictures in their order; what there is no place for is left out.
    pub fn compose(&self, sheet: &SheetPicture, pictures: &[Pixmap]) -> Pixmap {
        let whole = &sheet.on_white;
        let board = sheet.sprites.iter().find(|sprite| sprite.name == "board");
        let (width, height) = board.map_or((whole.width, whole.height), |board| {
            let side = |length: f64, most: u32| (length.round() as u32).clamp(1, most.max(1));
            (side(board.width, whole.width), side(board.height, whole.height))
        });
        let row = whole.width as usize * 4;
        let mut out = Pixmap {
            width,
            height,
            data: whole
                .data
                .chunks_exact(row.max(4))
                .take(height as usize)
                .filter_map(|line| line.get(..width as usize * 4))
                .flatten()
                .copied()
                .collect(),
        };
        let mut painter = Painter::new(&mut out);
        for sprite in &sheet.sprites {
            let picture = sprite
                .name
                .parse()
                .ok()
                .and_then(|index: usize| pictures.get(index));
            if let Some(picture) = picture {
                let place = Rect {
                    x: sprite.x.round() as i32,
                    y: sprite.y.round() as i32,
                    width: picture.width,
                    height: picture.height,
                };
                painter.copy(picture, (0, 0), place);
            }
        }
        out
    }
}

fn heading(head: &BoardHead<'_>, options: &OverlayOptions) -> String {
    let words = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).unwrap_or_default();
        escaped(text, MOST_TITLE)
    };
    let (ticket, title, link) = (
        words(&options.ticket),
        words(&options.title),
        words(&options.link),
    );
    let ticket = match ticket.is_empty() {
        true => ticket,
        false => format!("<span class=ticket>{ticket}</span>"),
    };
    let page = escaped(address(head.page), MOST_TITLE);
    let (from, to) = head.shown;
    let seconds = ((to - from) / 1000.0).round();
    let length = if seconds < 60.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{} min", offset_text(to - from))
    };
    let when = match (utc_text(from), utc_text(to)) {
        (Some(from), Some(to)) => {
            // The day is said once, where it is the same.
            let end = to.split(' ').nth(1).filter(|_| from.get(..10) == to.get(..10));
            format!(
                "{} – {}",
                from.trim_end_matches(" UTC"),
                end.map_or(to.clone(), |end| format!("{end} UTC"))
            )
        }
        _ => String::new(),
    };
    let (title, about) = if title.is_empty() {
        (page, String::new())
    } else {
        (title, format!("<div>{page}</div>"))
    };
    let link = match link.is_empty() {
        true => link,
        false => format!("<div class=link>{link}</div>"),
    };
    format!(
        "<div class=head><h1>{ticket}{title}</h1>{about}\
         <div class=muted>{when} · {length} of a session, reconstructed from its recording</div>{link}</div>"
    )
}

fn cell(index: usize, frame: &KeyFrame, origin: f64, (width, height): (u32, u32)) -> String {
    let broken = frame.lines.iter().any(|line| is_failure(line.kind));
    let class = if broken { "cell broken" } else { "cell" };
    let utc = utc_text(frame.time).and_then(|text| Some(text.split(' ').nth(1)?.to_owned() + " UTC"));
    let mut lines = String::new();
    for line in &frame.lines {
        lines.push_str(&said(line));
    }
    format!(
        "<div class=\"{class}\"><div class=when><span class=number>{}</span><b>{}</b><span class=utc>{}</span></div>\
         <div class=frame><div data-sprite={index} style=\"width:{width}px;height:{height}px\"></div></div>\
         <div class=lines>{lines}</div></div>",
        index + 1,
        offset_text(frame.time - origin),
        utc.unwrap_or_default(),
    )
}

fn is_failure(kind: KeyKind) -> bool {
    matches!(
        kind,
        KeyKind::Moment(MomentKind::Error | MomentKind::HandledError | MomentKind::FailedRequest(_))
    )
}

fn said(line: &KeyLine) -> String {
    let (class, icon) = match line.kind {
        KeyKind::Moment(MomentKind::Error | MomentKind::HandledError) => (" bad", CROSS),
        KeyKind::Moment(MomentKind::FailedRequest(_)) => (" bad", WARNING),
        KeyKind::Moment(MomentKind::Frustration(FrustrationKind::ErrorClick)) => (" bad", POINTER),
        KeyKind::Moment(MomentKind::Frustration(_)) => (" slow", POINTER),
        KeyKind::Moment(MomentKind::Marker) => ("", FLAG),
        KeyKind::Step(UserStepKind::Click) => ("", POINTER),
        KeyKind::Step(UserStepKind::Type | UserStepKind::Choose) => ("", KEYBOARD),
        _ => ("", PAGE),
    };
    let text = match line.kind {
        KeyKind::Begin => "The page as the clip begins".to_owned(),
        KeyKind::End => "The page as the clip ends".to_owned(),
        KeyKind::Step(UserStepKind::Open) => {
            // The address is its last word.
            let (verb, page) = line.text.rsplit_once(' ').unwrap_or(("Opened", &line.text));
            format!(
                "{} <b>{}</b>",
                escaped(verb, MOST_TEXT),
                escaped(address(page), MOST_TEXT)
            )
        }
        KeyKind::Step(_) => escaped(&line.text, MOST_TEXT),
        KeyKind::Moment(MomentKind::View) => {
            format!("Page <b>{}</b>", escaped(address(&line.text), MOST_TEXT))
        }
        KeyKind::Moment(MomentKind::FailedRequest(status)) => {
            let status = match status {
                0 => "no answer".to_owned(),
                status => status.to_string(),
            };
            let (method, url) = line.text.split_once(' ').unwrap_or(("", &line.text));
            format!(
                "<b>{status}</b> {} {}",
                escaped(method, 8),
                escaped(address(url), MOST_TEXT)
            )
        }
        KeyKind::Moment(kind @ (MomentKind::Frustration(_) | MomentKind::Marker)) => {
            let mut name = kind.to_string();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            match line.text.trim() {
                "" => format!("<b>{name}</b>"),
                text => format!("<b>{name}</b> {}", escaped(text, MOST_TEXT)),
            }
        }
        KeyKind::Moment(_) => {
            let (name, message) = match line.text.split_once(": ") {
                Some((name, message)) if !name.contains(char::is_whitespace) => (name, message),
                _ => ("Error", &*line.text),
            };
            let place = line.place.as_deref().map_or(String::new(), |place| {
                format!("<br><code>{}</code>", escaped(place, MOST_TEXT))
            });
            format!(
                "<b>{}</b> {}{place}",
                escaped(name, MOST_TITLE),
                escaped(message.trim(), MOST_TEXT)
            )
        }
    };
    format!("<div class=\"said{class}\">{icon}<span>{text}</span></div>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::SpriteBox;

    fn frame(kind: KeyKind, text: &str) -> KeyFrame {
        let line = KeyLine {
            kind,
            text: text.to_owned(),
            place: None,
        };
        KeyFrame {
            time: 5000.0,
            picture: 5000.0,
            lines: vec![line],
        }
    }

    const HEAD: BoardHead<'_> = BoardHead {
        page: "https://shop.example/pay?token=1#x",
        shown: (0.0, 9000.0),
        origin: 0.0,
    };

    #[test]
    fn rows_suit_the_page_and_the_number_of_pictures() {
        let layout = |frames, page, columns, width| {
            let layout = BoardLayout::new(frames, page, columns, width);
            let row =
                layout.columns * (layout.picture + 4) + (layout.columns - 1) * layout.gap + 2 * layout.margin;
            assert!(
                row <= layout.width && row + layout.columns > layout.width,
                "{layout:?}"
            );
            (layout.columns, layout.width)
        };
        let (wide, tall) = ((1280, 800), (390, 844));
        assert_eq!(layout(9, wide, None, None), (3, 2000));
        assert_eq!(layout(9, tall, None, None), (5, 2000));
        assert_eq!(layout(1, wide, None, None), (1, 1000));
        assert_eq!(layout(9, wide, Some(4), Some(1200)), (4, 1200));
        assert_eq!(layout(2, wide, Some(4), None).0, 2);
        assert_eq!(layout(48, wide, Some(12), Some(320)), (3, 320));
    }

    #[test]
    fn what_is_from_outside_is_text() {
        let evil = "</span><img src=x onerror=alert(1)>";
        let frames = [
            frame(KeyKind::Step(UserStepKind::Click), evil),
            frame(KeyKind::Step(UserStepKind::Open), evil),
            frame(KeyKind::Moment(MomentKind::Error), evil),
            frame(KeyKind::Moment(MomentKind::FailedRequest(500)), evil),
            frame(KeyKind::Moment(MomentKind::Marker), evil),
        ];
        let options = OverlayOptions {
            title: Some(evil.to_owned()),
            link: Some(evil.to_owned()),
            ..OverlayOptions::default()
        };
        let head = BoardHead { page: evil, ..HEAD };
        let layout = BoardLayout::new(5, (1280, 800), None, None);
        let board = Board::new(&head, &frames, &layout, 300, &options);
        assert!(!board.sheet().contains("<img"), "{}", board.sheet());
        assert_eq!(board.sheet().matches("&lt;img src=x").count(), 7);
    }

    #[test]
    fn a_board_tells_times_and_texts() {
        let frames = [frame(
            KeyKind::Moment(MomentKind::Error),
            "TypeError: x is not a function",
        )];
        let layout = BoardLayout::new(1, (1280, 800), None, None);
        let board = Board::new(&HEAD, &frames, &layout, 300, &OverlayOptions::default());
        let html = board.sheet();
        for told in [
            "<b>0:05</b>",
            "00:00:05 UTC",
            "<b>TypeError</b> x is not a function",
            "shop.example/pay",
            "9 s of a session",
            "1970-01-01 00:00:00 – 00:00:09 UTC",
        ] {
            assert!(html.contains(told), "{told} in {html}");
        }
        assert!(!html.contains("token"), "{html}");
    }

    #[test]
    fn pictures_go_where_there_is_room_for_them() {
        let layout = BoardLayout::new(1, (1280, 800), None, None);
        let frames = [frame(KeyKind::Begin, "")];
        let board = Board::new(&HEAD, &frames, &layout, 2, &OverlayOptions::default());
        let plain = |side: u32, value: u8| Pixmap {
            width: side,
            height: side,
            data: vec![value; (side * side * 4) as usize],
        };
        let sprite = |name: &str, place: f64, side: f64| SpriteBox {
            name: name.to_owned(),
            x: place,
            y: place,
            width: side,
            height: side,
        };
        let sheet = SheetPicture {
            on_black: plain(8, 0),
            on_white: plain(8, 255),
            // The second picture is not there; the board ends before the sheet does.
            sprites: vec![
                sprite("board", 0.0, 5.2),
                sprite("0", 1.0, 2.0),
                sprite("1", 3.0, 2.0),
            ],
        };
        let out = board.compose(&sheet, &[plain(2, 7)]);
        assert_eq!((out.width, out.height), (5, 5));
        let reds: Vec<u8> = out.data.chunks_exact(4).map(|pixel| pixel[0]).collect();
        let dark: Vec<usize> = (0..25).filter(|at| reds[*at] == 7).collect();
        assert_eq!(dark, [6, 7, 11, 12]);
    }
}
