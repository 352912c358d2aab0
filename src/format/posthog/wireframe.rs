//! Wireframes: what stands on the screen of a mobile application, by its kind and style, with what
//! stands in it (`ee/frontend/mobile-replay/mobile.types.ts` of `PostHog/posthog`). Controls are drawn by
//! what they are, for nothing tells how the device drew them.

use std::sync::Arc;

use crate::format::json::{Json, JsonError, Kind};
use crate::format::screen::{
    Font, INK, Look, PLACEHOLDER, Position, color, each, family, length, picture, text,
};

/// Wireframes within each other; what is deeper is left out.
const MOST_LEVELS: usize = 64;

/// Characters of a hidden password, however long it is.
const DOTS: &str = "••••••••";

/// Stars of a rating.
const MOST_STARS: f64 = 20.0;

/// The color of what is switched on, if no other is told.
const ACCENT: &str = "#2563eb";
const TRACK: &str = "#d3d7de";
const WHITE: &str = "#ffffff";

/// What stands on the screen, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wireframe {
    /// The recorder's number.
    pub id: Option<i64>,
    pub look: Look,
    pub caption: Arc<str>,
    /// What it is to those who do not see it, and what it is called, if its text does not say so.
    pub role: Option<&'static str>,
    pub label: Option<Arc<str>>,
    /// The style of what stands beside its text: a box to check, a switch.
    pub mark: Option<Mark>,
    pub children: Vec<Wireframe>,
}

/// What stands beside a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub style: String,
    /// It stands at the other end of the line.
    pub behind: bool,
}

/// A wireframe as it is written.
#[derive(Default)]
struct Raw {
    id: Option<i64>,
    rect: [f64; 4],
    kind: String,
    text: Arc<str>,
    label: Arc<str>,
    url: Arc<str>,
    value: Arc<str>,
    max: Option<f64>,
    input: String,
    checked: bool,
    disabled: bool,
    picture: Option<Arc<str>>,
    style: Style,
    children: Vec<Wireframe>,
}

#[derive(Default)]
struct Style {
    background: Option<Arc<str>>,
    picture: Option<Arc<str>>,
    fit: &'static str,
    border_width: Option<f64>,
    border_color: Option<Arc<str>>,
    radius: f64,
    font: Font,
    position: Position,
    bar: String,
}

impl Wireframe {
    /// Reads the value that comes next, on a screen of that size; `None` when it is no object.
    pub(super) fn read(json: &mut Json<'_>, screen: (f64, f64)) -> Result<Option<Self>, JsonError> {
        read(json, screen, 0)
    }

    /// A box with words about what is there.
    pub(super) fn placeholder(rect: [f64; 4], caption: &str) -> Self {
        let raw = Raw {
            rect,
            kind: "placeholder".to_owned(),
            label: caption.into(),
            ..Raw::default()
        };
        raw.drawn()
    }
}

fn read(json: &mut Json<'_>, screen: (f64, f64), level: usize) -> Result<Option<Wireframe>, JsonError> {
    if json.kind()? != Kind::Object {
        json.pass()?;
        return Ok(None);
    }
    let mut raw = Raw::default();
    each(json, |key, json| {
        match key {
            "id" => raw.id = json.integer_or_none()?,
            "x" => raw.rect[0] = extent(json, screen.0)?.unwrap_or(0.0),
            "y" => raw.rect[1] = extent(json, screen.1)?.unwrap_or(0.0),
            "width" => raw.rect[2] = extent(json, screen.0)?.unwrap_or(0.0),
            "height" => raw.rect[3] = extent(json, screen.1)?.unwrap_or(0.0),
            "type" => raw.kind = json.string_or_none()?.unwrap_or_default().into_owned(),
            "inputType" => raw.input = json.string_or_none()?.unwrap_or_default().into_owned(),
            "text" => raw.text = text(json)?,
            "label" => raw.label = text(json)?,
            "url" => raw.url = text(json)?,
            "value" => raw.value = json.scalar()?.unwrap_or_default().as_ref().into(),
            "max" => raw.max = json.number_or_none()?,
            "checked" => raw.checked = json.bool_or_none()? == Some(true),
            "disabled" => raw.disabled = json.bool_or_none()? == Some(true),
            "base64" => raw.picture = image(json)?,
            "style" => raw.style = Style::read(json)?,
            "childWireframes" if json.kind()? == Kind::Array && level < MOST_LEVELS => {
                json.array()?;
                while json.element()? {
                    raw.children.extend(read(json, screen, level + 1)?);
                }
            }
            _ => json.pass()?,
        }
        Ok(())
    })?;
    Ok(Some(raw.drawn()))
}

impl Style {
    fn read(json: &mut Json<'_>) -> Result<Self, JsonError> {
        let mut style = Style::default();
        each(json, |key, json| {
            let side = |json: &mut Json<'_>| Ok(extent(json, 0.0)?.unwrap_or(0.0).max(0.0));
            match key {
                "color" => style.font.color = color(json)?,
                "backgroundColor" => style.background = color(json)?,
                "backgroundImage" => style.picture = image(json)?,
                "backgroundSize" => {
                    style.fit = match json.string_or_none()?.as_deref() {
                        Some("contain") => "contain",
                        Some("cover") => "cover",
                        _ => "",
                    }
                }
                "borderWidth" => style.border_width = extent(json, 0.0)?,
                "borderRadius" => style.radius = side(json)?,
                "borderColor" => style.border_color = color(json)?,
                "fontSize" => style.font.size = extent(json, 0.0)?.filter(|size| *size > 0.0),
                "fontFamily" => style.font.family = family(json)?,
                "verticalAlign" => {
                    style.position.vertical = match json.string_or_none()?.as_deref() {
                        Some("center") => "center",
                        Some("bottom") => "flex-end",
                        _ => "",
                    }
                }
                "horizontalAlign" => {
                    style.position.horizontal = match json.string_or_none()?.as_deref() {
                        Some("center") => "center",
                        Some("right") => "right",
                        _ => "",
                    }
                }
                "paddingTop" => style.position.padding[0] = side(json)?,
                "paddingRight" => style.position.padding[1] = side(json)?,
                "paddingBottom" => style.position.padding[2] = side(json)?,
                "paddingLeft" => style.position.padding[3] = side(json)?,
                "bar" => style.bar = json.string_or_none()?.unwrap_or_default().into_owned(),
                _ => json.pass()?,
            }
            Ok(())
        })?;
        Ok(style)
    }

    /// What is behind everything in the box.
    fn background(&self) -> Option<Arc<str>> {
        match &self.picture {
            Some(url) => {
                let fit = if self.fit.is_empty() {
                    "100% 100%"
                } else {
                    self.fit
                };
                let behind = self.background.as_deref().unwrap_or_default();
                Some(
                    format!("url(\"{url}\") 0 0/{fit} no-repeat {behind}")
                        .trim_end()
                        .into(),
                )
            }
            None => self.background.clone(),
        }
    }

    fn border(&self) -> Option<(f64, Arc<str>)> {
        let width = match (self.border_width, &self.border_color) {
            (Some(width), _) => width,
            (None, Some(_)) => 1.0,
            (None, None) => 0.0,
        };
        let stroke = self.border_color.as_ref().or(self.font.color.as_ref());
        (width > 0.0).then(|| (width, stroke.cloned().unwrap_or_else(|| INK.into())))
    }
}

impl Raw {
    fn drawn(self) -> Wireframe {
        let [x, y, width, height] = self.rect;
        let mut drawn = Wireframe {
            id: self.id,
            look: Look {
                x,
                y,
                width,
                height,
                background: self.style.background(),
                radius: self.style.radius,
                border: self.style.border(),
                font: self.style.font.clone(),
                position: self.style.position.clone(),
                ..Look::default()
            },
            caption: "".into(),
            role: None,
            label: None,
            mark: None,
            children: Vec::new(),
        };
        match &*self.kind {
            "text" => drawn.caption = self.text.clone(),
            "image" | "screenshot" => match &self.picture {
                Some(url) => {
                    drawn.look.background = Some(format!("url(\"{url}\") 0 0/100% 100% no-repeat").into());
                }
                None => drawn.left_out(""),
            },
            "placeholder" => drawn.left_out(&self.label),
            "web_view" if self.url.is_empty() => drawn.left_out("Web view"),
            "web_view" => drawn.left_out(&self.url),
            "input" => self.control(&mut drawn),
            // Rectangles, groups and bars, whose content is not recorded.
            _ => {}
        }
        drawn.children = self.children;
        drawn
    }

    fn control(&self, drawn: &mut Wireframe) {
        if self.disabled {
            drawn.look.opacity = 0.5;
        }
        let tone = self.style.font.color.as_deref().unwrap_or(ACCENT);
        let center_line = |drawn: &mut Wireframe| {
            if drawn.look.position.vertical.is_empty() {
                drawn.look.position.vertical = "center";
            }
        };
        match &*self.input {
            "button" => {
                drawn.role = Some("button");
                drawn.caption = self.value.clone();
                let padding = drawn.look.position.padding;
                drawn.look.position = Position {
                    padding,
                    ..Position::centered()
                };
                if drawn.look.background.is_none() && drawn.look.border.is_none() {
                    drawn.look.background = Some(PLACEHOLDER.into());
                }
            }
            "checkbox" | "radio" | "toggle" => {
                drawn.role = Some(match &*self.input {
                    "checkbox" => "checkbox",
                    "radio" => "radio",
                    _ => "switch",
                });
                drawn.caption = self.label.clone();
                drawn.mark = Some(mark(&self.input, self.checked, tone));
                center_line(drawn);
            }
            "progress" => self.progress(drawn, tone),
            kind => {
                drawn.role = Some(if kind == "select" { "combobox" } else { "textbox" });
                drawn.label = Some(if kind == "text_area" { "text" } else { kind }.into());
                drawn.caption = match (kind, &*self.value) {
                    (_, "") => "".into(),
                    ("password", _) => DOTS.into(),
                    ("select", value) => format!("{value} ▾").into(),
                    _ => self.value.clone(),
                };
                if kind != "text_area" {
                    center_line(drawn);
                }
            }
        }
    }

    fn progress(&self, drawn: &mut Wireframe, tone: &str) {
        let value: Option<f64> = self.value.parse().ok().filter(|value: &f64| value.is_finite());
        let most = self.max.filter(|max| *max > 0.0).unwrap_or(1.0);
        let track = self.style.background.as_deref().unwrap_or(TRACK);
        let part = value.map(|value| (100.0 * value / most).clamp(0.0, 100.0));
        match &*self.style.bar {
            "rating" => {
                let stars = most.min(MOST_STARS).round();
                let full = value.unwrap_or(0.0).round().clamp(0.0, stars);
                let star = |count: f64, star: &str| star.repeat(count as usize);
                drawn.caption = (star(full, "★") + &star(stars - full, "☆")).into();
            }
            "circular" => {
                // A ring; nothing tells how far a spinner was turned.
                let part = part.unwrap_or(25.0);
                drawn.look.radius = self.rect[2].max(self.rect[3]) / 2.0;
                drawn.look.background = Some(
                    format!(
                        "radial-gradient(closest-side,{WHITE} 78%,transparent 80%),\
                         conic-gradient({tone} {part}%,{track} 0)"
                    )
                    .into(),
                );
            }
            _ => {
                let part = part.unwrap_or(0.0);
                drawn.look.background =
                    Some(format!("linear-gradient(90deg,{tone} {part}%,{track} 0)").into());
            }
        }
    }
}

impl Wireframe {
    /// Shows that something is there that is not recorded.
    fn left_out(&mut self, caption: &str) {
        self.caption = caption.into();
        let padding = self.look.position.padding;
        self.look.position = Position {
            padding,
            ..Position::centered()
        };
        self.look.background.get_or_insert_with(|| PLACEHOLDER.into());
    }
}

fn mark(kind: &str, on: bool, tone: &str) -> Mark {
    let fill = if on { tone } else { WHITE };
    let stroke = if on { tone } else { INK };
    let style = match kind {
        "toggle" => {
            let (knob, track) = if on { (24, tone) } else { (10, TRACK) };
            format!(
                "width:34px;height:20px;border-radius:10px;\
                 background:radial-gradient(circle at {knob}px 10px,{WHITE} 7px,transparent 8px),{track}"
            )
        }
        _ => {
            let radius = if kind == "radio" { "50%" } else { "3px" };
            format!(
                "box-sizing:border-box;width:16px;height:16px;border:2px solid {stroke};border-radius:{radius};\
                 background:{fill};box-shadow:inset 0 0 0 2px {WHITE}"
            )
        }
    };
    Mark {
        style: format!("flex:none;{style}"),
        behind: kind == "toggle",
    }
}

/// A length: a number, digits with or without `px`, or a share of the screen such as `100vw`.
fn extent(json: &mut Json<'_>, screen: f64) -> Result<Option<f64>, JsonError> {
    const MOST: f64 = 1e6;
    if json.kind()? == Kind::Number {
        return length(json).map(Some);
    }
    let Some(text) = json.string_or_none()? else {
        return Ok(None);
    };
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == '%');
    let number = digits
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    Ok(number.and_then(|number| match &text[digits.len()..] {
        "" | "px" => Some(number.clamp(-MOST, MOST)),
        "vw" | "vh" | "%" => Some((number / 100.0 * screen).clamp(-MOST, MOST)),
        _ => None,
    }))
}

/// The address of a picture in base 64, with or without what it is before it.
fn image(json: &mut Json<'_>) -> Result<Option<Arc<str>>, JsonError> {
    let Some(written) = json.string_or_none()? else {
        return Ok(None);
    };
    let (named, base64) = match written.strip_prefix("data:") {
        Some(rest) => match rest.split_once(";base64,") {
            Some((media_type, base64)) => (Some(media_type), base64),
            None => return Ok(None),
        },
        None => (None, &*written),
    };
    // Some encoders break lines.
    let base64: String = base64.split_ascii_whitespace().collect();
    let media_type = named.unwrap_or(match base64.get(..4) {
        Some("/9j/") => "image/jpeg",
        Some("UklG") => "image/webp",
        Some("R0lG") => "image/gif",
        _ => "image/png",
    });
    let media_type = if media_type == "image/jpg" {
        "image/jpeg"
    } else {
        media_type
    };
    Ok(if base64.is_empty() {
        None
    } else {
        picture(media_type, &base64)
    })
}
