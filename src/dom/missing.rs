//! What a page refers to but a recording does not contain.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::css::{AddressKind, addresses};
use super::node::{Element, Kind, Node, SheetOp};
use super::page::Page;
use crate::recording::{FontSource, NodeId};

/// What a page can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A picture, of an element or of a style sheet.
    Image,
    /// A style sheet.
    StyleSheet,
    /// A font.
    Font,
    /// A video or sound.
    Media,
    /// The content of a frame, or of an embedded document.
    Frame,
    /// What was drawn on a canvas.
    Canvas,
    /// An element that the recorder was told to leave out.
    Blocked,
}

impl ResourceKind {
    /// Its name in reports: `style-sheet`.
    pub fn name(self) -> &'static str {
        match self {
            ResourceKind::Image => "image",
            ResourceKind::StyleSheet => "style-sheet",
            ResourceKind::Font => "font",
            ResourceKind::Media => "media",
            ResourceKind::Frame => "frame",
            ResourceKind::Canvas => "canvas",
            ResourceKind::Blocked => "blocked",
        }
    }
}

/// Something that the page refers to but the recording does not contain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingResource {
    /// What it is.
    pub kind: ResourceKind,
    /// Where it was, as recorded; empty when it has no address.
    pub url: Arc<str>,
    /// The element that it is of, or in whose style it is; `None` for sheets and fonts made by script.
    pub node: Option<NodeId>,
}

/// Most that is told of one page.
const MOST: usize = 10_000;

impl Page {
    /// What the page refers to but does not contain, in document order, each once for each element. A
    /// style sheet may refer to what no element shows.
    pub fn missing_resources(&self) -> Vec<MissingResource> {
        let mut found = Found::default();
        for key in self
            .tree
            .root
            .map(|root| self.tree.subtree(root))
            .unwrap_or_default()
        {
            let Some(node) = self.tree.get(key) else { continue };
            match &node.kind {
                Kind::Element(element) => of_element(node, element, &mut found),
                Kind::Text(css) => {
                    let above = node.parent.and_then(|parent| self.tree.get(parent));
                    if let Some(above) = above.filter(|above| above.element().is_some_and(Element::is_sheet))
                    {
                        found.of_css(css, above.id);
                    }
                }
                _ => {}
            }
        }
        let mut sheets: Vec<_> = self.sheets.iter().collect();
        sheets.sort_unstable_by_key(|(number, _)| **number);
        for (_, sheet) in sheets {
            found.of_ops(&sheet.ops, None);
        }
        for font in &self.fonts {
            if let FontSource::Css(source) = &font.source {
                for (_, url) in addresses(source) {
                    found.add(ResourceKind::Font, url.into(), None);
                }
            }
        }
        found.list
    }
}

#[derive(Default)]
struct Found {
    list: Vec<MissingResource>,
    known: FxHashSet<MissingResource>,
}

impl Found {
    /// Takes an address that does not bring its content along.
    fn add(&mut self, kind: ResourceKind, url: Arc<str>, node: Option<NodeId>) {
        let start = url.trim_start();
        let is_here = start.is_empty()
            || start.starts_with('#')
            || start
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("data:"))
            || start.starts_with("about:");
        if !is_here {
            self.add_any(kind, url, node);
        }
    }

    fn add_any(&mut self, kind: ResourceKind, url: Arc<str>, node: Option<NodeId>) {
        let missing = MissingResource { kind, url, node };
        if self.list.len() < MOST && self.known.insert(missing.clone()) {
            self.list.push(missing);
        }
    }

    fn of_css(&mut self, css: &str, node: Option<NodeId>) {
        for (kind, url) in addresses(css) {
            let kind = match kind {
                AddressKind::Sheet => ResourceKind::StyleSheet,
                AddressKind::Font => ResourceKind::Font,
                AddressKind::Image => ResourceKind::Image,
            };
            self.add(kind, url.into(), node);
        }
    }

    fn of_ops(&mut self, ops: &[SheetOp], node: Option<NodeId>) {
        for op in ops {
            match op {
                SheetOp::Text(css) | SheetOp::Insert { rule: css, .. } => self.of_css(css, node),
                SheetOp::Style { value: Some(css), .. } => self.of_css(css, node),
                SheetOp::Style { value: None, .. } | SheetOp::Delete { .. } => {}
            }
        }
    }
}

fn of_element(node: &Node, element: &Element, found: &mut Found) {
    let id = node.id;
    let mut take = |kind: ResourceKind, name: &str| {
        if let Some(url) = element.attribute(name) {
            found.add(kind, Arc::clone(url), id);
        }
    };
    match &*element.tag {
        "img" => match (element.attribute("src"), element.attribute("srcset")) {
            (Some(_), _) => take(ResourceKind::Image, "src"),
            (None, Some(set)) => {
                if let Some(url) = set.split_whitespace().next() {
                    found.add(ResourceKind::Image, url.trim_end_matches(',').into(), id);
                }
            }
            (None, None) => {}
        },
        "input" if element.input_type().as_deref() == Some("image") => take(ResourceKind::Image, "src"),
        "image" | "feImage" | "use" => {
            take(ResourceKind::Image, "href");
            take(ResourceKind::Image, "xlink:href");
        }
        "video" => {
            take(ResourceKind::Image, "poster");
            take(ResourceKind::Media, "src");
        }
        "audio" => take(ResourceKind::Media, "src"),
        // One of a `<picture>` has a `srcset` instead.
        "source" => take(ResourceKind::Media, "src"),
        "link" if element.css_text.is_none() => {
            let rel = element.attribute("rel").map(|rel| rel.to_ascii_lowercase());
            let mut kinds = rel.iter().flat_map(|rel| rel.split_whitespace());
            if kinds.any(|kind| kind == "stylesheet") {
                take(ResourceKind::StyleSheet, "href");
            }
        }
        "iframe" | "frame" if node.document.is_none() => match &element.frame_source {
            Some(url) => found.add(ResourceKind::Frame, Arc::clone(url), id),
            None => take(ResourceKind::Frame, "src"),
        },
        "object" if node.document.is_none() => take(ResourceKind::Frame, "data"),
        "embed" => take(ResourceKind::Frame, "src"),
        "canvas" if element.canvas.is_empty() => found.add_any(ResourceKind::Canvas, "".into(), id),
        _ => {}
    }
    if element.blocked {
        found.add_any(ResourceKind::Blocked, "".into(), id);
    }
    if let Some(style) = element.attribute("style") {
        found.of_css(style, id);
    }
    for property in &element.style {
        if let Some(value) = &property.value {
            found.of_css(value, id);
        }
    }
    found.of_ops(&element.sheet, id);
}
