//! What pages refer to and recordings do not contain: pictures, fonts, style sheets, from files beside the
//! recording or from hosts that the user allows.
//!
//! Assets are put into the recording itself, as `data:` URLs and as the texts of style sheets, before
//! anything else sees it ([`fill`]). So the stage needs no way to them: nothing is requested while
//! pictures are taken, every capture method and every piece of a clip sees the same bytes, sheets are
//! there when the page is built, and the walls around the browser stay as they are. Only what can neither
//! run nor navigate is put in: pictures, media, fonts and style sheets; never scripts, documents or plugins.
//!
//! | module | what it does |
//! |---|---|
//! | `har` | HTTP archives, as browser dev tools export them |
//! | `files` | directories, as `wget -x` makes them |
//! | `zip` | ZIP files, bounded |
//! | `css` | style sheets with their addresses filled in |
//! | `fill` | walks through a recording and fills it in |
//! | `address` | which network addresses are public |
//! | `net` | fetches from allowed hosts (feature `fetch`) |
//! | [`pack`] | a recording and its assets in one file |

pub mod address;
mod css;
mod files;
mod fill;
pub(crate) mod har;
mod markup;
#[cfg(feature = "fetch")]
mod net;
pub mod pack;
pub(crate) mod zip;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::fill::{Absent, Filled, absent, fill};
#[cfg(feature = "fetch")]
pub use self::net::{AllowedHost, HostError, NetOptions, fetch_absent};
use crate::limits::{Hint, Limit, Limits};

/// What an asset is for. What is for anything else is never given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// A picture.
    Image,
    /// A style sheet.
    StyleSheet,
    /// A font.
    Font,
    /// A video or sound.
    Media,
}

impl AssetKind {
    /// Its name in reports: that of the same kind of missing resource.
    pub fn name(self) -> &'static str {
        match self {
            AssetKind::Image => "image",
            AssetKind::StyleSheet => "style-sheet",
            AssetKind::Font => "font",
            AssetKind::Media => "media",
        }
    }
}

/// The content behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its bytes, without transfer encoding.
    pub content: Bytes,
    /// Its media type as told or as its name says, in small letters, parameters included; may be empty.
    pub media_type: String,
}

/// Why assets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is of no kind that is known.
    #[error("{} holds no assets: give a directory (host/path?query, as ‘wget -x’ makes it), a ZIP of one, or a HAR with contents", path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
    },
    /// A ZIP is larger than it may be.
    #[error("{name}: {what}; {hint}")]
    Beyond {
        /// Which.
        name: String,
        /// What there is too much of.
        what: String,
        /// How much of it there may be.
        hint: Hint,
    },
    /// A ZIP is damaged, or no pack that can be used.
    #[error("{name}: {reason}")]
    Zip {
        /// Which.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Where assets came from, for reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetSource {
    /// `directory`, `har`, `zip`, `pack` or `host`.
    pub kind: String,
    /// Name of the file or directory without folders, or the host.
    pub name: String,
    /// How many assets it has given.
    pub count: usize,
}

/// Assets by their addresses, query included, fragment left out.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// By whole address; those from directories, which do not tell a scheme, begin with `//`.
    known: BTreeMap<String, Asset>,
    redirects: BTreeMap<String, String>,
    /// Where they came from.
    pub sources: Vec<AssetSource>,
    limits: Limits,
    /// Limits beyond which something was left out: each is told once.
    told: Vec<Limit>,
}

impl Assets {
    /// None, and no more than `limits` allow.
    pub fn within(limits: Limits) -> Assets {
        Assets {
            limits,
            ..Assets::default()
        }
    }

    /// Reads `paths`, each a directory, a HAR, a ZIP or a [packed](pack) recording, and keeps what comes first.
    ///
    /// # Errors
    /// When one cannot be read, is more than `limits` allow, or holds nothing that can be used.
    pub fn read(paths: &[PathBuf], limits: &Limits) -> Result<Assets, AssetError> {
        let mut all = Assets::within(*limits);
        for path in paths {
            all.add(Self::read_one(path, limits)?);
        }
        Ok(all)
    }

    fn read_one(path: &Path, limits: &Limits) -> Result<Assets, AssetError> {
        let unreadable = |source| AssetError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let unknown = || AssetError::Unknown {
            path: path.to_owned(),
        };
        let mut assets = if path.is_dir() {
            files::read(path, limits).map_err(unreadable)?
        } else {
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > limits.of(Limit::AssetsSize) {
                let reason = format!("{size} bytes are too many; {}", limits.hint(Limit::AssetsSize));
                return Err(unreadable(std::io::Error::other(reason)));
            }
            let bytes = Bytes::from(std::fs::read(path).map_err(unreadable)?);
            match zip::is_zip(&bytes) {
                true => of_zip(bytes, &name, limits)?,
                false => har::read(&bytes, limits).ok_or_else(unknown)?,
            }
        };
        if assets.is_empty() {
            return Err(unknown());
        }
        for source in &mut assets.sources {
            source.name = name.clone().into_owned();
        }
        Ok(assets)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// The asset at an absolute address, redirections followed, and the address at which it really is.
    pub fn get(&self, url: &Url) -> Option<(&Asset, Url)> {
        let mut at = url.clone();
        at.set_fragment(None);
        for _ in 0..=self.limits.of(Limit::AssetRedirects) {
            if !matches!(at.scheme(), "http" | "https") {
                return None;
            }
            let schemeless = at
                .as_str()
                .trim_start_matches(at.scheme())
                .trim_start_matches(':');
            if let Some(asset) = self.known.get(at.as_str()).or_else(|| self.known.get(schemeless)) {
                return Some((asset, at));
            }
            at = Url::parse(self.redirects.get(at.as_str())?).ok()?;
            at.set_fragment(None);
        }
        None
    }

    /// Whether there is something at an address, as it stands in a document at `base`.
    pub fn has(&self, url: &str, base: &str) -> bool {
        resolved(url, base).is_some_and(|url| self.get(&url).is_some())
    }

    /// Adds an asset. Addresses that are not of the web, and what is too large, are left out.
    pub fn insert(&mut self, url: &Url, asset: Asset) {
        if matches!(url.scheme(), "http" | "https") {
            let mut url = url.clone();
            url.set_fragment(None);
            self.insert_key(url.into(), asset);
        }
    }

    fn insert_key(&mut self, key: String, asset: Asset) {
        if asset.content.len() as u64 > self.limits.of(Limit::Asset) {
            self.left_out(Limit::Asset);
        } else if self.known.len() >= self.limits.size(Limit::Assets) {
            self.left_out(Limit::Assets);
        } else {
            self.known.entry(key).or_insert(asset);
        }
    }

    /// Tells that something is beyond a limit.
    fn left_out(&mut self, limit: Limit) {
        if !self.told.contains(&limit) {
            self.told.push(limit);
            tracing::warn!("assets are left out: {}", self.limits.hint(limit));
        }
    }

    fn redirect(&mut self, from: &Url, to: &Url) {
        let mut from = from.clone();
        from.set_fragment(None);
        if self.redirects.len() < self.limits.size(Limit::Assets) && from != *to {
            self.redirects.entry(from.into()).or_insert(to.to_string());
        }
    }

    /// Takes others in. What is there already stays.
    pub fn add(&mut self, more: Assets) {
        for (key, asset) in more.known {
            self.insert_key(key, asset);
        }
        for (from, to) in more.redirects {
            self.redirects.entry(from).or_insert(to);
        }
        self.sources.extend(more.sources);
    }

    /// Tells where they came from.
    fn told_as(mut self, kind: &'static str) -> Self {
        self.sources.push(AssetSource {
            kind: kind.to_owned(),
            name: String::new(),
            count: self.known.len(),
        });
        self
    }
}

/// A ZIP is a packed recording or that of a directory.
fn of_zip(bytes: Bytes, name: &str, limits: &Limits) -> Result<Assets, AssetError> {
    if let Some(packed) = pack::open(&bytes, name, limits)? {
        return Ok(packed.assets);
    }
    let mut entries = Vec::new();
    for entry in zip::entries(bytes, name, limits, Limit::AssetsSize)? {
        entries.push((entry.name, entry.bytes));
    }
    Ok(files::of_entries(entries, limits).told_as("zip"))
}

/// An address in a document, as browsers read it; `None` for what is not of the web or cannot be read.
pub(crate) fn resolved(url: &str, base: &str) -> Option<Url> {
    let url = url.trim();
    // A fragment alone means the document itself.
    if url.is_empty() || url.starts_with('#') {
        return None;
    }
    let found = match Url::parse(url) {
        Ok(found) => found,
        Err(_) => Url::parse(base).ok()?.join(url).ok()?,
    };
    matches!(found.scheme(), "http" | "https").then_some(found)
}

impl Asset {
    /// An asset of that content and media type.
    pub fn new(content: impl Into<Bytes>, media_type: &str) -> Self {
        Asset {
            content: content.into(),
            media_type: media_type.trim().to_ascii_lowercase(),
        }
    }

    /// Its text, in the encoding that it or its media type tells.
    pub(crate) fn text(&self) -> String {
        let bytes = self
            .content
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.content);
        let latin = ["iso-8859-1", "windows-1252", "latin1"];
        if latin.iter().any(|name| self.media_type.contains(name)) {
            return bytes.iter().map(|byte| char::from(*byte)).collect();
        }
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// It as a `data:` URL for a use; `None` when it is not of that kind.
    pub(crate) fn data_url(&self, kind: AssetKind) -> Option<Arc<str>> {
        use base64::Engine as _;
        let told = self.media_type.split(';').next().unwrap_or_default().trim();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+.-".contains(&byte);
        let told = if told.bytes().all(is_plain) { told } else { "" };
        if matches!(told, "text/html" | "application/xhtml+xml") || self.content.is_empty() {
            // What a server says instead of a picture that is not there.
            return None;
        }
        let media_type = match kind {
            AssetKind::Image if told.starts_with("image/") => told,
            AssetKind::Image if is_svg(&self.content) => "image/svg+xml",
            // The browser looks at the bytes.
            AssetKind::Image => "image/png",
            AssetKind::Font if told.starts_with("font/") => told,
            AssetKind::Font => "font/woff2",
            AssetKind::Media if told.starts_with("video/") || told.starts_with("audio/") => told,
            AssetKind::Media => "video/mp4",
            AssetKind::StyleSheet => return None,
        };
        let content = base64::engine::general_purpose::STANDARD.encode(&self.content);
        Some(format!("data:{media_type};base64,{content}").into())
    }
}

fn is_svg(content: &[u8]) -> bool {
    let start = content.get(..content.len().min(1024)).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    start.starts_with("<svg")
        || (start.starts_with("<?xml") || start.starts_with("<!")) && start.contains("<svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_query_counts_and_the_fragment_does_not() {
        let mut assets = Assets::default();
        assets.insert(
            &url("https://a.example/x.png?v=1#top"),
            Asset::new("1", "image/png"),
        );
        let found = |text: &str| assets.get(&url(text)).is_some();
        assert!(found("https://a.example/x.png?v=1"));
        assert!(found("https://a.example/x.png?v=1#other"));
        assert!(found("HTTPS://A.example:443/y/../x.png?v=1"));
        assert!(!found("https://a.example/x.png"));
        assert!(!found("https://a.example/x.png?v=2"));
        assert!(!found("http://a.example/x.png?v=1"));
    }

    #[test]
    fn redirections_lead_somewhere_or_nowhere() {
        let mut assets = Assets::default();
        assets.redirect(&url("https://a.example/1"), &url("https://a.example/2"));
        assets.redirect(&url("https://a.example/2"), &url("https://b.example/3"));
        assets.redirect(&url("https://a.example/x"), &url("https://a.example/y"));
        assets.redirect(&url("https://a.example/y"), &url("https://a.example/x"));
        assets.insert(&url("https://b.example/3"), Asset::new("3", ""));
        let (asset, at) = assets.get(&url("https://a.example/1")).unwrap();
        assert_eq!(
            (&asset.content[..], at.as_str()),
            (&b"3"[..], "https://b.example/3")
        );
        assert!(assets.get(&url("https://a.example/x")).is_none());
    }

    #[test]
    fn no_more_is_read_than_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let host = folder.path().join("a.example");
        std::fs::create_dir(&host).unwrap();
        for name in ["1.png", "2.png", "3.png"] {
            std::fs::write(host.join(name), "0123456789").unwrap();
        }
        let within = |limits: &Limits| Assets::read(&[folder.path().to_owned()], limits);
        let read = |limit, value| within(&Limits::default().with(limit, value)).map(|assets| assets.len());
        assert_eq!(read(Limit::Asset, 10).unwrap(), 3);
        assert!(read(Limit::Asset, 9).is_err());
        assert_eq!(read(Limit::Assets, 2).unwrap(), 2);
        assert_eq!(read(Limit::AssetsSize, 25).unwrap(), 2);
        let har = folder.path().join("a.har");
        std::fs::write(&har, "{}").unwrap();
        let limits = Limits::default().with(Limit::AssetsSize, 1);
        let error = Assets::read(&[har], &limits).unwrap_err().to_string();
        assert!(error.contains("--allow assets-size="), "{error}");
    }

    #[test]
    fn redirections_are_followed_as_far_as_they_may_be() {
        let led = |limit| {
            let mut assets = Assets::within(Limits::default().with(Limit::AssetRedirects, limit));
            assets.redirect(&url("https://a.example/1"), &url("https://a.example/2"));
            assets.redirect(&url("https://a.example/2"), &url("https://a.example/3"));
            assets.insert(&url("https://a.example/3"), Asset::new("3", ""));
            assets.get(&url("https://a.example/1")).is_some()
        };
        assert_eq!([led(1), led(2)], [false, true]);
    }

    #[test]
    fn what_is_no_picture_is_not_shown_as_one() {
        let shown = |content: &'static str, told: &str| Asset::new(content, told).data_url(AssetKind::Image);
        assert_eq!(shown("<p>not found", "text/html; charset=utf-8"), None);
        assert_eq!(shown("", "image/png"), None);
        let png = shown("x", "image/PNG;a=b").unwrap();
        assert_eq!(&*png, "data:image/png;base64,eA==");
        let svg = shown("<?xml version='1.0'?><svg/>", "text/plain").unwrap();
        assert!(svg.starts_with("data:image/svg+xml;"), "{svg}");
        // Nothing of a media type gets out of the address.
        let odd = shown("x", "image/\",x").unwrap();
        assert!(odd.starts_with("data:image/png;"), "{odd}");
    }
}
