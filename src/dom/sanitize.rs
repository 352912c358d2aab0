//! What of a recorded element goes to the stage: nothing that could run, load a document or navigate.
//! The tree keeps everything as it was recorded; this is decided when it is given out.

use std::borrow::Cow;
use std::sync::Arc;

use super::css::rewritten_media;
use super::node::Element;

/// The name under which an element goes to the stage. What runs or loads by its nature becomes
/// something that does not, and shows the same.
pub(super) fn shown_tag(element: &Element) -> Arc<str> {
    let tag = &element.tag;
    let local = tag.rsplit(':').next().unwrap_or(tag);
    if local.eq_ignore_ascii_case("script") {
        return Arc::from("noscript");
    }
    if element.is_styled_link() {
        return Arc::from("style");
    }
    Arc::clone(tag)
}

/// The value that an attribute has in the stage; `None`: it is not there.
pub(super) fn shown(element: &Element, name: &str) -> Option<Arc<str>> {
    if name.eq_ignore_ascii_case("media") && element.is_disabled_link() {
        return Some(Arc::from("not all"));
    }
    let value = element.attribute(name)?;
    if !is_shown(element, name, value) {
        return None;
    }
    if name == "media"
        && let Cow::Owned(media) = rewritten_media(value)
    {
        return Some(media.into());
    }
    Some(Arc::clone(value))
}

/// Attributes that go nowhere, whatever element they are of.
const REFUSED: [&str; 14] = [
    "attributionsrc",
    "autofocus",
    "autoplay",
    "csp",
    "formaction",
    "integrity",
    // What is out of sight would be waited for.
    "loading",
    "manifest",
    "nonce",
    "ping",
    "profile",
    "shadowrootmode",
    "srcdoc",
    "target",
];

fn is_shown(element: &Element, name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Event handlers, and what the stage marks elements with itself.
    if name.starts_with("on") || name.starts_with("domreel-") || REFUSED.contains(&name.as_str()) {
        return false;
    }
    let inert = match element.tag.to_ascii_lowercase().as_str() {
        "iframe" | "frame" | "embed" | "object" | "portal" | "fencedframe" | "applet" => matches!(
            name.as_str(),
            "src" | "data" | "code" | "codebase" | "classid" | "archive" | "allow" | "name"
        ),
        "meta" => name == "http-equiv",
        "link" if element.is_styled_link() => {
            matches!(
                name.as_str(),
                "rel" | "href" | "crossorigin" | "disabled" | "as" | "type"
            )
        }
        "link" => matches!(name.as_str(), "href" | "imagesrcset"),
        "form" => name == "action",
        // The list's value is state, not markup.
        "select" | "textarea" => name == "value",
        "script" => matches!(name.as_str(), "src" | "href" | "xlink:href" | "type"),
        // An animation could put an address where none may be.
        "set" | "animate" | "animatetransform" | "animatemotion" => {
            matches!(name.as_str(), "to" | "from" | "values" | "by")
                && value.split(';').any(is_script_address)
        }
        _ => false,
    };
    !(inert || is_address(&name) && is_script_address(value))
}

fn is_address(name: &str) -> bool {
    matches!(
        name,
        "href" | "xlink:href" | "src" | "action" | "data" | "poster" | "background" | "cite" | "longdesc"
    )
}

/// `javascript:` and `vbscript:` as browsers read them: white space and control characters do not
/// count.
fn is_script_address(value: &str) -> bool {
    let plain: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(11)
        .collect::<String>()
        .to_ascii_lowercase();
    plain.starts_with("javascript:") || plain.starts_with("vbscript:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Namespace;

    fn element(tag: &str, attributes: &[(&str, &str)]) -> Element {
        let mut element = Element::new(Namespace::Html, tag.into());
        for (name, value) in attributes {
            element.set_attribute(&Arc::from(*name), Some(Arc::from(*value)));
        }
        element
    }

    fn is_there(tag: &str, name: &str, value: &str) -> bool {
        shown(&element(tag, &[(name, value)]), name).is_some()
    }

    #[test]
    fn what_could_run_or_load_is_left_out() {
        for (tag, name, value) in [
            ("a", "onclick", "x"),
            ("a", "ONCLICK", "x"),
            ("a", "href", " java\nscript:alert(1)"),
            ("a", "href", "\u{1}JavaScript:alert(1)"),
            ("a", "xlink:href", "vbscript:x"),
            ("a", "ping", "https://a.example/"),
            ("a", "target", "_top"),
            ("iframe", "src", "https://a.example/"),
            ("iframe", "srcdoc", "<p>"),
            ("object", "data", "a.swf"),
            ("embed", "src", "a.swf"),
            ("form", "action", "https://a.example/"),
            ("button", "formaction", "https://a.example/"),
            ("input", "autofocus", ""),
            ("img", "loading", "lazy"),
            ("video", "autoplay", ""),
            ("link", "href", "https://a.example/a.css"),
            ("link", "href", "data:text/css,"),
            ("meta", "http-equiv", "refresh"),
            ("animate", "to", "javascript:alert(1)"),
            ("animate", "values", "#a; javascript:alert(1)"),
            ("script", "src", "https://a.example/a.js"),
            ("p", "domreel-hover", ""),
        ] {
            assert!(!is_there(tag, name, value), "{tag} {name}");
        }
        for (tag, name, value) in [
            ("a", "href", "https://a.example/"),
            ("img", "src", "data:image/png;base64,"),
            ("p", "class", "on"),
            ("animate", "values", "0;1"),
            ("base", "href", "https://a.example/"),
        ] {
            assert!(is_there(tag, name, value), "{tag} {name}");
        }
    }

    #[test]
    fn what_runs_by_its_nature_becomes_something_else() {
        for (tag, expected) in [
            ("script", "noscript"),
            ("svg:SCRIPT", "noscript"),
            ("link", "link"),
        ] {
            assert_eq!(&*shown_tag(&element(tag, &[])), expected);
        }
    }

    #[test]
    fn a_link_with_its_text_is_a_style_that_can_be_off() {
        let mut link = element(
            "link",
            &[("rel", "stylesheet"), ("media", "(min-device-width: 9px)")],
        );
        link.css_text = Some("a{}".into());
        assert_eq!(&*shown_tag(&link), "style");
        assert_eq!(shown(&link, "rel"), None);
        assert_eq!(shown(&link, "media").as_deref(), Some("(min-width: 9px)"));
        link.set_attribute(&"disabled".into(), Some("".into()));
        assert_eq!(shown(&link, "media").as_deref(), Some("not all"));
        assert_eq!(shown(&link, "disabled"), None);
    }
}
