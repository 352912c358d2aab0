//! Canvases: what was drawn on them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::node::Element;
use super::page::Page;
use super::{Change, Handle};
use crate::limits::Limit;
use crate::recording::{CanvasContext, CanvasMutation};

/// What was drawn on a canvas, as far as it may still show.
#[derive(Debug, Clone, Default)]
pub(super) struct Canvas {
    drawn: Vec<Drawn>,
    bytes: usize,
    /// There were commands that may have left the context in a state of its own.
    has_state: bool,
}

#[derive(Debug, Clone)]
enum Drawn {
    Picture(Arc<str>),
    Commands(CanvasContext, Arc<RawValue>),
}

impl Canvas {
    /// Nothing is drawn, and the context is as it was at first.
    pub(super) fn clear(&mut self) {
        *self = Canvas::default();
    }

    /// The canvas shows a picture and nothing else.
    pub(super) fn show(&mut self, url: &Arc<str>) {
        if !self.has_state {
            self.drawn.clear();
            self.bytes = 0;
        }
        self.bytes += url.len();
        self.drawn.push(Drawn::Picture(Arc::clone(url)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drawn.is_empty()
    }

    pub(super) fn changes(&self, node: Handle) -> impl Iterator<Item = Change> + '_ {
        self.drawn.iter().map(move |drawn| match drawn {
            Drawn::Picture(url) => Change::CanvasPicture {
                node,
                url: Arc::clone(url),
            },
            Drawn::Commands(context, commands) => Change::CanvasCommands {
                node,
                context: *context,
                commands: Arc::clone(commands),
            },
        })
    }
}

impl Page {
    /// Something is drawn on a canvas.
    pub(super) fn draw(&mut self, drawn: &CanvasMutation, out: &mut Vec<Change>) {
        let Some(key) = self.known(drawn.target) else {
            return;
        };
        let most = [Limit::CanvasPieces, Limit::Canvas].map(|limit| self.limits.size(limit));
        let [most_pieces, most_bytes] = most;
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut().filter(|element| &*element.tag == "canvas") else {
            return;
        };
        let commands: Arc<RawValue> = Arc::from(drawn.commands.clone());
        let hides_all = drawn.context == CanvasContext::TwoD && is_whole_picture(element, &commands);
        let canvas = &mut element.canvas;
        if hides_all && !canvas.has_state {
            canvas.clear();
        }
        canvas.has_state |= !hides_all;
        let too_many = canvas.drawn.len() >= most_pieces;
        let too_much = too_many || canvas.bytes + commands.get().len() > most_bytes;
        if too_much {
            // The older half is the more likely to be painted over.
            let half = canvas.drawn.len() / 2;
            canvas.drawn.drain(..half);
            canvas.bytes = canvas
                .drawn
                .iter()
                .map(|drawn| match drawn {
                    Drawn::Picture(url) => url.len(),
                    Drawn::Commands(_, commands) => commands.get().len(),
                })
                .sum();
        }
        canvas.bytes += commands.get().len();
        canvas
            .drawn
            .push(Drawn::Commands(drawn.context, Arc::clone(&commands)));
        if too_much {
            let limit = if too_many {
                Limit::CanvasPieces
            } else {
                Limit::Canvas
            };
            let what = format!("canvas {} was drawn on more than can be kept", drawn.target);
            self.report_limit(limit, &what);
        }
        out.push(Change::CanvasCommands {
            node: handle,
            context: drawn.context,
            commands,
        });
    }
}

#[derive(Deserialize)]
struct Command<'a> {
    #[serde(borrow)]
    property: Cow<'a, str>,
    #[serde(borrow)]
    args: Vec<&'a RawValue>,
}

/// Recorders that sample canvases clear a canvas and draw one picture of all of it: what was drawn
/// before no longer shows.
fn is_whole_picture(element: &Element, commands: &RawValue) -> bool {
    let Ok([clear, draw]) = serde_json::from_str::<[Command; 2]>(commands.get()) else {
        return false;
    };
    let number = |arg: &&RawValue| arg.get().parse::<f64>().ok();
    let side = |name: &str, default: f64| {
        let given = element
            .attribute(name)
            .and_then(|value| value.trim().parse::<f64>().ok());
        given.filter(|side| *side >= 0.0).unwrap_or(default)
    };
    let covers = |numbers: &[&RawValue]| {
        let [Some(x), Some(y), Some(width), Some(height)] =
            [0, 1, 2, 3].map(|at| numbers.get(at).and_then(number))
        else {
            return false;
        };
        numbers.len() == 4
            && x <= 0.0
            && y <= 0.0
            && x + width >= side("width", 300.0)
            && y + height >= side("height", 150.0)
    };
    clear.property == "clearRect"
        && draw.property == "drawImage"
        && covers(&clear.args)
        && draw.args.get(1..).is_some_and(covers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Namespace;

    fn whole(commands: &str) -> bool {
        let mut canvas = Element::new(Namespace::Html, "canvas".into());
        canvas.set_attribute(&"width".into(), Some("640".into()));
        let commands = RawValue::from_string(commands.to_owned()).unwrap_or_default();
        is_whole_picture(&canvas, &commands)
    }

    #[test]
    fn only_a_picture_of_all_hides_what_was_there() {
        let sampled = r#"[{"property":"clearRect","args":[0,0,640,150]},
            {"property":"drawImage","args":[{"rr_type":"ImageBitmap","args":[]},0,0,640,150]}]"#;
        assert!(whole(sampled));
        assert!(whole(
            r#"[{"args":[0,0,640,150],"property":"clearRect"},{"args":[null,0,0,640,150],"property":"drawImage"}]"#
        ));
        for other in [
            "[]",
            r#"[{"property":"clearRect","args":[0,0,640,150]}]"#,
            &sampled.replace("640", "64"),
            &sampled.replace("clearRect", "fillRect"),
            &sampled.replacen("[0,0", "[1,0", 1),
            &sampled.replace(",0,0,640,150]}]", ",0,0]}]"),
            "{}",
        ] {
            assert!(!whole(other), "{other}");
        }
    }
}
