//! Screens of mobile applications, which recorders write as boxes: what boxes look like and the document
//! that they become, whoever wrote them.
//!
//! | module | what it does |
//! |---|---|
//! | `values` | lengths, colors, fonts and pictures, of which nothing but values gets into a style |
//! | `taps` | the clicks that fingers make |

mod taps;
mod values;

use std::sync::Arc;

use crate::recording::{Attribute, FullSnapshot, NodeContent, NodeId, NodeRecord, NodeTree, StyleProperty};

pub(super) use taps::Taps;
pub(super) use values::{color, data_url, each, family, length, list, picture, text};

const DOCUMENT: NodeId = 1;
const DOCTYPE: NodeId = 2;
const ROOT: NodeId = 3;

/// The element in which all boxes are.
pub(super) const BODY: NodeId = 4;

/// The number of the first box.
pub(super) const FIRST: NodeId = 10;

/// What fills places of which no picture is known.
pub(super) const PLACEHOLDER: &str = "#e4e6eb";

/// How texts look of which nothing is said.
pub(super) const INK: &str = "#5b6270";
const FONT_SIZE: f64 = 12.0;
const LINE_HEIGHT: f64 = 1.2;

/// How all boxes are.
const BOX: &str = "box-sizing:border-box;display:flex;flex-direction:column;margin:0;\
                   overflow-wrap:anywhere;line-height:1.2";

/// A declaration of the `style` attribute that draws a box.
type Declaration = (&'static str, Arc<str>);

/// How a box looks. Lengths are in CSS pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    /// Of the screen, from its left.
    pub x: f64,
    /// Of the screen, from its top.
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// How much of each side is not shown: top, right, bottom, left.
    pub clip: Option<[f64; 4]>,
    /// A value of `background`.
    pub background: Option<Arc<str>>,
    pub radius: f64,
    pub opacity: f64,
    /// Width and color.
    pub border: Option<(f64, Arc<str>)>,
    pub font: Font,
    pub position: Position,
    /// What is written in it may stand out of it.
    pub spills: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            x: 0.0,
            y: 0.0,
            width: 0.0,
            height: 0.0,
            clip: None,
            background: None,
            radius: 0.0,
            opacity: 1.0,
            border: None,
            font: Font::default(),
            position: Position::default(),
            spills: false,
        }
    }
}

/// How text looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Font {
    pub family: Option<Arc<str>>,
    pub size: Option<f64>,
    pub color: Option<Arc<str>>,
}

/// Where text stands in its box.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Position {
    /// Top, right, bottom, left.
    pub padding: [f64; 4],
    /// A value of `text-align`; empty for the left.
    pub horizontal: &'static str,
    /// A value of `justify-content`; empty for the top.
    pub vertical: &'static str,
}

impl Position {
    /// In the middle, both ways.
    pub(super) fn centered() -> Self {
        Position {
            padding: [0.0; 4],
            horizontal: "center",
            vertical: "center",
        }
    }
}

impl Look {
    /// Whether a point of the screen is in it.
    pub(super) fn contains(&self, x: f64, y: f64) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    /// Every declaration, always the same ones in the same order.
    fn style(&self) -> Vec<Declaration> {
        let none = || Arc::<str>::from("none");
        let or = |value: &'static str, usual: &'static str| if value.is_empty() { usual } else { value };
        let px = |length: f64| Arc::<str>::from(format!("{length}px"));
        let size = self.font.size.unwrap_or(FONT_SIZE);
        let [top, right, bottom, left] = self.position.padding;
        // Fonts differ from those of the device: where there is room for one line, it stays one.
        let one_line = self.height - top - bottom < 2.0 * LINE_HEIGHT * size;
        let border = match &self.border {
            Some((width, color)) => format!("{width}px solid {color}").into(),
            None => "0".into(),
        };
        let clip = match self.clip {
            Some([top, right, bottom, left]) => {
                format!("inset({top}px {right}px {bottom}px {left}px)").into()
            }
            None => none(),
        };
        vec![
            ("left", px(self.x)),
            ("top", px(self.y)),
            ("width", px(self.width.max(0.0))),
            ("height", px(self.height.max(0.0))),
            ("background", self.background.clone().unwrap_or_else(none)),
            ("border-radius", px(self.radius)),
            ("opacity", self.opacity.to_string().into()),
            ("border", border),
            ("clip-path", clip),
            ("overflow", if self.spills { "visible" } else { "hidden" }.into()),
            ("padding", format!("{top}px {right}px {bottom}px {left}px").into()),
            (
                "font-family",
                self.font.family.clone().unwrap_or_else(|| "sans-serif".into()),
            ),
            ("font-size", px(size)),
            ("color", self.font.color.clone().unwrap_or_else(|| INK.into())),
            ("text-align", or(self.position.horizontal, "left").into()),
            ("justify-content", or(self.position.vertical, "flex-start").into()),
            ("white-space", if one_line { "pre" } else { "pre-wrap" }.into()),
        ]
    }

    /// The `style` attribute; `position` is how CSS is to place it.
    pub(super) fn css(&self, position: &str) -> String {
        let mut css = format!("position:{position};{BOX}");
        for (property, value) in self.style() {
            css.push(';');
            css.push_str(property);
            css.push(':');
            css.push_str(&value);
        }
        css
    }

    /// What of the `style` attribute changes when it looked like `old`.
    pub(super) fn changed(&self, old: &Look) -> Vec<StyleProperty> {
        if self == old {
            return Vec::new();
        }
        let pairs = self.style().into_iter().zip(old.style());
        pairs
            .filter(|(new, old)| new != old)
            .map(|((property, value), _)| StyleProperty {
                property: property.into(),
                value: Some(value),
                important: false,
            })
            .collect()
    }
}

/// A document whose last node is the empty [`BODY`].
pub(super) fn document() -> NodeTree {
    let doctype = NodeContent::Doctype {
        name: "html".into(),
        public_id: "".into(),
        system_id: "".into(),
    };
    let style = |css: &str| vec![attribute("style", css)];
    let nodes = vec![
        record(DOCUMENT, None, NodeContent::Document { quirks: false }),
        record(DOCTYPE, Some(0), doctype),
        record(ROOT, Some(0), element("html", style("overflow:hidden"))),
        record(BODY, Some(2), element("body", style("margin:0;background:#fff"))),
    ];
    NodeTree { nodes }
}

/// Shows a screen, from its beginning.
pub(super) fn snapshot(tree: NodeTree) -> FullSnapshot {
    FullSnapshot {
        tree,
        scroll: (0.0, 0.0),
    }
}

pub(super) fn record(id: NodeId, parent: Option<u32>, content: NodeContent) -> NodeRecord {
    NodeRecord {
        id: Some(id),
        parent,
        in_shadow: false,
        content,
    }
}

pub(super) fn element(tag: &str, attributes: Vec<Attribute>) -> NodeContent {
    NodeContent::Element {
        tag: tag.into(),
        svg: false,
        custom: false,
        attributes,
    }
}

pub(super) fn attribute(name: &str, value: &str) -> Attribute {
    Attribute::Plain {
        name: name.into(),
        value: Some(value.into()),
    }
}
