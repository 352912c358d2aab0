//! Takes what is secret out of a recording before anything is drawn, logged or written.
//!
//! A recording goes in and a recording comes out: whoever gets it, from the stage to the manifest, never
//! had the secret. Seeking and playing agree, as there is only one truth. What is secret is said by
//! selectors (all that an element tells: its texts, values, labels, addresses, pictures), by regular
//! expressions, and by [presets](Preset); passwords always are. What was masked on a page is also masked
//! where it stands elsewhere: in a request's address, on the console, in the name of a click's target.
//!
//! Masked characters keep their number, so that pages keep their layout. Not looked into are the pixels
//! of recorded pictures and text within base64.

mod beside;
mod find;
mod masker;
mod pattern;
mod rewrite;
mod run;
mod selector;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use self::find::find;
use self::masker::{Context, Fill, Known, Masker};
use self::pattern::Pattern;
use self::rewrite::Rewriter;
use crate::limits::{Limit, Limits};
use crate::overlay::OverlayOptions;
use crate::recording::Recording;

pub use self::pattern::Preset;
pub use self::selector::{Selector, SelectorError};

/// What is to be masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactOptions {
    /// Selectors of elements that are masked with all below them.
    pub mask: Vec<String>,
    /// Regular expressions of texts that are masked wherever they stand.
    pub mask_text: Vec<String>,
    /// Kinds of text that are known by their shape.
    pub presets: Vec<Preset>,
    /// How large rules may be, and how much is sought elsewhere.
    pub limits: Limits,
}

impl Default for RedactOptions {
    /// Card numbers and tokens.
    fn default() -> Self {
        RedactOptions {
            mask: Vec::new(),
            mask_text: Vec::new(),
            presets: vec![Preset::Card, Preset::Token],
            limits: Limits::default(),
        }
    }
}

/// Why a rule cannot be used. Nothing is to be shown then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RedactError {
    /// A selector that is none, or one of those that are not understood.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// A regular expression that is none, or is too large.
    #[error("text to mask, number {number}, is not a regular expression that can be used: {reason}")]
    Text {
        /// Which of them, from 1.
        number: usize,
        /// What is wrong with it, without the expression: it may tell what it hides.
        reason: String,
    },
}

/// What a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    /// Masks elements.
    Selector,
    /// Masks what a regular expression means.
    Text,
    /// Masks what has a certain shape.
    Preset,
    /// Masks fields for passwords.
    Password,
    /// Masks what other rules masked elsewhere.
    Elsewhere,
}

/// A rule and how often it masked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedRule {
    /// What it is.
    pub kind: RuleKind,
    /// Its selector, the name of its preset, or the number of its regular expression among them: a regular
    /// expression may tell what it hides.
    pub rule: String,
    /// How many elements or fields of the recording it met; for texts, how often it was met.
    pub count: u64,
}

/// Which rules were applied to a recording, and how often each masked something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RedactionReport {
    /// In the order in which they were given.
    pub rules: Vec<AppliedRule>,
}

impl RedactionReport {
    /// The rules that met something, as a line: `card 2, password 1`.
    pub fn summary(&self) -> String {
        let met = self.rules.iter().filter(|rule| rule.count > 0);
        let words: Vec<String> = met.map(|rule| format!("{} {}", rule.rule, rule.count)).collect();
        words.join(", ")
    }

    /// The rules that somebody asked for by name and that met nothing.
    pub fn idle(&self) -> impl Iterator<Item = &AppliedRule> {
        let asked = |rule: &&AppliedRule| matches!(rule.kind, RuleKind::Selector | RuleKind::Text);
        self.rules.iter().filter(asked).filter(|rule| rule.count == 0)
    }
}

#[derive(Debug)]
struct Rules {
    options: RedactOptions,
    selectors: Vec<Selector>,
    /// Those of the user, then those of the presets.
    patterns: Vec<Pattern>,
    presets: Vec<Preset>,
}

impl Rules {
    /// Names of the attributes that decide what is secret.
    fn deciding_attributes(&self) -> Vec<String> {
        let selectors = self.selectors.iter().flat_map(Selector::attributes);
        let fields = ["type", "autocomplete", "data-rr-is-password", "value"];
        selectors.chain(fields.map(str::to_owned)).collect()
    }
}

/// Rules that are ready to be applied.
#[derive(Debug)]
pub struct Redaction {
    rules: Rules,
}

impl Redaction {
    /// Reads the rules.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(options: &RedactOptions) -> Result<Self, RedactError> {
        let limits = &options.limits;
        let read = |text: &String| Selector::parse(text)?.within(limits);
        let selectors = options.mask.iter().map(read);
        let selectors = selectors.collect::<Result<_, _>>()?;
        let text_error = |number: usize| {
            move |error: Box<regex::Error>| {
                let told = error.to_string();
                let reason = told.lines().last().unwrap_or_default();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                let reason = match *error {
                    regex::Error::CompiledTooBig(_) => {
                        format!("it is too large; {}", limits.hint(Limit::Regex))
                    }
                    _ => reason.to_owned(),
                };
                RedactError::Text { number, reason }
            }
        };
        let mut presets = options.presets.clone();
        presets.sort_unstable();
        presets.dedup();
        let mut patterns = Vec::new();
        for (at, text) in options.mask_text.iter().enumerate() {
            patterns.push(Pattern::custom(text, limits.size(Limit::Regex)).map_err(text_error(at + 1))?);
        }
        for preset in &presets {
            patterns.push(Pattern::preset(*preset).map_err(text_error(0))?);
        }
        Ok(Redaction {
            rules: Rules {
                options: options.clone(),
                selectors,
                patterns,
                presets,
            },
        })
    }

    /// Masks what is secret in a recording, and keeps in [`Recording::redaction`] what was done.
    pub fn apply(&self, recording: &mut Recording) {
        let mut known = Known::within(self.rules.options.limits.size(Limit::Secrets));
        let found: Vec<_> = recording
            .tabs
            .iter()
            .map(|tab| find(tab, &self.rules, &mut known))
            .collect();
        if known.is_cut() {
            let hint = self.rules.options.limits.hint(Limit::Secrets);
            tracing::warn!(
                "what is masked is too much to be sought elsewhere too: some of it is not; {hint}"
            );
        }
        let masker = Masker::new(&self.rules.patterns, known);
        for (tab, found) in recording.tabs.iter_mut().zip(&found) {
            let knows_nothing = masker.knows_nothing();
            let events = tab.events.par_iter_mut().enumerate();
            events.for_each(|(at, event)| {
                if !(knows_nothing && found.is_plain(at)) {
                    let rewriter = Rewriter {
                        masker: &masker,
                        found: found.on_page_of(at),
                    };
                    rewriter.rewrite(event);
                }
            });
        }
        for used in &mut recording.assets.used {
            if let Some(masked) = masker.masked(&used.url, Context::Beside, Fill::Dot) {
                used.url = masked.to_string();
            }
        }
        masker.redact_telemetry(&mut recording.telemetry);
        masker.redact_damage(&mut recording.damage);
        recording.redaction = self.report(&masker, &found);
    }

    /// Masks what the user wants to have written on the clip.
    pub fn apply_to_overlay(&self, options: &mut OverlayOptions) {
        let masker = Masker::new(&self.rules.patterns, Known::default());
        let mask = |text: &mut String| {
            if let Some(masked) = masker.masked(text, Context::Beside, Fill::Dot) {
                *text = masked.to_string();
            }
        };
        let OverlayOptions {
            title,
            ticket,
            link,
            captions,
            ..
        } = options;
        [title, ticket, link].into_iter().flatten().for_each(mask);
        for caption in captions {
            masker.redact(&mut caption.text);
        }
    }

    /// A text without what is secret in it by patterns.
    pub fn text(&self, text: &str) -> String {
        let masker = Masker::new(&self.rules.patterns, Known::default());
        let masked = masker.masked(text, Context::Beside, Fill::Dot);
        masked.as_deref().unwrap_or(text).to_owned()
    }

    fn report(&self, masker: &Masker<'_>, found: &[find::Found]) -> RedactionReport {
        let counts = masker.counts();
        let mut counts = counts.into_iter();
        let pages = || found.iter().flat_map(|tab| &tab.pages);
        let sum = |count: &dyn Fn(&find::OnPage) -> usize| pages().map(|page| count(page) as u64).sum();
        let mut rules = vec![AppliedRule {
            kind: RuleKind::Password,
            rule: "password".to_owned(),
            count: sum(&|page| page.passwords.len()),
        }];
        for (at, selector) in self.rules.options.mask.iter().enumerate() {
            // A selector may cite what it hides.
            let rule = masker.masked(selector, Context::Page, Fill::Letter);
            rules.push(AppliedRule {
                kind: RuleKind::Selector,
                rule: rule.map_or(selector.clone(), |rule: Arc<str>| rule.to_string()),
                count: sum(&|page| page.selected.get(at).map_or(0, |met| met.len())),
            });
        }
        let texts =
            (1..=self.rules.options.mask_text.len()).map(|number| (RuleKind::Text, format!("text {number}")));
        let presets = self
            .rules
            .presets
            .iter()
            .map(|preset| (RuleKind::Preset, preset.to_string()));
        let elsewhere = std::iter::once((RuleKind::Elsewhere, "elsewhere".to_owned()));
        for (kind, rule) in texts.chain(presets).chain(elsewhere) {
            rules.push(AppliedRule {
                kind,
                rule,
                count: counts.next().unwrap_or_default(),
            });
        }
        RedactionReport { rules }
    }
}
