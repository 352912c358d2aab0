//! domreel turns a recorded web session into a clip: a GIF, a video or frames, with the error drawn
//! into the picture.
//!
//! ```text
//! bytes ──format──▶ Recording ──clip──▶ Plan ──stage──▶ Shots ──overlay──▶ Frames ──encode──▶ file
//!                       │                          ▲
//!                       └─────────── dom ──────────┘
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`mod@format`] | bytes become a recording: detection, decompression, the vendors' formats |
//! | [`asset`] | what a recording refers to but does not contain, from files or allowed hosts |
//! | [`limits`] | how much all of it may come to |
//! | [`recording`] | the neutral model: events, nodes, tabs; no I/O, no browser |
//! | [`dom`] | the page as data: applies events, gives the page at any time |
//! | [`clip`] | which part is shown, idle folding, speed, when frames begin |
//! | [`stage`] | a browser page that shows the recorded document, and pictures of it |
//! | [`overlay`] | what is drawn over and around the page |
//! | [`encode`] | finished frames become a file |
//! | [`embed`] | what goes beside a clip, and the clip in tickets, notebooks and documents |
//! | [`redact`] | takes what is secret out of a recording |
//! | [`render`] | all of it, once, for every front end |
//! | [`scan`] | what went wrong in many recordings, in groups |
//! | [`postmortem`] | a document about one of these groups |
//! | `fetch` | recordings from where products keep them (feature `fetch`) |
//! | [`upload`] | clips where a link leads to them |
//! | `worker` | the renderer behind a queue, with storage and HTTP (feature `worker`) |

#![warn(missing_docs)]

pub mod asset;
pub mod clip;
mod digest;
pub mod dom;
pub mod embed;
pub mod encode;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod format;
pub mod limits;
pub mod moment;
pub mod overlay;
pub mod pixmap;
pub mod postmortem;
pub mod recording;
pub mod redact;
pub mod render;
pub mod scan;
pub mod stage;
pub mod upload;
#[cfg(feature = "worker")]
pub mod worker;
