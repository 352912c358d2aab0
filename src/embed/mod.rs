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
//! | [`beside`] | the files beside a clip: manifest, captions, alternative text, steps |

mod alt;
pub mod beside;
mod captions;
pub mod document;
mod drawn_with;
pub mod manifest;
mod markdown;
mod target;
mod words;

pub use self::captions::web_vtt;
pub use self::drawn_with::drawn_with;
pub use self::markdown::markdown;
pub use self::target::{Target, TargetError};
