//! Changes as the page script takes them: `[[time,[[operation,argument…]…]]…]`, compact JSON that is
//! also JavaScript.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::show::Look;
use crate::dom::{Change, MediaState, Namespace, NewContent, NewNode, Range, Sheet, Step};
use crate::recording::{CanvasContext, DialogMode, FontSource};

/// The page script, for whoever drives a browser of their own: evaluate it in an empty page, then
/// [step expressions](step_expression). One function around the files, which share their names.
pub const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../../assets/stage/natives.js"),
    include_str!("../../assets/stage/nodes.js"),
    include_str!("../../assets/stage/state.js"),
    include_str!("../../assets/stage/sheets.js"),
    include_str!("../../assets/stage/canvas.js"),
    include_str!("../../assets/stage/clock.js"),
    include_str!("../../assets/stage/missing.js"),
    include_str!("../../assets/stage/stage.js"),
    "return 0;\n})()",
);

/// The page script; without its check of what it is given, for a test.
pub(super) fn script(checks: bool) -> String {
    match checks {
        true => SCRIPT.to_owned(),
        false => SCRIPT.replace(
            "function isRefused(",
            "const isRefused = () => false;\nfunction wouldBeRefused(",
        ),
    }
}

/// Most bytes of a list that are handed over in one message. The browser takes no message above 100 MB, and a
/// character may need four bytes there.
pub(super) const PIECE: usize = 16 << 20;

/// The script's functions, by the number that names them in a message.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Operation {
    Reset,
    SetViewport,
    Insert,
    Remove,
    ChangeAttribute,
    ChangeInlineStyle,
    ChangeText,
    NewSheet,
    SetSheetText,
    InsertRule,
    DeleteRule,
    SetRuleStyle,
    Adopt,
    SetValue,
    SetChecked,
    SetSelected,
    SetScroll,
    SetMedia,
    SetDialog,
    DrawPicture,
    DrawCommands,
    AddFont,
    DefineElement,
    SetFocus,
    SetHover,
    SetActive,
    SetSelection,
}

/// The JavaScript that carries out `steps` and leaves the page at recording time `to` (milliseconds since
/// the Unix epoch); its value says what the page is like then.
pub fn step_expression(steps: &[Step], to: f64) -> String {
    step_call(&list(steps), to, &Look::default())
}

/// `steps` as the page script takes them.
pub(super) fn list(steps: &[Step]) -> String {
    let mut list = Writer(String::with_capacity(256));
    list.list(steps, |w, step| {
        w.0.push('[');
        w.number(step.time);
        w.0.push(',');
        w.list(&step.changes, change);
        w.0.push(']');
    });
    list.0
}

/// Pieces in which a long list is handed over: calls that hand one over, and the expression that stands for
/// the list after all of them.
pub(super) fn pieces(list: &str) -> (impl Iterator<Item = String>, &'static str) {
    let mut rest = list;
    let next = move || {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        let text = serde_json::Value::from(piece);
        (!piece.is_empty()).then(|| format!("domreel.take({text})"))
    };
    (std::iter::from_fn(next), "domreel.taken()")
}

/// The call that carries out `steps`, a [list] or what stands for it, leaves the page at recording time `to`
/// and looks at it.
pub(super) fn step_call(steps: &str, to: f64, look: &Look<'_>) -> String {
    let mut call = Writer(String::with_capacity(256 + steps.len()));
    call.0.push_str("domreel.step(");
    call.0.push_str(steps);
    call.0.push(',');
    call.number(to);
    call.0.push(',');
    call.look(look);
    call.0.push(')');
    call.0
}

/// The call that goes on with what is not ready at recording time `to`, or gives it up without `patience`, and
/// looks at the page when all is.
pub(super) fn settle_call(to: f64, patience: bool, look: &Look<'_>) -> String {
    let mut call = Writer("domreel.settle(".to_owned());
    call.number(to);
    call.0.push_str(if patience { ",true," } else { ",false," });
    call.look(look);
    call.0.push(')');
    call.0
}

/// The call that looks at the page as it is.
pub(super) fn look_call(look: &Look<'_>) -> String {
    let mut call = Writer("domreel.look(".to_owned());
    call.look(look);
    call.0.push(')');
    call.0
}

/// Writes JSON; the values of an operation are separated by [`Writer::and`].
struct Writer(String);

impl Writer {
    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.0.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            write(self, item);
        }
        self.0.push(']');
    }

    fn look(&mut self, look: &Look<'_>) {
        self.flag(look.missing).and();
        self.list(look.boxes, |w, node| {
            w.int(*node);
        });
    }

    fn operation(&mut self, operation: Operation) -> &mut Self {
        self.0.push('[');
        self.int(i64::from(operation as u8))
    }

    fn end(&mut self) {
        self.0.push(']');
    }

    fn and(&mut self) -> &mut Self {
        self.0.push(',');
        self
    }

    fn int(&mut self, value: impl Into<i64>) -> &mut Self {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}", value.into());
        self
    }

    fn number(&mut self, value: f64) -> &mut Self {
        use std::fmt::Write as _;
        let _ = write!(self.0, "{}", if value.is_finite() { value } else { 0.0 });
        self
    }

    fn flag(&mut self, value: bool) -> &mut Self {
        self.0.push(if value { '1' } else { '0' });
        self
    }

    fn text(&mut self, value: &str) -> &mut Self {
        // A string always has a JSON form.
        self.0.push_str(&serde_json::to_string(value).unwrap_or_default());
        self
    }

    fn null(&mut self) -> &mut Self {
        self.0.push_str("null");
        self
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => {
                self.null();
            }
        }
        self
    }

    fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.optional(value, |w, text| {
            w.text(text);
        })
    }

    fn optional_handle(&mut self, value: Option<u32>) -> &mut Self {
        self.optional(value, |w, handle| {
            w.int(handle);
        })
    }

    fn sheet(&mut self, sheet: Sheet) -> &mut Self {
        match sheet {
            Sheet::Owner(handle) => self.int(0).and().int(handle),
            Sheet::Constructed(number) => self.int(1).and().int(number),
        }
    }

    fn path(&mut self, path: &[u32]) -> &mut Self {
        self.list(path, |w, index| {
            w.int(*index);
        });
        self
    }
}

fn change(w: &mut Writer, change: &Change) {
    use Operation as Op;
    match change {
        Change::Reset => w.operation(Op::Reset),
        Change::Viewport { width, height } => {
            w.operation(Op::SetViewport).and().int(*width).and().int(*height)
        }
        Change::Insert {
            parent,
            before,
            nodes,
        } => {
            w.operation(Op::Insert)
                .and()
                .int(*parent)
                .and()
                .optional_handle(*before)
                .and()
                .list(nodes, new_node);
            w
        }
        Change::Remove { node } => w.operation(Op::Remove).and().int(*node),
        Change::Attribute { node, name, value } => w
            .operation(Op::ChangeAttribute)
            .and()
            .int(*node)
            .and()
            .text(name)
            .and()
            .optional_text(value.as_deref()),
        Change::InlineStyle {
            node,
            property,
            value,
            important,
        } => w
            .operation(Op::ChangeInlineStyle)
            .and()
            .int(*node)
            .and()
            .text(property)
            .and()
            .optional_text(value.as_deref())
            .and()
            .flag(*important),
        Change::Text { node, text } => w.operation(Op::ChangeText).and().int(*node).and().text(text),
        Change::NewSheet {
            sheet,
            document,
            media,
            disabled,
        } => w
            .operation(Op::NewSheet)
            .and()
            .int(*sheet)
            .and()
            .int(*document)
            .and()
            .optional_text(media.as_deref())
            .and()
            .flag(*disabled),
        Change::SheetText { sheet, text } => {
            w.operation(Op::SetSheetText).and().sheet(*sheet).and().text(text)
        }
        Change::InsertRule { sheet, rule, path } => w
            .operation(Op::InsertRule)
            .and()
            .sheet(*sheet)
            .and()
            .text(rule)
            .and()
            .path(path),
        Change::DeleteRule { sheet, path } => {
            w.operation(Op::DeleteRule).and().sheet(*sheet).and().path(path)
        }
        Change::RuleStyle {
            sheet,
            path,
            property,
            value,
            important,
        } => w
            .operation(Op::SetRuleStyle)
            .and()
            .sheet(*sheet)
            .and()
            .path(path)
            .and()
            .text(property)
            .and()
            .optional_text(value.as_deref())
            .and()
            .flag(*important),
        Change::Adopt { root, sheets } => w.operation(Op::Adopt).and().int(*root).and().path(sheets),
        Change::Value { node, value } => w.operation(Op::SetValue).and().int(*node).and().text(value),
        Change::Checked { node, checked } => {
            w.operation(Op::SetChecked).and().int(*node).and().flag(*checked)
        }
        Change::Selected { node, selected } => w
            .operation(Op::SetSelected)
            .and()
            .int(*node)
            .and()
            .flag(*selected),
        Change::Scroll { node, x, y } => w
            .operation(Op::SetScroll)
            .and()
            .int(*node)
            .and()
            .number(*x)
            .and()
            .number(*y),
        Change::Media { node, state } => media(w, *node, state),
        Change::Dialog { node, mode } => {
            w.operation(Op::SetDialog)
                .and()
                .int(*node)
                .and()
                .optional(*mode, |w, mode| {
                    w.flag(mode == DialogMode::Modal);
                })
        }
        Change::CanvasPicture { node, url } => w.operation(Op::DrawPicture).and().int(*node).and().text(url),
        Change::CanvasCommands {
            node,
            context,
            commands,
        } => {
            let context = match context {
                CanvasContext::TwoD => 0,
                CanvasContext::WebGl => 1,
                CanvasContext::WebGl2 => 2,
            };
            w.operation(Op::DrawCommands)
                .and()
                .int(*node)
                .and()
                .int(context)
                .and()
                .text(commands.get())
        }
        Change::Font {
            document,
            family,
            source,
            descriptors,
        } => {
            w.operation(Op::AddFont)
                .and()
                .int(*document)
                .and()
                .text(family)
                .and();
            match source {
                FontSource::Css(css) => w.text(css),
                FontSource::Bytes(bytes) => w.text(&format!("url(data:;base64,{})", BASE64.encode(bytes))),
            };
            w.and().optional_text(descriptors.as_deref())
        }
        Change::DefineElement { name } => w.operation(Op::DefineElement).and().text(name),
        Change::Focus { node, visible } => w
            .operation(Op::SetFocus)
            .and()
            .optional_handle(*node)
            .and()
            .flag(*visible),
        Change::Hover { node } => w.operation(Op::SetHover).and().optional_handle(*node),
        Change::Active { node } => w.operation(Op::SetActive).and().optional_handle(*node),
        Change::Select { ranges } => {
            w.operation(Op::SetSelection).and().0.push('[');
            for (at, range) in ranges.iter().enumerate() {
                if at > 0 {
                    w.and();
                }
                selected(w, range);
            }
            w.end();
            w
        }
    }
    .end();
}

fn selected(w: &mut Writer, range: &Range) {
    w.int(range.start)
        .and()
        .int(range.start_offset)
        .and()
        .int(range.end)
        .and()
        .int(range.end_offset);
}

fn media<'w>(w: &'w mut Writer, node: u32, state: &MediaState) -> &'w mut Writer {
    let flag = |w: &mut Writer, value: bool| {
        w.flag(value);
    };
    let number = |w: &mut Writer, value: f64| {
        w.number(value);
    };
    w.operation(Operation::SetMedia)
        .and()
        .int(node)
        .and()
        .optional(state.playing, flag)
        .and()
        .optional(state.time, number)
        .and()
        .number(state.at)
        .and()
        .optional(state.rate, number)
        .and()
        .optional(state.muted, flag)
        .and()
        .optional(state.looping, flag)
        .and()
        .optional(state.volume, number)
}

/// `[kind, handle, parent or -1, …]`; the kinds are those of `NEW_…` in nodes.js.
fn new_node(w: &mut Writer, node: &NewNode) {
    let kind = match node.content {
        NewContent::Document { .. } => 0,
        NewContent::Doctype { .. } => 1,
        NewContent::Element { .. } => 2,
        NewContent::ShadowRoot => 3,
        NewContent::Text(_) => 4,
        NewContent::Cdata(_) => 5,
        NewContent::Comment(_) => 6,
    };
    w.0.push('[');
    w.int(kind)
        .and()
        .int(node.handle)
        .and()
        .int(node.parent.map_or(-1, i64::from));
    match &node.content {
        NewContent::Document { quirks } => {
            w.and().flag(*quirks);
        }
        NewContent::Doctype {
            name,
            public_id,
            system_id,
        } => {
            w.and().text(name).and().text(public_id).and().text(system_id);
        }
        NewContent::Element {
            namespace,
            tag,
            attributes,
        } => {
            let number = match namespace {
                Namespace::Html => 0,
                Namespace::Svg => 1,
                Namespace::MathMl => 2,
            };
            w.and().int(number).and().text(tag).and().0.push('[');
            for (at, (name, value)) in attributes.iter().enumerate() {
                if at > 0 {
                    w.and();
                }
                w.text(name).and().text(value);
            }
            w.end();
            if *namespace == Namespace::Svg {
                w.and().number(node.born);
            }
        }
        NewContent::ShadowRoot => {}
        NewContent::Text(text) | NewContent::Cdata(text) | NewContent::Comment(text) => {
            w.and().text(text);
        }
    }
    w.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_knows_the_operations_in_this_order() {
        let list = SCRIPT
            .split_once("const OPERATIONS = [")
            .and_then(|(_, rest)| rest.split_once(']'));
        let names: Vec<&str> = list
            .map(|(names, _)| {
                names
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .collect()
            })
            .unwrap_or_default();
        let ours = [
            Operation::Reset,
            Operation::SetViewport,
            Operation::Insert,
            Operation::Remove,
            Operation::ChangeAttribute,
            Operation::ChangeInlineStyle,
            Operation::ChangeText,
            Operation::NewSheet,
            Operation::SetSheetText,
            Operation::InsertRule,
            Operation::DeleteRule,
            Operation::SetRuleStyle,
            Operation::Adopt,
            Operation::SetValue,
            Operation::SetChecked,
            Operation::SetSelected,
            Operation::SetScroll,
            Operation::SetMedia,
            Operation::SetDialog,
            Operation::DrawPicture,
            Operation::DrawCommands,
            Operation::AddFont,
            Operation::DefineElement,
            Operation::SetFocus,
            Operation::SetHover,
            Operation::SetActive,
            Operation::SetSelection,
        ];
        let expected: Vec<String> = ours
            .iter()
            .map(|operation| {
                let name = format!("{operation:?}");
                let (first, rest) = name.split_at(1);
                first.to_lowercase() + rest
            })
            .collect();
        assert_eq!(names, expected);
        assert_eq!(
            ours.map(|operation| operation as usize),
            std::array::from_fn(|index| index)
        );
    }

    #[test]
    fn pieces_of_a_list_are_the_list() {
        let list = "a\"ü\n".repeat(PIECE / 4);
        let mut whole = String::new();
        for call in pieces(&list).0 {
            let text = call
                .strip_prefix("domreel.take(")
                .and_then(|rest| rest.strip_suffix(')'));
            let text: String = serde_json::from_str(text.expect("a call")).expect("a text");
            assert!(text.len() <= PIECE);
            whole += &text;
        }
        assert!(whole == list);
        assert_eq!(pieces("").0.count(), 0);
    }

    #[test]
    fn a_step_is_compact_json() {
        let step = Step {
            time: 1500.25,
            changes: vec![
                Change::Reset,
                Change::Attribute {
                    node: 7,
                    name: "title".into(),
                    value: Some("a \"b\"\u{2028}".into()),
                },
                Change::Scroll {
                    node: 2,
                    x: 0.0,
                    y: f64::NAN,
                },
            ],
        };
        let look = Look {
            missing: true,
            boxes: &[3, 4],
        };
        let call = step_call(&list(&[step]), 2000.0, &look);
        let json = call
            .strip_prefix("domreel.step(")
            .and_then(|rest| rest.strip_suffix(",2000,1,[3,4])"))
            .expect("a call");
        let read: serde_json::Value = serde_json::from_str(json).expect("json");
        assert_eq!(
            read,
            serde_json::json!([[1500.25, [[0], [4, 7, "title", "a \"b\"\u{2028}"], [16, 2, 0, 0]]]])
        );
    }
}
