//! The renderer behind a queue: no job is lost, none is done twice, and what cannot be done ends as
//! a dead letter that says why.
//!
//! ```text
//! submit ──▶ queue ──claim──▶ worker ──▶ store
//!              ▲                │
//!              └── failed, lost, handed back
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`job`] | what a job is, and what became of it |
//! | [`policy`] | what follows after an attempt |
//! | [`queue`] | jobs in SQLite or PostgreSQL, and who has which |
//! | [`store`] | where recordings come from and clips go to |
//! | [`renderer`] | what the worker needs of a renderer |
//! | [`run`] | a worker: takes jobs as long as it is wanted |
//! | [`metrics`] | what it counts |
//! | [`submit`] | submission, as every front end does it |
//! | [`http`] | recordings in, clips out, and a page for people |

mod attempt;
pub mod http;
pub mod job;
pub mod metrics;
pub mod policy;
pub mod queue;
pub mod renderer;
pub mod run;
pub mod store;
pub mod submit;
mod system;
