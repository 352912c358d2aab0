//! What was asked for, by the names of the options.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clip::Idle;
use crate::overlay::Part;
use crate::render::{Choice, Framing, RenderOptions};

/// Which part was asked for.
pub(super) fn asked(options: &RenderOptions) -> String {
    match &options.choice {
        Choice::Range if options.clip.from.is_none() && options.clip.to.is_none() => "whole".to_owned(),
        Choice::Range | Choice::Part(_) => "range".to_owned(),
        Choice::Around(around, _) => format!("around {around}"),
        Choice::MostWorthSeeing(_) => "most worth seeing".to_owned(),
        Choice::WholeUpTo(..) => "whole".to_owned(),
    }
}

/// Everything that decides what the clip looks like.
pub(super) fn settings(options: &RenderOptions) -> BTreeMap<String, Value> {
    let clip = &options.clip;
    let overlay = &options.overlay;
    let mut settings: BTreeMap<String, Value> = BTreeMap::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            settings.insert(name.to_owned(), value);
        }
    };
    set("from", json!(clip.from.map(|point| point.to_string())));
    set("to", json!(clip.to.map(|point| point.to_string())));
    set("speed", json!(clip.speed.factor()));
    let idle = match clip.idle {
        Idle::Above(seconds) => json!(seconds.milliseconds()),
        Idle::Keep => json!("off"),
    };
    set("idle_ms", idle);
    set("hold_ms", json!(clip.hold.milliseconds()));
    set("fps", json!(clip.fps));
    if let Choice::Around(_, parts) | Choice::MostWorthSeeing(parts) = &options.choice {
        set("before_ms", json!(parts.before.map(|time| time.milliseconds())));
        set("after_ms", json!(parts.after.map(|time| time.milliseconds())));
        set("max_ms", json!(parts.max.milliseconds()));
    }
    set("width", json!(options.size.width));
    set("scale", json!(options.size.scale));
    let (zoom, crop) = match &options.framing {
        Framing::Whole => (Value::Null, Value::Null),
        Framing::CloseUps => (json!("auto"), Value::Null),
        Framing::Part(part) => (Value::Null, json!(part.to_string())),
    };
    set("zoom", zoom);
    set("crop", crop);
    set("overlay", json!(overlay.level.to_string()));
    let names = |parts: &[Part]| match parts {
        [] => Value::Null,
        parts => json!(parts.iter().map(|part| part.name()).collect::<Vec<_>>()),
    };
    set("show", names(&overlay.show));
    set("hide", names(&overlay.hide));
    let placed: Vec<String> = overlay.place.iter().map(|placing| placing.to_string()).collect();
    set(
        "place",
        if placed.is_empty() {
            Value::Null
        } else {
            json!(placed)
        },
    );
    set("theme", json!(overlay.theme.to_string()));
    set("accent", json!(overlay.accent.map(|accent| accent.to_string())));
    set("title", json!(overlay.title));
    set("ticket", json!(overlay.ticket));
    set("link", json!(overlay.link));
    settings
}
