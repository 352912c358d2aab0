//! rrweb and its family: everything that holds rrweb's events, in whatever it is wrapped.
//!
//! | module | what it does |
//! |---|---|
//! | `walk` | finds the events in arrays, streams and envelopes, past damage |
//! | `chunk` | events that were compressed together and sent in pieces |
//! | `event` | what is known of an event without decoding it |
//! | `packed` | events that were compressed one by one |
//! | `decode` | the data of an event, with `mutation`, `style`, `tree`, `attributes` |

mod attributes;
mod chunk;
mod decode;
mod event;
mod mutation;
mod packed;
mod style;
mod tree;
mod walk;

pub(super) use chunk::Chunks;
pub(super) use decode::decode;
pub(super) use event::{begins_with_wireframes, incremental_kind, is_event, source};
pub(super) use walk::{CONTAINERS, Dialect, finish, read, read_at};
