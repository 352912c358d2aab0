//! A document that a clip is put into.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use domreel::embed::document::{self, Block, Part, Place};
use domreel::embed::notebook::{self, Spot};
use domreel::embed::place::{Language, put_section};
use domreel::embed::{ClipFiles, html, markdown};
use domreel::encode::output::write_file;
use serde::Serialize;

use super::Done;
use super::console::Console;
use super::embed::part;
use super::failure::{Failure, Status};
use super::upload::Uploaded;

/// What is put into a document, and where.
#[derive(Debug, Clone, Args)]
pub(crate) struct SectionArgs {
    /// Put it under the heading with this text
    #[arg(long, value_name = "HEADING", help_heading = "Document")]
    under: Option<String>,
    /// Name of the section, by which the next run finds it [default: the clip's name]
    #[arg(long, value_name = "NAME", help_heading = "Document")]
    section: Option<String>,
    /// Heading of the section [default: --title, or the worst of what the clip shows]
    #[arg(long, value_name = "TEXT", help_heading = "Document")]
    section_title: Option<String>,
    /// What is said: clip, summary, moments, steps, environment, source [default: all of them]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = part(), help_heading = "Document")]
    pub(super) parts: Vec<Part>,
}

impl SectionArgs {
    /// Whether something is said that only makes sense with a document.
    pub(super) fn asks_for_document(&self) -> bool {
        self.under.is_some() || self.section.is_some() || self.section_title.is_some()
    }
}

/// Kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text(Language),
    Notebook,
}

/// A document that is there.
pub(super) struct Document {
    path: PathBuf,
    kind: Kind,
}

/// What was done. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct Attached<'a> {
    document: &'a Path,
    clip: &'a Path,
    section: &'a str,
    /// Whether the document is another than before.
    changed: bool,
}

impl Document {
    /// A document that can be added to.
    ///
    /// # Errors
    /// When it cannot be read, or is of no kind that can be added to.
    pub(super) fn open(path: &Path) -> Result<Document, Failure> {
        let document = Document {
            path: path.to_owned(),
            kind: kind(path)?,
        };
        document.read()?;
        Ok(document)
    }

    fn read(&self) -> Result<String, Failure> {
        std::fs::read_to_string(&self.path).map_err(|error| {
            let error = anyhow::Error::new(error).context(format!("cannot read {}", self.path.display()));
            Failure::new(Status::Input, error)
        })
    }

    /// Puts a clip into it, writes it if that changes it, and tells so.
    ///
    /// # Errors
    /// When the clip cannot be read, there is no place for it, or the document cannot be written.
    pub(super) fn put(
        &self,
        args: &SectionArgs,
        clip: &ClipFiles,
        uploaded: Option<&Uploaded>,
        console: &Console,
    ) -> Done {
        let section = args.section.clone().unwrap_or_else(|| stem(&clip.path));
        // Somebody may have written in it while the clip was made.
        let before = self.read()?;
        let after = put(self, &before, args, &section, clip, uploaded)?;
        let changed = after != before;
        if changed {
            write_file(&self.path, after.as_bytes())?;
        }
        let attached = Attached {
            document: &self.path,
            clip: &clip.path,
            section: &section,
            changed,
        };
        console.finished(&attached, false, || {
            let document = self.path.display();
            match changed {
                true => format!("{document}: shows {}", clip.path.display()),
                false => format!("{document}: is up to date"),
            }
        })
    }
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "md" | "markdown" | "mdx" | "qmd" => Ok(Kind::Text(Language::Markdown)),
        "html" | "htm" => Ok(Kind::Text(Language::Html)),
        "ipynb" => Ok(Kind::Notebook),
        _ => Err(Failure::message(
            Status::Usage,
            format!(
                "{} is no document that domreel can add to: use .md, .html or .ipynb, or paste what ‘domreel embed’ prints",
                path.display()
            ),
        )),
    }
}

/// A file's name without folders and ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The document with the section in it.
fn put(
    document: &Document,
    before: &str,
    args: &SectionArgs,
    section: &str,
    clip: &ClipFiles,
    uploaded: Option<&Uploaded>,
) -> Result<String, Failure> {
    let parts = match args.parts.as_slice() {
        [] => Part::ALL.to_vec(),
        parts => parts.to_vec(),
    };
    let title = match &args.section_title {
        Some(title) => title.clone(),
        None => document::title(&clip.manifest),
    };
    let spot = match &args.under {
        Some(heading) => Spot::Heading(heading.clone()),
        None => Spot::Marker,
    };
    let language = match document.kind {
        Kind::Notebook => {
            let cells = notebook::cells(clip, section, &title, &parts)?;
            return Ok(notebook::put_cells(before, section, &cells, &spot)?);
        }
        Kind::Text(language) => language,
    };
    let place = Place {
        clip: None,
        folder: match uploaded {
            Some(uploaded) => uploaded.folder.clone(),
            None => folder(&document.path, &clip.path),
        },
    };
    let blocks = document::blocks(&clip.manifest, &place, &parts);
    let heading = [Block::Heading(1, title)];
    let content = |level: u8| {
        let below = level.saturating_add(1);
        match language {
            Language::Markdown => format!("{}\n{}", markdown(&heading, level), markdown(&blocks, below)),
            Language::Html => format!("{}{}", html(&heading, level), html(&blocks, below)),
        }
    };
    Ok(put_section(before, language, section, &spot, content)?)
}

/// The folder of the clip as seen from the document, with a slash at its end: relative where it can be.
fn folder(document: &Path, clip: &Path) -> String {
    let folder_of = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).canonicalize().ok()
    };
    let (Some(from), Some(to)) = (folder_of(document), folder_of(clip)) else {
        return String::new();
    };
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, two)| one == two)
        .count();
    let up = from.components().count() - shared;
    let mut folder = "../".repeat(up);
    for part in to.components().skip(shared) {
        folder.push_str(&document::relative_url(&part.as_os_str().to_string_lossy()));
        folder.push('/');
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clip_is_found_from_the_document() {
        let directory = tempfile::tempdir().unwrap();
        let docs = directory.path().join("docs");
        let clips = directory.path().join("my clips");
        std::fs::create_dir(&docs).unwrap();
        std::fs::create_dir(&clips).unwrap();
        let document = docs.join("a.md");
        assert_eq!(folder(&document, &docs.join("a.gif")), "");
        assert_eq!(folder(&document, &clips.join("a.gif")), "../my%20clips/");
        assert_eq!(
            folder(&directory.path().join("a.md"), &clips.join("a.gif")),
            "my%20clips/"
        );
    }

    #[test]
    fn documents_are_known_by_their_names() {
        assert_eq!(kind(Path::new("a.MD")).ok(), Some(Kind::Text(Language::Markdown)));
        assert_eq!(kind(Path::new("a.htm")).ok(), Some(Kind::Text(Language::Html)));
        assert_eq!(kind(Path::new("a.ipynb")).ok(), Some(Kind::Notebook));
        assert!(kind(Path::new("a.docx")).is_err());
    }
}
