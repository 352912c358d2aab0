//! Users and sessions over time, as a picture that needs nothing but itself.

use std::fmt::Write;

use super::figures::{Bucket, Figures};

/// Size of the chart, in CSS pixels.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 16.0;
/// Top and height of the two panels.
const PANELS: [(f64, f64); 2] = [(46.0, 118.0), (218.0, 118.0)];

const INK: &str = "#1f2933";
const MUTED: &str = "#5f6c7b";
const GRID: &str = "#dfe4ea";
const MET: &str = "#c0392b";
const ALL: &str = "#c9d3de";

/// An SVG of users and of sessions over time. All text in it is the program's own.
pub fn chart(figures: &Figures) -> String {
    let mut svg = String::new();
    let buckets = &figures.buckets;
    line(
        &mut svg,
        &format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="12">"#
        ),
    );
    line(&mut svg, &format!("<title>{}</title>", description(figures)));
    line(
        &mut svg,
        &format!(r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##),
    );
    let slot = (WIDTH - LEFT - RIGHT) / buckets.len().max(1) as f64;
    let most = |value: fn(&Bucket) -> usize| buckets.iter().map(value).max().unwrap_or(0);
    let each = length(figures.bucket_ms);
    panel(
        &mut svg,
        PANELS[0],
        &format!("Users affected, per {each}"),
        most(|bucket| bucket.users),
    );
    panel(
        &mut svg,
        PANELS[1],
        &format!("Sessions per {each}"),
        most(|bucket| bucket.all_sessions),
    );
    legend(&mut svg);
    for (at, bucket) in buckets.iter().enumerate() {
        let x = LEFT + slot * at as f64;
        bar(
            &mut svg,
            PANELS[0],
            (x, slot),
            bucket.users,
            most(|bucket| bucket.users),
            MET,
        );
        let all = most(|bucket| bucket.all_sessions);
        bar(&mut svg, PANELS[1], (x, slot), bucket.all_sessions, all, ALL);
        bar(&mut svg, PANELS[1], (x, slot), bucket.sessions, all, MET);
    }
    times(&mut svg, figures, slot);
    svg.push_str("</svg>\n");
    svg
}

/// What the chart shows, in a sentence.
pub(super) fn description(figures: &Figures) -> String {
    let total: usize = figures.buckets.iter().map(|bucket| bucket.occurrences).sum();
    match figures.worst() {
        Some(worst) => format!(
            "Bar charts of users affected and of sessions per {}; most users at {} UTC: {}, {total} occurrences in all",
            length(figures.bucket_ms),
            utc(worst.start_ms),
            worst.users
        ),
        None => "No occurrences".to_owned(),
    }
}

fn line(svg: &mut String, text: &str) {
    svg.push_str(text);
    svg.push('\n');
}

/// The frame of a panel: its title, and lines at round numbers.
fn panel(svg: &mut String, (top, height): (f64, f64), title: &str, most: usize) {
    line(
        svg,
        &format!(
            r#"<text x="{LEFT}" y="{}" fill="{INK}" font-size="14" font-weight="bold">{title}</text>"#,
            top - 14.0
        ),
    );
    let top_value = ceiling(most);
    for part in [0, 1, 2] {
        let value = top_value * part / 2;
        if part == 1 && top_value % 2 == 1 {
            continue;
        }
        let y = top + height * (1.0 - value as f64 / top_value as f64);
        line(
            svg,
            &format!(
                r#"<line x1="{LEFT}" y1="{y:.1}" x2="{:.1}" y2="{y:.1}" stroke="{GRID}"/>"#,
                WIDTH - RIGHT
            ),
        );
        line(
            svg,
            &format!(
                r#"<text x="{:.1}" y="{:.1}" fill="{MUTED}" text-anchor="end">{value}</text>"#,
                LEFT - 8.0,
                y + 4.0
            ),
        );
    }
}

fn legend(svg: &mut String) {
    let y = PANELS[1].0 - 23.0;
    for (at, (colour, name)) in [(MET, "met the problem"), (ALL, "all")].into_iter().enumerate() {
        let x = WIDTH - RIGHT - 190.0 + 136.0 * at as f64;
        line(
            svg,
            &format!(r#"<rect x="{x}" y="{y}" width="11" height="11" fill="{colour}"/>"#),
        );
        line(
            svg,
            &format!(
                r#"<text x="{}" y="{}" fill="{MUTED}">{name}</text>"#,
                x + 17.0,
                y + 10.0
            ),
        );
    }
}

fn bar(
    svg: &mut String,
    (top, height): (f64, f64),
    (x, slot): (f64, f64),
    value: usize,
    most: usize,
    colour: &str,
) {
    if value == 0 {
        return;
    }
    let gap = (slot * 0.16).min(6.0);
    let tall = height * value as f64 / ceiling(most) as f64;
    line(
        svg,
        &format!(
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}" fill="{colour}"/>"#,
            x + gap / 2.0,
            top + height - tall,
            slot - gap
        ),
    );
}

/// Times below the lower panel: of so many bars that they do not touch each other.
fn times(svg: &mut String, figures: &Figures, slot: f64) {
    let whole_days = figures.bucket_ms % 86_400_000 == 0;
    let room = if whole_days { 62.0 } else { 92.0 };
    let every = ((room / slot).ceil() as usize).max(1);
    // Midnight is a better place for a label than any other.
    let per_day = usize::try_from(86_400_000 / figures.bucket_ms.max(1))
        .unwrap_or(1)
        .max(1);
    let every = if per_day > 1 && every > per_day / 2 {
        every.div_ceil(per_day) * per_day
    } else {
        every
    };
    let first = figures
        .buckets
        .iter()
        .position(|bucket| bucket.start_ms.rem_euclid(86_400_000) == 0)
        .filter(|first| *first < every)
        .unwrap_or(0);
    let (top, height) = PANELS[1];
    for (at, bucket) in figures.buckets.iter().enumerate().skip(first).step_by(every) {
        let x = LEFT + slot * at as f64;
        let text = utc(bucket.start_ms);
        let text = match (whole_days, bucket.start_ms.rem_euclid(86_400_000)) {
            (true, _) | (_, 0) => text.get(5..10).unwrap_or_default().to_owned(),
            _ => text.get(5..16).unwrap_or_default().to_owned(),
        };
        for (top, height) in PANELS {
            line(
                svg,
                &format!(
                    r#"<line x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}" stroke="{MUTED}"/>"#,
                    top + height,
                    top + height + 5.0
                ),
            );
        }
        // The last label must not leave the picture.
        let width = if text.len() > 5 { 76.0 } else { 34.0 };
        let anchor = if x + width > WIDTH { "end" } else { "start" };
        line(
            svg,
            &format!(
                r#"<text x="{x:.1}" y="{:.1}" fill="{MUTED}" text-anchor="{anchor}">{text}</text>"#,
                top + height + 19.0
            ),
        );
    }
    line(
        svg,
        &format!(
            r#"<text x="{:.1}" y="{:.1}" fill="{MUTED}" text-anchor="end">{}, times in UTC</text>"#,
            WIDTH - RIGHT,
            HEIGHT - 12.0,
            years(figures)
        ),
    );
}

fn years(figures: &Figures) -> String {
    let year = |time: i64| utc(time).get(..4).unwrap_or_default().to_owned();
    let (first, last) = (year(figures.recorded.0), year(figures.recorded.1));
    if first == last {
        first
    } else {
        format!("{first}–{last}")
    }
}

/// The least round number that is no less.
fn ceiling(most: usize) -> usize {
    let mut power = 1;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8, 10] {
            if most <= step * power {
                return step * power;
            }
        }
        power *= 10;
    }
}

/// A stretch of time in words.
pub(super) fn length(ms: i64) -> String {
    let (count, unit) = match ms {
        ms if ms % 86_400_000 == 0 => (ms / 86_400_000, "day"),
        ms if ms % 3_600_000 == 0 => (ms / 3_600_000, "hour"),
        ms => (ms / 60_000, "minute"),
    };
    match count {
        1 => unit.to_owned(),
        _ => format!("{count} {unit}s"),
    }
}

/// A time as `2026-11-23 13:37`.
pub(super) fn utc(time_ms: i64) -> String {
    let text = crate::clip::utc_text(time_ms as f64).unwrap_or_default();
    let mut minute = String::new();
    let _ = write!(minute, "{}", text.get(..16).unwrap_or_default());
    minute
}
