//! Attributes, and the state that recorders store as such.

use std::sync::Arc;

use super::node::Element;
use super::page::Page;
use super::sanitize::shown;
use super::tree::Key;
use super::{Change, Handle, Namespace, media};
use crate::limits::Limit;
use crate::recording::{Attribute, StyleProperty};

impl Page {
    /// Takes an attribute into the state of an element.
    pub(super) fn note(&mut self, key: Key, attribute: &Attribute, time: f64) {
        if attribute_size(attribute) > self.limits.size(Limit::Attribute) {
            self.report_limit(
                Limit::Attribute,
                "an attribute is longer than it may be: it is left out",
            );
            return;
        }
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let (x, y) = node.scroll.unwrap_or_default();
        let Some(element) = node.element_mut() else { return };
        match attribute {
            Attribute::Plain { name, value } => {
                let name = own_name(element, name);
                plain(element, &name, value.as_ref());
            }
            Attribute::Style(properties) => {
                for property in properties {
                    element.set_style(property.clone());
                }
            }
            Attribute::CssText(css) => {
                if matches!(&*element.tag, "style" | "link") {
                    element.css_text = Some(Arc::clone(css));
                    element.sheet.clear();
                }
            }
            Attribute::BlockedWidth(length) => {
                element.blocked = true;
                element.set_style(blocked("width", length));
            }
            Attribute::BlockedHeight(length) => {
                element.blocked = true;
                element.set_style(blocked("height", length));
            }
            Attribute::DataUrl(url) if &*element.tag == "canvas" => element.canvas.show(url),
            Attribute::DataUrl(url) => {
                element.set_attribute(&Arc::from("src"), Some(Arc::clone(url)));
                element.set_attribute(&Arc::from("srcset"), None);
            }
            Attribute::MediaPlaying(_)
            | Attribute::MediaTime(_)
            | Attribute::MediaRate(_)
            | Attribute::MediaMuted(_)
            | Attribute::MediaLoop(_)
            | Attribute::MediaVolume(_) => {
                if element.is_media() {
                    element.media = media::said_by(attribute, element.media, time).or(element.media);
                }
            }
            Attribute::FrameSource(url) => element.frame_source = Some(Arc::clone(url)),
            Attribute::Dialog(mode) => {
                if &*element.tag == "dialog" {
                    element.dialog = *mode;
                    // The stage opens and closes it, which sets the attribute.
                    element.set_attribute(&Arc::from("open"), None);
                }
            }
            Attribute::ScrollLeft(x) => node.scroll = Some((*x, y)),
            Attribute::ScrollTop(y) => node.scroll = Some((x, *y)),
        }
    }

    /// What the stage has to do after an attribute was [noted](Page::note).
    pub(super) fn attribute_change(&mut self, key: Key, attribute: &Attribute, out: &mut Vec<Change>) {
        let Some(node) = self.tree.get(key) else { return };
        let handle = node.handle;
        let Some(element) = node.element() else { return };
        match attribute {
            Attribute::Plain { name, value } => {
                let name = own_name(element, name);
                self.plain_change(key, &name, value.as_ref(), out);
            }
            Attribute::Style(properties) => {
                out.extend(properties.iter().map(|property| style_change(handle, property)));
            }
            Attribute::BlockedWidth(length) => out.push(style_change(handle, &blocked("width", length))),
            Attribute::BlockedHeight(length) => out.push(style_change(handle, &blocked("height", length))),
            Attribute::DataUrl(url) if &*element.tag == "canvas" => out.push(Change::CanvasPicture {
                node: handle,
                url: Arc::clone(url),
            }),
            Attribute::DataUrl(_) => {
                out.extend(["srcset", "src"].map(|name| attribute_now(handle, element, &Arc::from(name))));
            }
            Attribute::MediaPlaying(_)
            | Attribute::MediaTime(_)
            | Attribute::MediaRate(_)
            | Attribute::MediaMuted(_)
            | Attribute::MediaLoop(_)
            | Attribute::MediaVolume(_) => {
                out.extend(element.media.map(|state| Change::Media { node: handle, state }));
            }
            Attribute::Dialog(mode) => {
                if &*element.tag == "dialog" {
                    out.push(Change::Dialog {
                        node: handle,
                        mode: *mode,
                    });
                }
            }
            Attribute::ScrollLeft(_) | Attribute::ScrollTop(_) => {
                let (x, y) = node.scroll.unwrap_or_default();
                out.push(Change::Scroll { node: handle, x, y });
            }
            // A sheet's new text takes a way of its own; a frame's address is not shown.
            Attribute::CssText(_) | Attribute::FrameSource(_) => {}
        }
    }

    fn plain_change(&mut self, key: Key, name: &Arc<str>, value: Option<&Arc<str>>, out: &mut Vec<Change>) {
        let Some(node) = self.tree.get(key) else { return };
        let handle = node.handle;
        let Some(element) = node.element() else { return };
        match (&*element.tag, &**name) {
            ("textarea" | "select", "value") => self.give_value(key, value, out),
            ("dialog", "open") if value.is_none() => out.push(Change::Dialog {
                node: handle,
                mode: None,
            }),
            ("dialog", "open") if element.dialog.is_some() => {}
            ("option", "selected") => {
                out.push(attribute_now(handle, element, name));
                self.mark_option(key, value.is_some(), out);
            }
            ("link", "disabled" | "rel" | "title") if element.is_styled_link() => {
                out.push(attribute_now(handle, element, name));
                out.push(attribute_now(handle, element, &Arc::from("media")));
            }
            _ => out.push(attribute_now(handle, element, name)),
        }
    }
}

/// An attribute as the stage is to have it.
fn attribute_now(node: Handle, element: &Element, name: &Arc<str>) -> Change {
    Change::Attribute {
        node,
        name: Arc::clone(name),
        value: shown(element, name),
    }
}

/// The name of an attribute as the stage knows it: HTML knows small letters only.
/// Bytes of what an attribute is to be.
fn attribute_size(attribute: &Attribute) -> usize {
    let bytes = |value: &Option<Arc<str>>| value.as_ref().map_or(0, |value| value.len());
    match attribute {
        Attribute::Plain { value, .. } => bytes(value),
        Attribute::Style(properties) => properties.iter().map(|property| bytes(&property.value)).sum(),
        Attribute::CssText(text) | Attribute::DataUrl(text) => text.len(),
        _ => 0,
    }
}

fn own_name(element: &Element, name: &Arc<str>) -> Arc<str> {
    match element.namespace == Namespace::Html && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => Arc::clone(name),
    }
}

fn plain(element: &mut Element, name: &Arc<str>, value: Option<&Arc<str>>) {
    match (&*element.tag, &**name) {
        (_, "style") => element.style.clear(),
        // What is recorded as its attribute is what it shows, not what stands between its tags.
        ("textarea", "value") => element.value = value.cloned().or(element.value.take()),
        ("option", "selected") => element.selected = Some(value.is_some()),
        // A new size empties a canvas.
        ("canvas", "width" | "height") => element.canvas.clear(),
        ("dialog", "open") if value.is_none() => element.dialog = None,
        // The stage opened it.
        ("dialog", "open") if element.dialog.is_some() => return,
        _ => {}
    }
    element.set_attribute(name, value.cloned());
}

fn blocked(property: &str, length: &Arc<str>) -> StyleProperty {
    StyleProperty {
        property: Arc::from(property),
        value: Some(Arc::clone(length)),
        important: false,
    }
}

pub(super) fn style_change(node: Handle, property: &StyleProperty) -> Change {
    Change::InlineStyle {
        node,
        property: Arc::clone(&property.property),
        value: property.value.clone(),
        important: property.important,
    }
}
