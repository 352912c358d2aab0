//! Screens of mobile applications, as PostHog's SDKs record them: rrweb's events, with wireframes where
//! nodes would stand. The events of a tab become those of a page on which a box stands for each wireframe.

mod boxes;
mod steps;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::wireframe::Wireframe;
use crate::format::json::{Json, JsonError};
use crate::format::rrweb;
use crate::format::screen::{BODY, Taps, each, length};
use crate::recording::{Damage, DamageKind, DecodeError, Event, EventData, EventKind, Meta, Payload};

use boxes::Screen;
use steps::Steps;

/// A screen of which nothing tells the size, in CSS pixels.
const USUAL_SCREEN: (f64, f64) = (400.0, 800.0);

/// Draws the events of a tab, which stand in order of time; gives what could not be drawn.
pub(in crate::format) fn draw(events: &mut Vec<Event>) -> Vec<Damage> {
    let mut artist = Artist {
        screen: None,
        size: USUAL_SCREEN,
        taps: Taps::default(),
        drawn: Vec::with_capacity(events.len()),
        damage: Vec::new(),
    };
    for event in std::mem::take(events) {
        let index = event.index;
        if let Err(error) = artist.event(event) {
            artist.bad(
                index,
                format!("an event of a screen that cannot be used: {error}"),
            );
        }
    }
    *events = artist.drawn;
    artist.damage
}

struct Artist {
    /// What is shown, unless it is a page.
    screen: Option<Screen>,
    size: (f64, f64),
    taps: Taps,
    drawn: Vec<Event>,
    damage: Vec<Damage>,
}

impl Artist {
    fn bad(&mut self, index: u32, detail: String) {
        self.damage.push(Damage {
            kind: DamageKind::BadEvent,
            event: Some(index),
            offset: None,
            detail,
        });
    }

    fn event(&mut self, event: Event) -> Result<(), DecodeError> {
        match event.kind {
            EventKind::Meta | EventKind::ViewportResize => {
                if let EventData::Meta(Meta { width, height, .. })
                | EventData::ViewportResize { width, height } = *event.data()?
                {
                    self.size = (width, height);
                }
                self.drawn.push(event);
            }
            EventKind::FullSnapshot => match &event.payload {
                Payload::Encoded { bytes, .. } if rrweb::begins_with_wireframes(bytes, 0) => {
                    let mut screen = Screen::default();
                    let snapshot = screen.snapshot(bytes, self.size)?;
                    self.screen = Some(screen);
                    self.push(&event, EventKind::FullSnapshot, EventData::FullSnapshot(snapshot));
                }
                _ => {
                    self.screen = None;
                    self.drawn.push(event);
                }
            },
            _ => match self.screen.take() {
                Some(mut screen) => {
                    let drawn = self.on_screen(event, &mut screen);
                    self.screen = Some(screen);
                    return drawn;
                }
                None => self.drawn.push(event),
            },
        }
        Ok(())
    }

    fn push(&mut self, event: &Event, kind: EventKind, data: EventData) {
        self.drawn.push(Event {
            kind,
            payload: Payload::Decoded(Arc::new(data)),
            ..event.clone()
        });
    }

    fn on_screen(&mut self, event: Event, screen: &mut Screen) -> Result<(), DecodeError> {
        match (event.kind, &event.payload) {
            (EventKind::Mutation, Payload::Encoded { bytes, .. }) => {
                let mut steps = Steps::default();
                let read = screen.mutation(bytes, self.size, &mut steps);
                // What came before the damage was taken in, so it has to be shown.
                let unknown = steps.unknown;
                for step in steps.finish() {
                    self.push(&event, EventKind::Mutation, EventData::Mutation(step));
                }
                if unknown > 0 {
                    self.bad(
                        event.index,
                        format!("{unknown} changes of wireframes that are not there"),
                    );
                }
                read?;
            }
            (EventKind::Custom, Payload::Encoded { bytes, .. }) => {
                let Some(keyboard) = keyboard(bytes, self.size)? else {
                    self.drawn.push(event);
                    return Ok(());
                };
                let mut steps = Steps::default();
                screen.show_keyboard(keyboard, &mut steps);
                for step in steps.finish() {
                    self.push(&event, EventKind::Mutation, EventData::Mutation(step));
                }
            }
            (EventKind::Interaction, _) => {
                let EventData::Interaction(mut touch) = EventData::clone(&*event.data()?) else {
                    return Ok(());
                };
                let at = |position| screen.at(position);
                touch.target = screen
                    .node(touch.target)
                    .or_else(|| touch.position.map(at))
                    .unwrap_or(BODY);
                let click = self.taps.follow(&touch, Some(event.time));
                // Who types hits the same place again and again.
                let click = click.filter(|click| Some(click.target) != screen.keyboard);
                for touch in std::iter::once(touch).chain(click) {
                    self.push(&event, EventKind::Interaction, EventData::Interaction(touch));
                }
            }
            (EventKind::PointerMove, _) => {
                let EventData::PointerMove(mut path) = EventData::clone(&*event.data()?) else {
                    return Ok(());
                };
                for sample in &mut path.samples {
                    sample.target = screen.node(sample.target).unwrap_or(BODY);
                }
                self.push(&event, EventKind::PointerMove, EventData::PointerMove(path));
            }
            // What else there is that changes pages names nodes, of which there are none.
            (kind, _) if kind.touches_page() => {}
            _ => self.drawn.push(event),
        }
        Ok(())
    }
}

/// What an event says of the keyboard.
enum Keyboard {
    Open(Box<Wireframe>),
    Closed,
}

/// Reads a custom event; `None` when it is about something else.
fn keyboard(data: &[u8], size: (f64, f64)) -> Result<Option<Keyboard>, JsonError> {
    let (mut is_keyboard, mut open) = (false, None);
    let (mut x, mut y, mut width, mut height) = (None, None, None, 0.0);
    each(&mut Json::new(data), |key, json| {
        match key {
            "tag" => is_keyboard = json.string_or_none()?.as_deref() == Some("keyboard"),
            "payload" => each(json, |key, json| {
                match key {
                    "open" => open = json.bool_or_none()?,
                    "x" => x = json.number_or_none()?,
                    "y" => y = json.number_or_none()?,
                    "width" => width = json.number_or_none()?,
                    "height" => height = length(json)?,
                    _ => json.pass()?,
                }
                Ok(())
            })?,
            _ => json.pass()?,
        }
        Ok(())
    })?;
    let Some(open) = open.filter(|_| is_keyboard) else {
        return Ok(None);
    };
    if !open {
        return Ok(Some(Keyboard::Closed));
    }
    // Without a place it is at the bottom, as wide as the screen.
    let top = y.filter(|y| *y > 0.0).unwrap_or(size.1 - height);
    let width = width.filter(|width| *width > 0.0).unwrap_or(size.0);
    let rect = [x.unwrap_or(0.0), top, width, height];
    Ok(Some(Keyboard::Open(Box::new(Wireframe::placeholder(
        rect, "Keyboard",
    )))))
}
