//! Attributes that refer to assets.

use std::sync::Arc;

use super::AssetKind;
use super::fill::Filler;
use crate::recording::Attribute;

/// Elements, by what they refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Image,
    Source,
    Player,
    Input,
    SvgImage,
    Use,
    Style,
    /// A `<link>` of a style sheet.
    Sheet,
    /// Another `<link>`, or one of which that is not known.
    Link,
    Frame,
    Base,
    /// A text node in a `<style>`.
    StyleText,
    Other,
}

impl Tag {
    pub(super) fn of(name: &str, attributes: &[Attribute]) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "img" => Tag::Image,
            "source" => Tag::Source,
            "video" | "audio" => Tag::Player,
            "input" => Tag::Input,
            "image" | "feimage" => Tag::SvgImage,
            "use" => Tag::Use,
            "style" => Tag::Style,
            "link" if plain(attributes, "rel").is_some_and(|rel| is_sheet(rel)) => Tag::Sheet,
            "link" => Tag::Link,
            "iframe" | "frame" => Tag::Frame,
            "base" => Tag::Base,
            _ => Tag::Other,
        }
    }
}

/// Whether a `rel` is that of a style sheet.
pub(super) fn is_sheet(rel: &str) -> bool {
    rel.split_whitespace()
        .any(|kind| kind.eq_ignore_ascii_case("stylesheet"))
}

/// The value of an attribute of the markup.
pub(super) fn plain<'a>(attributes: &'a [Attribute], wanted: &str) -> Option<&'a Arc<str>> {
    attributes.iter().find_map(|attribute| match attribute {
        Attribute::Plain { name, value } if name.eq_ignore_ascii_case(wanted) => value.as_ref(),
        _ => None,
    })
}

impl Filler<'_> {
    /// Fills in the attributes of an element, new ones or changed ones; whether any changed.
    pub(super) fn attributes(&mut self, tag: Tag, attributes: &mut Vec<Attribute>, base: &str) -> bool {
        let mut changed = match tag {
            Tag::Sheet => self.link(attributes, base),
            // What was recorded of a picture counts more than its address.
            Tag::Image if attributes.iter().any(|one| matches!(one, Attribute::DataUrl(_))) => return false,
            Tag::Image | Tag::Source => self.sources(tag, attributes, base),
            _ => false,
        };
        // The addresses in the text of a link's sheet count from there.
        let href = plain(attributes, "href").cloned().filter(|_| tag == Tag::Sheet);
        for attribute in attributes.iter_mut() {
            changed |= match attribute {
                Attribute::Plain {
                    name,
                    value: Some(value),
                } => {
                    let filled = match (&*name.to_ascii_lowercase(), tag) {
                        ("style", _) => self.css(value, base),
                        ("src", Tag::Image | Tag::Input) => self.look(AssetKind::Image, value, base),
                        ("src", Tag::Player | Tag::Source) => self.look(AssetKind::Media, value, base),
                        ("poster", Tag::Player) | ("background", Tag::Other) => {
                            self.look(AssetKind::Image, value, base)
                        }
                        ("href" | "xlink:href", Tag::SvgImage) => self.look(AssetKind::Image, value, base),
                        ("href" | "xlink:href", Tag::Use) => self
                            .look(AssetKind::Image, value, base)
                            .filter(|data| data.starts_with("data:image/svg+xml")),
                        _ => None,
                    };
                    put(value, filled)
                }
                Attribute::Style(properties) => {
                    let mut any = false;
                    for value in properties
                        .iter_mut()
                        .filter_map(|property| property.value.as_mut())
                    {
                        let filled = self.css(value, base);
                        any |= put(value, filled);
                    }
                    any
                }
                Attribute::CssText(css) => {
                    let filled = match &href {
                        Some(href) => {
                            let at =
                                super::resolved(href, base).map_or_else(|| base.to_owned(), String::from);
                            self.css(css, &at)
                        }
                        None => self.css(css, base),
                    };
                    put(css, filled)
                }
                _ => false,
            };
        }
        changed
    }

    /// A link whose sheet was not recorded gets its text.
    fn link(&mut self, attributes: &mut Vec<Attribute>, base: &str) -> bool {
        if attributes.iter().any(|one| matches!(one, Attribute::CssText(_))) {
            return false;
        }
        let Some(href) = plain(attributes, "href") else {
            return false;
        };
        match self.sheet(href, base) {
            Some(text) => {
                attributes.push(Attribute::CssText(text));
                true
            }
            None => false,
        }
    }

    /// Of the pictures that an `<img>` or `<source>` chooses from, those that are there stay. Where none
    /// is, but the one in `src` may be, the choice goes.
    fn sources(&mut self, tag: Tag, attributes: &mut Vec<Attribute>, base: &str) -> bool {
        let Some(set) = plain(attributes, "srcset").cloned() else {
            return false;
        };
        let mut there = Vec::new();
        for (url, descriptor) in candidates(&set) {
            if url.starts_with("data:") {
                there.push(format!("{url} {descriptor}"));
            } else if let Some(data) = self.look(AssetKind::Image, url, base) {
                there.push(format!("{data} {descriptor}"));
            }
        }
        let src_is_there = || {
            let src = plain(attributes, "src");
            src.is_some_and(|src| self.assets.has(src, base) || src.starts_with("data:"))
        };
        if there.is_empty() {
            if tag == Tag::Image && !src_is_there() {
                return false;
            }
            set_plain(attributes, "srcset", None);
            return true;
        }
        // With the choice made here, `src` is for browsers without one: it must not count as missing.
        if tag == Tag::Image && !src_is_there() {
            let first = there.first().and_then(|one| one.split(' ').next()).map(Arc::from);
            set_plain(attributes, "src", first);
        }
        set_plain(attributes, "srcset", Some(there.join(", ").into()));
        true
    }
}

fn set_plain(attributes: &mut Vec<Attribute>, wanted: &str, new: Option<Arc<str>>) {
    let known = attributes.iter_mut().find_map(|attribute| match attribute {
        Attribute::Plain { name, value } if name.eq_ignore_ascii_case(wanted) => Some(value),
        _ => None,
    });
    match known {
        Some(value) => *value = new,
        None => attributes.push(Attribute::Plain {
            name: wanted.into(),
            value: new,
        }),
    }
}

pub(super) fn put(value: &mut Arc<str>, filled: Option<Arc<str>>) -> bool {
    match filled {
        Some(filled) => {
            *value = filled;
            true
        }
        None => false,
    }
}

/// The pictures of a `srcset`, each with its descriptor.
fn candidates(set: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = set;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return found;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, behind) = rest.split_at(end);
        if let Some(alone) = url.strip_suffix(',') {
            found.push((alone.trim_end_matches(','), ""));
            rest = behind;
            continue;
        }
        let mut depth = 0;
        let end = behind.find(|c: char| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            c == ',' && depth <= 0
        });
        let (descriptor, behind) = behind.split_at(end.unwrap_or(behind.len()));
        found.push((url, descriptor.trim()));
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{Asset, Assets};
    use super::*;

    #[test]
    fn sets_are_read_as_browsers_do() {
        assert_eq!(
            candidates(" a.png 1x,b,c.png 2x , d.png, e.png 100w"),
            [
                ("a.png", "1x"),
                ("b,c.png", "2x"),
                ("d.png", ""),
                ("e.png", "100w")
            ]
        );
        assert_eq!(
            candidates("data:image/png;base64,AA 1x"),
            [("data:image/png;base64,AA", "1x")]
        );
        assert_eq!(candidates(" , "), []);
    }

    fn attributes(all: &[(&str, &str)]) -> Vec<Attribute> {
        let plain = |(name, value): &(&str, &str)| Attribute::Plain {
            name: (*name).into(),
            value: Some((*value).into()),
        };
        all.iter().map(plain).collect()
    }

    fn filled(tag: Tag, all: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let mut assets = Assets::default();
        for (name, media_type) in [
            ("a.png", "image/png"),
            ("a.svg", "image/svg+xml"),
            ("a.mp4", "video/mp4"),
        ] {
            let url = Url::parse(&format!("https://a.example/{name}")).unwrap();
            assets.insert(&url, Asset::new("x", media_type));
        }
        assets.insert(
            &Url::parse("https://a.example/a.css").unwrap(),
            Asset::new("b{}", "text/css"),
        );
        let mut attributes = attributes(all);
        Filler::new(&assets).attributes(tag, &mut attributes, "https://a.example/");
        let told = |attribute: Attribute| match attribute {
            Attribute::Plain { name, value } => (name.to_string(), value.map(|value| value.to_string())),
            Attribute::CssText(css) => ("css".to_owned(), Some(css.to_string())),
            other => panic!("{other:?}"),
        };
        attributes.into_iter().map(told).collect()
    }

    const PNG: &str = "data:image/png;base64,eA==";

    fn is(name: &str, value: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), value.map(str::to_owned))
    }

    #[test]
    fn pictures_come_from_what_is_there() {
        assert_eq!(filled(Tag::Image, &[("src", "a.png")]), [is("src", Some(PNG))]);
        assert_eq!(
            filled(Tag::Image, &[("src", "b.png")]),
            [is("src", Some("b.png"))]
        );
        // The browser's choice is made among those that are there.
        assert_eq!(
            filled(Tag::Image, &[("src", "b.png"), ("srcset", "b.png 1x, a.png 2x")]),
            [is("src", Some(PNG)), is("srcset", Some(&format!("{PNG} 2x")))]
        );
        assert_eq!(
            filled(Tag::Image, &[("src", "a.png"), ("srcset", "b.png 2x")]),
            [is("src", Some(PNG)), is("srcset", None)]
        );
        let none = [("src", "b.png"), ("srcset", "c.png 2x")];
        assert_eq!(
            filled(Tag::Image, &none),
            none.map(|(name, value)| is(name, Some(value)))
        );
        assert_eq!(filled(Tag::Source, &[("srcset", "c.png")]), [is("srcset", None)]);
        let sprite = filled(Tag::Use, &[("href", "a.svg#i"), ("xlink:href", "a.png#i")]);
        let svg = "data:image/svg+xml;base64,eA==#i";
        assert_eq!(sprite, [is("href", Some(svg)), is("xlink:href", Some("a.png#i"))]);
    }

    #[test]
    fn documents_and_scripts_are_never_filled_in() {
        for (tag, name) in [
            (Tag::Frame, "src"),
            (Tag::Other, "src"),
            (Tag::Other, "href"),
            (Tag::Other, "data"),
            (Tag::Link, "href"),
            (Tag::Base, "href"),
        ] {
            assert_eq!(
                filled(tag, &[(name, "a.png")]),
                [is(name, Some("a.png"))],
                "{tag:?} {name}"
            );
        }
    }

    #[test]
    fn links_get_their_sheets() {
        let link = [("rel", "preload stylesheet"), ("href", "a.css")];
        assert_eq!(Tag::of("link", &attributes(&link)), Tag::Sheet);
        assert_eq!(filled(Tag::Sheet, &link).last(), Some(&is("css", Some("b{}"))));
        assert_eq!(filled(Tag::Sheet, &[("href", "b.css")]).len(), 1);
    }
}
