//! The part of CSS selectors that masks can be written in.
//!
//! Lists of compound selectors (`tag`, `*`, `#id`, `.class`, `[name]`, `[name=value]` with `~=`, `|=`,
//! `^=`, `$=`, `*=` and the flag `i`, `:not(…)` of one compound) joined by descendant and child
//! combinators. Everything else is refused, lest a mask is taken for wider than it is. Ancestors are those
//! on the screen: a selector reaches through shadow roots and into frames.

use std::fmt;

use crate::dom::NodeView;
use crate::limits::{Limit, Limits};

/// Why a selector cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the selector ‘{selector}’ cannot be used: {reason}; use tags, #ids, .classes, [attributes], :not(…), and \
     descendant or child (>) combinators"
)]
pub struct SelectorError {
    /// The selector as given.
    pub selector: String,
    /// What is wrong with it.
    pub reason: String,
}

impl SelectorError {
    fn new(selector: &str, reason: String) -> Self {
        SelectorError {
            selector: selector.chars().take(200).collect(),
            reason,
        }
    }
}

/// A list of selectors.
#[derive(Debug, Clone)]
pub struct Selector {
    text: Box<str>,
    alternatives: Vec<Complex>,
}

/// As it was given.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Compound selectors joined by combinators, the subject last.
#[derive(Debug, Clone)]
struct Complex {
    /// Each with how it hangs on the one before.
    parts: Vec<(Combinator, Compound)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Combinator {
    Descendant,
    Child,
}

type Compound = Vec<Test>;

#[derive(Debug, Clone)]
enum Test {
    Any,
    Tag(String),
    Attribute {
        name: String,
        how: Comparison,
        value: String,
        ignore_case: bool,
    },
    Not(Compound),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Present,
    Equal,
    Word,
    Dash,
    Begins,
    Ends,
    Contains,
}

impl Selector {
    /// Reads a list of selectors.
    ///
    /// # Errors
    /// When it is empty or says more than this module understands.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let error = |reason| SelectorError::new(text, reason);
        let mut parser = Parser {
            rest: text.trim().chars().peekable(),
        };
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(parser.complex().map_err(error)?);
            match parser.rest.next() {
                None => {
                    return Ok(Selector {
                        text: text.trim().into(),
                        alternatives,
                    });
                }
                Some(',') => drop(parser.space()),
                Some(other) => return Err(error(format!("‘{other}’ is not understood here"))),
            }
        }
    }

    /// Itself, if it is no longer than selectors may be.
    ///
    /// # Errors
    /// When it is.
    pub fn within(self, limits: &Limits) -> Result<Self, SelectorError> {
        if self.text.len() <= limits.size(Limit::Selector) {
            return Ok(self);
        }
        let reason = format!("it is too long; {}", limits.hint(Limit::Selector));
        Err(SelectorError::new(&self.text, reason))
    }

    /// Whether it is an element that is meant.
    pub(crate) fn matches(&self, node: NodeView<'_>) -> bool {
        node.tag().is_some() && self.alternatives.iter().any(|one| one.matches(node))
    }

    /// The attributes that decide, in small letters.
    pub(super) fn attributes(&self) -> Vec<String> {
        let compounds = self.alternatives.iter().flat_map(|one| &one.parts);
        let mut names = Vec::new();
        for (_, compound) in compounds {
            for test in compound {
                let inner: &[Test] = match test {
                    Test::Not(inner) => inner,
                    test => std::slice::from_ref(test),
                };
                names.extend(inner.iter().filter_map(|test| match test {
                    Test::Attribute { name, .. } => Some(name.clone()),
                    _ => None,
                }));
            }
        }
        names
    }
}

impl Complex {
    fn matches(&self, node: NodeView<'_>) -> bool {
        let Some(((combinator, subject), above)) = self.parts.split_last() else {
            return false;
        };
        if !fits(subject, node) {
            return false;
        }
        // Where the part that was looked at last may be, the innermost first.
        let mut places = vec![node];
        let mut combinator = *combinator;
        for (next, compound) in above.iter().rev() {
            let mut found: Vec<NodeView<'_>> = match combinator {
                Combinator::Child => places.into_iter().filter_map(parent_element).collect(),
                // What is above the innermost is above all of them.
                Combinator::Descendant => places.into_iter().take(1).flat_map(elements_above).collect(),
            };
            found.retain(|place| fits(compound, *place));
            places = found;
            combinator = *next;
        }
        !places.is_empty()
    }
}

fn elements_above(node: NodeView<'_>) -> impl Iterator<Item = NodeView<'_>> {
    node.ancestors().filter(|above| above.tag().is_some())
}

fn parent_element(node: NodeView<'_>) -> Option<NodeView<'_>> {
    elements_above(node).next()
}

fn fits(compound: &[Test], node: NodeView<'_>) -> bool {
    compound.iter().all(|test| match test {
        Test::Any => true,
        Test::Tag(tag) => node.tag().is_some_and(|known| known.eq_ignore_ascii_case(tag)),
        Test::Attribute {
            name,
            how,
            value,
            ignore_case,
        } => node
            .attributes()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .is_some_and(|(_, known)| match ignore_case {
                true => how.holds(&known.to_lowercase(), &value.to_lowercase()),
                false => how.holds(known, value),
            }),
        Test::Not(inner) => !fits(inner, node),
    })
}

impl Comparison {
    fn holds(self, known: &str, value: &str) -> bool {
        match self {
            Comparison::Present => true,
            Comparison::Equal => known == value,
            Comparison::Word => known.split_whitespace().any(|word| word == value),
            Comparison::Dash => known
                .strip_prefix(value)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            Comparison::Begins => !value.is_empty() && known.starts_with(value),
            Comparison::Ends => !value.is_empty() && known.ends_with(value),
            Comparison::Contains => !value.is_empty() && known.contains(value),
        }
    }
}

struct Parser<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
}

impl Parser<'_> {
    fn space(&mut self) -> bool {
        let mut any = false;
        while self.rest.next_if(|c| c.is_ascii_whitespace()).is_some() {
            any = true;
        }
        any
    }

    fn complex(&mut self) -> Result<Complex, String> {
        let mut parts = vec![(Combinator::Descendant, self.compound(true)?)];
        loop {
            let space = self.space();
            let combinator = match self.rest.peek() {
                None | Some(',') => return Ok(Complex { parts }),
                Some('>') => {
                    self.rest.next();
                    self.space();
                    Combinator::Child
                }
                Some('+' | '~') => return Err("sibling combinators are not understood".to_owned()),
                Some(_) if space => Combinator::Descendant,
                Some(other) => return Err(format!("‘{other}’ is not understood here")),
            };
            parts.push((combinator, self.compound(true)?));
        }
    }

    fn compound(&mut self, may_negate: bool) -> Result<Compound, String> {
        let mut tests = Vec::new();
        loop {
            let test = match self.rest.peek() {
                Some('*') if tests.is_empty() => {
                    self.rest.next();
                    Test::Any
                }
                Some('#') => {
                    self.rest.next();
                    attribute("id", Comparison::Equal, self.name()?)
                }
                Some('.') => {
                    self.rest.next();
                    attribute("class", Comparison::Word, self.name()?)
                }
                Some('[') => {
                    self.rest.next();
                    self.attribute()?
                }
                Some(':') if may_negate => {
                    self.rest.next();
                    self.negation()?
                }
                Some(c) if tests.is_empty() && is_name(*c) => Test::Tag(self.name()?),
                Some(':') => return Err("pseudo-classes are not understood here".to_owned()),
                Some('|') => return Err("namespaces are not understood".to_owned()),
                _ if tests.is_empty() => return Err("a selector is missing".to_owned()),
                _ => return Ok(tests),
            };
            tests.push(test);
        }
    }

    fn negation(&mut self) -> Result<Test, String> {
        let name = self
            .name()
            .map_err(|_| "pseudo-elements are not understood".to_owned())?;
        if name != "not" || self.rest.next() != Some('(') {
            return Err(format!("‘:{name}’ is not understood"));
        }
        self.space();
        let inner = self.compound(false)?;
        self.space();
        match self.rest.next() {
            Some(')') => Ok(Test::Not(inner)),
            _ => Err("‘:not(’ takes one compound selector".to_owned()),
        }
    }

    fn attribute(&mut self) -> Result<Test, String> {
        self.space();
        let name = self.name()?.to_ascii_lowercase();
        self.space();
        let how = match self.rest.next() {
            Some(']') => return Ok(attribute(&name, Comparison::Present, String::new())),
            Some('=') => Comparison::Equal,
            Some(sign) => {
                let how = match sign {
                    '~' => Comparison::Word,
                    '|' => Comparison::Dash,
                    '^' => Comparison::Begins,
                    '$' => Comparison::Ends,
                    '*' => Comparison::Contains,
                    other => return Err(format!("‘{other}’ is not understood in an attribute")),
                };
                if self.rest.next() != Some('=') {
                    return Err("an attribute's ‘=’ is missing".to_owned());
                }
                how
            }
            None => return Err("an attribute's ‘]’ is missing".to_owned()),
        };
        self.space();
        let value = match self.rest.peek() {
            Some(quote @ ('"' | '\'')) => {
                let quote = *quote;
                self.rest.next();
                self.quoted(quote)?
            }
            _ => self.name()?,
        };
        self.space();
        let flag = self.rest.next_if(|c| c.is_ascii_alphabetic());
        self.space();
        if self.rest.next() != Some(']') {
            return Err("an attribute's ‘]’ is missing".to_owned());
        }
        let ignore_case = match flag {
            None | Some('s' | 'S') => false,
            Some('i' | 'I') => true,
            Some(other) => return Err(format!("the flag ‘{other}’ is not understood")),
        };
        Ok(Test::Attribute {
            name,
            how,
            value,
            ignore_case,
        })
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut value = String::new();
        loop {
            match self.rest.next() {
                Some(c) if c == quote => return Ok(value),
                Some('\\') => value.push(self.escaped()?),
                Some(c) => value.push(c),
                None => return Err("a quotation mark is missing".to_owned()),
            }
        }
    }

    fn name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            if let Some(c) = self.rest.next_if(|c| is_name(*c)) {
                name.push(c);
            } else if self.rest.next_if_eq(&'\\').is_some() {
                name.push(self.escaped()?);
            } else {
                break;
            }
        }
        match name.is_empty() {
            true => Err("a name is missing".to_owned()),
            false => Ok(name),
        }
    }

    /// What follows a backslash: up to six hexadecimal digits, or the character itself.
    fn escaped(&mut self) -> Result<char, String> {
        let mut digits = String::new();
        while digits.len() < 6
            && let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit)
        {
            digits.push(digit);
        }
        if digits.is_empty() {
            return self.rest.next().ok_or("a character is missing".to_owned());
        }
        self.rest.next_if(|c| c.is_ascii_whitespace());
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or(format!("‘\\{digits}’ is no character"))
    }
}

fn attribute(name: &str, how: Comparison, value: String) -> Test {
    Test::Attribute {
        name: name.to_owned(),
        how,
        value,
        ignore_case: false,
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii()
}
