//! How much a recording, its pages and the browser that draws them may come to.
//!
//! Recordings come from strangers. What goes beyond a limit is left out and counted as
//! [damage](crate::recording::DamageKind::Limit), or ends in an error that names the limit. A recording
//! carries the limits that it was read within ([`Tab::limits`](crate::recording::Tab::limits)), so that they
//! hold for everything that is made of it.

use std::fmt;
use std::time::Duration;

/// Something that is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of one file as it is stored.
    Input,
    /// The same, decompressed.
    Unpacked,
    /// Events of a recording, all tabs together.
    Events,
    /// Time from the first event of a tab to its last.
    Session,
    /// Bytes that a part of an event may become that was compressed by itself.
    Part,
    /// Pieces of events that were compressed together and cut.
    Pieces,
    /// Bytes of a file beside a recording that is looked at though nobody named it.
    SideFile,
    /// Bytes of a compiled regular expression of an option.
    Regex,
    /// Bytes of a selector of an option.
    Selector,
    /// Bytes of masked texts that are also sought elsewhere.
    Secrets,
    /// Bytes of one asset.
    Asset,
    /// Assets from one source, and files of a ZIP.
    Assets,
    /// Bytes of all assets from one source.
    AssetsSize,
    /// Redirections from one asset to another.
    AssetRedirects,
    /// Bytes that assets add to a recording, each as often as it stands there.
    Filled,
    /// Addresses of assets that are told to be missing, and may be fetched.
    Absent,
    /// Assets that are fetched from allowed hosts.
    HostAssets,
    /// Bytes of all of these.
    HostSize,
    /// One of these to be fetched, redirections included.
    HostAnswer,
    /// All of these to be fetched.
    HostTime,
    /// Nodes of a page at one time.
    Nodes,
    /// Nodes within each other.
    Depth,
    /// Bytes of one text of a page.
    Text,
    /// Bytes of one attribute: pictures stand in them as data.
    Attribute,
    /// Bytes of what a browser is told at once: a whole page at the most.
    Page,
    /// Changes of one style sheet by script.
    SheetChanges,
    /// Style sheets that one document or shadow root adopts.
    AdoptedSheets,
    /// Bytes of what was drawn on one canvas.
    Canvas,
    /// Pieces of what was drawn on one canvas.
    CanvasPieces,
    /// Width and height of a viewport in CSS pixels.
    Viewport,
    /// Area of a viewport in CSS pixels.
    ViewportArea,
    /// Start of a browser, or of a page in one that was kept.
    BrowserStart,
    /// Answer of a browser to one call, of those about small pages.
    BrowserAnswer,
    /// Fonts, pictures and films of a page to be decoded.
    BrowserReady,
    /// Browsers that may be lost in one render.
    BrowserRestarts,
    /// Bytes of memory of one process of a browser. Linux only.
    BrowserMemory,
    /// Bytes of a clip, all its files together.
    Output,
    /// Bytes of the pictures that are looked at before a GIF begins.
    GifAhead,
    /// These pictures.
    GifAheadPictures,
    /// One file to be uploaded.
    Upload,
    /// Bytes of a clip that is put into a document.
    Inline,
    /// Bytes of a manifest.
    Manifest,
    /// One answer of a product or an address from which recordings are fetched.
    FetchAnswer,
    /// Bytes of such an answer.
    FetchSize,
    /// Attempts at getting it.
    FetchTries,
    /// Rest that a server may ask for between two of them.
    FetchWait,
    /// Pages of one list, or of one recording, of a product.
    FetchPages,
    /// Errors that are fetched beside one recording.
    FetchErrors,
    /// Bytes of a recording beyond which it is read alone in a scan.
    ScanAlone,
    /// Problems, and pages, that a scan keeps of one session.
    ScanProblems,
    /// Bytes of a job as it is submitted to the service.
    Job,
}

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Time,
}

/// What there is to know of a limit.
struct Entry {
    name: &'static str,
    unit: Unit,
    default: u64,
}

const fn count(name: &'static str, default: u64) -> Entry {
    Entry {
        name,
        unit: Unit::Count,
        default,
    }
}

const fn bytes(name: &'static str, mebibytes: u64) -> Entry {
    kibibytes(name, mebibytes << 10)
}

const fn kibibytes(name: &'static str, kibibytes: u64) -> Entry {
    Entry {
        name,
        unit: Unit::Bytes,
        default: kibibytes << 10,
    }
}

const fn time(name: &'static str, seconds: u64) -> Entry {
    Entry {
        name,
        unit: Unit::Time,
        default: seconds * 1000,
    }
}

impl Limit {
    /// All of them, in the order of the flow.
    pub const ALL: [Limit; 51] = [
        Limit::Input,
        Limit::Unpacked,
        Limit::Events,
        Limit::Session,
        Limit::Part,
        Limit::Pieces,
        Limit::SideFile,
        Limit::Regex,
        Limit::Selector,
        Limit::Secrets,
        Limit::Asset,
        Limit::Assets,
        Limit::AssetsSize,
        Limit::AssetRedirects,
        Limit::Filled,
        Limit::Absent,
        Limit::HostAssets,
        Limit::HostSize,
        Limit::HostAnswer,
        Limit::HostTime,
        Limit::Nodes,
        Limit::Depth,
        Limit::Text,
        Limit::Attribute,
        Limit::Page,
        Limit::SheetChanges,
        Limit::AdoptedSheets,
        Limit::Canvas,
        Limit::CanvasPieces,
        Limit::Viewport,
        Limit::ViewportArea,
        Limit::BrowserStart,
        Limit::BrowserAnswer,
        Limit::BrowserReady,
        Limit::BrowserRestarts,
        Limit::BrowserMemory,
        Limit::Output,
        Limit::GifAhead,
        Limit::GifAheadPictures,
        Limit::Upload,
        Limit::Inline,
        Limit::Manifest,
        Limit::FetchAnswer,
        Limit::FetchSize,
        Limit::FetchTries,
        Limit::FetchWait,
        Limit::FetchPages,
        Limit::FetchErrors,
        Limit::ScanAlone,
        Limit::ScanProblems,
        Limit::Job,
    ];

    const fn entry(self) -> Entry {
        match self {
            Limit::Input => bytes("input", 1024),
            Limit::Unpacked => bytes("unpacked", 2048),
            Limit::Events => count("events", 5_000_000),
            Limit::Session => time("session", 7 * 24 * 3600),
            Limit::Part => bytes("part", 1024),
            Limit::Pieces => count("pieces", 100_000),
            Limit::SideFile => bytes("side-file", 64),
            Limit::Regex => bytes("regex", 1),
            Limit::Selector => kibibytes("selector", 4),
            Limit::Secrets => bytes("secrets", 1),
            Limit::Asset => bytes("asset", 64),
            Limit::Assets => count("assets", 100_000),
            Limit::AssetsSize => bytes("assets-size", 1024),
            Limit::AssetRedirects => count("asset-redirects", 10),
            Limit::Filled => bytes("filled", 2048),
            Limit::Absent => count("absent", 20_000),
            Limit::HostAssets => count("host-assets", 2000),
            Limit::HostSize => bytes("host-size", 256),
            Limit::HostAnswer => time("host-answer", 30),
            Limit::HostTime => time("host-time", 300),
            // A page of so many takes a minute; none that people read comes near.
            Limit::Nodes => count("nodes", 1_000_000),
            // As deep as a browser's own reader of HTML goes. Chromium's layout has no room for many more.
            Limit::Depth => count("depth", 512),
            Limit::Text => bytes("text", 16),
            Limit::Attribute => bytes("attribute", 64),
            Limit::Page => bytes("page", 256),
            Limit::SheetChanges => count("sheet-changes", 200_000),
            Limit::AdoptedSheets => count("adopted-sheets", 10_000),
            Limit::Canvas => bytes("canvas", 256),
            Limit::CanvasPieces => count("canvas-pieces", 200_000),
            Limit::Viewport => count("viewport", 16_384),
            // More than the largest screens have, and no more than a browser draws within its memory.
            Limit::ViewportArea => count("viewport-area", 40_000_000),
            Limit::BrowserStart => time("browser-start", 30),
            Limit::BrowserAnswer => time("browser-answer", 30),
            Limit::BrowserReady => time("browser-ready", 5),
            Limit::BrowserRestarts => count("browser-restarts", 1),
            Limit::BrowserMemory => bytes("browser-memory", 4096),
            Limit::Output => bytes("output", 1024),
            Limit::GifAhead => bytes("gif-ahead", 24),
            Limit::GifAheadPictures => count("gif-ahead-pictures", 240),
            Limit::Upload => time("upload", 600),
            Limit::Inline => bytes("inline", 256),
            Limit::Manifest => bytes("manifest", 64),
            Limit::FetchAnswer => time("fetch-answer", 120),
            Limit::FetchSize => bytes("fetch-size", 512),
            Limit::FetchTries => count("fetch-tries", 5),
            Limit::FetchWait => time("fetch-wait", 300),
            Limit::FetchPages => count("fetch-pages", 10_000),
            Limit::FetchErrors => count("fetch-errors", 100),
            Limit::ScanAlone => bytes("scan-alone", 24),
            Limit::ScanProblems => count("scan-problems", 2000),
            Limit::Job => kibibytes("job", 64),
        }
    }

    /// Its name in options and messages.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it is counted in.
    pub const fn unit(self) -> Unit {
        self.entry().unit
    }

    /// What it is unless somebody says otherwise.
    pub const fn default(self) -> u64 {
        self.entry().default
    }

    /// The limit of that name.
    pub fn named(name: &str) -> Option<Limit> {
        Limit::ALL.into_iter().find(|limit| limit.name() == name)
    }

    /// A value of it as options take it: `1000000`, `64MiB`, `30s`.
    pub fn text(self, value: u64) -> String {
        let scaled = |units: &[(u64, &str)]| {
            let fits = |(size, _): &&(u64, &str)| value >= *size && value.is_multiple_of(*size);
            let unit = units.iter().find(fits);
            unit.map_or_else(
                || value.to_string(),
                |(size, name)| format!("{}{name}", value / size),
            )
        };
        match self.unit() {
            Unit::Count => value.to_string(),
            Unit::Bytes => scaled(&[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]),
            Unit::Time => scaled(&[(3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")]),
        }
    }
}

/// The limits that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([u64; Limit::ALL.len()]);

impl Default for Limits {
    fn default() -> Self {
        Limits(Limit::ALL.map(Limit::default))
    }
}

impl Limits {
    /// What holds for `limit`; times are in milliseconds.
    pub fn of(&self, limit: Limit) -> u64 {
        self.0
            .get(limit as usize)
            .copied()
            .unwrap_or_else(|| limit.default())
    }

    /// The same as a number of things in memory.
    pub fn size(&self, limit: Limit) -> usize {
        usize::try_from(self.of(limit)).unwrap_or(usize::MAX)
    }

    /// The same of a limit that is a time.
    pub fn time(&self, limit: Limit) -> Duration {
        Duration::from_millis(self.of(limit))
    }

    /// The same limits but for one.
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        if let Some(slot) = self.0.get_mut(limit as usize) {
            *slot = value;
        }
        self
    }

    /// What to do about a limit that does not let something through, as the end of a message.
    pub fn hint(&self, limit: Limit) -> Hint {
        Hint(limit, self.of(limit))
    }
}

/// Says what a limit allows and how to raise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint(Limit, u64);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hint(limit, value) = self;
        write!(
            f,
            "allowed is {}, which --allow {}=… changes",
            limit.text(*value),
            limit.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_own_value_and_name() {
        let mut limits = Limits::default();
        for (at, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, at, "{limit:?}");
            assert_eq!(Limit::named(limit.name()), Some(limit));
            assert_eq!(limits.of(limit), limit.default());
            limits = limits.with(limit, at as u64);
        }
        for (at, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limits.of(limit), at as u64);
        }
    }

    #[test]
    fn values_are_told_in_the_unit_that_fits() {
        assert_eq!(Limit::Input.text(1 << 30), "1GiB");
        assert_eq!(Limit::Input.text(1500), "1500");
        assert_eq!(Limit::Session.text(90_000), "90s");
        assert_eq!(Limit::Nodes.text(0), "0");
        let hint = Limits::default().hint(Limit::Depth).to_string();
        assert_eq!(hint, "allowed is 512, which --allow depth=… changes");
    }

    /// The page that lists them tells the truth.
    #[test]
    fn every_limit_is_documented_with_its_default() {
        let page = include_str!("../docs/limits.md");
        for limit in Limit::ALL {
            let row = format!("| `{}` | {} |", limit.name(), limit.text(limit.default()));
            assert!(page.contains(&row), "docs/limits.md has no “{row}”");
        }
    }
}
