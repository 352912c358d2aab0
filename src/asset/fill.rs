//! Walks through a recording, finds what it refers to and puts in what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::markup::{Tag, is_sheet, plain, put};
use super::{Asset, AssetKind, AssetSource, Assets, resolved};
use crate::digest::sha256;
use crate::limits::Limit;
use crate::recording::{
    Attribute, EventData, EventKind, FontSource, Mutation, NodeContent, NodeId, NodeTree, Payload, Recording,
    RuleInsert, Tab,
};

/// Something that a recording refers to and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Absent {
    /// Its address, without fragment.
    pub url: String,
    /// What it is for.
    pub kind: AssetKind,
}

/// An asset that was put in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Used {
    /// Its address, without query and fragment, which may be secret.
    pub url: String,
    /// What it is for.
    pub kind: String,
    /// SHA-256 of its content, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// What was put into a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filled {
    /// Where the assets came from.
    pub sources: Vec<AssetSource>,
    /// What was put in, each once.
    pub used: Vec<Used>,
    /// Not all of it was put in: the recording would have become too large.
    pub is_cut: bool,
}

/// Puts assets into a recording; tells of them in [`Recording::assets`]. What is recorded itself stays.
pub fn fill(recording: &mut Recording, assets: &Assets) {
    if assets.is_empty() {
        return;
    }
    let mut filler = Filler::new(assets);
    for tab in &mut recording.tabs {
        filler.tab(tab, true);
    }
    if filler.is_cut {
        let hint = assets.limits.hint(Limit::Filled);
        tracing::warn!("the assets put in are too large together: some are left out; {hint}");
    }
    recording.assets.is_cut |= filler.is_cut;
    recording.assets.sources.extend(assets.sources.iter().cloned());
    let used: BTreeSet<Used> = filler
        .used
        .into_values()
        .chain(recording.assets.used.drain(..))
        .collect();
    recording.assets.used = used.into_iter().collect();
}

/// What a recording refers to that neither it nor `assets` have.
pub fn absent(recording: &Recording, assets: &Assets) -> Vec<Absent> {
    looked(recording, assets).absent
}

/// What a recording refers to: what is there, by the address that stands in it and the one at which it
/// really is, and what is not.
pub(super) struct Looked {
    pub found: BTreeMap<String, String>,
    pub absent: Vec<Absent>,
}

/// Finds what a recording refers to.
pub(super) fn looked(recording: &Recording, assets: &Assets) -> Looked {
    let mut filler = Filler::new(assets);
    for tab in &recording.tabs {
        filler.tab(&mut tab.clone(), false);
    }
    Looked {
        found: filler.found,
        absent: filler.absent.into_iter().collect(),
    }
}

/// What a sheet of `assets` refers to that they do not have.
#[cfg(feature = "fetch")]
pub(super) fn absent_in_sheet(url: &Url, assets: &Assets) -> BTreeSet<Absent> {
    let mut filler = Filler::new(assets);
    filler.sheet(url.as_str(), "");
    filler.absent
}

/// What is known of a node.
#[derive(Clone, Copy)]
struct Known {
    tag: Tag,
    /// Which document it is in.
    document: u32,
}

/// A document's base address, and whether a `<base>` has said it.
struct Document {
    base: String,
    is_said: bool,
}

/// A text, and where its addresses count from.
type Based = (Arc<str>, Arc<str>);

/// Looks assets up and remembers what it found.
pub(super) struct Filler<'a> {
    pub(super) assets: &'a Assets,
    pub(super) absent: BTreeSet<Absent>,
    found: BTreeMap<String, String>,
    used: BTreeMap<(String, AssetKind), Used>,
    data: FxHashMap<(String, AssetKind), Option<Arc<str>>>,
    pub(super) sheets: FxHashMap<String, Option<Arc<str>>>,
    pub(super) texts: FxHashMap<Based, Option<Arc<str>>>,
    left: u64,
    is_cut: bool,
    // The page that is walked through.
    nodes: FxHashMap<NodeId, Known>,
    documents: Vec<Document>,
    /// Addresses of the documents of frames.
    frames: FxHashMap<NodeId, String>,
    href: Arc<str>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(assets: &'a Assets) -> Self {
        Filler {
            assets,
            absent: BTreeSet::new(),
            found: BTreeMap::new(),
            used: BTreeMap::new(),
            data: FxHashMap::default(),
            sheets: FxHashMap::default(),
            texts: FxHashMap::default(),
            left: assets.limits.of(Limit::Filled),
            is_cut: false,
            nodes: FxHashMap::default(),
            documents: Vec::new(),
            frames: FxHashMap::default(),
            href: "".into(),
        }
    }

    /// The `data:` URL for an address in a document or sheet at `base`; `None` leaves it as it is.
    pub(super) fn look(&mut self, kind: AssetKind, address: &str, base: &str) -> Option<Arc<str>> {
        let url = resolved(address, base)?;
        let fragment = url.fragment().map(str::to_owned);
        let mut plain = url.clone();
        plain.set_fragment(None);
        let key = (String::from(plain), kind);
        let data = match self.data.get(&key) {
            Some(known) => known.clone(),
            None => {
                let found = self.assets.get(&url);
                let data = found.as_ref().and_then(|(asset, _)| asset.data_url(kind));
                match (&found, &data) {
                    (Some((asset, at)), Some(_)) => self.is_used(kind, &url, at, asset),
                    _ => self.is_absent(kind, &url),
                }
                self.data.insert(key, data.clone());
                data
            }
        }?;
        if !self.has_room(data.len()) {
            return None;
        }
        match fragment {
            Some(fragment) => Some(format!("{data}#{fragment}").into()),
            None => Some(data),
        }
    }

    /// Whether so many bytes more may be put in.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes as u64) {
            Some(left) => self.left = left,
            None => self.is_cut = true,
        }
        !self.is_cut
    }

    pub(super) fn is_absent(&mut self, kind: AssetKind, url: &Url) {
        if self.absent.len() < self.assets.limits.size(Limit::Absent) {
            let mut url = url.clone();
            url.set_fragment(None);
            self.absent.insert(Absent {
                url: url.into(),
                kind,
            });
        }
    }

    /// What `wanted` names is there, at `at`.
    pub(super) fn is_used(&mut self, kind: AssetKind, wanted: &Url, at: &Url, asset: &Asset) {
        let mut wanted = wanted.clone();
        wanted.set_fragment(None);
        self.found.insert(wanted.into(), at.as_str().to_owned());
        let key = (at.as_str().to_owned(), kind);
        self.used.entry(key).or_insert_with(|| {
            let mut told = at.clone();
            told.set_query(None);
            told.set_fragment(None);
            // Neither of these fails for an address of the web.
            let _ = told.set_username("");
            let _ = told.set_password(None);
            Used {
                url: told.into(),
                kind: kind.name().to_owned(),
                sha256: sha256(&asset.content),
            }
        });
    }

    /// Goes through the events of a tab; with `keep`, they are changed.
    fn tab(&mut self, tab: &mut Tab, keep: bool) {
        self.href = "".into();
        self.begin_page();
        for event in &mut tab.events {
            if !may_refer(event.kind) {
                continue;
            }
            let Ok(data) = event.data() else { continue };
            let mut data = Arc::unwrap_or_clone(data);
            if self.event(&mut data) && keep {
                event.payload = Payload::Decoded(Arc::new(data));
            }
        }
    }

    fn begin_page(&mut self) {
        self.nodes.clear();
        self.frames.clear();
        self.documents.clear();
        self.documents.push(Document {
            base: self.href.to_string(),
            is_said: false,
        });
    }

    fn event(&mut self, data: &mut EventData) -> bool {
        match data {
            EventData::Meta(meta) => {
                self.href = Arc::clone(&meta.href);
                false
            }
            EventData::FullSnapshot(snapshot) => {
                self.begin_page();
                self.tree(&mut snapshot.tree, None)
            }
            EventData::Mutation(mutation) => self.mutation(mutation),
            EventData::StyleSheetRules(rules) => {
                let base = self.base(0);
                let replaced = rules.replace.as_mut().is_some_and(|text| {
                    let filled = self.css(text, &base);
                    put(text, filled)
                });
                self.inserts(&mut rules.inserts, &base) | replaced
            }
            EventData::StyleDeclaration(declaration) => {
                let base = self.base(0);
                declaration.value.as_mut().is_some_and(|value| {
                    let filled = self.css(value, &base);
                    put(value, filled)
                })
            }
            EventData::AdoptedStyleSheets(adopted) => {
                let base = self.base(0);
                let mut changed = false;
                for sheet in &mut adopted.new {
                    changed |= self.inserts(&mut sheet.rules, &base);
                }
                changed
            }
            EventData::Font(font) => match &mut font.source {
                FontSource::Css(source) => {
                    let base = self.base(0);
                    // It is the value of a `src`, which tells that addresses are of fonts.
                    let rule: Arc<str> = format!("@font-face{{src:{source}}}").into();
                    let filled = self.css(&rule, &base);
                    let value = filled.as_deref().and_then(|rule| {
                        rule.strip_prefix("@font-face{src:")?
                            .strip_suffix('}')
                            .map(Arc::from)
                    });
                    put(source, value)
                }
                FontSource::Bytes(_) => false,
            },
            EventData::CanvasMutation(canvas) => {
                let text = canvas.commands.get();
                if !text.contains("\"src\"") {
                    return false;
                }
                let Ok(mut commands) = serde_json::from_str::<Value>(text) else {
                    return false;
                };
                let base = self.base(0);
                if !self.pictures_in(&mut commands, &base, 0) {
                    return false;
                }
                match serde_json::value::to_raw_value(&commands) {
                    Ok(raw) => {
                        canvas.commands = raw;
                        true
                    }
                    Err(_) => false,
                }
            }
            _ => false,
        }
    }

    fn mutation(&mut self, mutation: &mut Mutation) -> bool {
        let mut changed = false;
        for add in &mut mutation.adds {
            changed |= self.tree(&mut add.tree, Some(add.parent));
        }
        for (id, text) in &mut mutation.texts {
            if let Some(known) = self.nodes.get(id).filter(|known| known.tag == Tag::StyleText) {
                let base = self.base(known.document);
                let filled = self.css(text, &base);
                changed |= put(text, filled);
            }
        }
        for (id, attributes) in &mut mutation.attributes {
            let Some(mut known) = self.nodes.get(id).copied() else {
                continue;
            };
            if matches!(known.tag, Tag::Sheet | Tag::Link)
                && let Some(rel) = plain(attributes, "rel")
            {
                known.tag = if is_sheet(rel) { Tag::Sheet } else { Tag::Link };
                self.nodes.insert(*id, known);
            }
            let base = self.base(known.document);
            changed |= self.attributes(known.tag, attributes, &base);
        }
        changed
    }

    fn tree(&mut self, tree: &mut NodeTree, parent: Option<NodeId>) -> bool {
        let mut changed = false;
        let mut made: Vec<(Option<NodeId>, Known)> = Vec::with_capacity(tree.nodes.len());
        let top = Known {
            tag: Tag::Other,
            document: 0,
        };
        for node in &mut tree.nodes {
            let (above_id, above) = match node.parent {
                Some(at) => made.get(at as usize).copied().unwrap_or((None, top)),
                None => (
                    parent,
                    parent.and_then(|id| self.nodes.get(&id).copied()).unwrap_or(top),
                ),
            };
            let mut known = Known {
                tag: Tag::Other,
                document: above.document,
            };
            match &mut node.content {
                NodeContent::Document { .. } if above.tag == Tag::Frame => {
                    let own = above_id.and_then(|id| self.frames.get(&id).cloned());
                    let base = own.unwrap_or_else(|| self.base(above.document));
                    known.document = self.documents.len() as u32;
                    self.documents.push(Document { base, is_said: false });
                }
                NodeContent::Text(text) if above.tag == Tag::Style => {
                    known.tag = Tag::StyleText;
                    let base = self.base(above.document);
                    let filled = self.css(text, &base);
                    changed |= put(text, filled);
                }
                NodeContent::Element { tag, attributes, .. } => {
                    known.tag = Tag::of(tag, attributes);
                    changed |= self.element(node.id, known, attributes);
                }
                _ => {}
            }
            if let Some(id) = node.id {
                self.nodes.insert(id, known);
            }
            made.push((node.id, known));
        }
        changed
    }

    fn element(&mut self, id: Option<NodeId>, known: Known, attributes: &mut Vec<Attribute>) -> bool {
        let base = self.base(known.document);
        match known.tag {
            Tag::Base => {
                let said = plain(attributes, "href").and_then(|href| resolved(href, &base));
                let document = self.documents.get_mut(known.document as usize);
                if let (Some(said), Some(document)) = (said, document.filter(|document| !document.is_said)) {
                    document.base = said.into();
                    document.is_said = true;
                }
            }
            Tag::Frame => {
                let src = plain(attributes, "src").and_then(|src| resolved(src, &base));
                if let (Some(id), Some(src)) = (id, src) {
                    self.frames.insert(id, src.into());
                }
            }
            _ => {}
        }
        self.attributes(known.tag, attributes, &base)
    }

    fn base(&self, document: u32) -> String {
        let document = self.documents.get(document as usize);
        document.map_or_else(String::new, |document| document.base.clone())
    }

    fn inserts(&mut self, inserts: &mut [RuleInsert], base: &str) -> bool {
        let mut changed = false;
        for insert in inserts {
            let filled = self.css(&insert.rule, base);
            changed |= put(&mut insert.rule, filled);
        }
        changed
    }

    /// The pictures among the arguments of canvas commands.
    fn pictures_in(&mut self, value: &mut Value, base: &str, depth: usize) -> bool {
        const MOST_DEPTH: usize = 16;
        if depth > MOST_DEPTH {
            return false;
        }
        match value {
            Value::Array(items) => items.iter_mut().fold(false, |changed, item| {
                self.pictures_in(item, base, depth + 1) | changed
            }),
            Value::Object(fields) => {
                let mut changed = false;
                for (name, field) in fields.iter_mut() {
                    changed |= match field {
                        Value::String(src) if name == "src" => match self.look(AssetKind::Image, src, base) {
                            Some(data) => {
                                *src = data.to_string();
                                true
                            }
                            None => false,
                        },
                        field => self.pictures_in(field, base, depth + 1),
                    };
                }
                changed
            }
            _ => false,
        }
    }
}

fn may_refer(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Meta
            | EventKind::FullSnapshot
            | EventKind::Mutation
            | EventKind::StyleSheetRules
            | EventKind::StyleDeclaration
            | EventKind::CanvasMutation
            | EventKind::Font
            | EventKind::AdoptedStyleSheets
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Input, ReadOptions, read};
    use crate::limits::Limits;

    const EVENTS: &str = r##"[
        {"type":4,"timestamp":1,"data":{"href":"https://a.example/dir/page","width":100,"height":100}},
        {"type":2,"timestamp":2,"data":{"node":{"type":0,"id":1,"childNodes":[
          {"type":2,"id":2,"tagName":"html","attributes":{},"childNodes":[
            {"type":2,"id":3,"tagName":"head","attributes":{},"childNodes":[
              {"type":2,"id":4,"tagName":"link","attributes":{"rel":"stylesheet","href":"a.css"},"childNodes":[]},
              {"type":2,"id":5,"tagName":"style","attributes":{},"childNodes":[
                {"type":3,"id":6,"textContent":"p{background:url(i.png)}","isStyle":true}]}]},
            {"type":2,"id":7,"tagName":"body","attributes":{},"childNodes":[
              {"type":2,"id":8,"tagName":"img","attributes":{"src":"/i.png"},"childNodes":[]},
              {"type":2,"id":9,"tagName":"iframe","attributes":{"src":"https://b.example/f/"},"childNodes":[]}]}]}]},
          "initialOffset":{"left":0,"top":0}}},
        {"type":3,"timestamp":3,"data":{"source":0,"texts":[{"id":6,"value":"q{background:url(j.png)}"}],
          "attributes":[{"id":8,"attributes":{"src":"j.png"}}],"removes":[],"adds":[
          {"parentId":9,"nextId":null,"node":{"type":0,"id":20,"childNodes":[
            {"type":2,"id":21,"tagName":"html","attributes":{},"childNodes":[
              {"type":2,"id":22,"tagName":"body","attributes":{},"childNodes":[
                {"type":2,"id":23,"tagName":"img","attributes":{"src":"k.png"},"childNodes":[]}]}]}]}}]}},
        {"type":3,"timestamp":4,"data":{"source":8,"id":5,"adds":[{"rule":"b{cursor:url(i.png),auto}","index":0}]}}
    ]"##;

    fn recording() -> Recording {
        let input = Input::Bytes {
            name: "x.json".to_owned(),
            data: bytes::Bytes::from_static(EVENTS.as_bytes()),
        };
        read(&[input], &ReadOptions::default()).unwrap()
    }

    fn assets(urls: &[&str]) -> Assets {
        let mut assets = Assets::default();
        for url in urls {
            let media_type = if url.ends_with("css") {
                "text/css"
            } else {
                "image/png"
            };
            assets.insert(&Url::parse(url).unwrap(), Asset::new("x{}", media_type));
        }
        assets
    }

    const ALL: [&str; 6] = [
        "https://a.example/dir/a.css",
        "https://a.example/dir/i.png",
        "https://a.example/dir/j.png",
        "https://a.example/i.png",
        "https://b.example/f/k.png",
        "https://b.example/other.png",
    ];

    #[test]
    fn addresses_count_from_their_documents() {
        let told: Vec<String> = absent(&recording(), &Assets::default())
            .into_iter()
            .map(|one| one.url)
            .collect();
        assert_eq!(told, ALL[..5]);
        assert_eq!(absent(&recording(), &assets(&ALL)), []);
    }

    #[test]
    fn what_is_there_is_not_missing_afterwards() {
        let mut recording = recording();
        fill(&mut recording, &assets(&ALL));
        assert_eq!(recording.assets.used.len(), 5);
        let mut replay = crate::dom::Replay::new(&recording.tabs[0]);
        for time in [2.0, 10.0] {
            replay.seek(time);
            let missing = replay.page().missing_resources();
            // The frame's document comes with the mutation.
            let left = missing
                .iter()
                .filter(|one| one.kind != crate::dom::ResourceKind::Frame)
                .count();
            assert_eq!(left, 0, "{missing:?}");
        }
        assert_eq!(absent(&recording, &Assets::default()), []);
    }

    #[test]
    fn no_more_is_put_in_or_told_than_may_be() {
        let within = |limit, value| {
            let mut few = Assets::within(Limits::default().with(limit, value));
            few.add(assets(&ALL));
            few
        };
        let mut whole = recording();
        fill(&mut whole, &within(Limit::Filled, 1 << 20));
        assert!(!whole.assets.is_cut);
        let mut cut = recording();
        fill(&mut cut, &within(Limit::Filled, 40));
        assert!(cut.assets.is_cut);
        let none = Assets::within(Limits::default().with(Limit::Absent, 2));
        assert_eq!(absent(&recording(), &none).len(), 2);
    }

    #[test]
    fn nothing_is_changed_without_assets() {
        let mut filled = recording();
        fill(&mut filled, &assets(&["https://elsewhere.example/i.png"]));
        let data = |recording: &Recording| {
            let all = recording.tabs[0].events.iter().map(|event| event.data().unwrap());
            format!("{:?}", all.collect::<Vec<_>>())
        };
        assert_eq!(data(&filled), data(&recording()));
    }
}
