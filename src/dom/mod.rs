//! The page as data: events are applied to a tree held here, and the page as it was at any time is
//! given out as a list of [`Change`]s. No browser is involved.
//!
//! [`Replay`] plays a tab; [`Page`] is the page at one time. What goes out is fit to be shown: nothing
//! in it runs, loads or navigates, and the pointer's pseudo-classes in style sheets have become
//! attributes that the stage sets.

mod attributes;
mod canvas;
mod change;
pub(crate) mod css;
mod describe;
mod emit;
mod fidelity;
mod forms;
mod grow;
mod markup;
mod media;
mod missing;
mod mutation;
mod node;
mod page;
mod placing;
mod pointer;
mod replay;
mod sanitize;
mod sheets;
mod tree;
mod view;

pub use change::{Change, Handle, MediaState, Namespace, NewContent, NewNode, Range, STAGE, Sheet, Step};
pub use describe::Description;
pub use fidelity::{Fidelity, MissingShown, missing_in_words};
pub use missing::{MissingResource, ResourceKind};
pub use page::Page;
pub use replay::Replay;
pub(crate) use view::NodeView;
