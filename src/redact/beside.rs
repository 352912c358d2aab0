//! Takes what is secret out of what is known beside the pages.

use std::sync::Arc;

use serde_json::Value;

use super::masker::{Context, Fill, Masker};
use crate::recording::{
    ConsoleLine, DamageReport, ErrorReport, Frustration, PageView, Request, SessionContext, SignalKind,
    StackFrame, Telemetry, UserAction,
};

impl Masker<'_> {
    /// Masks a text that people read.
    pub(super) fn redact(&self, text: &mut Arc<str>) {
        if let Some(masked) = self.masked(text, Context::Beside, Fill::Dot) {
            *text = masked;
        }
    }

    fn redact_address(&self, text: &mut Arc<str>) {
        if let Some(masked) = self.masked(text, Context::Beside, Fill::Letter) {
            *text = masked;
        }
    }

    fn redact_some(&self, text: &mut Option<Arc<str>>) {
        if let Some(text) = text {
            self.redact(text);
        }
    }

    /// Whether something in a text is secret at that place.
    pub(super) fn is_secret_in(&self, text: &str, context: Context) -> bool {
        let mut any = false;
        self.find(text, context, |_, _| any = true);
        any
    }

    /// Masks the texts and numbers of a JSON value; whether there was something to mask. A parsed value is
    /// nested no deeper than 128 levels.
    pub(super) fn masked_value(&self, value: &mut Value, context: Context) -> bool {
        match value {
            Value::String(text) => match self.masked(text, context, Fill::Dot) {
                Some(masked) => {
                    *text = masked.to_string();
                    true
                }
                None => false,
            },
            // Those of a drawing are places.
            Value::Number(_) if context == Context::Page => false,
            Value::Number(number) => match self.masked(&number.to_string(), context, Fill::Letter) {
                Some(masked) => {
                    *value = Value::String(masked.to_string());
                    true
                }
                None => false,
            },
            Value::Array(items) => {
                let mut changed = false;
                for item in items {
                    changed |= self.masked_value(item, context);
                }
                changed
            }
            Value::Object(fields) => {
                let mut changed = false;
                for (name, field) in fields.iter_mut() {
                    changed |= self.masked_field(name, field, context);
                }
                let secret: Vec<String> = fields
                    .keys()
                    .filter(|name| self.is_secret_in(name, context))
                    .cloned()
                    .collect();
                for name in secret {
                    if let Some(field) = fields.remove(&name) {
                        fields.insert(Fill::Letter.whole(&name).to_string(), field);
                        changed = true;
                    }
                }
                changed
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Masks the value of a field, whose name may tell that it is secret.
    fn masked_field(&self, name: &str, field: &mut Value, context: Context) -> bool {
        if let Value::String(text) = field {
            let sentence = format!("\"{name}\":\"{text}\"");
            let start = name.len() + 4;
            let mut is_named = false;
            self.find(&sentence, context, |_, range| {
                is_named |= range.start == start;
            });
            if is_named && self.masked(text, context, Fill::Dot).is_none() {
                *text = Fill::Dot.whole(text).to_string();
                return true;
            }
        }
        self.masked_value(field, context)
    }

    /// Masks what went wrong, what was done, and who was there.
    pub(super) fn redact_telemetry(&self, telemetry: &mut Telemetry) {
        let Telemetry { signals, context } = telemetry;
        for signal in signals {
            match &mut signal.kind {
                SignalKind::Error(error) => self.redact_error(error),
                SignalKind::Console(ConsoleLine { text, stack, .. }) => {
                    self.redact(text);
                    self.redact_stack(stack);
                }
                SignalKind::Request(Request { url, .. }) => self.redact_address(url),
                SignalKind::Action(UserAction {
                    kind,
                    target,
                    selector,
                }) => {
                    self.redact(kind);
                    self.redact_some(target);
                    self.redact_some(selector);
                }
                SignalKind::Frustration(Frustration { target, .. }) => self.redact_some(target),
                SignalKind::View(PageView { url, title }) => {
                    self.redact_address(url);
                    self.redact_some(title);
                }
                SignalKind::Marker(text) => self.redact(text),
                SignalKind::Caption(text) => self.redact_some(text),
                SignalKind::Switch(switch) => self.redact_address(&mut switch.url),
                SignalKind::Visible(_) => {}
            }
            self.redact_some(&mut signal.id);
        }
        let SessionContext {
            session,
            user,
            service,
            release,
            environment,
            user_agent,
        } = context;
        for text in [session, user, service, release, environment, user_agent] {
            self.redact_some(text);
        }
    }

    fn redact_error(&self, error: &mut ErrorReport) {
        let ErrorReport {
            message,
            error_type,
            stack,
            ..
        } = error;
        self.redact(message);
        self.redact_some(error_type);
        self.redact_stack(stack);
    }

    fn redact_stack(&self, stack: &mut [StackFrame]) {
        for StackFrame { function, file, .. } in stack {
            self.redact_some(function);
            if let Some(file) = file {
                self.redact_address(file);
            }
        }
    }

    /// Masks what tells of damage, which may cite the input.
    pub(super) fn redact_damage(&self, damage: &mut DamageReport) {
        for example in damage.examples_mut() {
            if let Some(masked) = self.masked(&example.detail, Context::Beside, Fill::Dot) {
                example.detail = masked.to_string();
            }
        }
    }
}
