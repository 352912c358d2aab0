//! A stage without a browser: carries changes out as the page script does, strictly, and tells in
//! one comparable text what the page has become.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use domreel::dom::{Change, Handle, Namespace, NewContent, NewNode, Range, STAGE, Sheet, Step};

/// What the page script would show.
#[derive(Default)]
pub struct Model {
    nodes: HashMap<Handle, Node>,
    root: Option<Handle>,
    viewport: Option<(u32, u32)>,
    sheets: HashMap<u32, (Handle, Vec<String>)>,
    fonts: Vec<String>,
    defined: Vec<String>,
    focus: Option<(Handle, bool)>,
    hover: Option<Handle>,
    active: Option<Handle>,
    ranges: Vec<Range>,
    highest: Handle,
}

struct Node {
    parent: Handle,
    children: Vec<Handle>,
    shadow: Option<Handle>,
    document: Option<Handle>,
    born: f64,
    content: NewContent,
    attributes: BTreeMap<String, String>,
    style: Vec<(String, String)>,
    rules: Vec<String>,
    adopted: Vec<u32>,
    scroll: Option<(f64, f64)>,
    state: BTreeMap<&'static str, String>,
    canvas: Vec<String>,
}

impl Model {
    /// Carries out a step.
    pub fn take(&mut self, step: &Step) {
        for change in &step.changes {
            self.change(change);
        }
    }

    fn node(&mut self, handle: Handle, change: &Change) -> &mut Node {
        self.nodes
            .get_mut(&handle)
            .unwrap_or_else(|| panic!("{change:?} names {handle}, which the stage does not have"))
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Reset => {
                *self = Model {
                    viewport: self.viewport,
                    ..Model::default()
                };
            }
            Change::Viewport { width, height } => self.viewport = Some((*width, *height)),
            Change::Insert {
                parent,
                before,
                nodes,
            } => self.insert(*parent, *before, nodes, change),
            Change::Remove { node } => {
                self.node(*node, change);
                self.unlink(*node);
                self.forget(*node);
            }
            Change::Attribute { node, name, value } => {
                let element = self.node(*node, change);
                let NewContent::Element { tag, .. } = &element.content else {
                    panic!("{change:?}: no element");
                };
                if &**name == "style" {
                    element.style.clear();
                }
                if &**tag == "canvas" && matches!(&**name, "width" | "height") {
                    element.canvas.clear();
                }
                match value {
                    Some(value) => drop(element.attributes.insert(name.to_string(), value.to_string())),
                    None => drop(element.attributes.remove(&**name)),
                }
            }
            Change::InlineStyle {
                node,
                property,
                value,
                important,
            } => {
                let element = self.node(*node, change);
                element.style.retain(|(known, _)| **known != **property);
                element
                    .style
                    .push((property.to_string(), format!("{value:?} {important}")));
            }
            Change::Text { node, text } => {
                let parent = {
                    let node = self.node(*node, change);
                    match &mut node.content {
                        NewContent::Text(old) | NewContent::Cdata(old) | NewContent::Comment(old) => {
                            *old = text.clone();
                        }
                        other => panic!("{change:?}: {other:?} has no text"),
                    }
                    node.parent
                };
                self.children_changed(parent);
            }
            Change::NewSheet { sheet, document, .. } => {
                self.node(*document, change);
                assert!(
                    self.sheets.insert(*sheet, (*document, Vec::new())).is_none(),
                    "sheet {sheet} twice"
                );
            }
            Change::SheetText { sheet, text } => {
                assert!(
                    matches!(sheet, Sheet::Constructed(_)),
                    "{change:?}: would break the handles of the text nodes"
                );
                let rules = self.rules(sheet, change);
                rules.clear();
                rules.push(text.to_string());
            }
            Change::InsertRule { sheet, rule, path } => {
                let op = format!("insert {rule} {path:?}");
                self.rules(sheet, change).push(op);
            }
            Change::DeleteRule { sheet, path } => {
                let op = format!("delete {path:?}");
                self.rules(sheet, change).push(op);
            }
            Change::RuleStyle {
                sheet,
                path,
                property,
                value,
                important,
            } => {
                let op = format!("style {path:?} {property} {value:?} {important}");
                self.rules(sheet, change).push(op);
            }
            Change::Adopt { root, sheets } => {
                let document = self.document_of(*root);
                for sheet in sheets {
                    let made = self.sheets.get(sheet).unwrap_or_else(|| panic!("{change:?}"));
                    assert_eq!(made.0, document, "{change:?}: a sheet of another document");
                }
                self.node(*root, change).adopted.clone_from(sheets);
            }
            Change::Value { node, value } => {
                let is_list = {
                    let element = self.node(*node, change);
                    element.state.insert("value", value.to_string());
                    matches!(&element.content, NewContent::Element { tag, .. } if &**tag == "select")
                };
                if is_list {
                    for below in self.subtree(*node) {
                        self.node(below, change).state.remove("selected");
                    }
                }
            }
            Change::Checked { node, checked } => {
                self.node(*node, change)
                    .state
                    .insert("checked", checked.to_string());
            }
            Change::Selected { node, selected } => {
                self.node(*node, change)
                    .state
                    .insert("selected", selected.to_string());
            }
            Change::Scroll { node, x, y } => self.node(*node, change).scroll = Some((*x, *y)),
            Change::Media { node, state } => {
                // What is not told stays, but all that is known is told each time.
                self.node(*node, change)
                    .state
                    .insert("media", format!("{state:?}"));
            }
            Change::Dialog { node, mode } => {
                let element = self.node(*node, change);
                element.attributes.remove("open");
                match mode {
                    Some(mode) => drop(element.state.insert("dialog", format!("{mode:?}"))),
                    None => drop(element.state.remove("dialog")),
                }
            }
            Change::CanvasPicture { node, url } => {
                let element = self.node(*node, change);
                element.canvas.clear();
                element.canvas.push(url.to_string());
            }
            Change::CanvasCommands { node, commands, .. } => {
                self.node(*node, change).canvas.push(commands.get().to_owned());
            }
            Change::Font { document, family, .. } => {
                self.node(*document, change);
                self.fonts.push(family.to_string());
            }
            Change::DefineElement { name } => {
                assert!(!self.defined.contains(&name.to_string()), "{name} defined twice");
                self.defined.push(name.to_string());
            }
            Change::Focus { node, visible } => {
                self.focus = node.map(|node| {
                    self.node(node, change);
                    (node, *visible)
                });
            }
            Change::Hover { node } => {
                self.hover = node.inspect(|node| {
                    self.node(*node, change);
                });
            }
            Change::Active { node } => {
                self.active = node.inspect(|node| {
                    self.node(*node, change);
                });
            }
            Change::Select { ranges } => {
                for range in ranges {
                    self.node(range.start, change);
                    self.node(range.end, change);
                }
                self.ranges.clone_from(ranges);
            }
        }
    }

    fn rules(&mut self, sheet: &Sheet, change: &Change) -> &mut Vec<String> {
        match sheet {
            Sheet::Owner(node) => &mut self.node(*node, change).rules,
            Sheet::Constructed(number) => {
                &mut self
                    .sheets
                    .get_mut(number)
                    .unwrap_or_else(|| panic!("{change:?}"))
                    .1
            }
        }
    }

    fn insert(&mut self, parent: Handle, before: Option<Handle>, nodes: &[NewNode], change: &Change) {
        if parent != STAGE {
            self.node(parent, change);
        }
        if let Some(before) = before {
            assert_eq!(
                self.node(before, change).parent,
                parent,
                "{change:?}: not a sibling"
            );
        }
        for (at, new) in nodes.iter().enumerate() {
            assert!(
                new.handle > self.highest,
                "{change:?}: handle {} was given before",
                new.handle
            );
            self.highest = new.handle;
            let above = match new.parent {
                Some(above) => {
                    assert!((above as usize) < at, "{change:?}: a child before its parent");
                    nodes[above as usize].handle
                }
                None => {
                    assert_eq!(at, 0, "{change:?}: two roots");
                    parent
                }
            };
            let attributes = match &new.content {
                NewContent::Element { attributes, .. } => attributes
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_string()))
                    .collect(),
                _ => BTreeMap::new(),
            };
            self.check_place(above, new, change);
            self.nodes.insert(
                new.handle,
                Node {
                    parent: above,
                    children: Vec::new(),
                    shadow: None,
                    document: None,
                    born: new.born,
                    content: new.content.clone(),
                    attributes,
                    style: Vec::new(),
                    rules: Vec::new(),
                    adopted: Vec::new(),
                    scroll: None,
                    state: BTreeMap::new(),
                    canvas: Vec::new(),
                },
            );
            self.link(above, new, before.filter(|_| at == 0));
        }
    }

    /// The DOM's own rules about what may stand where.
    fn check_place(&self, parent: Handle, new: &NewNode, change: &Change) {
        if parent == STAGE {
            assert!(
                matches!(new.content, NewContent::Document { .. }) && self.root.is_none(),
                "{change:?}"
            );
            return;
        }
        let above = &self.nodes[&parent];
        let count = |test: fn(&NewContent) -> bool| {
            above
                .children
                .iter()
                .filter(|child| test(&self.nodes[child].content))
                .count()
        };
        let fits = match (&above.content, &new.content) {
            (
                NewContent::Element {
                    namespace: Namespace::Html,
                    tag,
                    ..
                },
                NewContent::Document { .. },
            ) => matches!(&**tag, "iframe" | "frame" | "object") && above.document.is_none(),
            (_, NewContent::Document { .. }) => false,
            (
                NewContent::Element {
                    namespace: Namespace::Html,
                    ..
                },
                NewContent::ShadowRoot,
            ) => above.shadow.is_none(),
            (_, NewContent::ShadowRoot) => false,
            (NewContent::Document { .. }, NewContent::Element { .. }) => {
                count(|content| matches!(content, NewContent::Element { .. })) == 0
            }
            (NewContent::Document { .. }, NewContent::Doctype { .. }) => {
                count(|content| matches!(content, NewContent::Doctype { .. })) == 0
            }
            (NewContent::Document { .. }, content) => matches!(content, NewContent::Comment(_)),
            (_, NewContent::Doctype { .. }) => false,
            (NewContent::Element { .. } | NewContent::ShadowRoot, _) => true,
            _ => false,
        };
        assert!(fits, "{:?} cannot stand in {:?}", new.content, above.content);
    }

    fn link(&mut self, parent: Handle, new: &NewNode, before: Option<Handle>) {
        if parent == STAGE {
            self.root = Some(new.handle);
            return;
        }
        let above = self.nodes.get_mut(&parent).expect("a parent");
        match new.content {
            NewContent::ShadowRoot => above.shadow = Some(new.handle),
            NewContent::Document { .. } => above.document = Some(new.handle),
            _ => {
                let at = before.and_then(|before| above.children.iter().position(|child| *child == before));
                above
                    .children
                    .insert(at.unwrap_or(above.children.len()), new.handle);
                self.check_order(parent);
                self.children_changed(parent);
            }
        }
    }

    /// A doctype stands before the element.
    fn check_order(&self, document: Handle) {
        if !matches!(self.nodes[&document].content, NewContent::Document { .. }) {
            return;
        }
        let children = &self.nodes[&document].children;
        let place = |test: fn(&NewContent) -> bool| {
            children.iter().position(|child| test(&self.nodes[child].content))
        };
        let doctype = place(|content| matches!(content, NewContent::Doctype { .. }));
        let element = place(|content| matches!(content, NewContent::Element { .. }));
        if let (Some(doctype), Some(element)) = (doctype, element) {
            assert!(doctype < element, "a doctype after the element");
        }
    }

    /// A browser makes the sheet of a style element anew.
    fn children_changed(&mut self, parent: Handle) {
        if let Some(parent) = self.nodes.get_mut(&parent) {
            parent.rules.clear();
        }
    }

    fn unlink(&mut self, handle: Handle) {
        let parent = self.nodes[&handle].parent;
        if parent == STAGE {
            self.root = None;
            return;
        }
        let above = self.nodes.get_mut(&parent).expect("a parent");
        above.children.retain(|child| *child != handle);
        if above.shadow == Some(handle) {
            panic!("a shadow root cannot be removed");
        }
        if above.document == Some(handle) {
            above.document = None;
        }
        self.children_changed(parent);
    }

    fn forget(&mut self, top: Handle) {
        for handle in self.subtree(top) {
            self.nodes.remove(&handle);
            self.sheets.retain(|_, (document, _)| *document != handle);
            if self.focus.is_some_and(|(focus, _)| focus == handle) {
                self.focus = None;
            }
            self.ranges
                .retain(|range| range.start != handle && range.end != handle);
        }
    }

    fn subtree(&self, top: Handle) -> Vec<Handle> {
        let mut order = Vec::new();
        let mut open = vec![top];
        while let Some(handle) = open.pop() {
            order.push(handle);
            let node = &self.nodes[&handle];
            open.extend(node.children.iter().rev());
            open.extend(node.document);
            open.extend(node.shadow);
        }
        order
    }

    fn document_of(&self, handle: Handle) -> Handle {
        let mut at = handle;
        while !matches!(self.nodes[&at].content, NewContent::Document { .. }) {
            at = self.nodes[&at].parent;
        }
        at
    }

    /// The page as text. Nodes go by their place, so that pages are equal that were reached on
    /// different ways.
    pub fn tell(&self) -> String {
        let order = self.root.map(|root| self.subtree(root)).unwrap_or_default();
        assert_eq!(order.len(), self.nodes.len(), "nodes that hang nowhere");
        let places: HashMap<Handle, usize> = order
            .iter()
            .enumerate()
            .map(|(at, handle)| (*handle, at))
            .collect();
        let place = |handle: Handle| {
            *places
                .get(&handle)
                .unwrap_or_else(|| panic!("{handle} is pointed at, but gone"))
        };
        let mut out = format!("{:?}\n", self.viewport);
        for (at, handle) in order.iter().enumerate() {
            let node = &self.nodes[handle];
            let parent = (node.parent != STAGE).then(|| place(node.parent));
            let content = match &node.content {
                NewContent::Element { namespace, tag, .. } => format!("{namespace:?} {tag}"),
                other => format!("{other:?}"),
            };
            let adopted: Vec<&Vec<String>> = node.adopted.iter().map(|sheet| &self.sheets[sheet].1).collect();
            // A picture of the whole canvas hides what was drawn before.
            let shown = node
                .canvas
                .iter()
                .rposition(|drawn| drawn.contains("drawImage"))
                .unwrap_or(0);
            writeln!(
                out,
                "{at} in {parent:?} born {} {content} {:?} {:?} {:?} {adopted:?} {:?} {:?} {:?}",
                node.born,
                node.attributes,
                node.style,
                node.rules,
                node.scroll,
                node.state,
                &node.canvas[shown..],
            )
            .expect("text");
        }
        let mut defined = self.defined.clone();
        defined.sort_unstable();
        let focus = self.focus.map(|(node, visible)| (place(node), visible));
        let ranges: Vec<_> = self
            .ranges
            .iter()
            .map(|range| {
                (
                    place(range.start),
                    range.start_offset,
                    place(range.end),
                    range.end_offset,
                )
            })
            .collect();
        let (hover, active) = (self.hover.map(place), self.active.map(place));
        writeln!(
            out,
            "{:?} {defined:?} {focus:?} {hover:?} {active:?} {ranges:?}",
            self.fonts
        )
        .expect("text");
        out
    }
}
