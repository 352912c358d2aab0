//! Who answers for a page or a problem.

use crate::scan::Group;

/// Rules of the kind of a CODEOWNERS file: a pattern and who owns what it matches; the last rule that
/// matches counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    rules: Vec<(String, Vec<String>)>,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnersError {
    /// It is not a pattern and owners.
    #[error("‘{0}’ is no rule: write PATTERN=@OWNER, as in checkout=@team-payments")]
    Rule(String),
    /// A line of a file is not a pattern and owners.
    #[error("line {line} of the owners' file names no owner: write PATTERN @OWNER…")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
}

impl Owners {
    /// Reads a file: a pattern and owners a line, `#` begins a comment.
    ///
    /// # Errors
    /// When a line names no owner.
    pub fn parse(text: &str) -> Result<Owners, OwnersError> {
        let mut owners = Owners::default();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split(" #").next().unwrap_or_default().trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let mut words = content.split_whitespace();
            let pattern = words.next().unwrap_or_default();
            let names: Vec<String> = words.filter_map(owner).collect();
            if names.is_empty() {
                return Err(OwnersError::Line { line });
            }
            owners.rules.push((pattern.to_owned(), names));
        }
        Ok(owners)
    }

    /// Adds a rule `PATTERN=@OWNER`; it comes before all that are there.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn add(&mut self, rule: &str) -> Result<(), OwnersError> {
        let wrong = || OwnersError::Rule(rule.to_owned());
        let (pattern, names) = rule.rsplit_once('=').ok_or_else(wrong)?;
        let names: Vec<String> = names.split([',', ' ']).filter_map(owner).collect();
        if names.is_empty() || pattern.trim().is_empty() {
            return Err(wrong());
        }
        self.rules.push((pattern.trim().to_owned(), names));
        Ok(())
    }

    /// The owners of a problem: by its id, title, place in the code, or the pages it was met on.
    pub fn of(&self, group: &Group) -> &[String] {
        let mut texts: Vec<&str> = vec![&group.id, &group.title];
        texts.extend(group.place.as_deref());
        // The page it was met on most decides, not one where it was met once.
        texts.extend(group.pages.first().map(|page| page.name.as_str()));
        self.of_texts(&texts)
    }

    /// The owners of what any of `texts` names.
    pub fn of_texts(&self, texts: &[&str]) -> &[String] {
        self.rules
            .iter()
            .rev()
            .find(|(pattern, _)| texts.iter().any(|text| matches(pattern, text)))
            .map_or(&[], |(_, names)| names)
    }
}

/// A name that is safe to be written as a mention.
fn owner(word: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._/-".contains(c);
    (!word.is_empty() && word.len() <= 100 && word.chars().all(plain)).then(|| word.to_owned())
}

/// Whether a pattern is part of a text, in any case; a star stands for anything, and a slash at its
/// begin for the begin of a path.
fn matches(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let pattern = pattern.to_lowercase();
    if pattern == "*" {
        return true;
    }
    let text = match (pattern.strip_prefix('/'), text.find('/')) {
        (Some(_), Some(slash)) => text.get(slash..).unwrap_or_default().to_owned(),
        _ => text,
    };
    let mut rest = text.as_str();
    for (at, part) in pattern.split('*').enumerate() {
        let Some(found) = rest.find(part) else {
            return false;
        };
        if at == 0 && pattern.starts_with('/') && found > 0 {
            return false;
        }
        rest = rest.get(found + part.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_matches_counts() {
        let mut owners = Owners::parse("# who\n*  @web\n/checkout*  @pay @help # both\n").unwrap();
        assert_eq!(owners.of_texts(&["shop.example/checkout"]), ["@pay", "@help"]);
        assert_eq!(owners.of_texts(&["shop.example/old/checkout"]), ["@web"]);
        owners.add("api/orders=@orders").unwrap();
        assert_eq!(
            owners.of_texts(&["POST shop.example/api/orders 5xx"]),
            ["@orders"]
        );
        assert_eq!(Owners::default().of_texts(&["x"]), [""; 0]);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        assert_eq!(Owners::parse("\n/a\n"), Err(OwnersError::Line { line: 2 }));
        assert!(Owners::default().add("checkout").is_err());
        assert!(Owners::default().add("checkout=").is_err());
        assert!(Owners::default().add("a=[x](http://y)").is_err());
    }
}
