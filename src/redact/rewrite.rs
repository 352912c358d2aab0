//! Writes events anew without what is secret in them.

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::find::{OnPage, digest};
use super::masker::{Context, Fill, Masker};
use crate::recording::{
    Annotation, Attribute, CanvasMutation, DecodeError, Event, EventData, EventKind, EventRoom, FontSource,
    Mutation, NodeContent, NodeId, NodeTree, Payload, RuleInsert, StyleProperty, StyleSheetRules,
};

/// A picture that stands for one that is hidden.
const HIDDEN_PICTURE: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E\
    %3Crect width='100%25' height='100%25' fill='%23b8b8b8'/%3E%3C/svg%3E";

/// What hides the background of an element.
const NO_BACKGROUND: &str = "background-image:none!important";

/// What hides an element that is a picture itself.
const INVISIBLE: &str = "background-image:none!important;visibility:hidden!important";

/// Rewrites the events of one page of a tab.
pub(super) struct Rewriter<'r> {
    pub(super) masker: &'r Masker<'r>,
    pub(super) found: &'r OnPage,
}

impl Rewriter<'_> {
    /// Takes what is secret out of an event.
    pub(super) fn rewrite(&self, event: &mut Event) {
        if !has_text(event.kind) {
            return;
        }
        match event.data() {
            Ok(data) => {
                let mut data = Arc::unwrap_or_clone(data);
                if self.data(&mut data) {
                    event.payload = Payload::Decoded(Arc::new(data));
                }
            }
            // Why it cannot be read is told in its own words.
            Err(error) if self.masker.is_secret(&error.reason) => {
                event.payload = Payload::Encoded {
                    bytes: bytes::Bytes::new(),
                    room: EventRoom::NONE,
                    decode: |_, _, _| {
                        Err(DecodeError {
                            reason: "it cannot be read, and why is redacted".to_owned(),
                            at: 0,
                        })
                    },
                };
            }
            Err(_) => {}
        }
    }

    /// Whether something was changed.
    pub(super) fn data(&self, data: &mut EventData) -> bool {
        match data {
            EventData::Meta(meta) => self.address(&mut meta.href),
            EventData::FullSnapshot(snapshot) => self.tree(&mut snapshot.tree, None),
            EventData::Mutation(mutation) => self.mutation(mutation),
            EventData::Input(input) => match &mut input.text {
                Some(text) if self.is_hidden(input.target) => whole(text),
                Some(text) => self.text(text),
                None => false,
            },
            EventData::StyleSheetRules(rules) => self.rules(rules),
            EventData::StyleDeclaration(declaration) => self.maybe(&mut declaration.value),
            EventData::CanvasMutation(canvas) => self.canvas(canvas),
            EventData::Font(font) => match &mut font.source {
                FontSource::Css(source) if !is_base64(source) => self.text(source),
                _ => false,
            },
            EventData::AdoptedStyleSheets(adopted) => {
                let mut changed = false;
                for sheet in &mut adopted.new {
                    changed |= self.inserts(&mut sheet.rules);
                }
                changed
            }
            EventData::Custom { payload, .. } | EventData::Plugin { payload, .. } => {
                self.json(payload, Context::Beside)
            }
            EventData::Annotation(Annotation::Caption(Some(text)) | Annotation::Marker(text)) => {
                self.beside(text)
            }
            _ => false,
        }
    }

    fn mutation(&self, mutation: &mut Mutation) -> bool {
        let mut changed = false;
        for add in &mut mutation.adds {
            changed |= self.tree(&mut add.tree, Some(add.parent));
        }
        for (id, text) in &mut mutation.texts {
            changed |= self.text_of(Some(*id), text);
        }
        for (id, attributes) in &mut mutation.attributes {
            let hiding = self.hiding(self.is_masked(*id), "");
            changed |= self.attributes(attributes, Some(*id), hiding);
        }
        changed
    }

    fn tree(&self, tree: &mut NodeTree, parent: Option<NodeId>) -> bool {
        let mut changed = false;
        let hides = !self.found.masked.is_empty();
        let mut hidden: Vec<bool> = Vec::new();
        for node in &mut tree.nodes {
            let above = match node.parent {
                Some(above) => hidden.get(above as usize).copied().unwrap_or(false),
                None => parent.is_some_and(|parent| self.is_masked(parent)),
            };
            // What has no number is hidden with what it is in.
            let is_hidden = hides && node.id.map_or(above, |id| self.is_masked(id));
            if hides {
                hidden.push(is_hidden);
            }
            match &mut node.content {
                NodeContent::Text(text) | NodeContent::Cdata(text) if node.id.is_none() && is_hidden => {
                    changed |= whole(text);
                }
                NodeContent::Text(text) | NodeContent::Cdata(text) => {
                    changed |= self.text_of(node.id, text);
                }
                NodeContent::Comment(text) if is_hidden => changed |= whole(text),
                NodeContent::Comment(text) => changed |= self.text(text),
                NodeContent::Element { tag, attributes, .. } => {
                    let hiding = self.hiding(is_hidden, tag);
                    changed |= self.attributes(attributes, node.id, hiding);
                    if let Some(style) = hiding.filter(|_| !attributes.iter().any(is_style)) {
                        attributes.push(Attribute::Plain {
                            name: "style".into(),
                            value: Some(style.into()),
                        });
                        changed = true;
                    }
                }
                NodeContent::Document { .. } | NodeContent::Doctype { .. } | NodeContent::ShadowRoot => {}
            }
        }
        changed
    }

    /// The declarations that hide pictures of an element.
    fn hiding(&self, is_hidden: bool, tag: &str) -> Option<&'static str> {
        is_hidden.then_some(match tag {
            "svg" | "canvas" | "video" | "object" | "embed" => INVISIBLE,
            _ => NO_BACKGROUND,
        })
    }

    fn attributes(
        &self,
        attributes: &mut Vec<Attribute>,
        id: Option<NodeId>,
        hiding: Option<&'static str>,
    ) -> bool {
        let hides_value = id.is_some_and(|id| self.is_hidden(id));
        let mut changed = false;
        attributes.retain_mut(|attribute| match attribute {
            Attribute::Plain { name, value } => {
                let name = name.to_ascii_lowercase();
                if let Some(style) = hiding.filter(|_| name == "style") {
                    if value.as_deref().is_some_and(|value| value.ends_with(style)) {
                        return true;
                    }
                    let mut declarations = value.as_deref().unwrap_or_default().to_owned();
                    let mut plain: Arc<str> = without_pictures(&declarations).into();
                    self.text(&mut plain);
                    declarations.clear();
                    declarations.push_str(&plain);
                    declarations.push(';');
                    declarations.push_str(style);
                    *value = Some(declarations.into());
                    changed = true;
                    return true;
                }
                let Some(value) = value else { return true };
                if hiding.is_some() && is_picture(&name) && &**value != HIDDEN_PICTURE {
                    changed = true;
                    *value = HIDDEN_PICTURE.into();
                    // Only one of an element's addresses is needed.
                    return name == "src";
                }
                let stays = is_structure(&name) || &**value == HIDDEN_PICTURE;
                changed |= if hides_value && name == "value" || hiding.is_some() && !stays {
                    let fill = if is_address(&name) {
                        Fill::Letter
                    } else {
                        Fill::Dot
                    };
                    replace(value, fill.whole(value))
                } else {
                    self.attribute(&name, value)
                };
                true
            }
            Attribute::Style(properties) => {
                for property in properties {
                    changed |= self.property(property, hiding.is_some());
                }
                true
            }
            Attribute::CssText(text) => {
                changed |= self.text(text);
                true
            }
            Attribute::DataUrl(_) if hiding.is_some() => {
                changed = true;
                false
            }
            Attribute::FrameSource(address) => {
                changed |= self.address(address);
                true
            }
            _ => true,
        });
        changed
    }

    fn property(&self, property: &mut StyleProperty, is_hidden: bool) -> bool {
        let StyleProperty { property, value, .. } = property;
        let shows_picture = |value: &Arc<str>| value.contains("url(");
        if is_hidden && (property.starts_with("background") || value.as_ref().is_some_and(shows_picture)) {
            *value = Some("none".into());
            return true;
        }
        self.maybe(value)
    }

    /// Masks what is secret in an attribute that is not hidden as a whole.
    fn attribute(&self, name: &str, value: &mut Arc<str>) -> bool {
        // Numbers of a drawing, and pictures.
        if matches!(name, "d" | "points" | "transform" | "viewbox" | "values") || is_base64(value) {
            return false;
        }
        match is_address(name) || is_structure(name) {
            true => self.address(value),
            false => self.text(value),
        }
    }

    fn text_of(&self, id: Option<NodeId>, text: &mut Arc<str>) -> bool {
        let Some(id) = id else { return self.text(text) };
        if self.is_hidden(id) {
            return whole(text);
        }
        let stretches = self.found.stretches.get(&(id, digest(text)));
        let stretches = stretches.map(Vec::as_slice).unwrap_or_default();
        let masked = self.masker.masked_with(text, Context::Page, Fill::Dot, stretches);
        masked.is_some_and(|masked| replace(text, masked))
    }

    fn is_masked(&self, id: NodeId) -> bool {
        self.found.masked.contains(&id)
    }

    /// Nothing of its value may be shown.
    fn is_hidden(&self, id: NodeId) -> bool {
        self.is_masked(id) || self.found.whole.contains(&id)
    }

    fn rules(&self, rules: &mut StyleSheetRules) -> bool {
        let replaced = self.maybe(&mut rules.replace);
        self.inserts(&mut rules.inserts) || replaced
    }

    fn inserts(&self, inserts: &mut [RuleInsert]) -> bool {
        let mut changed = false;
        for insert in inserts {
            changed |= self.text(&mut insert.rule);
        }
        changed
    }

    fn canvas(&self, canvas: &mut CanvasMutation) -> bool {
        if self.is_masked(canvas.target) {
            canvas.commands = RawValue::NULL.to_owned();
            if let Ok(none) = RawValue::from_string("[]".to_owned()) {
                canvas.commands = none;
            }
            return true;
        }
        if !canvas.commands.get().contains("Text") {
            return self.json(&mut canvas.commands, Context::Page);
        }
        let Ok(mut commands) = serde_json::from_str::<Value>(canvas.commands.get()) else {
            return self.json(&mut canvas.commands, Context::Page);
        };
        // A number may be drawn in groups.
        let texts: Vec<String> = drawn_texts(&mut commands).map(|text| text.clone()).collect();
        if !self.masker.is_secret(&texts.join("\n")) && !self.masker.is_secret(&texts.concat()) {
            return self.json(&mut canvas.commands, Context::Page);
        }
        for text in drawn_texts(&mut commands) {
            *text = Fill::Dot.whole(text).to_string();
        }
        self.masker.masked_value(&mut commands, Context::Page);
        store(&mut canvas.commands, &commands);
        true
    }

    fn json(&self, json: &mut Box<RawValue>, context: Context) -> bool {
        // Escapes of JSON could hide something.
        if !json.get().contains('\\') && !self.masker.is_secret_in(json.get(), context) {
            return false;
        }
        // What is nested too deeply is not read, nor shown.
        let mut value = serde_json::from_str(json.get()).unwrap_or(Value::Null);
        if !self.masker.masked_value(&mut value, context) {
            return false;
        }
        store(json, &value);
        true
    }

    fn maybe(&self, text: &mut Option<Arc<str>>) -> bool {
        text.as_mut().is_some_and(|text| self.text(text))
    }

    fn text(&self, text: &mut Arc<str>) -> bool {
        let masked = self.masker.masked(text, Context::Page, Fill::Dot);
        masked.is_some_and(|masked| replace(text, masked))
    }

    fn beside(&self, text: &mut Arc<str>) -> bool {
        let masked = self.masker.masked(text, Context::Beside, Fill::Dot);
        masked.is_some_and(|masked| replace(text, masked))
    }

    fn address(&self, text: &mut Arc<str>) -> bool {
        let masked = self.masker.masked(text, Context::Page, Fill::Letter);
        masked.is_some_and(|masked| replace(text, masked))
    }
}

fn has_text(kind: EventKind) -> bool {
    use EventKind::*;
    matches!(
        kind,
        Meta | FullSnapshot
            | Mutation
            | Input
            | StyleSheetRules
            | StyleDeclaration
            | CanvasMutation
            | Font
            | AdoptedStyleSheets
            | Custom
            | Plugin
            | Annotation
    )
}

fn replace(text: &mut Arc<str>, masked: Arc<str>) -> bool {
    let changed = *text != masked;
    *text = masked;
    changed
}

fn whole(text: &mut Arc<str>) -> bool {
    let masked = Fill::Dot.whole(text);
    replace(text, masked)
}

fn store(json: &mut Box<RawValue>, value: &Value) {
    *json = serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned());
}

fn drawn_texts(commands: &mut Value) -> impl Iterator<Item = &mut String> {
    let commands = commands.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    commands.iter_mut().filter_map(|command| {
        let draws = command
            .get("property")
            .and_then(Value::as_str)
            .is_some_and(|name| matches!(name, "fillText" | "strokeText"));
        match command.get_mut("args")?.get_mut(0)? {
            Value::String(text) if draws => Some(text),
            _ => None,
        }
    })
}

fn is_style(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Plain { name, .. } if name.eq_ignore_ascii_case("style"))
}

/// Declarations without those that show a picture.
fn without_pictures(style: &str) -> String {
    match style.contains("url(") {
        // Addresses may hold semicolons: cut by a reader of CSS or not at all.
        true => String::new(),
        false => style.to_owned(),
    }
}

fn is_base64(value: &str) -> bool {
    value.starts_with("data:") && value.get(..100).unwrap_or(value).contains(";base64,")
}

fn is_picture(name: &str) -> bool {
    matches!(
        name,
        "src" | "srcset" | "poster" | "background" | "xlink:href" | "imagesrcset" | "data" | "rr_dataurl"
    )
}

fn is_address(name: &str) -> bool {
    matches!(
        name,
        "href" | "src" | "srcset" | "action" | "formaction" | "poster" | "cite" | "data" | "xlink:href"
    )
}

/// Attributes that say how an element works and looks, not what it tells.
fn is_structure(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "align"
            | "autocomplete"
            | "border"
            | "bgcolor"
            | "charset"
            | "checked"
            | "class"
            | "color"
            | "cols"
            | "colspan"
            | "contenteditable"
            | "controls"
            | "d"
            | "dir"
            | "disabled"
            | "dy"
            | "dx"
            | "face"
            | "fill"
            | "for"
            | "form"
            | "headers"
            | "height"
            | "hidden"
            | "high"
            | "id"
            | "inert"
            | "is"
            | "lang"
            | "list"
            | "low"
            | "max"
            | "maxlength"
            | "media"
            | "min"
            | "minlength"
            | "multiple"
            | "name"
            | "open"
            | "optimum"
            | "part"
            | "pattern"
            | "points"
            | "popover"
            | "preserveaspectratio"
            | "r"
            | "readonly"
            | "rel"
            | "required"
            | "role"
            | "rows"
            | "rowspan"
            | "rx"
            | "ry"
            | "selected"
            | "size"
            | "sizes"
            | "slot"
            | "span"
            | "spellcheck"
            | "step"
            | "stroke"
            | "stroke-width"
            | "style"
            | "tabindex"
            | "transform"
            | "type"
            | "valign"
            | "viewbox"
            | "width"
            | "wrap"
            | "x"
            | "x1"
            | "x2"
            | "xmlns"
            | "y"
            | "y1"
            | "y2"
            | "cx"
            | "cy"
            | "aria-hidden"
            | "aria-expanded"
            | "aria-checked"
            | "aria-selected"
            | "aria-disabled"
            | "aria-controls"
            | "aria-haspopup"
            | "aria-labelledby"
            | "aria-describedby"
            | "aria-modal"
            | "aria-live"
    )
}
