//! The kinds of recordings.

use std::fmt;
use std::str::FromStr;

/// A kind of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // They are products' names.
pub enum FormatName {
    Rrweb,
    Datadog,
    PostHog,
    Sentry,
    Highlight,
    Mixpanel,
    Amplitude,
    Faro,
    OpenReplay,
    Clarity,
}

impl FormatName {
    /// All of them.
    pub const ALL: [FormatName; 10] = [
        FormatName::Rrweb,
        FormatName::Datadog,
        FormatName::PostHog,
        FormatName::Sentry,
        FormatName::Highlight,
        FormatName::Mixpanel,
        FormatName::Amplitude,
        FormatName::Faro,
        FormatName::OpenReplay,
        FormatName::Clarity,
    ];

    /// Its name, as options take it and reports give it.
    pub fn name(self) -> &'static str {
        match self {
            FormatName::Rrweb => "rrweb",
            FormatName::Datadog => "datadog",
            FormatName::PostHog => "posthog",
            FormatName::Sentry => "sentry",
            FormatName::Highlight => "highlight",
            FormatName::Mixpanel => "mixpanel",
            FormatName::Amplitude => "amplitude",
            FormatName::Faro => "faro",
            FormatName::OpenReplay => "openreplay",
            FormatName::Clarity => "clarity",
        }
    }

    /// Its name as its makers write it, for sentences.
    pub fn product(self) -> &'static str {
        match self {
            FormatName::Rrweb => "rrweb",
            FormatName::Datadog => "Datadog",
            FormatName::PostHog => "PostHog",
            FormatName::Sentry => "Sentry",
            FormatName::Highlight => "highlight",
            FormatName::Mixpanel => "Mixpanel",
            FormatName::Amplitude => "Amplitude",
            FormatName::Faro => "Grafana Faro",
            FormatName::OpenReplay => "OpenReplay",
            FormatName::Clarity => "Clarity",
        }
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no kind of recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no format is called {0:?}; there are rrweb, datadog, posthog, sentry, highlight, mixpanel, amplitude and faro"
)]
pub struct UnknownFormat(String);

impl FromStr for FormatName {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let lower = word.to_ascii_lowercase();
        let all = FormatName::ALL.into_iter();
        all.into_iter()
            .find(|format| format.name() == lower)
            .ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}
