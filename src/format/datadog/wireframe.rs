//! Wireframes: boxes on the screen of a mobile application, each a shape, a text, an image or a place
//! that was left out (schemas: `session-replay/mobile` of `DataDog/rum-events-format`).

use std::sync::Arc;

use super::resources::Resources;
use crate::format::json::{Json, JsonError, Kind};
use crate::format::screen::{Font, Look, PLACEHOLDER, Position, color, each, family, length, picture, text};

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
            self.picture = picture(media_type, &data).map(|url| background_image(&url));
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

    /// How it is drawn.
    pub(super) fn look(&self) -> Look {
        let is_text = self.kind == WireframeKind::Text;
        let is_image = self.kind == WireframeKind::Image;
        let picture = self.picture.as_ref().filter(|_| is_image && !self.empty);
        let blank = is_image && self.picture.is_none() && !self.empty;
        let hidden = blank || matches!(self.kind, WireframeKind::Placeholder | WireframeKind::WebView);
        let background = picture.or(self.background.as_ref()).cloned();
        Look {
            x: self.x,
            y: self.y,
            width: self.width,
            height: self.height,
            clip: self.clip,
            background: background.or_else(|| hidden.then(|| PLACEHOLDER.into())),
            radius: self.radius,
            opacity: self.opacity.unwrap_or(1.0),
            border: self.border.clone(),
            font: self.font.clone(),
            position: if is_text {
                self.position.clone()
            } else {
                Position::centered()
            },
            spills: is_text,
        }
    }
}

fn background_image(url: &str) -> Arc<str> {
    format!("url(\"{url}\") 0 0/100% 100% no-repeat").into()
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
            "family" => font.family = family(json)?,
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
