//! Masks what is secret in single texts.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashSet;

use super::pattern::Pattern;

/// Longest secret that is sought elsewhere, in bytes.
const LONGEST_KNOWN: usize = 512;

/// Shortest secret that is sought within other texts, in characters.
const SHORTEST_KNOWN: usize = 4;

/// What stands for a masked character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// `•`, in texts that people read.
    Dot,
    /// `x`, in addresses and the like.
    Letter,
}

impl Fill {
    fn character(self) -> char {
        match self {
            Fill::Dot => '•',
            Fill::Letter => 'x',
        }
    }

    /// A whole text masked: white space stays, so that lines break where they did.
    pub(super) fn whole(self, text: &str) -> Arc<str> {
        let masked = |c: char| if c.is_whitespace() { c } else { self.character() };
        text.chars().map(masked).collect::<String>().into()
    }
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// On the page.
    Page,
    /// In what is known beside the page, where names stand for what was on it.
    Beside,
}

/// Texts that were masked at one place, to be found at others. By default there may be none.
#[derive(Debug, Default)]
pub(super) struct Known {
    texts: Vec<String>,
    seen: FxHashSet<String>,
    bytes: usize,
    /// Bytes that they may have together.
    most: usize,
    is_cut: bool,
}

impl Known {
    /// None yet, and no more than so many bytes.
    pub(super) fn within(most: usize) -> Self {
        Known {
            most,
            ..Known::default()
        }
    }

    /// Whether there were more than there may be.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// A text that is masked somewhere.
    pub(super) fn add(&mut self, text: &str) {
        let text = text.trim();
        let is_new = text.len() <= LONGEST_KNOWN
            && text.chars().any(char::is_alphanumeric)
            && !self.seen.contains(text);
        if is_new && self.bytes + text.len() > self.most {
            self.is_cut = true;
        } else if is_new {
            self.bytes += text.len();
            self.seen.insert(text.to_owned());
            self.texts.push(text.to_owned());
        }
    }

    /// What is masked elsewhere, too.
    pub(super) fn merge(&mut self, other: Known) {
        self.is_cut |= other.is_cut;
        other.texts.iter().for_each(|text| self.add(text));
    }
}

/// Masks texts by patterns and by what is known to be secret, and counts.
#[derive(Debug)]
pub(super) struct Masker<'r> {
    patterns: &'r [Pattern],
    /// How often each pattern was met; the last: known secrets.
    counts: Vec<AtomicU64>,
    known: Option<AhoCorasick>,
    /// Of each known text, whether it says so much that it is sought on the page too.
    telling: Vec<bool>,
    /// Known texts that are too short to be sought within others.
    short: FxHashSet<String>,
}

impl<'r> Masker<'r> {
    pub(super) fn new(patterns: &'r [Pattern], known: Known) -> Self {
        let (long, short): (Vec<String>, Vec<String>) = known
            .texts
            .into_iter()
            .partition(|text| text.chars().count() >= SHORTEST_KNOWN);
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&long);
        Masker {
            patterns,
            counts: (0..=patterns.len()).map(|_| AtomicU64::new(0)).collect(),
            telling: long.iter().map(|text| is_telling(text)).collect(),
            // Bounded by the bytes of what is known: it can always be built.
            known: automaton.ok().filter(|_| !long.is_empty()),
            short: short.into_iter().collect(),
        }
    }

    /// Whether nothing is secret but what is so by its shape.
    pub(super) fn knows_nothing(&self) -> bool {
        self.known.is_none() && self.short.is_empty()
    }

    /// How often each pattern was met; the last: known secrets.
    pub(super) fn counts(&self) -> Vec<u64> {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    }

    /// The text without what is secret in it; `None` when nothing is.
    pub(super) fn masked(&self, text: &str, context: Context, fill: Fill) -> Option<Arc<str>> {
        self.masked_with(text, context, fill, &[])
    }

    /// The same, where some stretches are known to be secret.
    pub(super) fn masked_with(
        &self,
        text: &str,
        context: Context,
        fill: Fill,
        secret: &[Range<usize>],
    ) -> Option<Arc<str>> {
        let mut stretches = secret.to_vec();
        self.find(text, context, |rule, range| {
            stretches.push(range);
            if let Some(count) = self.counts.get(rule) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        (!stretches.is_empty()).then(|| filled(text, stretches, fill))
    }

    /// Whether something in a text is secret.
    pub(super) fn is_secret(&self, text: &str) -> bool {
        let mut any = false;
        self.find(text, Context::Page, |_, _| any = true);
        any
    }

    /// Tells every stretch that is secret, as a range of bytes.
    pub(super) fn find(&self, text: &str, context: Context, mut found: impl FnMut(usize, Range<usize>)) {
        self.find_plain(text, context, &mut found);
        if !has_escape(text) {
            return;
        }
        // Twice, as addresses stand in addresses.
        let mut plain = text.to_owned();
        let mut places: Vec<usize> = (0..=text.len()).collect();
        for _ in 0..2 {
            (plain, places) = unescaped(&plain, &places);
            self.find_plain(&plain, context, &mut |rule, range| {
                let place = |at: usize| places.get(at).copied().unwrap_or(text.len());
                found(rule, place(range.start)..place(range.end));
            });
            if !has_escape(&plain) {
                return;
            }
        }
    }

    fn find_plain(&self, text: &str, context: Context, found: &mut impl FnMut(usize, Range<usize>)) {
        for (rule, pattern) in self.patterns.iter().enumerate() {
            pattern.find(text, |range| found(rule, range));
        }
        if context == Context::Beside && self.short.contains(text.trim()) {
            found(self.patterns.len(), 0..text.len());
        }
        let Some(known) = &self.known else { return };
        for hit in known.find_iter(text) {
            let telling = self.telling.get(hit.pattern().as_usize()) == Some(&true);
            let counts = (telling || context == Context::Beside) && is_apart(text, hit.range());
            if counts {
                found(self.patterns.len(), hit.range());
            }
        }
    }
}

/// A text that hardly stands anywhere by chance.
fn is_telling(text: &str) -> bool {
    text.chars().count() >= 6
        && (text.contains(|c: char| c.is_ascii_digit() || c == '@') || text.contains(char::is_whitespace))
}

/// Not within a longer word.
fn is_apart(text: &str, range: Range<usize>) -> bool {
    let before = text
        .get(..range.start)
        .and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    let first = text.get(range.clone()).and_then(|hit| hit.chars().next());
    let last = text.get(range).and_then(|hit| hit.chars().next_back());
    let joins = |one: Option<char>, two: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && two.is_some_and(char::is_alphanumeric)
    };
    !joins(before, first) && !joins(last, after)
}

fn filled(text: &str, mut stretches: Vec<Range<usize>>, fill: Fill) -> Arc<str> {
    stretches.sort_unstable_by_key(|range| (range.start, range.end));
    let mut masked = String::with_capacity(text.len());
    let mut stretches = stretches.into_iter().peekable();
    let mut until = 0;
    for (at, c) in text.char_indices() {
        while let Some(range) = stretches.next_if(|range| range.start <= at) {
            until = until.max(range.end);
        }
        masked.push(if at < until && !c.is_whitespace() {
            fill.character()
        } else {
            c
        });
    }
    masked.into()
}

fn has_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'%', b'\\', bytes).any(|at| escape(bytes, at).is_some())
}

/// The character that an escape stands for, `%40` of addresses or `\u0040` of JSON, and its length; of the
/// former, a byte.
fn escape(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let (digits, length) = match bytes.get(at..at + 2)? {
        [b'%', _] => (at + 1..at + 3, 3),
        [b'\\', b'u'] => (at + 2..at + 6, 6),
        _ => return None,
    };
    let mut value = 0;
    for at in digits {
        value = value * 16 + digit(at)?;
    }
    Some((value, length))
}

/// The text with its escapes resolved and `+` as the space that it may be, and where each of its bytes
/// stands, with one place more for the end.
fn unescaped(text: &str, places: &[usize]) -> (String, Vec<usize>) {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut plain_places = Vec::with_capacity(bytes.len() + 1);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let place = places.get(at).copied().unwrap_or_default();
        let length = match (byte, escape(bytes, at)) {
            (b'+', _) => {
                plain.push(b' ');
                1
            }
            (b'%', Some((value, length))) => {
                plain.push(u8::try_from(value).unwrap_or(b'%'));
                length
            }
            (_, Some((value, length))) => {
                let c = char::from_u32(value).unwrap_or('?');
                plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            (other, None) => {
                plain.push(*other);
                1
            }
        };
        plain_places.resize(plain.len(), place);
        at += length;
    }
    plain_places.push(places.last().copied().unwrap_or_default());
    match String::from_utf8(plain) {
        Ok(plain) => (plain, plain_places),
        Err(error) => {
            // What is no text cannot be what is sought; its bytes keep their places.
            let bytes = error.as_bytes().iter();
            let plain = bytes.map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' });
            (plain.collect(), plain_places)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Preset;
    use super::*;

    fn masked(text: &str, known: &[&str], context: Context) -> String {
        let patterns = [Preset::Card, Preset::Email].map(|preset| Pattern::preset(preset).unwrap());
        let mut all = Known::within(1 << 20);
        known.iter().for_each(|text| all.add(text));
        let masker = Masker::new(&patterns, all);
        let masked = masker.masked(text, context, Fill::Letter);
        masked.as_deref().unwrap_or(text).to_owned()
    }

    #[test]
    fn escapes_hide_nothing() {
        for (text, expected) in [
            ("/?m=ada%40example.org&x", "/?m=xxxxxxxxxxxxxxxxx&x"),
            ("/?m=ada%2540example.org&x", "/?m=xxxxxxxxxxxxxxxxxxx&x"),
            ("/?c=4111%201111+1111%201111", "/?c=xxxxxxxxxxxxxxxxxxxxxxx"),
            ("%zz %", "%zz %"),
            (
                r"c \u0034111 1111 1111 1111 \u00 \",
                r"c xxxxxxxxx xxxx xxxx xxxx \u00 \",
            ),
            ("%ff ada%40example.org", "%ff xxxxxxxxxxxxxxxxx"),
        ] {
            assert_eq!(masked(text, &[], Context::Beside), expected);
        }
    }

    #[test]
    fn what_is_masked_once_is_found_elsewhere() {
        let known = ["Ada Lovelace", "Save", "No"];
        assert_eq!(
            masked("hi ada lovelace!", &known, Context::Page),
            "hi xxx xxxxxxxx!"
        );
        assert_eq!(
            masked("/u/Ada%20Lovelace", &known, Context::Page),
            "/u/xxxxxxxxxxxxxx"
        );
        // A single word may stand on the page for itself.
        assert_eq!(masked("Save", &known, Context::Page), "Save");
        assert_eq!(masked("clicked Save", &known, Context::Beside), "clicked xxxx");
        assert_eq!(masked("Saved", &known, Context::Beside), "Saved");
        assert_eq!(masked("No", &known, Context::Beside), "xx");
        assert_eq!(masked("No way", &known, Context::Beside), "No way");
    }

    #[test]
    fn white_space_and_length_stay() {
        assert_eq!(
            &*Fill::Dot.whole("ab, \n1é"),
            "•••  \n••".replace("  ", " ").as_str()
        );
    }
}
