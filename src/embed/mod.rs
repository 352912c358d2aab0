//! Clips where they are read: documents, tickets, notebooks and chats.

mod target;

pub use self::target::{Target, TargetError};
