//! What of a recorded element's markup goes to the stage: nothing that could run, load or navigate.

use std::sync::Arc;

use super::Namespace;
use super::node::Element;

/// Names of SVG elements with capitals; some recorders write all names in small letters.
const SVG_NAMES: &[&str] = &[
    "altGlyph",
    "altGlyphDef",
    "altGlyphItem",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "clipPath",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "foreignObject",
    "glyphRef",
    "linearGradient",
    "radialGradient",
    "textPath",
];

/// Children of these are HTML again.
const MATHML_TEXT: &[&str] = &["mi", "mo", "mn", "ms", "mtext", "annotation-xml"];

/// The namespace of a recorded element below a parent, and its name as that namespace spells it.
pub(super) fn named(tag: &Arc<str>, svg: bool, parent: Option<&Element>) -> (Namespace, Arc<str>) {
    if svg || &**tag == "svg" {
        let spelled = SVG_NAMES.iter().find(|name| name.eq_ignore_ascii_case(tag));
        return (
            Namespace::Svg,
            spelled.map_or_else(|| Arc::clone(tag), |name| Arc::from(*name)),
        );
    }
    let in_math = parent
        .is_some_and(|parent| parent.namespace == Namespace::MathMl && !MATHML_TEXT.contains(&&*parent.tag));
    let namespace = if &**tag == "math" || in_math {
        Namespace::MathMl
    } else {
        Namespace::Html
    };
    (namespace, Arc::clone(tag))
}

/// The name under which an element goes to the stage. What runs or loads by its nature becomes
/// something that does not, and shows the same.
pub(super) fn shown_tag(element: &Element) -> Arc<str> {
    let tag = &element.tag;
    let local = tag.rsplit(':').next().unwrap_or(tag);
    if local.eq_ignore_ascii_case("script") {
        return Arc::from("noscript");
    }
    if &**tag == "link" && element.css_text.is_some() {
        return Arc::from("style");
    }
    Arc::clone(tag)
}

/// Whether an attribute goes to the stage.
pub(super) fn is_shown(element: &Element, name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let tag = element.tag.to_ascii_lowercase();
    if name.starts_with("on") {
        return false;
    }
    if matches!(
        name.as_str(),
        "srcdoc"
            | "autofocus"
            | "autoplay"
            | "ping"
            | "nonce"
            | "integrity"
            | "csp"
            | "manifest"
            | "formaction"
    ) {
        return false;
    }
    let inert = match tag.as_str() {
        "iframe" | "frame" | "embed" | "object" | "portal" | "fencedframe" | "applet" => {
            matches!(
                name.as_str(),
                "src" | "data" | "code" | "codebase" | "archive" | "allow" | "name"
            )
        }
        "meta" => matches!(name.as_str(), "http-equiv"),
        "link" if element.css_text.is_some() => matches!(name.as_str(), "rel" | "href" | "crossorigin"),
        "link" => name == "href" && !value.starts_with("data:"),
        "form" => name == "action",
        "script" => matches!(name.as_str(), "src" | "href" | "xlink:href" | "type"),
        // An animation could put an address where none may be.
        "set" | "animate" | "animatetransform" | "animatemotion" => {
            matches!(name.as_str(), "to" | "from" | "values" | "by") && is_script_address(value)
        }
        _ => false,
    };
    !(inert || is_address(&name) && is_script_address(value))
}

fn is_address(name: &str) -> bool {
    matches!(
        name,
        "href" | "xlink:href" | "src" | "action" | "formaction" | "data" | "poster" | "background" | "cite"
    )
}

/// `javascript:` and `vbscript:` as browsers read them: white space and control characters do not
/// count.
fn is_script_address(value: &str) -> bool {
    let plain: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(12)
        .collect::<String>()
        .to_ascii_lowercase();
    plain.starts_with("javascript:") || plain.starts_with("vbscript:")
}

/// The pieces of a sheet's text for the text nodes of its element.
pub(super) fn css_pieces(css: &str, nodes: usize) -> Vec<String> {
    const SPLIT: &str = "/* rr_split */";
    if nodes <= 1 {
        return vec![css.replace(SPLIT, "")];
    }
    let mut pieces: Vec<String> = css
        .splitn(nodes, SPLIT)
        .map(|piece| piece.replace(SPLIT, ""))
        .collect();
    pieces.resize(nodes, String::new());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tag: &str, name: &str, value: &str) -> bool {
        is_shown(&Element::new(Namespace::Html, tag.into()), name, value)
    }

    #[test]
    fn what_could_run_or_load_is_left_out() {
        for (tag, name, value) in [
            ("a", "onclick", "x"),
            ("a", "ONCLICK", "x"),
            ("a", "href", " java\nscript:alert(1)"),
            ("iframe", "src", "https://a.example/"),
            ("iframe", "srcdoc", "<p>"),
            ("object", "data", "a.swf"),
            ("link", "href", "https://a.example/a.css"),
            ("meta", "http-equiv", "refresh"),
            ("animate", "to", "javascript:alert(1)"),
        ] {
            assert!(!shown(tag, name, value), "{tag} {name}");
        }
        for (tag, name, value) in [
            ("a", "href", "https://a.example/"),
            ("img", "src", "data:image/png;base64,"),
            ("p", "class", "on"),
        ] {
            assert!(shown(tag, name, value), "{tag} {name}");
        }
    }

    #[test]
    fn sheets_are_split_where_the_recorder_says() {
        assert_eq!(css_pieces("a{}/* rr_split */b{}", 2), ["a{}", "b{}"]);
        assert_eq!(
            css_pieces("a{}/* rr_split */b{}/* rr_split */c{}", 2),
            ["a{}", "b{}c{}"]
        );
        assert_eq!(css_pieces("a{}", 3), ["a{}", "", ""]);
    }
}
