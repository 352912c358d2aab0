//! The page as data: events are applied to a tree held here, and the page as it was at any time is
//! given out as a list of [`Change`]s. No browser is involved.

mod change;

pub use change::{Change, Handle, MediaState, Namespace, NewContent, NewNode, Range, STAGE, Sheet, Step};
