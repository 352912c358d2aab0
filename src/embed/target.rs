//! The places that clips are embedded in.

use std::fmt;
use std::str::FromStr;

/// A place that a clip can be put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Markdown wherever relative paths work: a repository, a wiki, a static site.
    Markdown,
    /// A self-contained HTML page.
    Html,
    /// A Jupyter notebook.
    Notebook,
    /// An issue, a pull request or a comment on GitHub.
    Github,
    /// An issue, a merge request or a comment on GitLab.
    Gitlab,
    /// An issue of Jira Cloud, in the Atlassian Document Format.
    Jira,
    /// An issue of Jira Data Center, in wiki markup.
    JiraWiki,
    /// A page of Confluence, in the storage format.
    Confluence,
    /// A Slack message, as blocks.
    Slack,
    /// A Notion page, as blocks.
    Notion,
    /// An issue or comment in Linear.
    Linear,
    /// A Datadog Notebook.
    Datadog,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 12] = [
        Target::Markdown,
        Target::Html,
        Target::Notebook,
        Target::Github,
        Target::Gitlab,
        Target::Jira,
        Target::JiraWiki,
        Target::Confluence,
        Target::Slack,
        Target::Notion,
        Target::Linear,
        Target::Datadog,
    ];

    /// Its stable name, for options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Target::Markdown => "markdown",
            Target::Html => "html",
            Target::Notebook => "notebook",
            Target::Github => "github",
            Target::Gitlab => "gitlab",
            Target::Jira => "jira",
            Target::JiraWiki => "jira-wiki",
            Target::Confluence => "confluence",
            Target::Slack => "slack",
            Target::Notion => "notion",
            Target::Linear => "linear",
            Target::Datadog => "datadog",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no target's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no target ‘{name}’; there are {}", Target::ALL.map(Target::name).join(", "))]
pub struct TargetError {
    name: String,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Target::ALL
            .into_iter()
            .find(|target| target.name() == name)
            .ok_or_else(|| TargetError {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_known_by_its_name() {
        for target in Target::ALL {
            assert_eq!(target.name().parse(), Ok(target));
        }
        let error = "word".parse::<Target>().unwrap_err().to_string();
        assert!(error.contains("‘word’") && error.contains("jira-wiki"), "{error}");
    }
}
