//! The data of rrweb events, field by field (`packages/types/src/index.ts` of rrweb, recorder
//! versions 1.1 to 2.2). Unknown fields are passed over; a field that has another type than it
//! should counts as missing.

use std::sync::Arc;

use super::tree::{self, Names};
use super::{mutation, style};
use crate::format::json::{Json, JsonError, Kind};
use crate::recording::{
    Annotation, CanvasContext, CanvasMutation, DecodeError, EventData, EventKind, EventRoom, Font,
    FontSource, FullSnapshot, Input, Interaction, InteractionKind, MediaAction, MediaInteraction, Meta,
    NodeId, PointerKind, PointerPath, PointerSample, Scroll, SelectionRange,
};

impl From<JsonError> for DecodeError {
    fn from(error: JsonError) -> Self {
        DecodeError {
            reason: error.to_string(),
            at: error.at,
        }
    }
}

pub(super) type Decoded<T> = Result<T, DecodeError>;

/// Decodes the `data` of an event of a known kind, with no more than `room`.
pub(in crate::format) fn decode(kind: EventKind, bytes: &[u8], room: EventRoom) -> Decoded<EventData> {
    let mut json = Json::new(bytes);
    let json = &mut json;
    Ok(match kind {
        EventKind::DomContentLoaded => EventData::DomContentLoaded,
        EventKind::Load => EventData::Load,
        EventKind::Ignored => EventData::Ignored,
        EventKind::Meta => EventData::Meta(meta(json)?),
        EventKind::FullSnapshot => EventData::FullSnapshot(full_snapshot(json, room.nodes)?),
        EventKind::Mutation => EventData::Mutation(mutation::read(json, room.nodes)?),
        EventKind::PointerMove => EventData::PointerMove(pointer_path(json)?),
        EventKind::Interaction => EventData::Interaction(interaction(json)?),
        EventKind::Scroll => EventData::Scroll(scroll(json)?),
        EventKind::ViewportResize => viewport_resize(json)?,
        EventKind::Input => EventData::Input(input(json)?),
        EventKind::MediaInteraction => EventData::MediaInteraction(media(json)?),
        EventKind::StyleSheetRules => EventData::StyleSheetRules(style::rules(json)?),
        EventKind::StyleDeclaration => EventData::StyleDeclaration(style::declaration(json)?),
        EventKind::AdoptedStyleSheets => EventData::AdoptedStyleSheets(style::adopted(json)?),
        EventKind::CanvasMutation => EventData::CanvasMutation(canvas(json)?),
        EventKind::Font => EventData::Font(font(json)?),
        EventKind::Selection => EventData::Selection(selection(json)?),
        EventKind::CustomElement => custom_element(json)?,
        EventKind::Custom => custom(json)?,
        EventKind::Plugin => plugin(json)?,
        EventKind::Annotation => EventData::Annotation(annotation(json)?),
    })
}

/// A field that an event cannot be used without.
pub(super) fn needed<T>(value: Option<T>, name: &str, json: &Json<'_>) -> Decoded<T> {
    value.ok_or_else(|| DecodeError {
        reason: format!("no usable {name:?}"),
        at: json.at(),
    })
}

fn arc(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// A length or position; recorders write `null` for what was not a number.
fn coordinate(json: &mut Json<'_>) -> Result<f64, JsonError> {
    Ok(json.number_or_none()?.unwrap_or(0.0))
}

fn meta(json: &mut Json<'_>) -> Decoded<Meta> {
    let (mut href, mut width, mut height) = (None, None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "href" => href = json.string_or_none()?,
            "width" => width = json.number_or_none()?,
            "height" => height = json.number_or_none()?,
            _ => json.pass()?,
        }
    }
    Ok(Meta {
        href: arc(href.as_deref().unwrap_or_default()),
        width: needed(width, "width", json)?,
        height: needed(height, "height", json)?,
    })
}

fn full_snapshot(json: &mut Json<'_>, room: u32) -> Decoded<FullSnapshot> {
    let mut tree = None;
    let mut scroll = (0.0, 0.0);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "node" => tree = Some(tree::read(json, &mut Names::with_room(room))?),
            "initialOffset" if json.kind()? == Kind::Object => {
                json.object()?;
                while let Some(key) = json.key()? {
                    match &*key {
                        "left" => scroll.0 = coordinate(json)?,
                        "top" => scroll.1 = coordinate(json)?,
                        _ => json.pass()?,
                    }
                }
            }
            _ => json.pass()?,
        }
    }
    Ok(FullSnapshot {
        tree: needed(tree, "node", json)?,
        scroll,
    })
}

fn pointer_path(json: &mut Json<'_>) -> Decoded<PointerPath> {
    let mut kind = PointerKind::Mouse;
    let mut samples = Vec::new();
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "source" => {
                kind = match json.integer_or_none()? {
                    Some(6) => PointerKind::Touch,
                    Some(12) => PointerKind::Drag,
                    _ => PointerKind::Mouse,
                }
            }
            "positions" if json.kind()? == Kind::Array => {
                json.array()?;
                while json.element()? {
                    if json.kind()? == Kind::Object {
                        samples.push(pointer_sample(json)?);
                    } else {
                        json.skip()?;
                    }
                }
            }
            _ => json.pass()?,
        }
    }
    samples.sort_by(|one: &PointerSample, two| one.offset.total_cmp(&two.offset));
    Ok(PointerPath { kind, samples })
}

fn pointer_sample(json: &mut Json<'_>) -> Decoded<PointerSample> {
    let (mut x, mut y, mut target, mut offset) = (0.0, 0.0, None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "x" => x = coordinate(json)?,
            "y" => y = coordinate(json)?,
            "id" => target = json.integer_or_none()?,
            "timeOffset" => offset = json.number_or_none()?,
            _ => json.pass()?,
        }
    }
    Ok(PointerSample {
        x,
        y,
        target: target.unwrap_or(-1),
        offset: offset.unwrap_or(0.0).min(0.0),
    })
}

fn interaction(json: &mut Json<'_>) -> Decoded<Interaction> {
    let (mut kind, mut target, mut x, mut y, mut pointer) = (None, None, None, None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "type" => kind = json.integer_or_none()?,
            "id" => target = json.integer_or_none()?,
            "x" => x = json.number_or_none()?,
            "y" => y = json.number_or_none()?,
            "pointerType" => pointer = json.integer_or_none()?,
            _ => json.pass()?,
        }
    }
    use InteractionKind::*;
    let kinds = [
        MouseUp,
        MouseDown,
        Click,
        ContextMenu,
        DoubleClick,
        Focus,
        Blur,
        TouchStart,
        TouchMoveDeparted,
        TouchEnd,
        TouchCancel,
    ];
    let known = kind
        .and_then(|kind| usize::try_from(kind).ok())
        .and_then(|kind| kinds.get(kind).copied());
    let kind = needed(known, "type", json)?;
    let finger = matches!(kind, TouchStart | TouchMoveDeparted | TouchEnd | TouchCancel);
    Ok(Interaction {
        kind,
        target: needed(target, "id", json)?,
        position: x.zip(y),
        touch: finger || matches!(pointer, Some(1 | 2)),
    })
}

fn scroll(json: &mut Json<'_>) -> Decoded<Scroll> {
    let (mut target, mut x, mut y) = (None, 0.0, 0.0);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => target = json.integer_or_none()?,
            "x" => x = coordinate(json)?,
            "y" => y = coordinate(json)?,
            _ => json.pass()?,
        }
    }
    let target = needed(target, "id", json)?;
    Ok(Scroll { target, x, y })
}

fn viewport_resize(json: &mut Json<'_>) -> Decoded<EventData> {
    let meta = meta(json)?;
    Ok(EventData::ViewportResize {
        width: meta.width,
        height: meta.height,
    })
}

fn input(json: &mut Json<'_>) -> Decoded<Input> {
    let (mut target, mut text, mut checked, mut selected_options) = (None, None, None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => target = json.integer_or_none()?,
            "text" => text = json.scalar()?,
            "isChecked" => checked = json.bool_or_none()?,
            // PostHog's recorder only.
            "selectedOptionIds" => selected_options = integers(json)?,
            _ => json.pass()?,
        }
    }
    Ok(Input {
        target: needed(target, "id", json)?,
        text: text.map(|text| arc(&text)),
        checked,
        selected_options,
    })
}

/// An array of whole numbers; `None` when it is something else.
pub(super) fn integers(json: &mut Json<'_>) -> Result<Option<Vec<NodeId>>, JsonError> {
    if json.kind()? != Kind::Array {
        json.skip()?;
        return Ok(None);
    }
    let mut numbers = Vec::new();
    json.array()?;
    while json.element()? {
        numbers.extend(json.integer_or_none()?);
    }
    Ok(Some(numbers))
}

fn media(json: &mut Json<'_>) -> Decoded<MediaInteraction> {
    let (mut target, mut action) = (None, None);
    let (mut time, mut volume, mut muted, mut looping, mut rate) = (None, None, None, None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => target = json.integer_or_none()?,
            "type" => action = json.integer_or_none()?,
            "currentTime" => time = json.number_or_none()?,
            "volume" => volume = json.number_or_none()?,
            "muted" => muted = json.bool_or_none()?,
            "loop" => looping = json.bool_or_none()?,
            "playbackRate" => rate = json.number_or_none()?,
            _ => json.pass()?,
        }
    }
    use MediaAction::*;
    let action = match action {
        Some(0) => Some(Play),
        Some(1) => Some(Pause),
        Some(2) => Some(Seek),
        Some(3) => Some(Volume),
        Some(4) => Some(Rate),
        _ => None,
    };
    Ok(MediaInteraction {
        target: needed(target, "id", json)?,
        action: needed(action, "type", json)?,
        time,
        volume,
        muted,
        looping,
        rate,
    })
}

fn canvas(json: &mut Json<'_>) -> Decoded<CanvasMutation> {
    let (mut target, mut context, mut commands) = (None, None, None);
    let (mut property, mut args, mut setter) = (None, None, false);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "id" => target = json.integer_or_none()?,
            "type" => context = json.integer_or_none()?,
            "commands" if json.kind()? == Kind::Array => commands = Some(json.raw()?),
            "property" => property = Some(json.raw()?),
            "args" if json.kind()? == Kind::Array => args = Some(json.raw()?),
            "setter" => setter = json.bool_or_none()? == Some(true),
            _ => json.pass()?,
        }
    }
    // Recorders before 2.0 write one command an event.
    let commands = match (commands, property) {
        (None, Some(property)) => {
            let args = args.as_ref().map_or("[]", |args| args.get());
            let setter = if setter { r#","setter":true"# } else { "" };
            let one = format!(r#"[{{"property":{},"args":{args}{setter}}}]"#, property.get());
            Json::new(one.as_bytes()).raw().ok()
        }
        (commands, _) => commands,
    };
    let context = match context {
        Some(1) => CanvasContext::WebGl,
        Some(2) => CanvasContext::WebGl2,
        _ => CanvasContext::TwoD,
    };
    Ok(CanvasMutation {
        target: needed(target, "id", json)?,
        context,
        commands: needed(commands, "commands", json)?,
    })
}

fn font(json: &mut Json<'_>) -> Decoded<Font> {
    let (mut family, mut source, mut buffer, mut descriptors) = (None, None, false, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "family" => family = json.string_or_none()?,
            "fontSource" => source = json.string_or_none()?,
            "buffer" => buffer = json.bool_or_none()? == Some(true),
            "descriptors" if json.kind()? == Kind::Object => descriptors = Some(json.raw()?),
            _ => json.pass()?,
        }
    }
    let source = needed(source, "fontSource", json)?;
    let source = if buffer {
        // A font's bytes are a JSON array of numbers, in a string.
        let numbers = integers(&mut Json::new(source.as_bytes()))?;
        let bytes =
            numbers.and_then(|numbers| numbers.into_iter().map(|byte| u8::try_from(byte).ok()).collect());
        FontSource::Bytes(needed::<Vec<u8>>(bytes, "fontSource", json)?.into())
    } else {
        FontSource::Css(arc(&source))
    };
    Ok(Font {
        family: arc(&needed(family, "family", json)?),
        source,
        descriptors: descriptors.map(|descriptors| Box::from(descriptors.get())),
    })
}

fn selection(json: &mut Json<'_>) -> Decoded<Vec<SelectionRange>> {
    let mut ranges = Vec::new();
    json.object()?;
    while let Some(key) = json.key()? {
        if &*key != "ranges" || json.kind()? != Kind::Array {
            json.skip()?;
            continue;
        }
        json.array()?;
        while json.element()? {
            if json.kind()? != Kind::Object {
                json.skip()?;
                continue;
            }
            ranges.extend(selection_range(json)?);
        }
    }
    Ok(ranges)
}

fn selection_range(json: &mut Json<'_>) -> Decoded<Option<SelectionRange>> {
    let (mut start, mut start_offset, mut end, mut end_offset) = (None, 0, None, 0);
    let offset = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "start" => start = json.integer_or_none()?,
            "startOffset" => start_offset = offset(json.integer_or_none()?),
            "end" => end = json.integer_or_none()?,
            "endOffset" => end_offset = offset(json.integer_or_none()?),
            _ => json.pass()?,
        }
    }
    Ok(start.zip(end).map(|(start, end)| SelectionRange {
        start,
        start_offset,
        end,
        end_offset,
    }))
}

fn custom_element(json: &mut Json<'_>) -> Decoded<EventData> {
    let mut name = None;
    json.object()?;
    while let Some(key) = json.key()? {
        if &*key != "define" || json.kind()? != Kind::Object {
            json.skip()?;
            continue;
        }
        json.object()?;
        while let Some(key) = json.key()? {
            if &*key == "name" {
                name = json.string_or_none()?;
            } else {
                json.skip()?;
            }
        }
    }
    let name = arc(&needed(name, "define.name", json)?);
    Ok(EventData::CustomElement { name })
}

fn custom(json: &mut Json<'_>) -> Decoded<EventData> {
    let (tag, payload) = named_payload(json, "tag")?;
    Ok(EventData::Custom { tag, payload })
}

fn plugin(json: &mut Json<'_>) -> Decoded<EventData> {
    let (plugin, payload) = named_payload(json, "plugin")?;
    Ok(EventData::Plugin { plugin, payload })
}

fn named_payload(json: &mut Json<'_>, name: &str) -> Decoded<(Arc<str>, Box<serde_json::value::RawValue>)> {
    let (mut found, mut payload) = (None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            key if key == name => found = json.string_or_none()?,
            "payload" => payload = Some(json.raw()?),
            _ => json.pass()?,
        }
    }
    let found = arc(&needed(found, name, json)?);
    let payload = payload.or_else(|| Json::new(b"null").raw().ok());
    Ok((found, needed(payload, "payload", json)?))
}

fn annotation(json: &mut Json<'_>) -> Decoded<Annotation> {
    let (mut kind, mut text) = (None, None);
    json.object()?;
    while let Some(key) = json.key()? {
        match &*key {
            "type" => kind = json.string_or_none()?,
            "text" => text = json.string_or_none()?,
            _ => json.pass()?,
        }
    }
    let known = match kind.as_deref() {
        Some("caption") => Some(Annotation::Caption(
            text.filter(|text| !text.is_empty()).map(|text| arc(&text)),
        )),
        Some("timelineMarker") => text.map(|text| Annotation::Marker(arc(&text))),
        _ => None,
    };
    needed(known, "type", json)
}
