//! Constructed style sheets, which this recorder writes with the document or shadow root that adopts
//! them.

use std::sync::Arc;

use super::view::Decoded;
use crate::recording::{
    AdoptedStyleSheets, EventData, EventKind, NewSheet, NodeId, SheetTarget, StyleSheetRules,
};

/// The events by which `root` adopts `sheets`, of which those in `new` come with their text.
pub(super) fn sheet_events(root: NodeId, sheets: Vec<i64>, new: Vec<(i64, Arc<str>)>) -> Vec<Decoded> {
    let mut events = Vec::with_capacity(1 + new.len());
    let told = new.iter().map(|(sheet, _)| NewSheet {
        sheet: *sheet,
        rules: Vec::new(),
    });
    let adopted = AdoptedStyleSheets {
        root,
        sheets,
        new: told.collect(),
    };
    events.push((
        EventKind::AdoptedStyleSheets,
        EventData::AdoptedStyleSheets(adopted),
    ));
    for (sheet, text) in new {
        let rules = StyleSheetRules {
            sheet: SheetTarget::Constructed(sheet),
            replace: Some(text),
            inserts: Vec::new(),
            deletes: Vec::new(),
        };
        events.push((EventKind::StyleSheetRules, EventData::StyleSheetRules(rules)));
    }
    events
}

/// The text of a sheet that applies in `media` only, as CSS; empty: in all.
pub(super) fn in_media(text: &str, media: &str) -> Arc<str> {
    if media.is_empty() {
        Arc::from(text)
    } else {
        Arc::from(format!("@media {media} {{\n{text}\n}}"))
    }
}
