//! Finds what is secret on the pages of a tab: by selector, by what a field is for, and by shape where a
//! text is spread over several nodes.
//!
//! A tab is played once. What is secret at some time is masked at all times of its page: before a class
//! came that hides it, while a number was typed and was not yet one.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::Rules;
use super::masker::{Context, Known, Masker};
use super::pattern::Preset;
use crate::dom::{NodeView, Page};
use crate::recording::{
    Attribute, Event, EventData, EventKind, Input, Mutation, NodeContent, NodeId, NodeTree, Tab,
};

/// Text nodes before and after a text that are read together with it.
const NEIGHBOURS: usize = 12;

/// Nodes that are passed on the way to them.
const REACH: usize = 60;

/// Bytes that are read together with a text, to each side.
const NEIGHBOURHOOD: usize = 200;

/// Events that are decoded at once, on all cores.
const DECODED_AHEAD: usize = 64;

/// Longest text of a masked element that is sought elsewhere, in characters.
const LONGEST_NAME: usize = 200;

/// A node of one of the pages of a tab: pages are counted by full snapshots.
pub(super) type Place = (u32, NodeId);

/// A text of a node.
pub(super) type TextPlace = (u32, NodeId, u64);

/// What is secret on the pages of a tab.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Elements and texts that a selector hides.
    pub(super) masked: FxHashSet<Place>,
    /// Fields and texts of which nothing may be shown.
    pub(super) whole: FxHashSet<Place>,
    /// Stretches of texts that are secret together with their neighbours.
    pub(super) stretches: FxHashMap<TextPlace, Vec<Range<usize>>>,
    /// Elements that each selector met.
    pub(super) selected: Vec<FxHashSet<Place>>,
    /// Fields for passwords.
    pub(super) passwords: FxHashSet<Place>,
    /// Texts that held something secret.
    matched: FxHashSet<Place>,
    /// Texts that changed.
    changed: FxHashSet<Place>,
}

/// Which of its texts a node had.
pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Plays a tab and finds what is secret.
pub(super) fn find(tab: &Tab, rules: &Rules, known: &mut Known) -> Found {
    let mut finder = Finder {
        rules,
        masker: Masker::new(&rules.patterns, Known::default()),
        deciding: rules.deciding_attributes(),
        known,
        page: Page::new(),
        number: 0,
        found: Found {
            selected: vec![FxHashSet::default(); rules.selectors.len()],
            ..Found::default()
        },
    };
    let mut unused = Vec::new();
    let matters = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::FullSnapshot | EventKind::Mutation | EventKind::Input
        )
    };
    let events: Vec<&Event> = tab.events.iter().filter(matters).collect();
    for events in events.chunks(DECODED_AHEAD) {
        let decoded: Vec<_> = events.par_iter().map(|event| event.data()).collect();
        for (event, data) in events.iter().zip(decoded) {
            // What cannot be read cannot be shown either.
            let Ok(data) = data else { continue };
            finder.page.apply(&data, event.time, event.index, &mut unused);
            unused.clear();
            finder.page.take_damage();
            match &*data {
                EventData::FullSnapshot(snapshot) => finder.new_page(&snapshot.tree),
                EventData::Mutation(mutation) => finder.mutated(mutation),
                EventData::Input(input) => finder.typed(input),
                _ => {}
            }
        }
    }
    let mut found = finder.found;
    let partly: Vec<Place> = found.matched.intersection(&found.changed).copied().collect();
    found.whole.extend(partly);
    found
}

struct Finder<'f> {
    rules: &'f Rules,
    masker: Masker<'f>,
    deciding: Vec<String>,
    known: &'f mut Known,
    page: Page,
    number: u32,
    found: Found,
}

impl Finder<'_> {
    fn new_page(&mut self, tree: &NodeTree) {
        self.number += 1;
        let ids: Vec<NodeId> = tree.nodes.iter().filter_map(|node| node.id).collect();
        self.judge(&ids);
        let texts = ids
            .iter()
            .filter_map(|id| self.page.view(*id))
            .filter(|node| node.text().is_some());
        let runs = run_of(texts);
        self.read(&runs);
    }

    fn mutated(&mut self, mutation: &Mutation) {
        let mut ids: Vec<NodeId> = Vec::new();
        for add in &mutation.adds {
            ids.extend(add.tree.nodes.iter().filter_map(|node| node.id));
        }
        for (id, attributes) in &mutation.attributes {
            let decides = |attribute: &Attribute| match attribute {
                Attribute::Plain { name, .. } => self.deciding.iter().any(|known| **known == **name),
                _ => false,
            };
            if attributes.iter().any(decides)
                && let Some(node) = self.page.view(*id)
            {
                ids.extend(node.subtree().filter_map(NodeView::id));
            }
            if self.found.whole.contains(&(self.number, *id)) {
                self.learn_values(attributes);
            }
        }
        for (id, text) in &mutation.texts {
            self.found.changed.insert((self.number, *id));
            if self.found.masked.contains(&(self.number, *id)) {
                self.known.add(text);
            }
        }
        self.judge(&ids);
        let added = mutation.adds.iter().flat_map(|add| &add.tree.nodes);
        let added = added.filter_map(|node| match node.content {
            NodeContent::Text(_) | NodeContent::Cdata(_) => node.id,
            _ => None,
        });
        let changed = mutation.texts.iter().map(|(id, _)| *id);
        let mut done: FxHashSet<NodeId> = FxHashSet::default();
        for id in added.chain(changed) {
            let Some(node) = self.page.view(id).filter(|_| !done.contains(&id)) else {
                continue;
            };
            if node.text().is_none_or(|text| text.trim().is_empty()) || is_code(node) {
                continue;
            }
            let run = neighbourhood(node);
            // In a list that comes at once, each is the neighbour of the next.
            done.extend(run.inner.iter().copied());
            self.read(&run);
        }
    }

    /// Which of some nodes are hidden, each after its parent.
    fn judge(&mut self, ids: &[NodeId]) {
        let page = std::mem::take(&mut self.page);
        for id in ids {
            let Some(node) = page.view(*id) else { continue };
            self.judge_field(node, *id);
            if self.rules.selectors.is_empty() {
                continue;
            }
            let is_below = node
                .ancestors()
                .find_map(NodeView::id)
                .is_some_and(|above| self.found.masked.contains(&(self.number, above)));
            let mut is_met = false;
            for (selector, met) in self.rules.selectors.iter().zip(&mut self.found.selected) {
                if selector.matches(node) {
                    met.insert((self.number, *id));
                    is_met = true;
                }
            }
            if !is_met && !is_below || node.text().is_some() && is_style(node) {
                continue;
            }
            self.found.masked.insert((self.number, *id));
            if !is_below {
                self.known.add(&node.shown_text(LONGEST_NAME));
            }
            if let Some(text) = node.text() {
                self.known.add(text);
            }
            for (name, value) in node.attributes() {
                if matches!(
                    &**name,
                    "alt" | "title" | "placeholder" | "value" | "label" | "aria-label"
                ) {
                    self.known.add(value);
                }
            }
        }
        self.page = page;
    }

    /// Fields for what is always secret.
    fn judge_field(&mut self, node: NodeView<'_>, id: NodeId) {
        if !node
            .tag()
            .is_some_and(|tag| matches!(&**tag, "input" | "textarea"))
        {
            return;
        }
        let attribute = |name: &str| node.attribute(name).map(|value| value.to_ascii_lowercase());
        let kind = attribute("type");
        let purpose = attribute("autocomplete").unwrap_or_default();
        let is_for = |part: &str| purpose.split_whitespace().any(|word| word == part);
        let place = (self.number, id);
        let is_password = kind.as_deref() == Some("password")
            || attribute("data-rr-is-password").is_some()
            || is_for("current-password")
            || is_for("new-password");
        if is_password {
            self.found.passwords.insert(place);
        }
        let by_preset = self.rules.presets.iter().any(|preset| match preset {
            Preset::Card => is_for("cc-number") || is_for("cc-csc"),
            Preset::Token => is_for("one-time-code"),
            Preset::Email => is_for("email") || kind.as_deref() == Some("email"),
            Preset::Phone => purpose.contains("tel") || kind.as_deref() == Some("tel"),
            Preset::Ip => false,
        });
        let holds_secret = node
            .attribute("value")
            .is_some_and(|value| self.masker.is_secret(value));
        if is_password || by_preset || holds_secret {
            self.found.whole.insert(place);
            if let Some(value) = node.attribute("value") {
                self.known.add(value);
            }
        }
    }

    fn learn_values(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            if let Attribute::Plain {
                name,
                value: Some(value),
            } = attribute
                && &**name == "value"
            {
                self.known.add(value);
            }
        }
    }

    fn typed(&mut self, input: &Input) {
        let Some(text) = &input.text else { return };
        let place = (self.number, input.target);
        if self.masker.is_secret(text) {
            self.found.whole.insert(place);
        }
        // What was typed before turns out to be secret only now; it is masked all the same.
        let is_box = input.checked.is_some() && matches!(&**text, "on" | "off");
        if (self.found.whole.contains(&place) || self.found.masked.contains(&place)) && !is_box {
            self.known.add(text);
        }
    }

    /// Reads texts that stand together as one.
    fn read(&mut self, run: &Run) {
        let mut hits: Vec<Range<usize>> = Vec::new();
        self.masker
            .find(&run.text, Context::Page, |_, range| hits.push(range));
        for hit in hits {
            let pieces = run
                .pieces
                .iter()
                .filter(|piece| piece.start < hit.end && hit.start < piece.end);
            for piece in pieces {
                let Some(node) = self.page.view(piece.id) else {
                    continue;
                };
                let Some(text) = node.text() else { continue };
                let start = hit.start.saturating_sub(piece.start) + piece.cut;
                let end = hit.end.min(piece.end) - piece.start + piece.cut;
                let stretches = self
                    .found
                    .stretches
                    .entry((self.number, piece.id, digest(text)))
                    .or_default();
                let stretch = start..end;
                if !stretches.contains(&stretch) {
                    stretches.push(stretch);
                }
                self.found.matched.insert((self.number, piece.id));
            }
        }
    }
}

/// Texts that stand together.
#[derive(Default)]
struct Run {
    text: String,
    pieces: Vec<Piece>,
    /// Nodes whose neighbours are all in it.
    inner: Vec<NodeId>,
}

/// The part of a run that is one node's.
struct Piece {
    id: NodeId,
    start: usize,
    end: usize,
    /// Bytes of the node's text before the piece.
    cut: usize,
}

impl Run {
    fn push(&mut self, id: Option<NodeId>, text: &str, cut: usize) {
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(id) = id {
            self.pieces.push(Piece {
                id,
                start,
                end: self.text.len(),
                cut,
            });
        }
    }
}

/// Nodes in the order of the document, as one text.
fn run_of<'p>(nodes: impl Iterator<Item = NodeView<'p>>) -> Run {
    let mut run = Run::default();
    let mut previous: Option<NodeView<'p>> = None;
    for node in nodes.filter(|node| !is_code(*node)) {
        if previous.is_some_and(|previous| !on_one_line(previous, node)) {
            run.text.push('\n');
        }
        run.push(node.id(), node.text().map_or("", |text| text), 0);
        previous = Some(node);
    }
    run
}

/// A text with those around it.
fn neighbourhood(node: NodeView<'_>) -> Run {
    let mut before = Vec::new();
    let mut bytes = 0;
    let mut at = node;
    for _ in 0..REACH {
        let Some(next) = at.before() else { break };
        at = next;
        if at.text().is_none() || is_code(at) {
            continue;
        }
        bytes += at.text().map_or(0, |text| text.len());
        before.push(at);
        if before.len() >= NEIGHBOURS || bytes >= NEIGHBOURHOOD {
            break;
        }
    }
    let mut nodes: Vec<NodeView<'_>> = before.into_iter().rev().collect();
    nodes.push(node);
    let (mut bytes, mut count) = (0, 0);
    at = node;
    for _ in 0..REACH {
        let Some(next) = at.after() else { break };
        at = next;
        if at.text().is_none() || is_code(at) {
            continue;
        }
        bytes += at.text().map_or(0, |text| text.len());
        count += 1;
        nodes.push(at);
        if count >= NEIGHBOURS || bytes >= NEIGHBOURHOOD {
            break;
        }
    }
    let mut run = run_of(nodes.into_iter());
    run.inner.extend(node.id());
    run
}

/// Whether a text is none that people read.
fn is_code(node: NodeView<'_>) -> bool {
    node.parent()
        .and_then(NodeView::tag)
        .is_some_and(|tag| matches!(&**tag, "style" | "script"))
}

fn is_style(node: NodeView<'_>) -> bool {
    node.parent()
        .and_then(NodeView::tag)
        .is_some_and(|tag| &**tag == "style")
}

/// Whether nothing but elements within a line stands between the parents of two texts.
fn on_one_line(one: NodeView<'_>, two: NodeView<'_>) -> bool {
    let block = |node: NodeView<'_>| {
        node.ancestors()
            .take(REACH)
            .find(|above| !above.tag().is_some_and(|tag| is_inline(tag)))
            .and_then(NodeView::id)
    };
    block(one) == block(two)
}

fn is_inline(tag: &str) -> bool {
    matches!(
        tag,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tspan"
            | "tt"
            | "u"
            | "var"
    )
}
