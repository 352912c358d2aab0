//! rrweb and its family: everything that holds rrweb's events, in whatever it is wrapped.
//!
//! | module | what it does |
//! |---|---|
//! | `walk` | finds the events in arrays, streams and envelopes, past damage |
//! | `event` | what is known of an event without decoding it |
//! | `packed` | events that were compressed one by one |
//! | `decode` | the data of an event, with `mutation`, `style`, `tree`, `attributes` |

mod attributes;
mod decode;
mod event;
mod mutation;
mod packed;
mod style;
mod tree;
mod walk;

pub(super) use decode::decode;
pub(super) use event::{incremental_kind, is_event, source};
pub(super) use walk::{Dialect, read, read_at};
