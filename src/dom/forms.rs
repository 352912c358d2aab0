//! Form controls.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Change;
use super::node::{Element, Kind};
use super::page::Page;
use super::tree::Key;
use crate::recording::{Input, NodeId};

impl Page {
    pub(super) fn input(&mut self, input: &Input, out: &mut Vec<Change>) {
        let Some(key) = self.known(input.target) else {
            return;
        };
        let Some(element) = self.tree.get(key).and_then(|node| node.element()) else {
            return;
        };
        let toggles = matches!(element.input_type().as_deref(), Some("checkbox" | "radio"));
        match &*element.tag {
            "input" if toggles => {
                if let Some(checked) = input.checked {
                    self.check(key, checked, out);
                }
            }
            "input" | "textarea" => {
                let text = input.text.as_ref().map(|text| self.bounded(text));
                self.give_value(key, text.as_ref(), out);
            }
            "select" => match &input.selected_options {
                Some(options) => self.choose(key, options, out),
                None => self.give_value(key, input.text.as_ref(), out),
            },
            "option" => {
                if let Some(selected) = input.checked {
                    self.mark_option(key, selected, out);
                }
            }
            // Text that a person typed into something of the page's own has come as mutations.
            _ => {}
        }
    }

    fn check(&mut self, key: Key, checked: bool, out: &mut Vec<Change>) {
        let is_radio = self
            .tree
            .get(key)
            .and_then(|node| node.element()?.input_type())
            .is_some_and(|kind| &*kind == "radio");
        if checked && is_radio {
            for other in self.others_of_group(key) {
                self.set_checked(other, false, out);
            }
        }
        self.set_checked(key, checked, out);
    }

    fn set_checked(&mut self, key: Key, checked: bool, out: &mut Vec<Change>) {
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        if let Some(element) = node.element_mut() {
            element.checked = Some(checked);
            out.push(Change::Checked {
                node: handle,
                checked,
            });
        }
    }

    /// The radio buttons that a browser unchecks when this one is checked, as far as they are known to
    /// be checked.
    fn others_of_group(&self, key: Key) -> Vec<Key> {
        let name = |key: Key| self.tree.get(key)?.element()?.attribute("name");
        let Some(group) = name(key).filter(|name| !name.is_empty()) else {
            return Vec::new();
        };
        let is_form = |key: &Key| self.tree.tag(*key).is_some_and(|tag| &**tag == "form");
        let form = |key: Key| self.tree.ancestors(key).find(is_form);
        let is_root = |key: &Key| {
            let kind = self.tree.get(*key).map(|node| &node.kind);
            matches!(kind, Some(Kind::Document { .. } | Kind::ShadowRoot))
        };
        let Some(root) = self.tree.ancestors(key).find(is_root) else {
            return Vec::new();
        };
        let own_form = form(key);
        let is_other = |other: &Key| {
            let element = self.tree.get(*other).and_then(|node| node.element());
            *other != key
                && element.is_some_and(|element| {
                    let is_radio = element.input_type().is_some_and(|kind| &*kind == "radio");
                    is_radio
                        && (element.checked == Some(true)
                            || element.checked.is_none() && element.attribute("checked").is_some())
                })
                && name(*other) == Some(group)
                && form(*other) == own_form
                && self.tree.ancestors(*other).find(is_root) == Some(root)
        };
        self.tree.subtree(root).into_iter().filter(is_other).collect()
    }

    pub(super) fn give_value(&mut self, key: Key, value: Option<&Arc<str>>, out: &mut Vec<Change>) {
        let Some(value) = value else { return };
        let Some(node) = self.tree.get_mut(key) else {
            return;
        };
        let handle = node.handle;
        let Some(element) = node.element_mut() else { return };
        element.value = Some(Arc::clone(value));
        if &*element.tag == "select" {
            // What was marked before says nothing any more.
            for option in self.options(key) {
                self.set_selected(option, None);
            }
        }
        out.push(Change::Value {
            node: handle,
            value: Arc::clone(value),
        });
    }

    /// Of a list, these options are selected and no others.
    fn choose(&mut self, list: Key, wanted: &[NodeId], out: &mut Vec<Change>) {
        let wanted: FxHashSet<Key> = wanted.iter().filter_map(|id| self.tree.key(*id)).collect();
        let (on, off): (Vec<Key>, Vec<Key>) = self
            .options(list)
            .into_iter()
            .partition(|option| wanted.contains(option));
        for option in off {
            self.mark_option(option, false, out);
        }
        for option in on {
            self.mark_option(option, true, out);
        }
    }

    /// An option is selected or not.
    pub(super) fn mark_option(&mut self, option: Key, selected: bool, out: &mut Vec<Change>) {
        let Some(node) = self.tree.handle(option) else {
            return;
        };
        self.set_selected(option, Some(selected));
        if selected {
            self.option_counts(option);
        }
        out.push(Change::Selected { node, selected });
    }

    /// Of nodes that came into the page, each option that is selected counts, the last one most.
    pub(super) fn count_options<'k>(&mut self, came: impl IntoIterator<Item = &'k Key>) {
        for key in came {
            let selected = self.tree.get(*key).and_then(|node| node.element()?.selected);
            if selected == Some(true) {
                self.option_counts(*key);
            }
        }
    }

    /// An option that is selected counts more than what its list was given before.
    fn option_counts(&mut self, option: Key) {
        let is_list = |key: &Key| self.tree.tag(*key).is_some_and(|tag| &**tag == "select");
        let Some(list) = self.tree.ancestors(option).find(is_list) else {
            return;
        };
        let Some(element) = self.tree.get_mut(list).and_then(|node| node.element_mut()) else {
            return;
        };
        element.value = None;
        if element.attribute("multiple").is_some() {
            return;
        }
        for other in self.options(list) {
            let marked = self.tree.get(other).and_then(|node| node.element()?.selected);
            if other != option && marked == Some(true) {
                self.set_selected(other, None);
            }
        }
    }

    fn set_selected(&mut self, option: Key, selected: Option<bool>) {
        if let Some(element) = self.tree.get_mut(option).and_then(|node| node.element_mut()) {
            element.selected = selected;
        }
    }

    fn options(&self, list: Key) -> Vec<Key> {
        let mut options = self.tree.subtree(list);
        options.retain(|key| self.tree.tag(*key).is_some_and(|tag| &**tag == "option"));
        options
    }

    /// Lists that came into the page with a value and no marked option show that value.
    pub(super) fn settle_list(&mut self, list: Key) {
        let value = self
            .tree
            .get(list)
            .and_then(|node| node.element()?.attribute("value").cloned());
        let Some(value) = value else { return };
        let options = self.options(list);
        let element = |key: Key| self.tree.get(key).and_then(|node| node.element());
        let marked = options
            .iter()
            .any(|key| element(*key).is_some_and(|option| option.selected == Some(true)));
        let offered = options
            .iter()
            .any(|key| element(*key).and_then(|option| option.attribute("value")) == Some(&value));
        if offered
            && !marked
            && let Some(list) = self.tree.get_mut(list).and_then(|node| node.element_mut())
        {
            list.value = Some(value);
        }
    }
}

impl Element {
    /// The type of an input, in small letters.
    pub(super) fn input_type(&self) -> Option<String> {
        (&*self.tag == "input")
            .then(|| {
                self.attribute("type")
                    .map(|kind| kind.trim().to_ascii_lowercase())
            })
            .flatten()
    }
}
