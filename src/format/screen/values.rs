//! Values in wireframes, made safe to stand in a style.

use std::fmt::Write;
use std::sync::Arc;

use crate::format::json::{Json, JsonError, Kind};

/// Types of images that are shown.
const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];

/// Has every field of an object read; what is no object has none.
pub(in crate::format) fn each<'a>(
    json: &mut Json<'a>,
    mut field: impl FnMut(&str, &mut Json<'a>) -> Result<(), JsonError>,
) -> Result<(), JsonError> {
    if json.kind()? != Kind::Object {
        return json.pass();
    }
    json.object()?;
    while let Some(key) = json.key()? {
        field(&key, json)?;
    }
    Ok(())
}

/// Goes to an array, if there is one.
pub(in crate::format) fn list(json: &mut Json<'_>, at: Option<usize>) -> Result<bool, JsonError> {
    let Some(at) = at else { return Ok(false) };
    json.seek(at);
    json.array()?;
    Ok(true)
}

/// A length on the screen, 0 where there is none; what no screen has is brought to its bounds.
pub(in crate::format) fn length(json: &mut Json<'_>) -> Result<f64, JsonError> {
    const MOST: f64 = 1e6;
    Ok(json
        .number_or_none()?
        .map_or(0.0, |length| length.clamp(-MOST, MOST)))
}

/// Text; empty where there is none.
pub(in crate::format) fn text(json: &mut Json<'_>) -> Result<Arc<str>, JsonError> {
    Ok(json.string_or_none()?.as_deref().unwrap_or_default().into())
}

/// A color.
pub(in crate::format) fn color(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    Ok(json.string_or_none()?.and_then(|text| color_of(&text)))
}

/// A color as hexadecimal digits, red, green, blue and opacity; as a name; or as CSS's functions of them.
pub(in crate::format) fn color_of(text: &str) -> Option<Arc<str>> {
    let text = text.trim();
    let is_color = if let Some(digits) = text.strip_prefix('#') {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    } else if let Some((function, numbers)) = text.split_once('(') {
        let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'%' | b'/' | b' ');
        matches!(function, "rgb" | "rgba" | "hsl" | "hsla")
            && numbers
                .strip_suffix(')')
                .is_some_and(|numbers| numbers.bytes().all(number))
    } else {
        !text.is_empty() && text.len() < 32 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    is_color.then(|| Arc::from(text))
}

/// A list of fonts, the usual one last.
pub(in crate::format) fn family(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    let safe = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | ',' | '-' | '_');
    Ok(json.string_or_none()?.map(|family| {
        let names: String = family.chars().filter(safe).collect();
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut list = String::new();
        for name in names {
            match name {
                "serif" | "sans-serif" | "monospace" => write!(list, "{name}, "),
                name => write!(list, "\"{name}\", "),
            }
            .ok();
        }
        list.push_str("sans-serif");
        list.into()
    }))
}

/// The `data:` URL of what is in base 64 already.
pub(in crate::format) fn data_url(media_type: &str, base64: &str) -> Arc<str> {
    Arc::from(format!("data:{media_type};base64,{base64}"))
}

/// The `data:` URL of a picture in base 64, if it is one.
pub(in crate::format) fn picture(media_type: &str, base64: &str) -> Option<Arc<str>> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    (PICTURES.contains(&media_type) && base64.bytes().all(safe)).then(|| data_url(media_type, base64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_colors() {
        for good in [
            "#123",
            "#12345678",
            "red",
            "rgba(0, 0, 0, .5)",
            "hsl(120 50% 50% / 10%)",
        ] {
            assert_eq!(color_of(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "#12",
            "red;",
            "url(x)",
            "rgb(0;0)",
            "rgb(0,0,0",
            "var(--x)",
            "#ggg",
        ] {
            assert_eq!(color_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn pictures_are_pictures() {
        assert!(picture("image/png", "iVBORw0KGgo=").is_some());
        assert!(picture("image/svg+xml", "AAAA").is_none());
        assert!(picture("image/png", "A\")").is_none());
    }
}
