//! One HTML file that holds a clip and all there is to say about it, and needs nothing else.
//!
//! A policy in the page lets nothing run but the player (by its digest) and nothing be fetched.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::document::{self, Part, Place};
use super::files::{ClipFiles, EmbedError};
use super::html::{escaped, html};
use super::manifest::Manifest;
use super::{web_vtt, words};

const PLAYER: &str = include_str!("../../assets/embed/player.js");
const STYLE: &str = include_str!("../../assets/embed/page.css");

/// The longest entry in the list of moments, in characters.
const LONGEST_ENTRY: usize = 200;
/// Most entries.
const MOST_ENTRIES: usize = 200;

/// The page.
///
/// # Errors
/// When the clip cannot be read, or is no single file.
pub fn page(clip: &ClipFiles) -> Result<String, EmbedError> {
    let manifest = &clip.manifest;
    let digest = STANDARD.encode(Sha256::digest(PLAYER));
    let title = escaped(&document::title(manifest));
    let media = media(clip)?;
    let blocks = |parts: &[Part]| html(&document::blocks(manifest, &Place::default(), parts), 1);
    let table = document::moments(manifest).map_or(String::new(), |table| {
        format!("<h2>What went wrong</h2>\n{}", html(&[table], 1))
    });
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
         media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"{} {}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{}<figure>\n{media}</figure>\n{}{table}{}\
         <div class=\"source\">\n{}</div>\n</main>\n<script>{PLAYER}</script>\n</body>\n</html>\n",
        escaped(&manifest.program.name),
        escaped(&manifest.program.version),
        blocks(&[Part::Summary]),
        list(manifest),
        blocks(&[Part::Steps, Part::Environment]),
        blocks(&[Part::Source]),
    ))
}

/// The clip with its controls and captions.
fn media(clip: &ClipFiles) -> Result<String, EmbedError> {
    let manifest = &clip.manifest;
    let facts = &manifest.clip;
    let Some(media_type) = facts.media_type.as_deref().map(escaped) else {
        return Err(EmbedError::Format {
            target: "a page",
            format: facts.format.clone(),
            instead: "render a clip of one file, like clip.mp4 or clip.gif",
        });
    };
    let alt = escaped(&manifest.alt);
    let size = format!("width=\"{}\" height=\"{}\"", facts.width, facts.height);
    let data = format!("data:{media_type};base64,{}", clip.clip()?);
    let poster = clip
        .poster()
        .map(|poster| format!("data:image/png;base64,{poster}"));
    let cues: String = manifest
        .captions
        .iter()
        .map(|cue| {
            format!(
                "<p data-from=\"{}\" data-to=\"{}\" hidden>{}</p>\n",
                cue.from_ms,
                cue.to_ms,
                escaped(&cue.text)
            )
        })
        .collect();
    // Below the picture, which they would hide. The player has them as captions too, for who wants them there.
    let cues = format!("<div class=\"cues\" aria-live=\"off\">\n{cues}</div>\n");
    if media_type.starts_with("video/") {
        let poster = poster.map_or(String::new(), |poster| format!(" poster=\"{poster}\""));
        let captions = STANDARD.encode(web_vtt(manifest));
        return Ok(format!(
            "<video id=\"clip\" controls playsinline preload=\"auto\" {size} aria-label=\"{alt}\"{poster} src=\"{data}\">\
             <track kind=\"captions\" label=\"What happens\" srclang=\"en\" \
             src=\"data:text/vtt;charset=utf-8;base64,{captions}\"></video>\n{cues}"
        ));
    }
    let still = poster.map_or(String::new(), |poster| {
        format!("<source media=\"(prefers-reduced-motion: reduce)\" srcset=\"{poster}\">")
    });
    // APNG goes by the type that every browser knows it by.
    let decoded_as = if facts.format == "apng" {
        "image/png"
    } else {
        &media_type
    };
    Ok(format!(
        "<picture>{still}<img id=\"clip\" data-type=\"{decoded_as}\" src=\"{data}\" alt=\"{alt}\" {size}></picture>\n\
         <div id=\"controls\" hidden><button id=\"toggle\" type=\"button\">Play</button>\
         <input id=\"slider\" type=\"range\" min=\"0\" value=\"0\" aria-label=\"Time\"><span id=\"clock\"></span></div>\n{cues}"
    ))
}

/// Moments and steps of the clip, each of which leads to its time.
fn list(manifest: &Manifest) -> String {
    let mut entries: Vec<(f64, bool, String)> = Vec::new();
    for step in &manifest.steps {
        if let Some(clip_ms) = step.clip_ms {
            entries.push((clip_ms, false, words::line(&step.text, LONGEST_ENTRY)));
        }
    }
    for (moment, count) in words::distinct(&manifest.moments) {
        if words::follows(moment) {
            continue;
        }
        let mut text = format!("{}: {}", words::kind(moment), moment.text);
        if count > 1 {
            text = format!("{text} ({count} times)");
        }
        entries.push((
            moment.clip_ms,
            moment.kind != "marker",
            words::line(text.trim_end_matches([' ', ':']), LONGEST_ENTRY),
        ));
    }
    entries.sort_by(|one, two| one.0.total_cmp(&two.0));
    entries.truncate(MOST_ENTRIES);
    if entries.is_empty() {
        return String::new();
    }
    let items: String = entries
        .into_iter()
        .map(|(clip_ms, bad, text)| {
            let class = if bad { " class=\"bad\"" } else { "" };
            format!(
                "<li><button type=\"button\" data-ms=\"{clip_ms:.0}\" disabled><time>{}</time><span{class}>{}</span>\
                 </button></li>\n",
                words::clock(clip_ms),
                escaped(&text)
            )
        })
        .collect();
    format!("<h2>What happens</h2>\n<ol class=\"moments\">\n{items}</ol>\n")
}
