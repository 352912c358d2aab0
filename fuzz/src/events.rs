//! Events made of bytes: few ids, so that they collide.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use domreel::recording::*;

/// Applies events that `bytes` make.
pub fn dom(bytes: &[u8]) {
    let mut source = Unstructured::new(bytes);
    let mut events = Vec::new();
    while let (Ok((kind, data)), true) = (event(&mut source, events.is_empty()), events.len() < 64) {
        let index = events.len() as u32;
        events.push(Event {
            time: 1000.0 + 10.0 * f64::from(index),
            index,
            kind,
            payload: Payload::Decoded(Arc::new(data)),
        });
        if source.is_empty() {
            break;
        }
    }
    let tab = Tab {
        id: String::new(),
        events,
        ..Tab::default()
    };
    if tab.has_picture() {
        super::agree(&tab);
    }
}

fn event(source: &mut Unstructured<'_>, first: bool) -> Result<(EventKind, EventData)> {
    let choice = if first { 0 } else { source.int_in_range(0..=11)? };
    Ok(match choice {
        0 => {
            let snapshot = FullSnapshot {
                tree: tree(source, true)?,
                scroll: (0.0, f64::from(source.arbitrary::<u8>()?)),
            };
            (EventKind::FullSnapshot, EventData::FullSnapshot(snapshot))
        }
        1..=5 => (EventKind::Mutation, EventData::Mutation(mutation(source)?)),
        6 => {
            let input = Input {
                target: id(source)?,
                text: Some(text(source)?),
                checked: source.arbitrary()?,
                selected_options: None,
            };
            (EventKind::Input, EventData::Input(input))
        }
        7 => {
            let scroll = Scroll {
                target: id(source)?,
                x: source.arbitrary()?,
                y: source.arbitrary()?,
            };
            (EventKind::Scroll, EventData::Scroll(scroll))
        }
        8 => {
            let rules = StyleSheetRules {
                sheet: sheet(source)?,
                replace: source.arbitrary::<bool>()?.then(|| text(source)).transpose()?,
                inserts: vec![RuleInsert {
                    rule: text(source)?,
                    path: path(source)?,
                }],
                deletes: vec![path(source)?],
            };
            (EventKind::StyleSheetRules, EventData::StyleSheetRules(rules))
        }
        9 => {
            let adopted = AdoptedStyleSheets {
                root: id(source)?,
                sheets: vec![source.int_in_range(0..=3)?, source.int_in_range(0..=3)?],
                new: vec![NewSheet {
                    sheet: source.int_in_range(0..=3)?,
                    rules: Vec::new(),
                }],
            };
            (
                EventKind::AdoptedStyleSheets,
                EventData::AdoptedStyleSheets(adopted),
            )
        }
        10 => {
            let range = SelectionRange {
                start: id(source)?,
                start_offset: source.arbitrary()?,
                end: id(source)?,
                end_offset: source.arbitrary()?,
            };
            (EventKind::Selection, EventData::Selection(vec![range]))
        }
        _ => {
            let data = EventData::ViewportResize {
                width: source.arbitrary()?,
                height: source.arbitrary()?,
            };
            (EventKind::ViewportResize, data)
        }
    })
}

fn mutation(source: &mut Unstructured<'_>) -> Result<Mutation> {
    let mut mutation = Mutation::default();
    for _ in 0..source.int_in_range(0..=3)? {
        mutation.removes.push(NodeRemoval {
            parent: id(source)?,
            id: id(source)?,
            in_shadow: source.arbitrary()?,
        });
    }
    for _ in 0..source.int_in_range(0..=5)? {
        mutation.adds.push(NodeAdd {
            parent: id(source)?,
            next: source.arbitrary::<bool>()?.then(|| id(source)).transpose()?,
            previous: source.arbitrary::<bool>()?.then(|| id(source)).transpose()?,
            tree: tree(source, false)?,
        });
    }
    for _ in 0..source.int_in_range(0..=2)? {
        mutation.texts.push((id(source)?, text(source)?));
    }
    for _ in 0..source.int_in_range(0..=3)? {
        mutation.attributes.push((id(source)?, vec![attribute(source)?]));
    }
    mutation.attaches_frame = source.arbitrary()?;
    Ok(mutation)
}

fn tree(source: &mut Unstructured<'_>, document: bool) -> Result<NodeTree> {
    let count = source.int_in_range(0..=if document { 12 } else { 3 })?;
    let mut nodes = vec![record(source, None, document)?];
    for at in 0..count {
        let parent = source.int_in_range(0..=at)?;
        nodes.push(record(source, Some(parent), false)?);
    }
    Ok(NodeTree { nodes })
}

fn record(source: &mut Unstructured<'_>, parent: Option<u32>, document: bool) -> Result<NodeRecord> {
    let content = match if document { 0 } else { source.int_in_range(0..=9)? } {
        0 => NodeContent::Document {
            quirks: source.arbitrary()?,
        },
        1 => NodeContent::Doctype {
            name: "html".into(),
            public_id: "".into(),
            system_id: "".into(),
        },
        2 | 3 => NodeContent::Text(text(source)?),
        4 => NodeContent::ShadowRoot,
        _ => NodeContent::Element {
            tag: (*source.choose(&[
                "html", "body", "div", "style", "iframe", "input", "select", "option", "textarea", "svg",
                "script", "link", "template", "dialog",
            ])?)
            .into(),
            svg: source.arbitrary()?,
            custom: source.arbitrary()?,
            attributes: vec![attribute(source)?, attribute(source)?],
        },
    };
    Ok(NodeRecord {
        id: source.ratio(9, 10)?.then(|| id(source)).transpose()?,
        parent,
        content,
        in_shadow: source.arbitrary()?,
    })
}

fn attribute(source: &mut Unstructured<'_>) -> Result<Attribute> {
    Ok(match source.int_in_range(0..=7)? {
        0 => Attribute::CssText(text(source)?),
        1 => Attribute::ScrollLeft(source.arbitrary()?),
        2 => Attribute::MediaTime(source.arbitrary()?),
        3 => Attribute::DataUrl(text(source)?),
        _ => Attribute::Plain {
            name: (*source.choose(&[
                "class",
                "style",
                "href",
                "src",
                "srcset",
                "onclick",
                "value",
                "checked",
                "selected",
                "type",
                "open",
                "width",
                "media",
                "rel",
                "xlink:href",
                "srcdoc",
            ])?)
            .into(),
            value: source.arbitrary::<bool>()?.then(|| text(source)).transpose()?,
        },
    })
}

fn id(source: &mut Unstructured<'_>) -> Result<NodeId> {
    source.int_in_range(-2..=20)
}

fn sheet(source: &mut Unstructured<'_>) -> Result<SheetTarget> {
    Ok(match source.arbitrary()? {
        true => SheetTarget::Owner(id(source)?),
        false => SheetTarget::Constructed(source.int_in_range(0..=3)?),
    })
}

fn path(source: &mut Unstructured<'_>) -> Result<Vec<u32>> {
    let mut path = Vec::new();
    for _ in 0..source.int_in_range(0..=3)? {
        path.push(source.arbitrary::<u8>()?.into());
    }
    Ok(path)
}

fn text(source: &mut Unstructured<'_>) -> Result<Arc<str>> {
    let known = [
        "",
        "a",
        "b:hover{color:red}",
        "c{}/* rr_split */d{}",
        "javascript:alert(1)",
        "</style>",
        "url(",
        "@media x{a{}}",
        "\u{0}\u{feff}",
    ];
    if source.arbitrary()? {
        return Ok((*source.choose(&known)?).into());
    }
    let length = source.int_in_range(0..=24)?;
    let bytes = source.bytes(length.min(source.len()))?;
    Ok(String::from_utf8_lossy(bytes).into())
}
