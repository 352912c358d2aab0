//! Pieces of HTML for what there is to tell. All text in them is from outside, and escaped.

use super::atlas::escaped;
use super::options::OverlayOptions;
use super::places::MissingKind;
use super::story::{
    ConsoleCue, ErrorCue, FrustrationCue, NoteCue, NoteKind, RequestCue, StepCue, Story, TypingCue,
};
use crate::clip::{Clip, offset_text, utc_text};
use crate::moment::CodePlace;
use crate::recording::{ConsoleLevel, FrustrationKind};

/// A cross in a disc.
pub(super) const CROSS: &str = "<svg class=icon viewBox=\"0 0 12 12\"><circle cx=6 cy=6 r=6 fill=currentColor />\
    <path d=\"M3.8 3.8l4.4 4.4M8.2 3.8l-4.4 4.4\" class=cut /></svg>";

/// An exclamation mark in a triangle.
pub(super) const WARNING: &str = "<svg class=icon viewBox=\"0 0 12 12\"><path fill=currentColor stroke=currentColor \
    stroke-width=1.4 stroke-linejoin=round d=\"M6 1.4L11.2 10.6H.8z\"/><path d=\"M6 4.6v2.8M6 9v.1\" class=cut /></svg>";

/// A pointing hand would be too small to see: a pointer.
pub(super) const POINTER: &str = "<svg class=icon viewBox=\"0 0 12 12\"><path fill=currentColor \
    d=\"M2.5.6V10l2.3-2 1.5 3.5 1.8-.8-1.5-3.3 3-.3z\"/></svg>";

/// A sheet of paper with a folded corner.
pub(super) const PAGE: &str = "<svg class=icon viewBox=\"0 0 12 12\"><path fill=none stroke=currentColor stroke-width=1.3 \
    stroke-linejoin=round d=\"M2.5 1h4.8l2.4 2.4V11H2.5zM7.2 1v2.6h2.5\"/></svg>";

/// A flag.
pub(super) const FLAG: &str = "<svg class=icon viewBox=\"0 0 12 12\"><path fill=currentColor stroke=currentColor \
    stroke-width=1.2 stroke-linejoin=round d=\"M2.5 11.5V1h6.8L7.5 3.6l1.8 2.6H2.5\"/></svg>";

/// A keyboard.
pub(super) const KEYBOARD: &str = "<svg class=icon viewBox=\"0 0 14 12\"><path fill=none stroke=currentColor stroke-width=1.2 \
    stroke-linejoin=round stroke-linecap=round d=\"M.8 2.2h12.4v7.6H.8zM3.2 4.7h.1M5.8 4.7h.1M8.3 4.7h.1M10.7 4.7h.1M4.4 7.3h5.2\"/></svg>";

/// Longest texts, in characters; what is longer is elided.
const MOST_MESSAGE: usize = 280;
const MOST_LINE: usize = 240;
const MOST_NAME: usize = 80;

/// The card of an error, `width` pixels wide.
pub(super) fn error(cue: &ErrorCue, origin: f64, width: u32) -> String {
    let handled = match cue.handled {
        Some(true) => "<span class=tag>handled</span>",
        Some(false) => "<span class=\"tag bad\">unhandled</span>",
        None => "",
    };
    let place = match &cue.place {
        Some(CodePlace { function, file }) => {
            let function = function.as_deref().map_or(String::new(), |name| {
                format!("<span class=function>{}</span>", escaped(name, MOST_NAME))
            });
            // Line and column stay when the name is too long.
            let (name, at) = file.split_at(position_in(file));
            format!(
                "<div class=place>{function}<b class=file>{}</b><b class=at>{}</b></div>",
                escaped(name, MOST_NAME),
                escaped(at, MOST_NAME),
            )
        }
        None => String::new(),
    };
    let message = escaped(cue.message.trim(), MOST_MESSAGE);
    let message = if message.is_empty() {
        "(no message)".to_owned()
    } else {
        message
    };
    format!(
        "<div class=card style=\"width:{width}px\"><div class=title>{CROSS}<b>{}</b>{handled}\
         <span class=time>{}</span></div><div class=message>{message}</div>{place}</div>",
        escaped(&cue.error_type, MOST_NAME),
        offset_text(cue.recording - origin),
    )
}

/// Where the line and the column at the end of a file's name begin.
fn position_in(file: &str) -> usize {
    let mut name = file;
    for _ in 0..2 {
        match name.rsplit_once(':') {
            Some((before, number)) if number.parse::<u32>().is_ok() => name = before,
            _ => break,
        }
    }
    name.len()
}

/// The same in one line.
pub(super) fn short_error(cue: &ErrorCue, width: u32) -> String {
    format!(
        "<div class=\"card short\" style=\"width:{width}px\"><div class=title>{CROSS}<b>{}</b>\
         <span class=message>{}</span></div></div>",
        escaped(&cue.error_type, MOST_NAME),
        escaped(cue.message.trim(), MOST_MESSAGE),
    )
}

/// What names the target of the click before an error.
pub(super) fn cause(cue: &ErrorCue) -> Option<String> {
    let click = cue.cause.as_ref()?;
    let verb = if click.touch { "tap" } else { "click" };
    let what = match (&click.name, click.role) {
        (Some(name), _) => format!("{verb} on ‘{}’", escaped(name.trim(), MOST_NAME / 2)),
        (None, Some(role)) => format!("{verb} on {role}"),
        (None, None) => verb.to_owned(),
    };
    Some(format!(
        "<div class=\"chip alarm\">{what} <span class=arrow>→</span> {}</div>",
        escaped(&cue.error_type, MOST_NAME)
    ))
}

/// A request, at most `room` pixels wide.
pub(super) fn request(cue: &RequestCue, room: u32) -> String {
    let status = match cue.status {
        Some(status) => status.to_string(),
        None if cue.failed => "failed".to_owned(),
        None => "slow".to_owned(),
    };
    let class = if cue.failed { "bad" } else { "slow" };
    let duration = cue.duration.map_or(String::new(), |ms| match ms {
        ms if ms < 1000.0 => format!("<span class=took>{ms:.0} ms</span>"),
        ms => format!("<span class=took>{:.1} s</span>", ms / 1000.0),
    });
    format!(
        "<div class=request style=\"max-width:{room}px\"><span class=method>{}</span><span class=path>{}</span>\
         <span class=\"tag {class}\">{status}</span>{duration}</div>",
        escaped(&cue.method, 8),
        escaped(&cue.path, MOST_LINE),
    )
}

/// A console line, at most `room` pixels wide.
pub(super) fn console(cue: &ConsoleCue, room: u32) -> String {
    let (class, icon) = match cue.level {
        ConsoleLevel::Error => ("bad", CROSS),
        _ => ("slow", WARNING),
    };
    format!(
        "<div class=\"line {class}\" style=\"max-width:{room}px\">{icon}<span class=code>{}</span></div>",
        escaped(cue.text.trim(), MOST_LINE)
    )
}

/// Something that the user did, at most `room` pixels wide.
pub(super) fn step(cue: &StepCue, room: u32) -> String {
    format!(
        "<div class=\"line muted\" style=\"max-width:{room}px\">{POINTER}<span class=said>{}</span></div>",
        escaped(cue.text.trim(), MOST_LINE)
    )
}

/// What stands before typed text: the field's name, where known.
pub(super) fn field(cue: &TypingCue) -> String {
    let name = escaped(cue.field.trim(), MOST_NAME / 3);
    format!("<div class=\"line muted\">{KEYBOARD}{name}</div>")
}

/// Typed text; every character is of the same width.
pub(super) fn typed(cue: &TypingCue) -> String {
    format!("<div class=keys>{}</div>", escaped(&cue.text, MOST_LINE))
}

/// The badge of a sign of frustration.
pub(super) fn frustration(cue: &FrustrationCue) -> String {
    let count = match cue.clicks {
        0 | 1 => String::new(),
        clicks => format!(" <b>×{clicks}</b>"),
    };
    let class = match cue.kind {
        FrustrationKind::ErrorClick => "alarm",
        FrustrationKind::RageClick | FrustrationKind::DeadClick => "rage",
    };
    format!("<div class=\"chip {class}\">{POINTER}{}{count}</div>", cue.kind)
}

/// The name of a page or marker, at most `room` pixels wide.
pub(super) fn note(cue: &NoteCue, room: u32) -> String {
    let icon = match cue.kind {
        NoteKind::Page | NoteKind::Tab => PAGE,
        NoteKind::Marker => FLAG,
    };
    format!(
        "<div class=note style=\"max-width:{room}px\">{icon}<span>{}</span></div>",
        escaped(cue.text.trim(), MOST_NAME)
    )
}

/// A caption, at most `room` pixels wide.
pub(super) fn caption(text: &str, room: u32) -> String {
    format!(
        "<div class=caption style=\"max-width:{room}px\">{}</div>",
        escaped(text.trim(), MOST_MESSAGE)
    )
}

/// The card before a clip.
pub(super) fn title(options: &OverlayOptions, clip: &Clip, room: u32) -> String {
    let ticket = words(&options.ticket).map_or(String::new(), |text| {
        format!("<div><span class=chip>{}</span></div>", escaped(text, MOST_NAME))
    });
    let title = words(&options.title).map_or(String::new(), |text| {
        format!("<div class=heading>{}</div>", escaped(text, MOST_MESSAGE))
    });
    let when = utc_text(clip.map.start()).unwrap_or_default();
    let link = link(options);
    format!(
        "<div class=titles style=\"max-width:{room}px\">{ticket}{title}\
         <div class=muted>Reconstructed from a recording · {when}</div>{link}</div>"
    )
}

/// The card between two parts of a clip: which of how many comes, when in the session it begins, how
/// much is left out before it, and what goes wrong in it.
pub(super) fn part(
    (number, count): (usize, usize),
    begins_ms: f64,
    skipped_ms: f64,
    error: Option<&ErrorCue>,
    room: u32,
) -> String {
    let what = error.map_or(String::new(), |cue| {
        format!(
            "<div class=\"line bad\">{CROSS}<span class=said><b>{}</b> {}</span></div>",
            escaped(&cue.error_type, MOST_NAME),
            escaped(cue.message.trim(), MOST_LINE)
        )
    });
    format!(
        "<div class=titles style=\"max-width:{room}px\"><div><span class=chip>{number} of {count}</span></div>{what}\
         <div class=muted>from {} on; {} left out</div></div>",
        offset_text(begins_ms),
        length_text(skipped_ms),
    )
}

/// A length of time, as people say it.
pub(super) fn length_text(milliseconds: f64) -> String {
    let seconds = (milliseconds / 1000.0).round().max(1.0) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The card after a clip: what went wrong in it.
pub(super) fn ending(options: &OverlayOptions, story: &Story, room: u32) -> String {
    /// Most lines of a kind.
    const MOST: usize = 3;
    let times = |count: usize| {
        if count > 1 {
            format!(" <b>×{count}</b>")
        } else {
            String::new()
        }
    };
    let mut lines = String::new();
    let mut line = |class: &str, icon: &str, text: String, count: String| {
        lines.push_str(&format!(
            "<div class=\"line {class}\">{icon}<span class=said>{text}</span><span class=times>{count}</span></div>"
        ));
    };
    for cue in story.errors.iter().take(MOST) {
        let name = escaped(&cue.error_type, MOST_NAME);
        let message = escaped(cue.message.trim(), MOST_LINE);
        line(
            "bad",
            CROSS,
            format!("<b>{name}</b> {message}"),
            times(cue.times.len()),
        );
    }
    for cue in story.requests.iter().filter(|cue| cue.failed).take(MOST) {
        let status = cue
            .status
            .map_or_else(|| "failed".to_owned(), |status| status.to_string());
        let (method, path) = (escaped(&cue.method, 8), escaped(&cue.path, MOST_NAME));
        line(
            "bad",
            WARNING,
            format!("<b>{status}</b> {method} {path}"),
            times(cue.times.len()),
        );
    }
    let frustrations = story
        .frustrations
        .iter()
        .filter(|cue| cue.kind != FrustrationKind::ErrorClick);
    for cue in frustrations.take(MOST) {
        line("slow", POINTER, cue.kind.to_string(), times(cue.clicks as usize));
    }
    let ticket = words(&options.ticket).map_or(String::new(), |text| {
        format!("<span class=chip>{}</span> ", escaped(text, MOST_NAME))
    });
    let title = words(&options.title).map_or(String::new(), |text| {
        format!("<b>{}</b>", escaped(text, MOST_MESSAGE))
    });
    let link = link(options);
    format!(
        "<div class=\"titles ending\" style=\"max-width:{room}px\"><div>{ticket}{title}</div>{lines}{link}</div>"
    )
}

fn link(options: &OverlayOptions) -> String {
    words(&options.link).map_or(String::new(), |text| {
        format!("<div class=link>{}</div>", escaped(text, MOST_LINE))
    })
}

fn words(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The label of a region that the recording does not contain.
pub(super) fn missing(kind: MissingKind) -> String {
    let text = match kind {
        MissingKind::Frame => "frame not recorded",
        MissingKind::Canvas => "canvas not recorded",
        MissingKind::Image => "picture not recorded",
        MissingKind::Video => "video not recorded",
    };
    format!("<div class=absent>{text}</div>")
}

/// What says in the bar that this is not a film of a screen…
pub(super) fn reconstruction() -> String {
    "<span class=faint>reconstruction</span>".to_owned()
}

/// …and how much of it is missing: around a count.
pub(super) fn count_of_missing() -> [String; 2] {
    [
        "<span class=faint> · </span>".to_owned(),
        "<span class=faint> missing</span>".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_and_column_end_a_file_s_name() {
        let apart = |file: &'static str| file.split_at(position_in(file));
        assert_eq!(apart("cart.js:40:7"), ("cart.js", ":40:7"));
        assert_eq!(apart("eval:x:1:28"), ("eval:x", ":1:28"));
        assert_eq!(apart("chunk-12.js"), ("chunk-12.js", ""));
        assert_eq!(apart(":3"), ("", ":3"));
    }
}
