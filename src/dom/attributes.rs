//! Attributes, and the state that recorders store as such.

use std::sync::Arc;

use super::markup::is_shown;
use super::node::{Drawn, Element};
use super::page::Page;
use super::tree::Key;
use super::{Change, MediaState};
use crate::recording::{Attribute, CanvasMutation, StyleProperty};

/// Most pieces that a canvas's drawing is kept in.
const MOST_DRAWN: usize = 50_000;

impl Page {
    /// Takes an attribute into the state of an element.
    pub(super) fn note(&mut self, key: Key, attribute: &Attribute, time: f64) {
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        match attribute {
            Attribute::ScrollLeft(x) => node.scroll = Some((*x, node.scroll.map_or(0.0, |scroll| scroll.1))),
            Attribute::ScrollTop(y) => node.scroll = Some((node.scroll.map_or(0.0, |scroll| scroll.0), *y)),
            _ => {}
        }
        let Some(element) = node.element_mut() else { return };
        let media = |element: &mut Element, change: &dyn Fn(&mut MediaState)| {
            let mut state = element.media.unwrap_or(MediaState {
                at: time,
                ..MediaState::default()
            });
            change(&mut state);
            element.media = Some(state);
        };
        match attribute {
            Attribute::Plain { name, value } => plain(element, name, value.as_ref()),
            Attribute::Style(properties) => {
                for property in properties {
                    element.set_style(property.clone());
                }
            }
            Attribute::CssText(css) => {
                element.css_text = Some(Arc::clone(css));
                element.sheet.clear();
            }
            Attribute::BlockedWidth(length) => element.set_style(blocked("width", length)),
            Attribute::BlockedHeight(length) => element.set_style(blocked("height", length)),
            Attribute::DataUrl(url) if &*element.tag == "canvas" => {
                element.canvas = vec![Drawn::Picture(Arc::clone(url))];
            }
            Attribute::DataUrl(url) => {
                element.set_attribute(&Arc::from("src"), Some(Arc::clone(url)));
                element.set_attribute(&Arc::from("srcset"), None);
            }
            Attribute::MediaPlaying(playing) => media(element, &|state| state.playing = Some(*playing)),
            Attribute::MediaTime(seconds) => media(element, &|state| state.time = Some(*seconds)),
            Attribute::MediaRate(rate) => media(element, &|state| state.rate = Some(*rate)),
            Attribute::MediaMuted(muted) => media(element, &|state| state.muted = Some(*muted)),
            Attribute::MediaLoop(looping) => media(element, &|state| state.looping = Some(*looping)),
            Attribute::MediaVolume(volume) => media(element, &|state| state.volume = Some(*volume)),
            Attribute::FrameSource(url) => element.frame_source = Some(Arc::clone(url)),
            Attribute::Dialog(mode) => element.dialog = *mode,
            Attribute::ScrollLeft(_) | Attribute::ScrollTop(_) => {}
        }
    }

    /// What the stage has to do after an attribute was [noted](Page::note).
    pub(super) fn attribute_change(&mut self, key: Key, attribute: &Attribute, out: &mut Vec<Change>) {
        let Some(node) = self.tree.get(key) else { return };
        let handle = node.handle;
        if let (Attribute::ScrollLeft(_) | Attribute::ScrollTop(_), Some((x, y))) = (attribute, node.scroll) {
            out.push(Change::Scroll { node: handle, x, y });
        }
        let Some(element) = node.element() else { return };
        match attribute {
            Attribute::Plain { name, value } => plain_change(element, handle, name, value.as_ref(), out),
            Attribute::Style(properties) => {
                out.extend(properties.iter().map(|property| style_change(handle, property)));
            }
            Attribute::BlockedWidth(_) | Attribute::BlockedHeight(_) => {
                out.extend(
                    element
                        .style
                        .iter()
                        .map(|property| style_change(handle, property)),
                );
            }
            Attribute::CssText(_) => self.renew_sheet(key, out),
            Attribute::DataUrl(url) if &*element.tag == "canvas" => out.push(Change::CanvasPicture {
                node: handle,
                url: Arc::clone(url),
            }),
            Attribute::DataUrl(url) => {
                for (name, value) in [("srcset", None), ("src", Some(url))] {
                    out.push(Change::Attribute {
                        node: handle,
                        name: Arc::from(name),
                        value: value.cloned(),
                    });
                }
            }
            Attribute::MediaPlaying(_)
            | Attribute::MediaTime(_)
            | Attribute::MediaRate(_)
            | Attribute::MediaMuted(_)
            | Attribute::MediaLoop(_)
            | Attribute::MediaVolume(_) => {
                out.extend(element.media.map(|state| Change::Media { node: handle, state }));
            }
            Attribute::Dialog(mode) => out.push(Change::Dialog {
                node: handle,
                mode: *mode,
            }),
            Attribute::FrameSource(_) | Attribute::ScrollLeft(_) | Attribute::ScrollTop(_) => {}
        }
    }

    /// Something is drawn on a canvas.
    pub(super) fn draw(&mut self, drawn: &CanvasMutation, out: &mut Vec<Change>) {
        let Some(key) = self.known(drawn.target) else {
            return;
        };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut() else { return };
        let commands: Arc<serde_json::value::RawValue> = Arc::from(drawn.commands.clone());
        if is_whole_picture(commands.get()) || element.canvas.len() >= MOST_DRAWN {
            element.canvas.clear();
        }
        element
            .canvas
            .push(Drawn::Commands(drawn.context, Arc::clone(&commands)));
        out.push(Change::CanvasCommands {
            node: handle,
            context: drawn.context,
            commands,
        });
    }
}

fn blocked(property: &str, length: &Arc<str>) -> StyleProperty {
    StyleProperty {
        property: Arc::from(property),
        value: Some(Arc::clone(length)),
        important: false,
    }
}

fn plain(element: &mut Element, name: &Arc<str>, value: Option<&Arc<str>>) {
    match (&*element.tag, &**name) {
        (_, "style") => element.style.clear(),
        // The text of these is their value, not what stands between their tags.
        ("textarea" | "select", "value") => {
            element.value = value.cloned();
            return;
        }
        ("option", "selected") => element.selected = Some(value.is_some()),
        // A new size empties a canvas.
        ("canvas", "width" | "height") => element.canvas.clear(),
        ("dialog", "open") if value.is_none() => element.dialog = None,
        _ => {}
    }
    element.set_attribute(name, value.cloned());
}

fn plain_change(
    element: &Element,
    handle: u32,
    name: &Arc<str>,
    value: Option<&Arc<str>>,
    out: &mut Vec<Change>,
) {
    match (&*element.tag, &**name) {
        ("textarea" | "select", "value") => {
            out.extend(value.map(|value| Change::Value {
                node: handle,
                value: Arc::clone(value),
            }));
            return;
        }
        ("option", "selected") => out.push(Change::Selected {
            node: handle,
            selected: value.is_some(),
        }),
        ("dialog", "open") if value.is_none() => {
            out.push(Change::Dialog {
                node: handle,
                mode: None,
            });
            return;
        }
        _ => {}
    }
    if value.is_none_or(|value| is_shown(element, name, value)) {
        out.push(Change::Attribute {
            node: handle,
            name: Arc::clone(name),
            value: value.cloned(),
        });
    }
}

pub(super) fn style_change(node: u32, property: &StyleProperty) -> Change {
    Change::InlineStyle {
        node,
        property: Arc::clone(&property.property),
        value: property.value.clone(),
        important: property.important,
    }
}

/// Recorders that sample canvases clear the canvas and draw one picture of all of it: what was drawn
/// before no longer shows.
fn is_whole_picture(commands: &str) -> bool {
    let text = commands.trim_start();
    text.starts_with("[{\"property\":\"clearRect\",\"args\":[0,0,")
        && text.matches("\"property\":").nth(2).is_none()
        && text.contains("\"drawImage\"")
}
