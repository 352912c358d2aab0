//! Wireframes: boxes on the screen of a mobile application, each a shape, a text, an image or a place
//! that was left out (schemas: `session-replay/mobile` of `DataDog/rum-events-format`).

use std::fmt::Write;
use std::sync::Arc;

use super::resources::{Resources, data_url};
use crate::format::json::{Json, JsonError, Kind};

/// A declaration of the `style` attribute that draws a wireframe.
pub(super) type Declaration = (&'static str, Arc<str>);

/// What fills places of which no picture is known.
const PLACEHOLDER: &str = "#e4e6eb";

/// Types of images that are shown.
const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];

/// Stops of a gradient; what more there are is left out.
const STOPS: usize = 64;

/// A box, as far as is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wireframe {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// How much of each side is not shown: top, right, bottom, left.
    clip: Option<[f64; 4]>,
    kind: WireframeKind,
    background: Option<Arc<str>>,
    radius: f64,
    opacity: Option<f64>,
    /// Width and color.
    border: Option<(f64, Arc<str>)>,
    text: Arc<str>,
    label: Arc<str>,
    font: Font,
    position: Position,
    /// The image as a background. Many styles are made with it: it is put together only once.
    picture: Option<Arc<str>>,
    /// An image that shows nothing.
    empty: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum WireframeKind {
    #[default]
    Shape,
    Text,
    Image,
    Placeholder,
    WebView,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Font {
    family: Option<Arc<str>>,
    size: Option<f64>,
    color: Option<Arc<str>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Position {
    /// Top, right, bottom, left.
    padding: [f64; 4],
    horizontal: &'static str,
    vertical: &'static str,
}

/// What a wireframe says besides how it looks.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub id: Option<i64>,
    /// Bytes of an uploaded picture that it refers to, and so repeats.
    pub repeated: u64,
}

impl Wireframe {
    /// Takes over what the object that comes next says; the rest stays.
    pub(super) fn read(
        &mut self,
        json: &mut Json<'_>,
        resources: &Resources,
        room: u64,
    ) -> Result<Head, JsonError> {
        let mut head = Head::default();
        let (mut base64, mut media_type, mut resource) = (None, None, None);
        each(json, |key, json| {
            match key {
                "id" => head.id = json.integer_or_none()?,
                "x" => self.x = length(json)?,
                "y" => self.y = length(json)?,
                "width" => self.width = length(json)?,
                "height" => self.height = length(json)?,
                "clip" => self.clip = Some(sides(json)?),
                "type" => self.kind = kind(json.string_or_none()?.as_deref()),
                "shapeStyle" => self.shape(json)?,
                "border" => self.border = border(json)?,
                "text" => self.text = text(json)?,
                "label" => self.label = text(json)?,
                "textStyle" => self.font = font(json)?,
                "textPosition" => self.position = position(json)?,
                "isEmpty" => self.empty = json.bool_or_none()? == Some(true),
                "mimeType" => media_type = json.string_or_none()?,
                "base64" => base64 = json.string_or_none()?,
                "resourceId" => resource = json.string_or_none()?,
                _ => json.pass()?,
            }
            Ok(())
        })?;
        if let Some(url) = resource.and_then(|name| resources.url(&name)) {
            head.repeated = url.len() as u64;
            self.picture = (head.repeated <= room).then(|| background_image(&url));
        } else if let Some(data) = base64.filter(|data| !data.is_empty()) {
            let media_type = media_type.as_deref().unwrap_or("image/png");
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            self.picture = (PICTURES.contains(&media_type) && data.bytes().all(safe))
                .then(|| background_image(&data_url(media_type, &data)));
        }
        Ok(head)
    }

    fn shape(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        (self.background, self.radius, self.opacity) = (None, 0.0, None);
        let mut gradient_fill = None;
        each(json, |key, json| {
            match key {
                "backgroundColor" => self.background = color(json)?,
                "backgroundGradient" => gradient_fill = gradient(json)?,
                "cornerRadius" => self.radius = length(json)?.max(0.0),
                "opacity" => self.opacity = json.number_or_none()?.map(|opacity| opacity.clamp(0.0, 1.0)),
                _ => json.pass()?,
            }
            Ok(())
        })?;
        self.background = gradient_fill.or(self.background.take());
        Ok(())
    }

    /// What is written in the box.
    pub(super) fn caption(&self) -> Arc<str> {
        match self.kind {
            WireframeKind::Text => self.text.clone(),
            WireframeKind::Placeholder => self.label.clone(),
            WireframeKind::WebView => "Web view".into(),
            WireframeKind::Image | WireframeKind::Shape => "".into(),
        }
    }

    /// Whether a point of the screen is in it.
    pub(super) fn contains(&self, x: f64, y: f64) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    /// Every declaration, always the same ones in the same order.
    pub(super) fn style(&self) -> Vec<Declaration> {
        let blank = matches!(self.kind, WireframeKind::Image) && self.picture.is_none() && !self.empty;
        let hidden = blank || matches!(self.kind, WireframeKind::Placeholder | WireframeKind::WebView);
        let none = || Arc::<str>::from("none");
        let background = self.background.clone().unwrap_or_else(none);
        let background = if hidden && self.background.is_none() {
            PLACEHOLDER.into()
        } else {
            background
        };
        let picture = self
            .picture
            .as_ref()
            .filter(|_| self.kind == WireframeKind::Image && !self.empty);
        let is_text = self.kind == WireframeKind::Text;
        let (align, justify) = if is_text {
            (self.position.horizontal, self.position.vertical)
        } else {
            ("center", "center")
        };
        let or = |value: &'static str, usual: &'static str| if value.is_empty() { usual } else { value };
        let border = self.border.as_ref();
        let padding = self.position.padding.map(|side| format!("{side}px")).join(" ");
        let px = |length: f64| Arc::<str>::from(format!("{length}px"));
        vec![
            ("left", px(self.x)),
            ("top", px(self.y)),
            ("width", px(self.width.max(0.0))),
            ("height", px(self.height.max(0.0))),
            (
                "background",
                match picture {
                    Some(picture) => picture.clone(),
                    None => background,
                },
            ),
            ("border-radius", px(self.radius)),
            ("opacity", self.opacity.unwrap_or(1.0).to_string().into()),
            (
                "border",
                match border {
                    Some((width, color)) => format!("{width}px solid {color}").into(),
                    None => "0".into(),
                },
            ),
            (
                "clip-path",
                match self.clip {
                    Some([top, right, bottom, left]) => {
                        format!("inset({top}px {right}px {bottom}px {left}px)").into()
                    }
                    None => none(),
                },
            ),
            ("overflow", if is_text { "visible" } else { "hidden" }.into()),
            ("padding", if is_text { padding.into() } else { "0".into() }),
            (
                "font-family",
                match &self.font.family {
                    Some(family) => family.clone(),
                    None => "sans-serif".into(),
                },
            ),
            ("font-size", px(self.font.size.unwrap_or(12.0))),
            (
                "color",
                self.font.color.clone().unwrap_or_else(|| "#5b6270".into()),
            ),
            ("text-align", or(align, "left").into()),
            ("justify-content", or(justify, "flex-start").into()),
        ]
    }
}

fn background_image(url: &str) -> Arc<str> {
    format!("url(\"{url}\") 0 0/100% 100% no-repeat").into()
}

/// Has every field of an object read; what is no object has none.
fn each<'a>(
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

fn kind(name: Option<&str>) -> WireframeKind {
    match name {
        Some("text") => WireframeKind::Text,
        Some("image") => WireframeKind::Image,
        Some("placeholder") => WireframeKind::Placeholder,
        Some("webview") => WireframeKind::WebView,
        _ => WireframeKind::Shape,
    }
}

/// A length on the screen; what no screen has is brought to its bounds.
fn length(json: &mut Json<'_>) -> Result<f64, JsonError> {
    const MOST: f64 = 1e6;
    Ok(json
        .number_or_none()?
        .map_or(0.0, |length| length.clamp(-MOST, MOST)))
}

fn text(json: &mut Json<'_>) -> Result<Arc<str>, JsonError> {
    Ok(json.string_or_none()?.as_deref().unwrap_or_default().into())
}

/// A color as hexadecimal digits, red, green, blue and opacity. Nothing else gets into a style.
fn color(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    let color = json.string_or_none()?;
    Ok(color
        .filter(|color| {
            let digits = color.strip_prefix('#').unwrap_or_default();
            matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
        .map(|color| Arc::from(&*color)))
}

fn sides(json: &mut Json<'_>) -> Result<[f64; 4], JsonError> {
    let mut sides = [0.0; 4];
    each(json, |key, json| {
        match key {
            "top" => sides[0] = length(json)?,
            "right" => sides[1] = length(json)?,
            "bottom" => sides[2] = length(json)?,
            "left" => sides[3] = length(json)?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(sides)
}

fn border(json: &mut Json<'_>) -> Result<Option<(f64, Arc<str>)>, JsonError> {
    let (mut width, mut stroke) = (0.0, None);
    each(json, |key, json| {
        match key {
            "width" => width = length(json)?.max(0.0),
            "color" => stroke = color(json)?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(stroke.map(|stroke| (width, stroke)))
}

fn font(json: &mut Json<'_>) -> Result<Font, JsonError> {
    let mut font = Font::default();
    each(json, |key, json| {
        match key {
            "family" => {
                let safe =
                    |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | ',' | '-' | '_');
                let family = json.string_or_none()?;
                font.family = family.map(|family| {
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
                });
            }
            "size" => font.size = Some(length(json)?.max(0.0)),
            "color" => font.color = color(json)?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(font)
}

fn position(json: &mut Json<'_>) -> Result<Position, JsonError> {
    let mut position = Position::default();
    each(json, |key, json| {
        match key {
            "padding" => position.padding = sides(json)?.map(|side| side.max(0.0)),
            "alignment" => each(json, |key, json| {
                let name = json.scalar()?;
                match (key, name.as_deref()) {
                    ("horizontal", Some("center")) => position.horizontal = "center",
                    ("horizontal", Some("right")) => position.horizontal = "right",
                    ("vertical", Some("center")) => position.vertical = "center",
                    ("vertical", Some("bottom")) => position.vertical = "flex-end",
                    _ => {}
                }
                Ok(())
            })?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(position)
}

/// A linear gradient as CSS has it. The line goes from point to point of a box of size 1.
fn gradient(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    let (mut stops, mut start, mut end) = (Vec::new(), (0.5, 0.0), (0.5, 1.0));
    each(json, |key, json| {
        match (key, json.kind()?) {
            ("startPoint", _) => start = point(json)?,
            ("endPoint", _) => end = point(json)?,
            ("stops", Kind::Array) => {
                json.array()?;
                while json.element()? {
                    let (mut stop, mut place) = (None, 0.0);
                    each(json, |key, json| {
                        match key {
                            "color" => stop = color(json)?,
                            "position" => place = json.number_or_none()?.unwrap_or(0.0).clamp(0.0, 1.0),
                            _ => json.pass()?,
                        }
                        Ok(())
                    })?;
                    if let Some(stop) = stop.filter(|_| stops.len() < STOPS) {
                        stops.push(format!("{stop} {}%", place * 100.0));
                    }
                }
            }
            _ => json.pass()?,
        }
        Ok(())
    })?;
    // CSS measures from upwards, clockwise.
    let angle = (end.0 - start.0).atan2(start.1 - end.1).to_degrees();
    Ok((stops.len() > 1).then(|| format!("linear-gradient({angle}deg,{})", stops.join(",")).into()))
}

fn point(json: &mut Json<'_>) -> Result<(f64, f64), JsonError> {
    let mut point = (0.0, 0.0);
    each(json, |key, json| {
        match key {
            "x" => point.0 = length(json)?,
            "y" => point.1 = length(json)?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(point)
}
