//! What there is to say about a clip, without a thought of any format: headings, paragraphs, tables.

use super::manifest::{Manifest, Missing, MomentShown, StepTaken};
use super::{alt, words};
use crate::dom::missing_in_words;
use crate::format::FormatName;

/// A run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// Text that stands out.
    Strong(String),
    /// Text as recorded, to be shown letter by letter.
    Code(String),
    /// A link.
    Link {
        /// What is read.
        text: String,
        /// Where it leads.
        url: String,
    },
}

/// Plain text.
pub fn text(text: impl Into<String>) -> Inline {
    Inline::Text(text.into())
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading, so many levels below the document's own (1: a section).
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A clip.
    Clip(Picture),
    /// A table.
    Table {
        /// Names of the columns.
        head: Vec<String>,
        /// Rows of cells, as many in each as there are columns.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A list with numbers.
    Numbered(Vec<Vec<Inline>>),
    /// A list.
    Bulleted(Vec<Vec<Inline>>),
    /// Where clips go later, in documents that can say so.
    Marker,
}

/// A clip in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Name of its file.
    pub file: String,
    /// Where it is, from the document: a relative path or an address.
    pub src: String,
    /// Whether it is played like a video, not shown like an image.
    pub video: bool,
    /// What happens in it.
    pub alt: String,
    /// In device pixels.
    pub width: u32,
    /// In device pixels.
    pub height: u32,
    /// Where a still picture is.
    pub poster: Option<String>,
    /// Where captions are.
    pub captions: Option<String>,
}

/// Where the files of a clip are, seen from the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The clip: a relative path or an address; by its name if it is not given.
    pub clip: Option<String>,
    /// The folder in which the clip and what is beside it lie, with a slash at its end; may be empty.
    pub folder: String,
}

/// Parts of what is said about a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The clip.
    Clip,
    /// What happens, in two sentences.
    Summary,
    /// Errors and the like, as a table.
    Moments,
    /// Steps to reproduce.
    Steps,
    /// Where it happened.
    Environment,
    /// What the clip is made of, and what it lacks.
    Source,
}

impl Part {
    /// All parts, in the order in which they are told.
    pub const ALL: [Part; 6] = [
        Part::Clip,
        Part::Summary,
        Part::Moments,
        Part::Steps,
        Part::Environment,
        Part::Source,
    ];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Part::Clip => "clip",
            Part::Summary => "summary",
            Part::Moments => "moments",
            Part::Steps => "steps",
            Part::Environment => "environment",
            Part::Source => "source",
        }
    }
}

/// Most rows of a table, and most steps: what is more stands in the manifest.
const MOST_ROWS: usize = 30;
const LONGEST_MESSAGE: usize = 300;
const LONGEST_STEP: usize = 200;
/// Most things that are named as missing.
const MOST_MISSING: usize = 2;

/// All that is said about a clip: its parts, in their order.
pub fn blocks(manifest: &Manifest, place: &Place, parts: &[Part]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for part in Part::ALL.into_iter().filter(|part| parts.contains(part)) {
        match part {
            Part::Clip => blocks.push(Block::Clip(picture(manifest, place))),
            Part::Summary => blocks.push(Block::Paragraph(vec![text(&manifest.alt)])),
            Part::Moments => blocks.extend(moments(manifest)),
            Part::Steps => blocks.extend(steps(manifest)),
            Part::Environment => blocks.extend(environment(manifest)),
            Part::Source => blocks.push(source(manifest)),
        }
    }
    blocks
}

/// The title of a clip: what was asked for it, or where and when it is from.
pub fn title(manifest: &Manifest) -> String {
    if let Some(title) = manifest.settings.get("title").and_then(|title| title.as_str()) {
        return words::line(title, 120);
    }
    let what = match alt::worst(manifest) {
        Some(moment) if moment.kind == "error" && !moment.text.is_empty() => moment.text.clone(),
        Some(moment) => format!("{}: {}", words::kind(moment), words::line(&moment.text, 90)),
        None => "Session".to_owned(),
    };
    words::line(what.trim_end_matches([' ', ':']), 120)
}

/// The clip.
pub fn picture(manifest: &Manifest, place: &Place) -> Picture {
    let clip = &manifest.clip;
    let beside = |file: &Option<String>| {
        let file = file.as_ref()?;
        Some(format!("{}{}", place.folder, relative_url(file)))
    };
    Picture {
        file: clip.file.clone(),
        src: place
            .clip
            .clone()
            .unwrap_or_else(|| format!("{}{}", place.folder, relative_url(&clip.file))),
        video: clip
            .media_type
            .as_deref()
            .is_some_and(|media_type| media_type.starts_with("video/")),
        alt: manifest.alt.clone(),
        width: clip.width,
        height: clip.height,
        poster: beside(&manifest.beside.poster),
        captions: beside(&manifest.beside.captions),
    }
}

/// A file name or relative path as an address: blanks, quotes and the like in percent.
pub fn relative_url(path: &str) -> String {
    let mut url = String::new();
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

/// What went wrong, and when. The same thing several times is one row.
pub fn moments(manifest: &Manifest) -> Option<Block> {
    let mut rows = words::distinct(&manifest.moments);
    rows.retain(|(moment, _)| !words::follows(moment));
    if rows.is_empty() {
        return None;
    }
    let mut head = ["UTC", "Offset", "Clip", "What", "Message", "Where"]
        .map(str::to_owned)
        .to_vec();
    let mut rows: Vec<_> = rows
        .into_iter()
        .take(MOST_ROWS)
        .map(|(moment, count)| row(manifest, moment, count))
        .collect();
    // Facts of a session of which no clip was made.
    if manifest.clip.file.is_empty() {
        head.remove(2);
        rows.iter_mut().for_each(|row| drop(row.remove(2)));
    }
    Some(Block::Table { head, rows })
}

fn row(manifest: &Manifest, moment: &MomentShown, count: usize) -> Vec<Vec<Inline>> {
    let mut what = words::kind(moment);
    if count > 1 {
        what.push_str(&format!(", {count} times"));
    }
    let page = moment
        .page
        .as_deref()
        .or_else(|| Some(page_at(manifest, moment.clip_ms)?.url.as_str()));
    let place = match (&moment.place, page) {
        (Some(place), _) => vec![Inline::Code(words::line(place, LONGEST_MESSAGE))],
        (None, Some(page)) => vec![Inline::Code(words::line(words::page(page), LONGEST_MESSAGE))],
        (None, None) => Vec::new(),
    };
    let message = words::line(&moment.text, LONGEST_MESSAGE);
    vec![
        vec![text(words::utc(moment.utc.as_deref()))],
        vec![text(format!("+{}", words::clock(moment.at_ms)))],
        vec![text(words::clock(moment.clip_ms))],
        vec![text(what)],
        if message.is_empty() {
            Vec::new()
        } else {
            vec![Inline::Code(message)]
        },
        place,
    ]
}

fn page_at(manifest: &Manifest, clip_ms: f64) -> Option<&super::manifest::PageShown> {
    manifest.pages.iter().rev().find(|page| page.clip_ms <= clip_ms)
}

/// Steps to reproduce, up to the worst of what happened; all of them if nothing did.
pub fn steps(manifest: &Manifest) -> Vec<Block> {
    let until = alt::worst(manifest).map_or(f64::INFINITY, |moment| moment.at_ms);
    let steps: Vec<&StepTaken> = manifest.steps.iter().filter(|step| step.at_ms <= until).collect();
    let left_out = steps.len().saturating_sub(MOST_ROWS);
    let mut items: Vec<Vec<Inline>> = steps.iter().skip(left_out).map(|step| step_line(step)).collect();
    if items.is_empty() {
        return Vec::new();
    }
    match manifest.steps_before.saturating_add(left_out) {
        0 => {}
        1 => items.insert(0, vec![text("(one step before is left out)")]),
        count => items.insert(0, vec![text(format!("({count} steps before are left out)"))]),
    }
    if let Some(worst) = alt::worst(manifest) {
        let message = words::line(&worst.text, LONGEST_MESSAGE);
        let mut item = vec![text(words::kind(worst))];
        if !message.is_empty() {
            item.push(text(": "));
            item.push(Inline::Code(message));
        }
        items.push(item);
    }
    vec![
        Block::Heading(1, "Steps to reproduce".to_owned()),
        Block::Numbered(items),
    ]
}

/// A step; an address in it is shown letter by letter.
pub(super) fn step_line(step: &StepTaken) -> Vec<Inline> {
    let line = words::line(&step.text, LONGEST_STEP);
    match line.split_once(' ') {
        Some((verb, url)) if step.kind == "open" => {
            vec![text(format!("{verb} ")), Inline::Code(url.to_owned())]
        }
        _ => vec![text(line)],
    }
}

/// Where it happened.
pub fn environment(manifest: &Manifest) -> Vec<Block> {
    let mut items: Vec<Vec<Inline>> = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            let code = Inline::Code(words::line(&value, LONGEST_MESSAGE));
            items.push(vec![text(format!("{name}: ")), code]);
        }
    };
    let page = manifest.pages.first();
    add(
        "Page",
        page.map(|page| words::page(&page.url).to_owned())
            .unwrap_or_default(),
    );
    let viewport = page.map(|page| format!("{} × {}", page.width, page.height));
    add("Viewport", viewport.unwrap_or_default());
    let environment = &manifest.environment;
    for (name, value) in [
        ("Browser", &environment.user_agent),
        ("Service", &environment.service),
        ("Release", &environment.release),
        ("Environment", &environment.environment),
        ("Session", &manifest.recording.session),
    ] {
        add(name, value.clone().unwrap_or_default());
    }
    if items.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading(1, "Environment".to_owned()),
        Block::Bulleted(items),
    ]
}

/// What is missing: by name if that is short, else counted by kind.
fn counted(missing: &Missing) -> String {
    let resources = &missing.resources;
    if resources.len() <= MOST_MISSING && missing.resources_more == 0 {
        let named = resources.iter().map(|resource| {
            let kind = resource.kind.replace('-', " ");
            match words::page(&resource.url) {
                "" => kind,
                url => format!("{kind} {}", words::line(url, 80)),
            }
        });
        return named.collect::<Vec<_>>().join(", ");
    }
    missing_in_words(resources, missing.resources_more)
}

/// What the clip is made of, and what it lacks.
pub fn source(manifest: &Manifest) -> Block {
    let recording = &manifest.recording;
    let files: Vec<String> = recording
        .files
        .iter()
        .take(3)
        .map(|file| {
            let digest = file.sha256.get(..12).unwrap_or_default();
            format!("{} (SHA-256 {digest}…)", words::line(&file.name, 80))
        })
        .collect();
    let made = if manifest.clip.file.is_empty() {
        "Read"
    } else {
        "Reconstruction"
    };
    let format = recording.format.parse::<FormatName>().map(FormatName::product);
    let mut line = format!(
        "{made} by {} {} from a recording of {}, {} to {} UTC",
        manifest.program.name,
        manifest.program.version,
        format.unwrap_or(&recording.format),
        words::utc(manifest.shown.from_utc.as_deref()),
        words::utc(manifest.shown.to_utc.as_deref()),
    );
    if !files.is_empty() {
        line.push_str(&format!(": {}", files.join(", ")));
    }
    match recording.files.len().saturating_sub(files.len()) {
        0 => {}
        more => line.push_str(&format!(" and {more} more")),
    }
    line.push('.');
    let folded: f64 = manifest.gaps.iter().map(|gap| gap.skipped_ms).sum();
    if folded > 0.0 {
        let folded = words::length(folded.max(0.0) as u64);
        line.push_str(&format!(" {folded} of it are left out."));
    }
    let missing = &manifest.missing.resources;
    if !missing.is_empty() {
        line.push_str(&format!(" Not in the recording: {}.", counted(&manifest.missing)));
    }
    let redacted: Vec<String> = manifest
        .redactions
        .iter()
        .filter(|redaction| redaction.count > 0)
        .map(|redaction| format!("{} ({})", words::line(&redaction.rule, 60), redaction.count))
        .collect();
    if !redacted.is_empty() {
        line.push_str(&format!(" Redacted: {}.", redacted.join(", ")));
    }
    Block::Paragraph(vec![text(line)])
}
