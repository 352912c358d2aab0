//! Options about what is masked, for all commands that show something of a recording.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domreel::limits::Limits;
use domreel::redact::{Preset, RedactOptions, Redaction};

use super::failure::{Failure, Status};

/// What is masked before anything is drawn or written.
#[derive(Debug, Clone, Args)]
pub(crate) struct RedactArgs {
    /// Mask elements with all below them: texts, values, labels, addresses, pictures; again for more
    ///
    /// A CSS selector of tags, #ids, .classes, [attributes] and :not(…), with descendant and child (>)
    /// combinators. What is masked once is masked at all times, and where it stands elsewhere.
    #[arg(long, value_name = "SELECTOR", help_heading = "Redaction")]
    mask: Vec<String>,
    /// Mask what this regular expression finds, wherever it stands; again for more
    #[arg(long, value_name = "REGEX", help_heading = "Redaction")]
    mask_text: Vec<String>,
    /// Mask texts by their shape beside card and token: email, card, phone, token, ip; ‘none’: without those two
    ///
    /// Passwords are always masked.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind(), help_heading = "Redaction")]
    redact: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Preset(Preset),
}

fn kind() -> impl TypedValueParser<Value = Kind> {
    let names = Preset::ALL.map(Preset::name).into_iter().chain(["none"]);
    PossibleValuesParser::new(names).map(|name| name.parse().map_or(Kind::None, Kind::Preset))
}

impl RedactArgs {
    /// The rules, ready to be applied.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub(crate) fn redaction(&self, limits: Limits) -> Result<Redaction, Failure> {
        let options = RedactOptions {
            limits,
            ..self.options()
        };
        Redaction::new(&options).map_err(|error| Failure::new(Status::Usage, error))
    }

    fn options(&self) -> RedactOptions {
        let mut presets = match self.redact.contains(&Kind::None) {
            true => Vec::new(),
            false => RedactOptions::default().presets,
        };
        presets.extend(self.redact.iter().filter_map(|kind| match kind {
            Kind::Preset(preset) => Some(*preset),
            Kind::None => None,
        }));
        RedactOptions {
            mask: self.mask.clone(),
            mask_text: self.mask_text.clone(),
            presets,
            ..RedactOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        redact: RedactArgs,
    }

    fn presets(arguments: &[&str]) -> Vec<Preset> {
        let line = Line::try_parse_from([&["domreel"], arguments].concat()).unwrap();
        line.redact.options().presets
    }

    #[test]
    fn what_is_asked_for_comes_beside_the_defaults_unless_they_are_off() {
        assert_eq!(presets(&[]), [Preset::Card, Preset::Token]);
        assert_eq!(
            presets(&["--redact", "ip"]),
            [Preset::Card, Preset::Token, Preset::Ip]
        );
        assert_eq!(presets(&["--redact", "none"]), []);
        assert_eq!(presets(&["--redact", "none,email"]), [Preset::Email]);
        assert!(Line::try_parse_from(["domreel", "--redact", "names"]).is_err());
    }

    #[test]
    fn a_bad_mask_is_a_mistake_of_usage() {
        for arguments in [
            ["--mask", "a:hover"],
            ["--mask", ""],
            ["--mask-text", "("],
            ["--mask-text", "(?=a)"],
        ] {
            let line = Line::try_parse_from([&["domreel"][..], &arguments].concat()).unwrap();
            let failure = line.redact.redaction(Limits::default()).unwrap_err();
            assert_eq!(failure.status() as u8, Status::Usage as u8, "{arguments:?}");
        }
    }
}
