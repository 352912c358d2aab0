//! The encoding of version 7 of the recorder: lists of changes, with strings, nodes and style sheets
//! numbered by the order in which they come (`src/domain/record/encoding` of `@datadog/browser-rum`,
//! and the schemas of `DataDog/rum-events-format`).
//!
//! A record makes sense only after all before it since the last full snapshot, so that these are
//! decoded when they are read.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::field::{Field, fields};
use super::growth::{Anchor, Growth, Place};
use super::resources::Resources;
use super::sheets::{in_media, sheet_events};
use super::view::Decoded;
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::{
    Attribute, DecodeError, EventData, EventKind, FullSnapshot, Input, MediaAction, MediaInteraction,
    Mutation, NodeContent, NodeId, NodeRemoval, Scroll,
};

const NONE: u32 = u32::MAX;

/// Kinds of changes.
mod kind {
    pub const ADD_STRING: i64 = 0;
    pub const ADD_NODE: i64 = 1;
    pub const REMOVE_NODE: i64 = 2;
    pub const ATTRIBUTE: i64 = 3;
    pub const TEXT: i64 = 4;
    pub const SIZE: i64 = 5;
    pub const SCROLL_POSITION: i64 = 6;
    pub const ADD_STYLE_SHEET: i64 = 7;
    pub const ATTACHED_STYLE_SHEETS: i64 = 8;
    pub const MEDIA_PLAYBACK_STATE: i64 = 9;
    pub const VISUAL_VIEWPORT: i64 = 10;
    pub const ADD_ROLE_ANNOTATED_STRINGS: i64 = 11;
    pub const INPUT_VALUE: i64 = 12;
    pub const INPUT_SELECTION: i64 = 13;
    pub const CLEAR_STRINGS: i64 = 14;
    pub const IMAGE_CONTENT: i64 = 15;
}

/// What has to be remembered of a node.
#[derive(Debug, Clone, Copy)]
struct Known {
    parent: u32,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A document or shadow root.
    Root,
    Element,
    Select,
    Option,
    Other,
}

#[derive(Debug, Clone)]
struct Sheet {
    /// Its number in the tab: never given twice.
    number: i64,
    text: Arc<str>,
    /// In which media it applies, as CSS; empty: in all.
    media: String,
    disabled: bool,
    /// It was mentioned as a constructed sheet.
    told: bool,
}

/// What later records refer to.
#[derive(Debug)]
pub(super) struct Changes {
    strings: Vec<Arc<str>>,
    nodes: Vec<Known>,
    sheets: Vec<Sheet>,
    /// Values of `<option>`s, or their texts where they have none.
    options: FxHashMap<u32, Arc<str>>,
    /// Recorded names of elements, as documents write them, and whether they are of SVG.
    names: FxHashMap<Arc<str>, (Arc<str>, bool)>,
    next_sheet: i64,
    /// How many bytes of strings may still be referred to: a reference may be much shorter.
    room: u64,
}

/// What one record came to.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub events: Vec<Decoded>,
    /// What could not be understood, the first of it, and how many there were.
    pub fault: Option<(String, usize)>,
}

/// What is made of one record.
struct Batch<'a> {
    snapshot: bool,
    /// The recorder added a sheet every time that it attached one; those that wait to be attached.
    paired: bool,
    added: VecDeque<Sheet>,
    growth: Growth,
    scroll: (f64, f64),
    mutation: Mutation,
    /// To follow the mutation.
    after: Vec<Decoded>,
    applied: Applied,
    resources: &'a Resources,
}

impl Changes {
    /// Sheets get numbers from `first_sheet` on; strings may be used for `room` bytes altogether.
    pub(super) fn new(first_sheet: i64, room: u64) -> Self {
        Changes {
            strings: Vec::new(),
            nodes: Vec::new(),
            sheets: Vec::new(),
            options: FxHashMap::default(),
            names: FxHashMap::default(),
            next_sheet: first_sheet,
            room,
        }
    }

    /// The number of the next sheet.
    pub(super) fn next_sheet(&self) -> i64 {
        self.next_sheet
    }

    /// How many bytes strings may still be used for.
    pub(super) fn room(&self) -> u64 {
        self.room
    }

    /// Reads the data of a full snapshot, with which all numbers begin anew.
    pub(super) fn snapshot(&mut self, data: &[u8], resources: &Resources) -> Result<Applied, DecodeError> {
        self.strings.clear();
        self.nodes.clear();
        self.sheets.clear();
        self.options.clear();
        let applied = self.read(data, true, resources)?;
        if !applied
            .events
            .iter()
            .any(|(kind, _)| *kind == EventKind::FullSnapshot)
        {
            return Err(DecodeError {
                reason: "a full snapshot without a document".to_owned(),
                at: 0,
            });
        }
        Ok(applied)
    }

    /// Reads the data of a record of changes.
    pub(super) fn changes(&mut self, data: &[u8], resources: &Resources) -> Result<Applied, DecodeError> {
        self.read(data, false, resources)
    }

    fn read(&mut self, data: &[u8], snapshot: bool, resources: &Resources) -> Result<Applied, DecodeError> {
        let mut batch = Batch {
            snapshot,
            paired: sheets_are_paired(data)?,
            added: VecDeque::new(),
            growth: Growth::starting_at(self.next_node()),
            scroll: (0.0, 0.0),
            mutation: Mutation::default(),
            after: Vec::new(),
            applied: Applied::default(),
            resources,
        };
        let mut json = Json::new(data);
        json.array()?;
        while json.element()? {
            if json.kind()? == Kind::Array {
                self.change(&mut json, &mut batch)?;
            } else {
                json.pass()?;
                batch.fault("something that is no change");
            }
        }
        for sheet in std::mem::take(&mut batch.added) {
            self.keep_sheet(sheet);
        }
        batch.flush(self.next_node());
        Ok(batch.applied)
    }

    fn next_node(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(NONE)
    }

    fn change(&mut self, json: &mut Json<'_>, batch: &mut Batch<'_>) -> Result<(), JsonError> {
        json.array()?;
        if !json.element()? {
            return Ok(());
        }
        let number = json.integer_or_none()?;
        if number == Some(kind::CLEAR_STRINGS) {
            self.strings.clear();
        }
        while json.element()? {
            let item = match json.kind()? {
                Kind::Array => Field::List(fields(json)?),
                _ => Field::scalar(json)?,
            };
            let known = match number {
                Some(kind::ADD_STRING) => self.add_string(&item),
                Some(kind::ADD_ROLE_ANNOTATED_STRINGS) => item
                    .list()
                    .iter()
                    .skip(1)
                    .map(|string| self.add_string(string))
                    .fold(Some(()), Option::and),
                Some(kind::ADD_NODE) => self.add_node(item.list(), batch),
                Some(kind::REMOVE_NODE) => self.remove_node(&item, batch),
                Some(kind::ATTRIBUTE) => self.attribute(item.list(), batch),
                Some(kind::TEXT) => self.text_change(item.list(), batch),
                Some(kind::SIZE) => self.size(item.list(), batch),
                Some(kind::SCROLL_POSITION) => self.scroll(item.list(), batch),
                Some(kind::ADD_STYLE_SHEET) => self.add_sheet(item.list(), batch),
                Some(kind::ATTACHED_STYLE_SHEETS) => self.attach_sheets(item.list(), batch),
                Some(kind::MEDIA_PLAYBACK_STATE) => self.media(item.list(), batch),
                Some(kind::INPUT_VALUE) => self.input_value(item.list(), batch),
                Some(kind::INPUT_SELECTION) => self.selection(item.list(), batch),
                Some(kind::IMAGE_CONTENT) => self.image(item.list(), batch),
                Some(kind::VISUAL_VIEWPORT | kind::CLEAR_STRINGS) => Some(()),
                _ => None,
            };
            if known.is_none() {
                batch.fault(match number {
                    Some(kind::ADD_STRING..=kind::IMAGE_CONTENT) => "a change that is not whole",
                    _ => "a change of an unknown kind",
                });
            }
        }
        Ok(())
    }

    // ---- strings ----

    fn add_string(&mut self, string: &Field) -> Option<()> {
        let text = match string {
            Field::Text(text) => Some(Arc::clone(text)),
            _ => None,
        };
        // Numbers go on counting whatever it was.
        let known = text.is_some();
        self.strings.push(text.unwrap_or_default());
        known.then_some(())
    }

    fn string(&mut self, field: Option<&Field>) -> Option<Arc<str>> {
        let text = match field? {
            Field::Text(text) => Arc::clone(text),
            number => {
                let at = usize::try_from(number.integer()?).ok()?;
                Arc::clone(self.strings.get(at)?)
            }
        };
        self.room = self.room.checked_sub(text.len() as u64)?;
        Some(text)
    }

    // ---- nodes ----

    /// A number of a node that there has been.
    fn node(&self, field: Option<&Field>) -> Option<(u32, Known)> {
        let id = u32::try_from(field?.integer()?).ok()?;
        Some((id, *self.nodes.get(id as usize)?))
    }

    fn add_node(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let id = self.next_node();
        let name = self.string(item.get(1));
        let content = name.as_ref().and_then(|name| self.content(name, item.get(2..)?));
        let (parent, place) = match self.place(id, item.first(), &batch.growth) {
            // Fragments are in no document.
            Some(_) if name.as_deref() == Some("#document-fragment") => (NONE, Some(Place::Nowhere)),
            Some((parent, place)) => (parent, Some(place)),
            None => (NONE, None),
        };
        let role = match &content {
            Some(NodeContent::Document { .. } | NodeContent::ShadowRoot) => Role::Root,
            Some(NodeContent::Element { tag, .. }) => match &**tag {
                "select" => Role::Select,
                "option" => Role::Option,
                _ => Role::Element,
            },
            _ => Role::Other,
        };
        self.note_option(id, parent, content.as_ref());
        // Numbers go on counting whatever it was, and what refers to it finds it.
        self.nodes.push(Known { parent, role });
        if content == Some(NodeContent::ShadowRoot) {
            batch.has_shadow_root(parent);
        }
        let known = content.is_some() && place.is_some();
        let place = match &content {
            Some(_) => place.unwrap_or(Place::Nowhere),
            None => Place::Nowhere,
        };
        let content = content.unwrap_or(NodeContent::Comment(Arc::default()));
        batch.growth.push(content, place);
        known.then_some(())
    }

    /// Where a new node goes, and the number of its parent.
    fn place(&self, id: u32, point: Option<&Field>, growth: &Growth) -> Option<(u32, Place)> {
        let point = match point? {
            Field::Null => return Some((NONE, Place::Root)),
            point => point.integer()?,
        };
        let other = |distance: i64| {
            let other = i64::from(id).checked_add(distance)?;
            u32::try_from(other).ok().filter(|other| *other < id)
        };
        if point > 0 {
            let parent = other(point.checked_neg()?)?;
            let anchor = Anchor {
                parent: NodeId::from(parent),
                ..Anchor::default()
            };
            let place = if growth.has(parent) {
                Place::Under(parent)
            } else {
                Place::On(anchor)
            };
            return Some((parent, place));
        }
        let sibling = other(if point == 0 { -1 } else { point })?;
        let parent = self.nodes.get(sibling as usize)?.parent;
        if parent == NONE {
            return None;
        }
        let beside = Some(NodeId::from(sibling));
        let place = match (growth.is_below(sibling), point == 0) {
            (true, true) => Place::After(sibling),
            (true, false) => Place::Before(sibling),
            (false, after) => Place::On(Anchor {
                parent: NodeId::from(parent),
                next: beside.filter(|_| !after),
                previous: beside.filter(|_| after),
            }),
        };
        Some((parent, place))
    }

    /// What a node of that name is, given the fields that follow the name.
    fn content(&mut self, name: &Arc<str>, rest: &[Field]) -> Option<NodeContent> {
        let mut text = |at: usize| self.string(rest.get(at)).unwrap_or_default();
        Some(match &**name {
            "#document" => NodeContent::Document { quirks: false },
            "#doctype" => NodeContent::Doctype {
                name: text(0),
                public_id: text(1),
                system_id: text(2),
            },
            "#text" => NodeContent::Text(text(0)),
            "#cdata-section" => NodeContent::Cdata(Arc::default()),
            "#shadow-root" => NodeContent::ShadowRoot,
            "" => return None,
            _ => {
                let (tag, svg) = self.element_name(name);
                let mut attributes = Vec::with_capacity(rest.len());
                for pair in rest {
                    attributes.extend(self.assignment(pair.list()));
                }
                NodeContent::Element {
                    tag,
                    svg,
                    custom: false,
                    attributes,
                }
            }
        })
    }

    fn element_name(&mut self, name: &Arc<str>) -> (Arc<str>, bool) {
        if let Some((tag, svg)) = self.names.get(name) {
            return (Arc::clone(tag), *svg);
        }
        let (tag, svg) = match name.strip_prefix("svg>") {
            Some(tag) => (Arc::from(tag), true),
            // Browsers give names of HTML elements in capitals, and of no others.
            None if !name.bytes().any(|byte| byte.is_ascii_lowercase()) => {
                (Arc::from(name.to_ascii_lowercase()), false)
            }
            None => (Arc::clone(name), false),
        };
        self.names.insert(Arc::clone(name), (Arc::clone(&tag), svg));
        (tag, svg)
    }

    /// `[name, value]`, or `[name]` to remove it.
    fn assignment(&mut self, pair: &[Field]) -> Option<Attribute> {
        let name = self.string(pair.first())?;
        let value = match pair.get(1) {
            Some(value) => Some(self.string(Some(value))?),
            None => None,
        };
        Some(Attribute::Plain { name, value })
    }

    /// Remembers what an option stands for: only its number is told when it is chosen.
    fn note_option(&mut self, id: u32, parent: u32, content: Option<&NodeContent>) {
        match content {
            Some(NodeContent::Element { tag, attributes, .. }) if &**tag == "option" => {
                let value = attributes.iter().find_map(|attribute| match attribute {
                    Attribute::Plain { name, value } if &**name == "value" => value.clone(),
                    _ => None,
                });
                self.options.extend(value.map(|value| (id, value)));
            }
            Some(NodeContent::Text(text)) => {
                let above = self.nodes.get(parent as usize);
                if above.is_some_and(|above| above.role == Role::Option) {
                    let trimmed = || Arc::from(text.trim());
                    self.options.entry(parent).or_insert_with(trimmed);
                }
            }
            _ => {}
        }
    }

    fn remove_node(&mut self, item: &Field, batch: &mut Batch<'_>) -> Option<()> {
        let (id, known) = self.node(Some(item))?;
        if batch.snapshot {
            batch.growth.remove(id);
            return Some(());
        }
        if batch.has_begun_changing() {
            // What came first is done first: a removal is the first part of a mutation.
            batch.flush(self.next_node());
        }
        batch.mutation.removes.push(NodeRemoval {
            parent: NodeId::from(known.parent),
            id: NodeId::from(id),
            in_shadow: false,
        });
        Some(())
    }

    fn attribute(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let mut changed = Vec::with_capacity(item.len());
        let mut whole = Some(());
        for pair in item.iter().skip(1) {
            match self.assignment(pair.list()) {
                Some(attribute) => changed.push(attribute),
                None => whole = None,
            }
        }
        batch.set_attributes(id, changed);
        whole
    }

    fn text_change(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let text = self.string(item.get(1))?;
        match batch.growth.content(id) {
            Some(NodeContent::Text(old)) => *old = text,
            Some(_) => return None,
            None => batch.mutation.texts.push((NodeId::from(id), text)),
        }
        Some(())
    }

    fn size(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let length = |at: usize| Some(Arc::from(format!("{}px", item.get(at)?.number()?)));
        let (width, height) = (length(1)?, length(2)?);
        batch.set_attributes(
            id,
            vec![Attribute::BlockedWidth(width), Attribute::BlockedHeight(height)],
        );
        Some(())
    }

    fn scroll(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, known) = self.node(item.first())?;
        let (x, y) = (item.get(1)?.number()?, item.get(2)?.number()?);
        if !batch.growth.has(id) {
            let scroll = Scroll {
                target: NodeId::from(id),
                x,
                y,
            };
            batch.after.push((EventKind::Scroll, EventData::Scroll(scroll)));
        } else if known.role == Role::Root {
            batch.scroll = (x, y);
        } else {
            batch.set_attributes(id, vec![Attribute::ScrollLeft(x), Attribute::ScrollTop(y)]);
        }
        Some(())
    }

    // ---- style sheets ----

    fn keep_sheet(&mut self, sheet: Sheet) {
        let number = self.next_sheet;
        self.sheets.push(Sheet { number, ..sheet });
        self.next_sheet = self.next_sheet.saturating_add(1);
    }

    fn add_sheet(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let mut known = Some(());
        let text = match item.first() {
            Some(Field::List(rules)) => {
                let mut text = String::new();
                for rule in rules {
                    match self.string(Some(rule)) {
                        Some(rule) => {
                            text.push_str(&rule);
                            text.push('\n');
                        }
                        None => known = None,
                    }
                }
                Arc::from(text)
            }
            text => self.string(text).unwrap_or_else(|| {
                known = None;
                Arc::default()
            }),
        };
        let mut media = Vec::new();
        for medium in item.get(1).map_or(&[][..], Field::list) {
            match self.string(Some(medium)) {
                Some(medium) => media.push(medium),
                None => known = None,
            }
        }
        let sheet = Sheet {
            number: 0,
            text,
            media: media.join(", "),
            disabled: matches!(item.get(2), Some(Field::Bool(true))),
            told: false,
        };
        // Numbers go on counting whatever it was.
        if batch.paired {
            batch.added.push_back(sheet);
        } else {
            self.keep_sheet(sheet);
        }
        known
    }

    fn attach_sheets(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, known) = self.node(item.first())?;
        let mut places = Vec::with_capacity(item.len());
        for sheet in item.iter().skip(1) {
            let place = usize::try_from(sheet.integer()?).ok()?;
            if let Some(sheet) = batch.added.pop_front()
                && place >= self.sheets.len()
            {
                self.keep_sheet(sheet);
            }
            self.sheets.get(place)?;
            places.push(place);
        }
        if known.role != Role::Root {
            // Elements have the media in an attribute; one that rules are inserted into must not be
            // wrapped in another.
            let sheet = places.first().and_then(|place| self.sheets.get(*place));
            let css = sheet
                .filter(|sheet| !sheet.disabled)
                .map(|sheet| Arc::clone(&sheet.text));
            batch.set_attributes(id, vec![Attribute::CssText(css.unwrap_or_default())]);
            return Some(());
        }
        let (mut numbers, mut new) = (Vec::with_capacity(places.len()), Vec::new());
        for place in places {
            let sheet = self.sheets.get_mut(place)?;
            numbers.push(sheet.number);
            if !std::mem::replace(&mut sheet.told, true) {
                let css = if sheet.disabled {
                    Arc::default()
                } else {
                    in_media(&sheet.text, &sheet.media)
                };
                new.push((sheet.number, css));
            }
        }
        batch.after.extend(sheet_events(NodeId::from(id), numbers, new));
        Some(())
    }

    // ---- media, inputs, images ----

    fn media(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let playing = match item.get(1)?.integer()? {
            0 => true,
            1 => false,
            _ => return None,
        };
        if batch.growth.has(id) {
            batch.set_attributes(id, vec![Attribute::MediaPlaying(playing)]);
            return Some(());
        }
        let media = MediaInteraction {
            target: NodeId::from(id),
            action: if playing {
                MediaAction::Play
            } else {
                MediaAction::Pause
            },
            time: None,
            volume: None,
            muted: None,
            looping: None,
            rate: None,
        };
        batch
            .after
            .push((EventKind::MediaInteraction, EventData::MediaInteraction(media)));
        Some(())
    }

    fn input_value(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let value = self.string(item.get(1))?;
        if batch.growth.has(id) {
            batch.set_attributes(id, vec![plain("value", Some(value))]);
            return Some(());
        }
        batch.input(id, Some(value), None, None);
        Some(())
    }

    /// `[state, node…]`.
    fn selection(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let state = item.first()?.integer();
        item.iter()
            .skip(1)
            .map(|node| self.select(node, state, batch))
            .fold(Some(()), Option::and)
    }

    fn select(&mut self, node: &Field, state: Option<i64>, batch: &mut Batch<'_>) -> Option<()> {
        let (id, known) = self.node(Some(node))?;
        let selected = match state? {
            0 => true,
            1 => false,
            // Indeterminate, which shows beside being checked or not.
            2 => return Some(()),
            _ => return None,
        };
        let attribute = if known.role == Role::Option {
            "selected"
        } else {
            "checked"
        };
        let value = selected.then(Arc::<str>::default);
        if batch.growth.has(id) {
            batch.set_attributes(id, vec![plain(attribute, value)]);
        } else if known.role != Role::Option {
            batch.input(id, None, Some(selected), None);
        } else {
            match self.list_of(id).filter(|_| selected) {
                Some(list) => batch.input(list, self.options.get(&id).cloned(), None, Some(id)),
                None => batch.set_attributes(id, vec![plain(attribute, value)]),
            }
        }
        Some(())
    }

    /// The `<select>` of an option, which may stand in a group.
    fn list_of(&self, option: u32) -> Option<u32> {
        let mut id = option;
        for _ in 0..3 {
            id = self.nodes.get(id as usize)?.parent;
            if self.nodes.get(id as usize)?.role == Role::Select {
                return Some(id);
            }
        }
        None
    }

    fn image(&mut self, item: &[Field], batch: &mut Batch<'_>) -> Option<()> {
        let (id, _) = self.node(item.first())?;
        let resource = self.string(item.get(1))?;
        // Pictures are uploaded on their own: often they are not among the files.
        if let Some(url) = batch.resources.url(&resource) {
            batch.set_attributes(id, vec![Attribute::DataUrl(url)]);
        }
        Some(())
    }
}

/// Whether a record adds exactly as many sheets as it attaches.
///
/// Version 7 of the recorder adds a sheet every time that it attaches one, even if it has it already:
/// only those that it attaches for the first time take a number. A recorder that adds each sheet once
/// has equal numbers only if all are attached for the first time, for which it makes no difference.
fn sheets_are_paired(data: &[u8]) -> Result<bool, JsonError> {
    let (mut added, mut attached) = (0_usize, 0_usize);
    let mut json = Json::new(data);
    json.array()?;
    while json.element()? {
        if json.kind()? != Kind::Array {
            json.pass()?;
            continue;
        }
        json.array()?;
        let number = match json.element()? {
            true => json.integer_or_none()?,
            false => continue,
        };
        while json.element()? {
            match number {
                Some(kind::ATTACHED_STYLE_SHEETS) if json.kind()? == Kind::Array => {
                    attached += fields(&mut json)?.len().saturating_sub(1);
                }
                _ => {
                    added += usize::from(number == Some(kind::ADD_STYLE_SHEET));
                    json.pass()?;
                }
            }
        }
    }
    Ok(added == attached)
}

fn plain(name: &str, value: Option<Arc<str>>) -> Attribute {
    Attribute::Plain {
        name: Arc::from(name),
        value,
    }
}

impl Batch<'_> {
    fn fault(&mut self, what: &str) {
        match &mut self.applied.fault {
            Some((_, count)) => *count += 1,
            none => *none = Some((what.to_owned(), 1)),
        }
    }

    /// Whether something was done that comes after removals in a mutation.
    fn has_begun_changing(&self) -> bool {
        !(self.growth.is_empty()
            && self.mutation.texts.is_empty()
            && self.mutation.attributes.is_empty()
            && self.after.is_empty())
    }

    fn set_attributes(&mut self, id: u32, changed: Vec<Attribute>) {
        if let Some(attributes) = self.growth.attributes(id) {
            attributes.extend(changed);
        } else if !self.growth.has(id) {
            self.mutation.attributes.push((NodeId::from(id), changed));
        }
    }

    /// Only elements that were defined can have a shadow root, if they have names of their own.
    fn has_shadow_root(&mut self, host: u32) {
        if let Some(NodeContent::Element { tag, custom, .. }) = self.growth.content(host) {
            *custom = tag.contains('-');
        }
    }

    fn input(&mut self, id: u32, text: Option<Arc<str>>, checked: Option<bool>, option: Option<u32>) {
        let input = Input {
            target: NodeId::from(id),
            text,
            checked,
            selected_options: option.map(|option| vec![NodeId::from(option)]),
        };
        self.after.push((EventKind::Input, EventData::Input(input)));
    }

    /// Puts out what there is. New nodes get ids from `next_node` on.
    fn flush(&mut self, next_node: u32) {
        let growth = std::mem::replace(&mut self.growth, Growth::starting_at(next_node));
        let (document, adds) = growth.into_trees();
        if let Some(tree) = document {
            if self.snapshot {
                let scroll = self.scroll;
                let snapshot = EventData::FullSnapshot(FullSnapshot { tree, scroll });
                self.applied.events.push((EventKind::FullSnapshot, snapshot));
            } else {
                self.fault("a document outside of a full snapshot");
            }
        }
        let mutation = Mutation {
            adds,
            ..std::mem::take(&mut self.mutation)
        };
        if mutation != Mutation::default() {
            self.applied
                .events
                .push((EventKind::Mutation, EventData::Mutation(mutation)));
        }
        self.applied.events.append(&mut self.after);
    }
}
