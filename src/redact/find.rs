//! Finds what is secret on the pages of a tab: by selector, by what a field is for, and by shape where a
//! text is spread over several nodes.
//!
//! A tab is played once. What is secret at some time is masked at all times of its page: before a class
//! came that hides it, while a number was typed and was not yet one.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::Rules;
use super::masker::{Context, Known, Masker};
use super::pattern::Preset;
use super::rewrite::Rewriter;
use super::run::{Run, is_code, neighbourhood, run_of};
use crate::dom::{NodeView, Page};
use crate::limits::{Limit, Limits};
use crate::recording::{
    Attribute, Event, EventData, EventKind, Input, Mutation, NodeContent, NodeId, NodeTree, Tab,
};

/// Events that are decoded at once, on all cores.
const DECODED_AHEAD: usize = 8;

/// Longest text of a masked element that is sought elsewhere, in characters.
const LONGEST_NAME: usize = 200;

/// What is secret in a tab.
#[derive(Debug)]
pub(super) struct Found {
    /// Where pages begin: the full snapshots that can be read.
    starts: Vec<usize>,
    /// What is secret on each page; on the first, which is none, before the first of them.
    pub(super) pages: Vec<OnPage>,
    /// Of each event, whether nothing in it is secret by its shape.
    plain: Vec<bool>,
}

impl Found {
    /// What is secret on the page that an event belongs to.
    pub(super) fn on_page_of(&self, event: usize) -> &OnPage {
        let page = self.starts.partition_point(|start| *start <= event);
        // There is one page more than there are beginnings.
        &self.pages[page]
    }

    /// Whether nothing in an event is secret but what is known from elsewhere.
    pub(super) fn is_plain(&self, event: usize) -> bool {
        self.plain.get(event) == Some(&true) && self.on_page_of(event).is_empty()
    }
}

/// What is secret on one page.
#[derive(Debug, Default)]
pub(super) struct OnPage {
    /// Elements and texts that a selector hides.
    pub(super) masked: FxHashSet<NodeId>,
    /// Fields and texts of which nothing may be shown.
    pub(super) whole: FxHashSet<NodeId>,
    /// Stretches of texts, by node and [`digest`], that are secret together with their neighbours.
    pub(super) stretches: FxHashMap<(NodeId, u64), Vec<Range<usize>>>,
    /// Elements that each selector met.
    pub(super) selected: Vec<FxHashSet<NodeId>>,
    /// Fields for passwords.
    pub(super) passwords: FxHashSet<NodeId>,
    /// Texts that held something secret.
    matched: FxHashSet<NodeId>,
    /// Texts that changed.
    changed: FxHashSet<NodeId>,
    /// What is secret wherever it stands.
    known: Known,
    /// Events in which nothing is secret by its shape.
    plain: Vec<usize>,
}

impl OnPage {
    fn is_empty(&self) -> bool {
        self.masked.is_empty() && self.whole.is_empty() && self.stretches.is_empty()
    }
}

/// Which of its texts a node had.
pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What is not shown, for there is too much of it, is masked all the same.
fn unbounded() -> Limits {
    let limits = [Limit::Nodes, Limit::Depth, Limit::Text, Limit::Attribute];
    limits
        .into_iter()
        .fold(Limits::default(), |all, limit| all.with(limit, u64::MAX))
}

/// Plays the pages of a tab, as many at once as there are cores, and finds what is secret.
pub(super) fn find(tab: &Tab, rules: &Rules, known: &mut Known) -> Found {
    let matters = |(_, event): &(usize, &Event)| {
        matches!(
            event.kind,
            EventKind::FullSnapshot | EventKind::Mutation | EventKind::Input
        )
    };
    let events: Vec<(usize, &Event)> = tab.events.iter().enumerate().filter(matters).collect();
    let begins = |(at, event): &(usize, &Event)| {
        (event.kind == EventKind::FullSnapshot && event.data().is_ok()).then_some(*at)
    };
    let starts: Vec<usize> = events.par_iter().filter_map(begins).collect();
    let place = |at: &usize| events.partition_point(|(other, _)| other < at);
    let ends = starts.iter().map(place).chain([events.len()]);
    let mut from = 0;
    let ranges: Vec<_> = ends.map(|end| std::mem::replace(&mut from, end)..end).collect();
    let masker = Masker::new(&rules.patterns, Known::default());
    let find = |range: Range<usize>| find_on_page(&events[range], rules, &masker);
    let mut pages: Vec<OnPage> = ranges.into_par_iter().map(find).collect();
    let mut plain = vec![false; tab.events.len()];
    for page in &mut pages {
        known.merge(std::mem::take(&mut page.known));
        for at in page.plain.drain(..) {
            plain[at] = true;
        }
    }
    Found { starts, pages, plain }
}

/// Plays a page, from its full snapshot on.
fn find_on_page(events: &[(usize, &Event)], rules: &Rules, masker: &Masker<'_>) -> OnPage {
    let mut finder = Finder {
        rules,
        masker,
        deciding: rules.deciding_attributes(),
        page: Page::within(unbounded()),
        found: OnPage {
            selected: vec![FxHashSet::default(); rules.selectors.len()],
            known: Known::within(rules.options.limits.size(Limit::Secrets)),
            ..OnPage::default()
        },
    };
    let mut plain: Vec<usize> = Vec::new();
    let mut chunks = events.chunks(DECODED_AHEAD);
    let mut now = chunks.next().map(decode);
    let mut played: Vec<Decoded<'_>> = Vec::new();
    // While some events are played, those after them are decoded and those before them read.
    while !played.is_empty() || now.is_some() {
        let next = chunks.next();
        let before = std::mem::take(&mut played);
        let ((), (next, read)) = rayon::join(
            || finder.play(now.as_deref().unwrap_or_default()),
            || rayon::join(|| next.map(decode), || plain_among(before, masker)),
        );
        plain.extend(read);
        played = std::mem::replace(&mut now, next).unwrap_or_default();
    }
    let mut found = finder.found;
    let partly = found.matched.intersection(&found.changed);
    found.whole.extend(partly);
    found.plain = plain;
    found
}

/// An event, its place in its tab, and what is in it.
struct Decoded<'e> {
    at: usize,
    event: &'e Event,
    data: Arc<EventData>,
}

/// Decodes events on all cores. What cannot be read cannot be shown either.
fn decode<'e>(events: &[(usize, &'e Event)]) -> Vec<Decoded<'e>> {
    let decoded = |(at, event): &(usize, &'e Event)| {
        let data = event.data().ok()?;
        Some(Decoded { at: *at, event, data })
    };
    events.par_iter().filter_map(decoded).collect()
}

/// Places of the events in which nothing is secret by its shape.
fn plain_among(events: Vec<Decoded<'_>>, masker: &Masker<'_>) -> Vec<usize> {
    let rewriter = Rewriter {
        masker,
        found: &OnPage::default(),
    };
    let plain = |decoded: Decoded<'_>| {
        let mut data = Arc::unwrap_or_clone(decoded.data);
        (!rewriter.data(&mut data)).then_some(decoded.at)
    };
    events.into_par_iter().filter_map(plain).collect()
}

struct Finder<'f> {
    rules: &'f Rules,
    masker: &'f Masker<'f>,
    deciding: Vec<String>,
    page: Page,
    found: OnPage,
}

impl Finder<'_> {
    fn play(&mut self, events: &[Decoded<'_>]) {
        for Decoded { event, data, .. } in events {
            self.page.apply_silently(data, event.time, event.index);
            self.page.take_damage();
            match &**data {
                EventData::FullSnapshot(snapshot) => self.new_page(&snapshot.tree),
                EventData::Mutation(mutation) => self.mutated(mutation),
                EventData::Input(input) => self.typed(input),
                _ => {}
            }
        }
    }

    fn new_page(&mut self, tree: &NodeTree) {
        let ids: Vec<NodeId> = tree.nodes.iter().filter_map(|node| node.id).collect();
        self.judge(ids.iter().copied());
        let texts = ids
            .iter()
            .filter_map(|id| self.page.view(*id))
            .filter(|node| node.text().is_some());
        let runs = run_of(texts);
        self.read(&runs);
    }

    fn mutated(&mut self, mutation: &Mutation) {
        let mut ids: Vec<NodeId> = Vec::new();
        // Without selectors, nothing but fields is judged.
        let judges_all = !self.rules.selectors.is_empty();
        for node in mutation.adds.iter().flat_map(|add| &add.tree.nodes) {
            if judges_all || is_field(&node.content) {
                ids.extend(node.id);
            }
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
            if self.found.whole.contains(id) {
                self.learn_values(attributes);
            }
        }
        for (id, text) in &mutation.texts {
            self.found.changed.insert(*id);
            if self.found.masked.contains(id) {
                self.found.known.add(text);
            }
        }
        self.judge(ids.into_iter());
        let added = mutation.adds.iter().flat_map(|add| &add.tree.nodes);
        let added = added.filter_map(|node| match node.content {
            NodeContent::Text(_) | NodeContent::Cdata(_) => node.id,
            _ => None,
        });
        let news: Vec<NodeId> = added.chain(mutation.texts.iter().map(|(id, _)| *id)).collect();
        let mut unread: FxHashSet<NodeId> = news.iter().copied().collect();
        for id in news {
            let Some(node) = self.page.view(id).filter(|_| unread.contains(&id)) else {
                continue;
            };
            if node.text().is_none_or(|text| text.trim().is_empty()) || is_code(node) {
                continue;
            }
            let run = neighbourhood(node, &mut unread);
            self.read(&run);
        }
    }

    /// Which of some nodes are hidden, each after its parent.
    fn judge(&mut self, ids: impl Iterator<Item = NodeId>) {
        let page = std::mem::take(&mut self.page);
        for id in ids {
            let Some(node) = page.view(id) else { continue };
            self.judge_field(node, id);
            if self.rules.selectors.is_empty() {
                continue;
            }
            let is_below = node
                .ancestors()
                .find_map(NodeView::id)
                .is_some_and(|above| self.found.masked.contains(&above));
            let mut is_met = false;
            for (selector, met) in self.rules.selectors.iter().zip(&mut self.found.selected) {
                if selector.matches(node) {
                    met.insert(id);
                    is_met = true;
                }
            }
            if !is_met && !is_below || node.text().is_some() && is_style(node) {
                continue;
            }
            self.found.masked.insert(id);
            if !is_below {
                self.found.known.add(&node.shown_text(LONGEST_NAME));
            }
            if let Some(text) = node.text() {
                self.found.known.add(text);
            }
            for (name, value) in node.attributes() {
                if matches!(
                    &**name,
                    "alt" | "title" | "placeholder" | "value" | "label" | "aria-label"
                ) {
                    self.found.known.add(value);
                }
            }
        }
        self.page = page;
    }

    /// Fields for what is always secret.
    fn judge_field(&mut self, node: NodeView<'_>, id: NodeId) {
        if !node.tag().is_some_and(|tag| takes_text(tag)) {
            return;
        }
        let attribute = |name: &str| node.attribute(name).map(|value| value.to_ascii_lowercase());
        let kind = attribute("type");
        let purpose = attribute("autocomplete").unwrap_or_default();
        let is_for = |part: &str| purpose.split_whitespace().any(|word| word == part);
        let is_password = kind.as_deref() == Some("password")
            || attribute("data-rr-is-password").is_some()
            || is_for("current-password")
            || is_for("new-password");
        if is_password {
            self.found.passwords.insert(id);
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
            self.found.whole.insert(id);
            if let Some(value) = node.attribute("value") {
                self.found.known.add(value);
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
                self.found.known.add(value);
            }
        }
    }

    fn typed(&mut self, input: &Input) {
        let Some(text) = &input.text else { return };
        if self.masker.is_secret(text) {
            self.found.whole.insert(input.target);
        }
        // What was typed before turns out to be secret only now; it is masked all the same.
        let is_box = input.checked.is_some() && matches!(&**text, "on" | "off");
        if (self.found.whole.contains(&input.target) || self.found.masked.contains(&input.target)) && !is_box
        {
            self.found.known.add(text);
        }
    }

    /// Reads texts that stand together as one.
    fn read(&mut self, run: &Run) {
        let mut hits: Vec<Range<usize>> = Vec::new();
        self.masker
            .find(&run.text, Context::Page, |_, range| hits.push(range));
        for hit in hits {
            let first = run.pieces.partition_point(|piece| piece.end <= hit.start);
            let pieces = run.pieces.iter().skip(first);
            let pieces = pieces.take_while(|piece| piece.start < hit.end);
            for piece in pieces {
                let Some(node) = self.page.view(piece.id) else {
                    continue;
                };
                let Some(text) = node.text() else { continue };
                let start = hit.start.saturating_sub(piece.start);
                let end = hit.end.min(piece.end) - piece.start;
                let stretches = self.found.stretches.entry((piece.id, digest(text))).or_default();
                let stretch = start..end;
                if !stretches.contains(&stretch) {
                    stretches.push(stretch);
                }
                self.found.matched.insert(piece.id);
            }
        }
    }
}

fn is_style(node: NodeView<'_>) -> bool {
    node.parent()
        .and_then(NodeView::tag)
        .is_some_and(|tag| &**tag == "style")
}

/// Whether elements of this tag, as recorded or as on the page, are fields that one types into.
fn takes_text(tag: &str) -> bool {
    tag.eq_ignore_ascii_case("input") || tag.eq_ignore_ascii_case("textarea")
}

fn is_field(content: &NodeContent) -> bool {
    matches!(content, NodeContent::Element { tag, .. } if takes_text(tag))
}
