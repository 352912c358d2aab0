//! Recorded names and texts, put as a browser has them.

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

    #[test]
    fn sheets_are_split_where_the_recorder_says() {
        assert_eq!(css_pieces("a{}/* rr_split */b{}", 2), ["a{}", "b{}"]);
        assert_eq!(
            css_pieces("a{}/* rr_split */b{}/* rr_split */c{}", 2),
            ["a{}", "b{}c{}"]
        );
        assert_eq!(css_pieces("a{}", 3), ["a{}", "", ""]);
    }

    #[test]
    fn names_are_spelled_as_their_namespace_does() {
        let name = |tag: &str, svg, above: Option<&Element>| named(&tag.into(), svg, above);
        let math = Element::new(Namespace::MathMl, "mrow".into());
        assert_eq!(
            name("lineargradient", true, None),
            (Namespace::Svg, "linearGradient".into())
        );
        assert_eq!(name("svg", false, None), (Namespace::Svg, "svg".into()));
        assert_eq!(
            name("mfrac", false, Some(&math)),
            (Namespace::MathMl, "mfrac".into())
        );
        assert_eq!(name("div", false, None), (Namespace::Html, "div".into()));
    }
}
