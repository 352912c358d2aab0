//! What happens in a clip, in two sentences, for those who cannot see it.

use super::manifest::{Manifest, MomentShown};
use super::words;

/// About as much as a screen reader is to read without a pause, in characters.
const LONGEST: usize = 300;
/// Longest part about one step or moment.
const LONGEST_PART: usize = 110;
/// Steps that are told: the last ones before something happened.
const STEPS: usize = 3;

/// The first sentence says where and what the user did, the second what broke.
pub(super) fn text(manifest: &Manifest) -> String {
    let worst = worst(manifest);
    let length = words::length(manifest.clip.duration_ms);
    let mut text = match manifest.pages.first().map(|page| words::page(&page.url)) {
        Some(page) if !page.is_empty() => format!("{length} of a session on {}", words::line(page, 80)),
        _ => format!("{length} of a session"),
    };
    let done = done(manifest, worst);
    if !done.is_empty() {
        text.push_str(": the user ");
        text.push_str(&done);
    }
    text.push_str(". ");
    let Some(worst) = worst else {
        text.push_str("No error and no failed request is shown.");
        return text;
    };
    text.push_str(&format!("At {} ", words::clock(worst.clip_ms)));
    text.push_str(&happened(worst));
    let times = words::distinct(&manifest.moments)
        .iter()
        .find(|(moment, _)| *moment == worst)
        .map_or(1, |(_, count)| *count);
    if times > 1 {
        text.push_str(&format!(" ({times} times)"));
    }
    let others = others(manifest, worst);
    if !others.is_empty() && text.chars().count() + others.chars().count() < LONGEST {
        text.push_str(&others);
    }
    text.push('.');
    text
}

/// What a person would tell first.
pub(super) fn worst(manifest: &Manifest) -> Option<&MomentShown> {
    let told = |moment: &&MomentShown| moment.kind != "marker";
    manifest
        .moments
        .iter()
        .filter(told)
        .min_by_key(|moment| words::rank(moment))
}

/// The last steps before a moment, or of the clip: “typed 5 characters into field ‘Name’ and clicked button ‘Pay’”.
fn done(manifest: &Manifest, before: Option<&MomentShown>) -> String {
    let until = before.map_or(f64::INFINITY, |moment| moment.at_ms);
    let mut steps: Vec<String> = manifest
        .steps
        .iter()
        .rev()
        .filter(|step| step.clip_ms.is_some() && step.at_ms <= until)
        .filter(|step| step.kind != "open" && step.kind != "scroll" && step.kind != "resize")
        .take(STEPS)
        .map(|step| words::line(&words::uncapitalised(&step.text), LONGEST_PART))
        .collect();
    steps.dedup();
    steps.reverse();
    match steps.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn happened(moment: &MomentShown) -> String {
    let text = words::line(&moment.text, LONGEST_PART);
    let text = text.trim_end_matches('.');
    match moment.kind.as_str() {
        "error" => format!("an error that nobody caught appears: {text}"),
        "handled-error" => format!("an error appears: {text}"),
        "request" => {
            let (method, url) = text.split_once(' ').unwrap_or(("", text));
            let result = match moment.status {
                Some(0) | None => "gets no answer".to_owned(),
                Some(status) => format!("fails with {status}"),
            };
            format!("the request {method} {} {result}", words::page(url))
        }
        "rage-click" => format!("the user clicks again and again on {}", something(text)),
        "dead-click" => format!("a click on {} does nothing", something(text)),
        "error-click" => format!("a click on {} leads to an error", something(text)),
        _ => text.to_owned(),
    }
}

fn something(text: &str) -> &str {
    if text.is_empty() { "the page" } else { text }
}

/// How much else there is: “; 2 failed requests and 1 rage click more”.
fn others(manifest: &Manifest, worst: &MomentShown) -> String {
    let mut counts: Vec<(&str, &str, usize)> = vec![
        ("error", "error", 0),
        ("request", "failed request", 0),
        ("handled-error", "handled error", 0),
        ("rage-click", "rage click", 0),
        ("dead-click", "dead click", 0),
    ];
    for (moment, _) in words::distinct(&manifest.moments) {
        if moment == worst {
            continue;
        }
        if let Some(entry) = counts.iter_mut().find(|entry| entry.0 == moment.kind) {
            entry.2 += 1;
        }
    }
    let told: Vec<String> = counts
        .iter()
        .filter(|entry| entry.2 > 0)
        .map(|(_, name, count)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    match told.as_slice() {
        [] => String::new(),
        [only] => format!("; {only} more"),
        [first @ .., last] => format!("; {} and {last} more", first.join(", ")),
    }
}
