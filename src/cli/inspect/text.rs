//! What is in a recording, for people.

use std::fmt::Write;

use domreel::clip::offset_text;
use domreel::dom::missing_in_words;

use super::super::console;
use super::summary::{MissingSummary, Summary, TabSummary};
use super::told::GroupSummary;

/// Lines of one list; the rest is counted.
const MOST_LINES: usize = 40;

/// Characters of a text from the recording.
const MOST_CHARACTERS: usize = 120;

pub(super) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    write(&mut text, summary);
    text
}

/// Writing to a string does not fail.
macro_rules! line {
    ($text:expr, $($format:tt)*) => {{
        let _ = writeln!($text, $($format)*);
    }};
}

fn write(text: &mut String, summary: &Summary) {
    let tabs = summary.tabs.len();
    line!(
        text,
        "format    {}{}",
        summary.format,
        if tabs == 1 {
            String::new()
        } else {
            format!(", {tabs} tabs")
        }
    );
    for (name, value) in &summary.context {
        line!(text, "{:<9} {}", name.replace('_', " "), shown(value));
    }
    if let Some(session) = &summary.followed {
        write_tab(text, session);
        list(text, "visits", &summary.visits, |visit| {
            format!(
                "{:>7}  tab {}",
                offset_text(visit.from_ms - session.start_ms),
                visit.tab
            )
        });
        let tabs: Vec<_> = (1..).zip(&summary.tabs).collect();
        list(text, "tabs", &tabs, |(number, tab)| {
            format!(
                "{number:>7}  {}, from {}, {} events (--tab {number})",
                shown(&tab.id),
                offset_text(tab.start_ms - session.start_ms),
                tab.events
            )
        });
    } else {
        for (number, tab) in (1..).zip(&summary.tabs) {
            if tabs > 1 {
                line!(text, "\ntab {number}    {}", shown(&tab.id));
            }
            write_tab(text, tab);
        }
    }
    let damage = &summary.damage;
    if damage.total == 0 {
        line!(text, "damage    none");
    } else {
        line!(text, "damage    {}", counts(&damage.by_kind));
        for example in &damage.examples {
            let place = match (example.event, example.offset) {
                (Some(event), Some(offset)) => format!("event {event}, byte {offset}"),
                (Some(event), None) => format!("event {event}"),
                (None, Some(offset)) => format!("byte {offset}"),
                (None, None) => "somewhere".to_owned(),
            };
            line!(text, "          {place}: {}", shown(&example.detail));
        }
    }
}

fn write_tab(text: &mut String, tab: &TabSummary) {
    line!(
        text,
        "length    {} ({:.1} s)",
        offset_text(tab.duration_ms),
        tab.duration_ms / 1000.0
    );
    if let Some(start) = &tab.start {
        line!(text, "start     {start}");
    }
    list(text, "pages", &tab.pages, |page| {
        format!(
            "{:>7}  {} ({}×{})",
            offset_text(page.at_ms),
            shown(&page.url),
            page.width,
            page.height
        )
    });
    line!(text, "events    {}: {}", tab.events, counts(&tab.events_by_kind));
    let idle = &tab.idle;
    if idle.stretches > 0 {
        line!(
            text,
            "idle      {:.1} s in {} {}, the longest {:.1} s",
            idle.total_ms / 1000.0,
            idle.stretches,
            if idle.stretches == 1 {
                "stretch"
            } else {
                "stretches"
            },
            idle.longest_ms / 1000.0
        );
    } else {
        line!(text, "idle      none to fold");
    }
    match tab.clip_ms {
        Some(length) => line!(text, "clip      {:.1} s", length as f64 / 1000.0),
        None if tab.has_picture => line!(text, "clip      none without options: it would be too long"),
        None => line!(
            text,
            "clip      none: there is no full snapshot, so there is nothing to show"
        ),
    }
    if tab.has_picture {
        write_missing(text, &tab.missing);
    }
    if tab.moments.is_empty() {
        line!(
            text,
            "moments   no errors, failed requests or signs of frustration"
        );
    } else {
        list(text, "moments", &tab.groups, group);
    }
    list(text, "steps", &tab.steps, |step| {
        format!("{:>7}  {}", offset_text(step.at_ms), shown(&step.text))
    });
}

fn write_missing(text: &mut String, missing: &MissingSummary) {
    let words = missing_in_words(&missing.resources, missing.resources_more);
    if words.is_empty() {
        line!(text, "missing   nothing");
        return;
    }
    line!(text, "missing   {words}");
    list(text, "", &missing.resources, |resource| {
        let times = match resource.count {
            1 => String::new(),
            count => format!(" ({count} times)"),
        };
        format!(
            "{}{times} {}",
            resource.kind.replace('-', " "),
            shown(&resource.url)
        )
        .trim_end()
        .to_owned()
    });
}

fn group(group: &GroupSummary) -> String {
    let mut kind = group.kind.replace('-', " ");
    match group.status {
        Some(0) => kind += " without answer",
        Some(status) => kind += &format!(" {status}"),
        None => {}
    }
    if group.count > 1 {
        kind += &format!(", {} times until {}", group.count, offset_text(group.last_ms));
    }
    if !group.text.is_empty() {
        kind += ": ";
    }
    format!("{:>7}  {kind}{}", offset_text(group.first_ms), shown(&group.text))
}

/// A list with its name before the first line.
fn list<T>(text: &mut String, name: &str, items: &[T], describe: impl Fn(&T) -> String) {
    for (at, item) in items.iter().take(MOST_LINES).enumerate() {
        line!(text, "{:<9} {}", if at == 0 { name } else { "" }, describe(item));
    }
    if items.len() > MOST_LINES {
        line!(
            text,
            "          … and {} more (--json lists all)",
            items.len() - MOST_LINES
        );
    }
}

fn counts<'a, N: std::fmt::Display + 'a>(by_kind: impl IntoIterator<Item = (&'a String, &'a N)>) -> String {
    let parts: Vec<String> = by_kind
        .into_iter()
        .map(|(kind, count)| format!("{count} {}", kind.replace('-', " ")))
        .collect();
    parts.join(", ")
}

/// Text of a recording as it may stand on a terminal.
fn shown(text: &str) -> String {
    console::shown(text, MOST_CHARACTERS)
}
