//! Events in text: packed ones, JSON within JSON, base64, pieces of what was compressed together.

use std::borrow::Cow;

use bytes::Bytes;

use super::{Walk, holds_envelope, read_within};
use crate::format::FormatError;
use crate::format::collector::Collector;
use crate::format::error::Stop;
use crate::format::json::Json;
use crate::format::rrweb::chunk::Piece;
use crate::format::rrweb::event::{Shallow, is_event};
use crate::format::rrweb::packed;
use crate::format::text;
use crate::limits::Limit;
use crate::recording::{Damage, DamageKind};

/// Collects the events of which the files had pieces.
pub(in crate::format) fn finish(collector: &mut Collector<'_>) -> Result<(), FormatError> {
    for stretch in collector.chunks.take() {
        let (text, missing) = stretch.text();
        let opened = text::open(&text, collector.unpack_room());
        if missing || opened.is_none() {
            let detail = if missing {
                "pieces are missing of events that were compressed together; those before them are used"
            } else {
                "events that were compressed together are damaged; they were left out"
            };
            collector.damage(Damage {
                kind: if missing {
                    DamageKind::CutOff
                } else {
                    DamageKind::Syntax
                },
                event: None,
                offset: None,
                detail: detail.to_owned(),
            })?;
        }
        let Some(mut opened) = opened else { continue };
        if missing {
            // It was told of.
            opened.damage = None;
        }
        let bytes = collector.take_in(opened)?;
        read_within(&bytes, 0, stretch.dialect, collector, stretch.tab, 1)?;
    }
    Ok(())
}

/// Whether the string that comes next may hold events. The data of an event may be text too: an object has to be
/// looked at.
pub(super) fn begins_text(json: &Json<'_>) -> bool {
    let begins = json.in_string().trim_ascii_start();
    if !begins.starts_with(b"{") {
        return text::may_hold(begins);
    }
    json.clone().string().is_ok_and(|text| {
        is_event(&mut Json::new(text.as_bytes())) || holds_envelope(Json::new(text.as_bytes()))
    })
}

impl Walk<'_, '_, '_> {
    /// Keeps a piece of events until all have come.
    pub(super) fn piece(&mut self, tab: Option<usize>, piece: Piece) -> Result<(), Stop> {
        let mut data = None;
        self.json.object()?;
        while let Some(key) = self.json.key()? {
            match &*key {
                "data" => data = self.json.string_or_none()?,
                _ => self.json.pass()?,
            }
        }
        let Some(data) = data else {
            return self.not_an_event("a piece of compressed events without data");
        };
        let room = self.collector.unpack_room() > data.len() as u64;
        self.collector.unpacked(data.len());
        let ends = match () {
            () if !room => Some(Limit::Unpacked),
            () if self.collector.chunks.pieces() >= self.collector.limits().size(Limit::Pieces) => {
                Some(Limit::Pieces)
            }
            () => None,
        };
        if let Some(limit) = ends {
            let hint = self.collector.limits().hint(limit);
            return self.not_an_event(&format!("more pieces of compressed events than may be; {hint}"));
        }
        self.collector
            .chunks
            .add(piece, data.into_owned(), tab, self.dialect);
        Ok(())
    }

    /// Opens what may stand as text where events stand.
    pub(super) fn container(&mut self) -> Result<(), Stop> {
        self.value_start = self.json.at();
        if !begins_text(&self.json) {
            return Ok(self.json.pass()?);
        }
        let text = self.json.string()?;
        self.open(&text).map(drop)
    }

    /// Reads the events in text; says whether it is such text.
    pub(super) fn open(&mut self, text: &str) -> Result<bool, Stop> {
        let Some(opened) = text::open(text, self.collector.unpack_room()) else {
            return Ok(false);
        };
        if self.texts >= text::MOST_TEXTS {
            self.not_an_event("text within text, deeper than events ever stand")?;
            return Ok(true);
        }
        let bytes = self.collector.take_in(opened)?;
        let (tab, texts) = (self.tab(), self.texts + 1);
        read_within(&bytes, 0, self.dialect, self.collector, tab, texts)?;
        Ok(true)
    }

    /// What may be an event as text, or something else.
    pub(super) fn text(&mut self) -> Result<(), Stop> {
        self.json.kind()?;
        self.value_start = self.json.at();
        match self.json.string_or_none()? {
            Some(text) if text.trim_start().starts_with('{') => {
                self.text_event(text.into_owned().into_bytes())
            }
            Some(text) if text::may_hold(text.as_bytes()) => self.open(&text).map(drop),
            _ => Ok(()),
        }
    }

    /// A string is a packed event, an event as text, or, first in an array, the tab of what follows
    /// (`["<window>", event]`, as PostHog stores them).
    pub(super) fn string(&mut self, first: bool) -> Result<(), Stop> {
        let mut text = self.json.string()?;
        if text.starts_with('"') {
            // Amplitude writes packed events as JSON once more.
            let again = Json::new(text.as_bytes()).string().map(Cow::into_owned);
            text = again.map_or(text, Cow::Owned);
        }
        let written = text.trim_start().starts_with('{');
        let more = !written || holds_envelope(Json::new(text.as_bytes()));
        if more && text::may_hold(text.as_bytes()) && self.open(&text)? {
            return Ok(());
        }
        if first && !packed::is_packed(&text) && !written {
            let tab = self.collector.tab(&text);
            if let Some(level) = self.levels.last_mut() {
                level.tab = Some(tab);
            }
            return Ok(());
        }
        if written {
            return self.text_event(text.into_owned().into_bytes());
        }
        match packed::unpack(&text, self.collector.unpack_room()) {
            Ok(unpacked) => self.text_event(unpacked),
            Err(error) => {
                let index = self.collector.next_index();
                Ok(self
                    .collector
                    .bad_event(index, self.value_start, error.to_string())?)
            }
        }
    }

    /// Adds an event that stood in a string.
    pub(super) fn text_event(&mut self, text: Vec<u8>) -> Result<(), Stop> {
        let index = self.collector.next_index();
        self.event = Some(index);
        self.collector.unpacked(text.len());
        let text = Bytes::from(text);
        match Shallow::read(&mut Json::new(&text)) {
            Ok(shallow) => self.add(index, &text, shallow),
            Err(error) => {
                let detail = format!(
                    "an event in a string that is damaged ({error} at byte {} of it)",
                    error.at
                );
                Ok(self.collector.bad_event(index, self.value_start, detail)?)
            }
        }
    }
}
