//! Texts that are secret by their shape.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

/// Bytes that the compiled pattern of a preset takes at most.
const PRESET_SIZE: usize = 4 << 20;

/// Kinds of text that are known by their shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// E-mail addresses.
    Email,
    /// Payment card numbers: 13 to 19 digits with the right check digit.
    Card,
    /// Telephone numbers.
    Phone,
    /// Access tokens, API keys and session secrets.
    Token,
    /// IP addresses, version 4 and 6.
    Ip,
}

impl Preset {
    /// All of them.
    pub const ALL: [Preset; 5] = [
        Preset::Email,
        Preset::Card,
        Preset::Phone,
        Preset::Token,
        Preset::Ip,
    ];

    /// The name that options and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Email => "email",
            Preset::Card => "card",
            Preset::Phone => "phone",
            Preset::Token => "token",
            Preset::Ip => "ip",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Preset::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| {
                let names = Preset::ALL.map(Preset::name);
                format!("‘{text}’ is none of {}", names.join(", "))
            })
    }
}

/// What makes a text secret.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    preset: Option<Preset>,
}

impl Pattern {
    /// A pattern of the user's, of so many bytes at most when it is compiled.
    ///
    /// # Errors
    /// When it is no regular expression, or one that is larger.
    pub(super) fn custom(text: &str, most: usize) -> Result<Self, Box<regex::Error>> {
        let regex = RegexBuilder::new(text)
            .size_limit(most)
            .dfa_size_limit(most)
            .build()?;
        Ok(Pattern { regex, preset: None })
    }

    pub(super) fn preset(preset: Preset) -> Result<Self, Box<regex::Error>> {
        let regex = RegexBuilder::new(preset.expression())
            .size_limit(PRESET_SIZE)
            .build()?;
        Ok(Pattern {
            regex,
            preset: Some(preset),
        })
    }

    /// Tells every stretch of `text` that the pattern means.
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(Range<usize>)) {
        let Some(preset) = self.preset else {
            for hit in self.regex.find_iter(text).filter(|hit| !hit.is_empty()) {
                found(hit.range());
            }
            return;
        };
        if !preset.is_possible(text.as_bytes()) {
            return;
        }
        let mut start = 0;
        while let Some(hit) = self.regex.find_at(text, start) {
            if !preset.accepts(text, hit.range()) {
                // Another may begin within.
                start = hit.start() + text.get(hit.start()..).map_or(1, first_length);
                continue;
            }
            start = hit.end();
            let secret = match preset {
                Preset::Token => self.value(text, hit.range()),
                _ => hit.range(),
            };
            found(secret);
        }
    }

    /// Of `name=value`, the value.
    fn value(&self, text: &str, hit: Range<usize>) -> Range<usize> {
        self.regex
            .captures_at(text, hit.start)
            .and_then(|captures| captures.name("a").or(captures.name("b")).or(captures.name("c")))
            .map_or(hit, |value| value.range())
    }
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

impl Preset {
    fn expression(self) -> &'static str {
        match self {
            Preset::Email => r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*\.\p{L}{2,}",
            Preset::Card => {
                r"[2-6][0-9](?:[0-9]{11,17}|[0-9]{2}(?:[\s.+-]{1,4}[0-9]{4}){3}(?:[\s.+-]{1,4}[0-9]{3})?|[0-9]{2}[\s.+-]{1,4}[0-9]{6}[\s.+-]{1,4}[0-9]{4,5})"
            }
            Preset::Phone => {
                r"\+[0-9]{8,15}|(?:\+[0-9]{1,3}[\s./-]?)?(?:\([0-9]{1,5}\)[\s./-]?[0-9]{1,8}|[0-9]{2,5})(?:[\s./-][0-9]{1,8}){1,5}"
            }
            Preset::Token => {
                r#"(?x)
                eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?
                | (?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,} | sk-[A-Za-z0-9_-]{20,}
                | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{20,}
                | npm_[A-Za-z0-9]{30,} | xox[abeoprs]-[A-Za-z0-9-]{10,}
                | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[0-9A-Za-z_-]{35}
                | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----[^-]*
                | ://[^/\s:@"'<>]{1,100}:(?P<c>[^/\s@"'<>]{1,200})@
                | (?-u:\b)(?i:bearer|basic)\s+(?P<a>[A-Za-z0-9._~+/=-]{12,})
                | (?i:token|secret|passw(?:or)?d|pwd|api[_-]?key|access[_-]?key|authorization
                    |session[_-]?id|signature|credential)s?["']?(?:=["']?|["']\s*:\s*["'])(?P<b>[^\s&"';,\#<>]{4,})
                "#
            }
            Preset::Ip => {
                r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})"
            }
        }
    }

    /// Whether it is worth searching a text.
    fn is_possible(self, text: &[u8]) -> bool {
        let digits = |least: usize| {
            text.iter()
                .filter(|byte| byte.is_ascii_digit())
                .nth(least - 1)
                .is_some()
        };
        match self {
            Preset::Email => text.len() >= 5 && memchr::memchr(b'@', text).is_some(),
            Preset::Card => text.len() >= 13 && digits(13),
            Preset::Phone => text.len() >= 7 && digits(7),
            Preset::Token => text.len() >= 8,
            Preset::Ip => text.len() >= 3 && memchr::memchr2(b'.', b':', text).is_some(),
        }
    }

    fn accepts(self, text: &str, hit: Range<usize>) -> bool {
        let bytes = text.as_bytes();
        let before = hit.start.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        let after = bytes.get(hit.end).copied();
        let found = text.get(hit.clone()).unwrap_or_default();
        let digits = || found.bytes().filter(u8::is_ascii_digit);
        let in_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let in_number = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
        match self {
            Preset::Email | Preset::Token => true,
            Preset::Card => {
                let is_fraction = before == Some(b'.')
                    && in_number(hit.start.checked_sub(2).and_then(|at| bytes.get(at)).copied());
                !is_fraction && !in_word(before) && !in_word(after) && passes_luhn(digits())
            }
            Preset::Phone => {
                let count = digits().count();
                let is_date = found.len() == 10 && found.matches('-').count() == 2;
                !in_word(before) && !in_word(after) && (7..=15).contains(&count) && !is_date
            }
            Preset::Ip => {
                let is_4 = !in_number(before)
                    && !in_number(after)
                    && before != Some(b'.')
                    && found.parse::<Ipv4Addr>().is_ok();
                is_4 || !in_word(before)
                    && !in_word(after)
                    && found.len() > 2
                    && found.parse::<Ipv6Addr>().is_ok()
            }
        }
    }
}

/// Whether the check digit of a number is right.
fn passes_luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match at % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(preset: Preset, text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        Pattern::preset(preset)
            .unwrap()
            .find(text, |range| found.push(&text[range]));
        found
    }

    #[test]
    fn card_numbers_have_a_right_check_digit() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111\u{a0}1111\u{a0}1111\u{a0}1111",
            "4111\n1111\n1111\n1111",
            "378282246310005",
            "3782 822463 10005",
            "6011000990139424",
            "30569309025904",
        ] {
            assert_eq!(found(Preset::Card, &format!("pay with {card}, please")), [card]);
        }
        for other in [
            "4111111111111112",
            "1732368000000",
            "a4111111111111111",
            "41111111111111110",
            "M2.5 14.25 4.5 6.5 10.5 20.5 30.5 40.5",
            "2026-11-23 20:45:00.123456",
            "0.4111111111111111",
        ] {
            assert!(found(Preset::Card, other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_card_number_is_found_behind_digits_that_are_none() {
        let found = found(Preset::Card, "2222 4111 1111 1111 1111");
        assert_eq!(found, ["4111 1111 1111 1111"]);
    }

    #[test]
    fn tokens_are_known_by_their_makers_marks_or_their_names() {
        for (text, token) in [
            ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
            ("/cb?access_token=s3cr3t-v4lue&x=1", "s3cr3t-v4lue"),
            (r#"{"password":"hunter22"}"#, "hunter22"),
            ("authorization='s3cr3t-v4lue' failed", "s3cr3t-v4lue"),
            ("https://joe:hunter22@a.example/x", "hunter22"),
            ("key sk_live_abcdefgh12345678.", "sk_live_abcdefgh12345678"),
            (
                "ghp_abcdefghijklmnopqrstuvwxyz0123",
                "ghp_abcdefghijklmnopqrstuvwxyz0123",
            ),
            ("a eyJhbGciOi.eyJzdWIiOi.c2ln b", "eyJhbGciOi.eyJzdWIiOi.c2ln"),
            ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
        ] {
            assert_eq!(found(Preset::Token, text), [token]);
        }
        for other in ["a token ring", "Your password must be long", "tokens: 5 of 7"] {
            assert!(found(Preset::Token, other).is_empty(), "{other}");
        }
    }

    #[test]
    fn addresses_and_numbers_of_people_are_found() {
        assert_eq!(
            found(Preset::Email, "to <ada.l+x@mail.example.org>."),
            ["ada.l+x@mail.example.org"]
        );
        assert!(found(Preset::Email, "left-pad@1.3.0").is_empty());
        for phone in ["+49 30 901820", "(030) 901820-0", "555-0123-99", "+4930901820"] {
            assert_eq!(found(Preset::Phone, &format!("call {phone}!")), [phone]);
        }
        for other in ["2026-11-23", "room 12 34", "1.5"] {
            assert!(found(Preset::Phone, other).is_empty(), "{other}");
        }
        for ip in ["192.0.2.17", "2001:db8::17", "::ffff:192.0.2.17"] {
            assert_eq!(found(Preset::Ip, &format!("from {ip}, once")), [ip]);
        }
        for other in ["12:30:45", "1.2.3", "999.1.1.1", "a::before"] {
            assert!(found(Preset::Ip, other).is_empty(), "{other}");
        }
    }
}
