//! Attributes of elements, and the state that recorders store beside them under `rr_…` names
//! (`packages/rrweb-snapshot/src/snapshot.ts` of rrweb).

use std::sync::Arc;

use super::tree::Names;
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::{Attribute, DialogMode, StyleProperty};

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// On a node that comes whole.
    Tree,
    /// In a mutation of a node that is there.
    Mutation,
}

/// Reads an object of attributes.
pub(super) fn read(
    json: &mut Json<'_>,
    names: &mut Names,
    of: Of,
    attributes: &mut Vec<Attribute>,
) -> Result<(), JsonError> {
    json.object()?;
    while let Some(name) = json.key()? {
        if let Some(attribute) = state(json, &name)? {
            attributes.extend(attribute);
            continue;
        }
        let value = match json.kind()? {
            Kind::Object if &*name == "style" => {
                attributes.push(Attribute::Style(style(json, names)?));
                continue;
            }
            Kind::Bool => match json.bool_or_none()? {
                Some(true) => Some(Arc::from("")),
                // Only old recorders write it, for what is not there.
                _ => continue,
            },
            Kind::Null => {
                json.skip()?;
                if of == Of::Tree {
                    continue;
                }
                None
            }
            Kind::Object | Kind::Array => {
                json.skip()?;
                continue;
            }
            Kind::String | Kind::Number => json.scalar()?.map(|value| Arc::from(&*value)),
        };
        let name = names.get(&name);
        attributes.push(Attribute::Plain { name, value });
    }
    Ok(())
}

/// Reads an attribute that is not one of the markup; outer `None` when it is.
fn state(json: &mut Json<'_>, name: &str) -> Result<Option<Option<Attribute>>, JsonError> {
    let attribute = match name {
        "_cssText" => text(json)?.map(Attribute::CssText),
        "rr_width" => text(json)?.map(Attribute::BlockedWidth),
        "rr_height" => text(json)?.map(Attribute::BlockedHeight),
        "rr_dataURL" => text(json)?.map(Attribute::DataUrl),
        "rr_src" => text(json)?.map(Attribute::FrameSource),
        "rr_scrollLeft" => json.number_or_none()?.map(Attribute::ScrollLeft),
        "rr_scrollTop" => json.number_or_none()?.map(Attribute::ScrollTop),
        "rr_mediaState" => text(json)?.map(|state| Attribute::MediaPlaying(&*state == "played")),
        "rr_mediaCurrentTime" => json.number_or_none()?.map(Attribute::MediaTime),
        "rr_mediaPlaybackRate" => json.number_or_none()?.map(Attribute::MediaRate),
        "rr_mediaVolume" => json.number_or_none()?.map(Attribute::MediaVolume),
        "rr_mediaMuted" => json.bool_or_none()?.map(Attribute::MediaMuted),
        "rr_mediaLoop" => json.bool_or_none()?.map(Attribute::MediaLoop),
        "rr_open_mode" => {
            let mode = json.string_or_none()?;
            Some(Attribute::Dialog(mode.map(|mode| match &*mode {
                "modal" => DialogMode::Modal,
                _ => DialogMode::NonModal,
            })))
        }
        // PostHog's notes about elements it had trouble with.
        "rr_left" | "rr_top" | "rr_could_not_detect_modal" => {
            json.skip()?;
            None
        }
        _ => return Ok(None),
    };
    Ok(Some(attribute))
}

fn text(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    Ok(json.scalar()?.map(|text| Arc::from(&*text)))
}

/// Changed declarations: `{property: value | [value, priority] | false}`.
fn style(json: &mut Json<'_>, names: &mut Names) -> Result<Vec<StyleProperty>, JsonError> {
    let mut properties = Vec::new();
    json.object()?;
    while let Some(property) = json.key()? {
        let mut important = false;
        let value = match json.kind()? {
            Kind::Bool => {
                json.skip()?;
                None
            }
            Kind::Array => {
                json.array()?;
                let mut value = None;
                let mut place = 0;
                while json.element()? {
                    match place {
                        0 => value = text(json)?,
                        1 => important = json.scalar()?.as_deref() == Some("important"),
                        _ => {
                            json.skip()?;
                        }
                    }
                    place += 1;
                }
                value
            }
            _ => text(json)?,
        };
        properties.push(StyleProperty {
            property: names.get(&property),
            value,
            important,
        });
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(text: &str, of: Of) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        read(
            &mut Json::new(text.as_bytes()),
            &mut Names::with_room(u32::MAX),
            of,
            &mut attributes,
        )
        .unwrap();
        attributes
    }

    fn plain(name: &str, value: Option<&str>) -> Attribute {
        Attribute::Plain {
            name: name.into(),
            value: value.map(Arc::from),
        }
    }

    #[test]
    fn values_of_every_type_become_text() {
        let text = r#"{"class":"a","tabindex":-1,"checked":true,"selected":false,"title":null,"x":{}}"#;
        let tree = [
            plain("class", Some("a")),
            plain("tabindex", Some("-1")),
            plain("checked", Some("")),
        ];
        assert_eq!(attributes(text, Of::Tree), tree);
        assert_eq!(attributes(text, Of::Mutation).last(), Some(&plain("title", None)));
    }

    #[test]
    fn recorded_state_is_told_from_markup() {
        let text = r#"{"_cssText":"a{}","rr_width":"12.5px","rr_scrollTop":40,"rr_mediaState":"paused",
            "rr_mediaMuted":false,"rr_open_mode":"modal","rr_left":3}"#;
        let expected = [
            Attribute::CssText("a{}".into()),
            Attribute::BlockedWidth("12.5px".into()),
            Attribute::ScrollTop(40.0),
            Attribute::MediaPlaying(false),
            Attribute::MediaMuted(false),
            Attribute::Dialog(Some(DialogMode::Modal)),
        ];
        assert_eq!(attributes(text, Of::Tree), expected);
    }

    #[test]
    fn style_changes_by_declaration() {
        let text = r#"{"style":{"top":"3px","color":["red","important"],"left":false}}"#;
        let property = |property: &str, value: Option<&str>, important| StyleProperty {
            property: property.into(),
            value: value.map(Arc::from),
            important,
        };
        let expected = Attribute::Style(vec![
            property("top", Some("3px"), false),
            property("color", Some("red"), true),
            property("left", None, false),
        ]);
        assert_eq!(attributes(text, Of::Mutation), [expected]);
        assert_eq!(
            attributes(r#"{"style":"top: 3px"}"#, Of::Mutation),
            [plain("style", Some("top: 3px"))]
        );
    }
}
