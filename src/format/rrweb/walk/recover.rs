//! The way back after damage: to the next place at which an event begins.

use memchr::memchr2;

use super::{Level, LevelKind, MOST_LEVELS, Walk};
use crate::format::FormatError;
use crate::format::json::{Fault, Json, JsonError};
use crate::format::rrweb::event::is_event;
use crate::recording::{Damage, DamageKind};

impl Walk<'_, '_, '_> {
    /// Notes the damage and goes to the next event behind it; says whether there is one.
    pub(super) fn recover(&mut self, error: JsonError) -> Result<bool, FormatError> {
        let found = self.next_event(error.at);
        let what = if self.event.is_some() {
            "the event"
        } else {
            "the file"
        };
        let (kind, detail) = match (error.fault, found) {
            (_, Found::Event(next)) => {
                let lost = next.saturating_sub(self.value_start);
                (
                    DamageKind::Syntax,
                    format!("{what} is damaged, {error}; left out {lost} bytes"),
                )
            }
            (Fault::CutOff, Found::Nothing) => {
                (DamageKind::CutOff, format!("cut off: {what} ends in the middle"))
            }
            (Fault::Expected(_), Found::Nothing) => (
                DamageKind::Syntax,
                format!("{what} is damaged, {error}; nothing behind it could be read"),
            ),
            (_, Found::TooLong) => (
                DamageKind::Limit,
                format!("{what} is damaged, {error}; so much is damaged that the rest was left out"),
            ),
        };
        let damage = Damage {
            kind,
            event: self.event,
            offset: Some(error.at as u64),
            detail,
        };
        self.collector.damage(damage)?;
        let Found::Event(next) = found else {
            return Ok(false);
        };
        self.json.seek(next);
        self.recovered = true;
        // What is open by now may be open by mistake.
        self.levels.truncate(MOST_LEVELS / 2);
        if let Some(Level { kind, tab }) = self.levels.last()
            && !matches!(kind, LevelKind::Array { .. })
        {
            let tab = tab.or(self.last_tab);
            let kind = LevelKind::Array { first: false };
            self.levels.push(Level { kind, tab });
        }
        Ok(true)
    }

    /// Takes from what may be spent on damage; says whether it was there. Every look at damage may go
    /// to the end of the input, and hostile input must not make that many.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.search_room.checked_sub(bytes);
        self.search_room = left.unwrap_or(0);
        left.is_some()
    }

    /// The next place behind the beginning of the current value, damaged at byte `fault`, at which an
    /// event begins, or a line with an event and its tab.
    fn next_event(&mut self, fault: usize) -> Found {
        let text: &[u8] = self.bytes;
        if !self.spend(fault.saturating_sub(self.value_start)) {
            return Found::TooLong;
        }
        let mut at = self.value_start.saturating_add(1);
        while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'{', b'[', rest)) {
            at += found;
            let line = at == 0 || text.get(at - 1) == Some(&b'\n');
            let mut json = Json::at_offset(text, at);
            let begins = match text.get(at) {
                Some(b'{') => is_event(&mut json),
                _ => line && text.get(at + 1) == Some(&b'"') && json.pass().is_ok(),
            };
            if begins {
                if line {
                    self.levels.clear();
                }
                return Found::Event(at);
            }
            if !self.spend(found + json.at().saturating_sub(at)) {
                return Found::TooLong;
            }
            at += 1;
        }
        Found::Nothing
    }
}

/// What a look for the way back after damage found.
#[derive(Clone, Copy)]
enum Found {
    /// An event begins there.
    Event(usize),
    Nothing,
    /// Nothing so far, and it was given up.
    TooLong,
}
