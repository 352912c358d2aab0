//! Clips where they are read: documents, tickets, notebooks and chats.
//!
//! ```text
//! Recording, Report ──▶ Manifest ──document──▶ Blocks ──▶ Markdown, HTML, …
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`manifest`] | all that is known about a clip, as a file beside it |
//! | [`document`] | what there is to say about a clip, in no format yet |
//! | [`preset`] | what each place takes: formats, bytes, width |
//! | [`place`] | sections in Markdown and HTML documents that are there |
//! | [`notebook`] | Jupyter notebooks, new and old |
//! | [`beside`] | the files beside a clip: manifest, captions, alternative text, steps |

mod alt;
pub mod beside;
mod captions;
mod confluence;
mod datadog;
pub mod document;
mod drawn_with;
mod files;
mod headings;
mod html;
mod jira;
pub mod manifest;
mod markdown;
pub mod notebook;
mod notion;
mod page;
pub mod place;
mod postmortem;
pub mod preset;
mod slack;
mod snippet;
mod target;
mod words;

pub use self::captions::web_vtt;
pub use self::drawn_with::drawn_with;
pub use self::files::{ClipFiles, EmbedError};
pub use self::html::html;
pub use self::markdown::markdown;
pub use self::page::page;
pub use self::postmortem::postmortem;
pub use self::snippet::{Snippet, SnippetOptions, snippet};
pub use self::target::{Target, TargetError};

#[cfg(test)]
mod tests;
