//! What is pasted, or posted, to have a clip shown: one form for each target.

use super::document::{Block, Part, Place, blocks, text, title};
use super::files::{ClipFiles, EmbedError};
use super::markdown::{clip_on_github, clip_on_gitlab, markdown_with};
use super::target::Target;
use super::{confluence, datadog, jira, markdown, notebook, notion, page, slack};

/// What a snippet holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnippetOptions {
    /// The clip's address, where it has been uploaded; it begins with `https://`, `http://` or `file://`.
    pub url: Option<String>,
    /// Address of the folder that poster and captions have been uploaded to, with a slash at its end; empty
    /// where they lie beside the text.
    pub folder: String,
    /// The id that the target gave the clip when it was uploaded there.
    pub file_id: Option<String>,
    /// What is said; all of it if none is named.
    pub parts: Vec<Part>,
    /// The heading; what the clip shows if it is not given.
    pub title: Option<String>,
}

/// A snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// What is pasted or posted.
    pub text: String,
    /// Ending of a file of this kind.
    pub extension: &'static str,
    /// What is left to be done by hand, in sentences.
    pub notes: Vec<String>,
}

/// What every form is made of.
pub(super) struct Content<'a> {
    pub(super) clip: &'a ClipFiles,
    pub(super) options: &'a SnippetOptions,
    /// The heading.
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
    pub(super) notes: Vec<String>,
}

impl Content<'_> {
    /// The heading and all parts.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut all = vec![Block::Heading(1, self.title.clone())];
        let place = Place {
            clip: self.options.url.clone(),
            folder: self.options.folder.clone(),
        };
        let below = blocks(&self.clip.manifest, &place, &self.parts);
        all.extend(below.into_iter().map(|block| match block {
            Block::Heading(level, text) => Block::Heading(level.saturating_add(1), text),
            other => other,
        }));
        all
    }

    /// The name of the clip's file.
    pub(super) fn file(&self) -> &str {
        &self.clip.manifest.clip.file
    }

    /// What stands where a clip would, as long as it has no address.
    pub(super) fn in_its_place(&self) -> Block {
        Block::Paragraph(vec![text(format!("Clip: {} (attached)", self.file()))])
    }

    /// Whether the clip can be shown from elsewhere.
    pub(super) fn is_hosted(&self) -> bool {
        self.options.url.is_some() || self.options.file_id.is_some()
    }
}

/// The snippet for a target.
///
/// # Errors
/// When the clip cannot be read, or the target cannot show it.
pub fn snippet(target: Target, clip: &ClipFiles, options: &SnippetOptions) -> Result<Snippet, EmbedError> {
    if let Some(url) = &options.url
        && !["https://", "http://", "file://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
    {
        return Err(EmbedError::Document {
            document: "the clip's address".to_owned(),
            reason: format!("‘{url}’ does not begin with https://"),
        });
    }
    let parts = match options.parts.as_slice() {
        [] => Part::ALL.to_vec(),
        parts => parts.to_vec(),
    };
    let mut content = Content {
        clip,
        options,
        title: options.title.clone().unwrap_or_else(|| title(&clip.manifest)),
        parts,
        notes: Vec::new(),
    };
    let (text, extension) = match target {
        Target::Markdown => (markdown(&content.blocks(), 1), "md"),
        Target::Html => (page(clip)?, "html"),
        Target::Notebook => {
            let cells = notebook::cells(clip, "clip", &content.title, &content.parts)?;
            (notebook::notebook(&cells), "ipynb")
        }
        Target::Github | Target::Gitlab | Target::Linear => {
            content.note_upload(target);
            let blocks = content.blocks();
            let text = match target {
                Target::Github => markdown_with(&blocks, 1, &clip_on_github),
                Target::Gitlab => markdown_with(&blocks, 1, &clip_on_gitlab),
                _ => markdown(&blocks, 1),
            };
            (text, "md")
        }
        Target::Jira => (jira::document(&mut content), "json"),
        Target::JiraWiki => (jira::wiki(&mut content), "txt"),
        Target::Confluence => (confluence::storage(&mut content), "xml"),
        Target::Slack => (slack::message(&mut content), "json"),
        Target::Notion => (notion::children(&mut content), "json"),
        Target::Datadog => (datadog::notebook(&mut content), "json"),
    };
    Ok(Snippet {
        text,
        extension,
        notes: content.notes,
    })
}

impl Content<'_> {
    /// Says how the clip gets to a place that reads Markdown.
    fn note_upload(&mut self, target: Target) {
        if self.options.url.is_some() {
            return;
        }
        let file = self.file().to_owned();
        self.notes.push(match target {
            Target::Github => format!(
                "post this text as FILE with ‘gh issue comment NUMBER --body-file FILE --attach {file}’ (gh 2.99 or later \
                 uploads the clip and puts its address in), or paste it and drag {file} in"
            ),
            Target::Gitlab => format!(
                "upload {file} (POST /projects/:id/uploads, or drag it into the text) and give its address with --url"
            ),
            _ => format!("drag {file} into the text, or upload it and give its address with --url"),
        });
    }
}
