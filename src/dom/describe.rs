//! Elements in words, as a person who sees the page would name them.

use std::fmt;
use std::sync::Arc;

use super::node::Element;
use super::page::Page;
use super::tree::Key;
use crate::recording::NodeId;

/// Longest name of an element, in characters.
const LONGEST_NAME: usize = 60;

/// How far up a click is taken to mean something that can be clicked.
const REACH: usize = 8;

/// An element in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What it is: `button`, `link`, `field`…
    pub role: &'static str,
    /// What it is called; empty when nothing says.
    pub name: String,
    /// The element that is meant: the recorded node or what it is part of.
    pub node: Option<NodeId>,
    /// What is typed into it must never be shown.
    pub secret: bool,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str(self.role),
            name => write!(f, "{} ‘{name}’", self.role),
        }
    }
}

impl Page {
    /// Describes a node, or what a click on it means: the button around an icon, the link around a
    /// text. `None` when it is not on the page.
    pub fn describe(&self, id: NodeId) -> Option<Description> {
        let start = self.tree.key(id)?;
        let chain: Vec<Key> = std::iter::once(start)
            .chain(self.tree.ancestors(start))
            .take(REACH)
            .collect();
        let named = chain
            .iter()
            .find_map(|key| Some((*key, role(self.tree.get(*key)?.element()?)?)));
        let (key, role) = named.or_else(|| {
            let element = chain.iter().find(|key| self.tree.tag(**key).is_some())?;
            Some((*element, self.plain_role(*element)))
        })?;
        let node = self.tree.get(key)?;
        let element = node.element()?;
        Some(Description {
            role,
            name: shortened(&self.name(key, element)),
            node: node.id,
            secret: is_secret(element),
        })
    }

    fn plain_role(&self, key: Key) -> &'static str {
        match self.tree.tag(key).map(|tag| &**tag) {
            Some("html" | "body") => "page",
            Some("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => "heading",
            Some("p" | "span" | "b" | "i" | "em" | "strong" | "li" | "td" | "th") => "text",
            _ => "area",
        }
    }

    /// What an element is called: its label, its text, or what else a person is told.
    fn name(&self, key: Key, element: &Element) -> String {
        let attribute = |name: &str| element.attribute(name).map(|value| value.trim().to_owned());
        let given = |name: &str| attribute(name).filter(|value| tells(value));
        let is_field = matches!(&*element.tag, "input" | "textarea" | "select") || is_editor(element);
        if let Some(label) = given("aria-label") {
            return label;
        }
        if is_field {
            let kind = element.attribute("type").map(|kind| kind.to_ascii_lowercase());
            if matches!(kind.as_deref(), Some("submit" | "button" | "reset")) {
                return given("value").unwrap_or_default();
            }
            return self
                .label(key, element)
                .or_else(|| self.label_of_host(key))
                .or_else(|| given("placeholder"))
                .or_else(|| given("title"))
                .or_else(|| given("name"))
                .unwrap_or_default();
        }
        // A page or a large area is not called by all its text.
        if !matches!(&*element.tag, "html" | "body" | "main") {
            let text = self.tree.text(key, 4 * LONGEST_NAME);
            let is_area = role(element).is_none() && self.plain_role(key) == "area";
            let too_long = is_area && text.chars().count() > LONGEST_NAME;
            if !text.is_empty() && !too_long {
                return text;
            }
        }
        if let Some(text) = self.slotted(key) {
            return text;
        }
        given("alt")
            .or_else(|| given("title"))
            .or_else(|| {
                let below = self.tree.subtree(key);
                below.into_iter().take(50).find_map(|key| {
                    let inner = self.tree.get(key)?.element()?;
                    let name = inner.attribute("aria-label").or_else(|| inner.attribute("alt"))?;
                    (!name.trim().is_empty()).then(|| name.trim().to_owned())
                })
            })
            .or_else(|| given("id"))
            .unwrap_or_default()
    }

    /// The text that is shown in what is part of a custom element: what the page put into that.
    fn slotted(&self, key: Key) -> Option<String> {
        let is_slot = |key: &Key| self.tree.tag(*key).is_some_and(|tag| &**tag == "slot");
        if !self.tree.subtree(key).iter().any(is_slot) {
            return None;
        }
        let has_shadow = |key: &Key| self.tree.get(*key).is_some_and(|node| node.shadow.is_some());
        let host = self.tree.ancestors(key).take(REACH).find(has_shadow)?;
        let texts = self
            .tree
            .children(host)
            .map(|child| self.tree.text(child, 4 * LONGEST_NAME))
            .filter(|text| !text.is_empty());
        let text = texts.collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// The text of the label of a field: around it, naming it, or right before it.
    fn label(&self, key: Key, element: &Element) -> Option<String> {
        let is_label = |key: &Key| self.tree.tag(*key).is_some_and(|tag| &**tag == "label");
        let around = self.tree.ancestors(key).take(REACH).find(is_label);
        let label = around.or_else(|| {
            let id = element.attribute("id")?;
            let scope = self.tree.scope_of(key)?;
            self.tree.subtree(scope).into_iter().find(|key| {
                is_label(key)
                    && self.tree.scope_of(*key) == Some(scope)
                    && self
                        .tree
                        .get(*key)
                        .and_then(|node| node.element()?.attribute("for"))
                        .is_some_and(|of| of == id)
            })
        });
        // Many pages say only by its place what a label is for.
        let label = label.or_else(|| {
            let parent = self.tree.get(key)?.parent?;
            if is_box(element) {
                let mut after = self
                    .tree
                    .children(parent)
                    .skip_while(|child| *child != key)
                    .skip(1);
                let next = after.find(|child| self.tree.tag(*child).is_some());
                return next.filter(is_label);
            }
            let before = self.tree.children(parent).take_while(|child| *child != key);
            before
                .filter(|child| self.tree.tag(*child).is_some())
                .last()
                .filter(is_label)
        })?;
        let text = self
            .tree
            .text_without(label, &["select", "textarea"], 4 * LONGEST_NAME);
        tells(&text).then_some(text)
    }

    /// What the custom element says that a field is part of.
    fn label_of_host(&self, key: Key) -> Option<String> {
        let root = self.tree.scope_of(key)?;
        let host = self.tree.get(self.tree.get(root)?.parent?)?.element()?;
        let label = host.attribute("label").or_else(|| host.attribute("aria-label"))?;
        tells(label).then(|| label.trim().to_owned())
    }

    /// The value that a control has now; `None` for what must not be shown.
    pub fn value_of(&self, id: NodeId) -> Option<Arc<str>> {
        let element = self.tree.get(self.tree.key(id)?)?.element()?;
        if is_secret(element) {
            return None;
        }
        element
            .value
            .clone()
            .or_else(|| element.attribute("value").cloned())
    }
}

/// Whether a text says something: it is there, and not masked.
fn tells(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !matches!(c, '*' | '•' | '█'))
}

/// What can be clicked or filled in.
fn role(element: &Element) -> Option<&'static str> {
    let given = element.attribute("role").map(|role| &**role);
    let role = match given {
        Some("button") => "button",
        Some("link") => "link",
        Some("checkbox" | "switch") => "check box",
        Some("radio") => "option",
        Some("tab") => "tab",
        Some("menuitem") => "menu item",
        Some("option") => "option",
        Some("textbox" | "searchbox" | "combobox") => "field",
        _ if is_editor(element) => "field",
        _ => match &*element.tag {
            "button" | "summary" => "button",
            "a" => "link",
            "textarea" => "field",
            "select" => "list",
            "option" => "option",
            "label" => "label",
            "video" | "audio" => "player",
            "input" => match element
                .attribute("type")
                .map(|kind| kind.to_ascii_lowercase())
                .as_deref()
            {
                Some("submit" | "button" | "reset" | "image") => "button",
                Some("checkbox") => "check box",
                Some("radio") => "option",
                Some("range") => "slider",
                Some("file") => "file field",
                _ => "field",
            },
            _ => return None,
        },
    };
    Some(role)
}

/// Whether it is an element whose content can be written in.
fn is_editor(element: &Element) -> bool {
    let editable = element.attribute("contenteditable");
    editable.is_some_and(|value| matches!(&**value, "" | "true" | "plaintext-only"))
}

/// Whether it is a box to check, whose label stands behind it.
fn is_box(element: &Element) -> bool {
    let kind = element.attribute("type").map(|kind| kind.to_ascii_lowercase());
    matches!(kind.as_deref(), Some("checkbox" | "radio"))
}

fn is_secret(element: &Element) -> bool {
    let is = |name: &str, test: &dyn Fn(&str) -> bool| {
        element
            .attribute(name)
            .is_some_and(|value| test(&value.to_ascii_lowercase()))
    };
    &*element.tag == "input"
        && (is("type", &|kind| kind == "password")
            || is("data-rr-is-password", &|_| true)
            || is("autocomplete", &|kind| {
                kind.contains("password") || kind.starts_with("cc-") || kind == "one-time-code"
            }))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_NAME {
        return text.to_owned();
    }
    let cut: String = text.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use crate::dom::Replay;
    use crate::format::{Input, ReadOptions, read};

    /// What node 5 is called in a page whose body has these nodes.
    fn described(body: &str) -> String {
        let events = format!(
            r#"[{{"type":4,"timestamp":1,"data":{{"href":"https://a.example/","width":800,"height":600}}}},
                {{"type":2,"timestamp":2,"data":{{"initialOffset":{{"top":0,"left":0}},"node":{{"type":0,"id":1,"childNodes":[
                {{"type":2,"tagName":"html","attributes":{{}},"id":2,"childNodes":[
                {{"type":2,"tagName":"body","attributes":{{}},"id":3,"childNodes":[{body}]}}]}}]}}}}}}]"#
        );
        let input = Input::Bytes {
            name: "page".to_owned(),
            data: events.into_bytes().into(),
        };
        let recording = read(&[input], &ReadOptions::default()).unwrap();
        let mut replay = Replay::new(&recording.tabs[0]);
        replay.seek(10.0);
        replay.page().describe(5).unwrap().to_string()
    }

    #[test]
    fn a_field_is_called_by_the_label_right_before_it() {
        let label = |attributes: &str, text: &str| {
            format!(
                r#"{{"type":2,"tagName":"label","attributes":{attributes},"id":4,"childNodes":[
                    {{"type":3,"textContent":"{text}","id":6}}]}},"#
            )
        };
        let input = r#"{"type":2,"tagName":"input","attributes":{"placeholder":"** ***","name":"first"},"id":5,"childNodes":[]}"#;
        assert_eq!(
            described(&(label("{}", "First name") + input)),
            "field ‘First name’"
        );
        let check =
            r#"{"type":2,"tagName":"input","attributes":{"type":"checkbox"},"id":5,"childNodes":[]},"#;
        let behind = label("{}", "Buy milk");
        assert_eq!(
            described(&format!("{check}{}", behind.trim_end_matches(','))),
            "check box ‘Buy milk’"
        );
        // What is masked tells nothing.
        assert_eq!(described(&(label("{}", "***** ****") + input)), "field ‘first’");
        assert_eq!(described(input), "field ‘first’");
    }

    #[test]
    fn large_areas_are_not_called_by_all_their_text() {
        let area = |attributes: &str, text: &str| {
            format!(
                r#"{{"type":2,"tagName":"div","attributes":{attributes},"id":5,"childNodes":[
                    {{"type":3,"textContent":"{text}","id":6}}]}}"#
            )
        };
        let long = "text ".repeat(30);
        assert_eq!(described(&area("{}", "Music")), "area ‘Music’");
        assert_eq!(described(&area("{}", &long)), "area");
        let editor = r#"{"contenteditable":"true","title":"Message"}"#;
        assert_eq!(described(&area(editor, &long)), "field ‘Message’");
    }

    #[test]
    fn ids_count_within_their_shadow_roots() {
        let within = |host: u32, label: &str, field: u32, attributes: &str| {
            format!(
                r#"{{"type":2,"tagName":"x-field","isShadowHost":true,"attributes":{attributes},"id":{host},"childNodes":[
                    {{"type":2,"tagName":"label","isShadow":true,"attributes":{{"for":"input"}},"id":{},"childNodes":[
                        {{"type":3,"textContent":"{label}","id":{}}}]}},
                    {{"type":2,"tagName":"input","isShadow":true,"attributes":{{"id":"input"}},"id":{field},"childNodes":[]}}]}}"#,
                host + 1,
                host + 2
            )
        };
        let first = within(20, "Name", 30, "{}");
        assert_eq!(
            described(&format!("{first},{}", within(40, "Notes", 5, "{}"))),
            "field ‘Notes’"
        );
        let by_host = within(40, "", 5, r#"{"label":"Notes"}"#);
        assert_eq!(described(&format!("{first},{by_host}")), "field ‘Notes’");
    }
}
