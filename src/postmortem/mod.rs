//! A post-mortem of one problem that many recorded sessions met.
//!
//! ```text
//! Scan, Group, clips ──figures──▶ Figures ──sections──▶ Sections ──merge──▶ the document
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `figures` | what is counted, and over which stretches of time |
//! | `chart` | users and sessions over time, as SVG |
//! | `evidence` | the sessions behind every figure |
//! | `owners` | who answers for a page or a problem |
//! | `sections` | what the document says |
//! | `merge` | a new run leaves alone what a person changed |
//! | `write` | the formats of the document |

mod chart;
mod evidence;
mod figures;
mod merge;
mod owners;
mod sections;
mod write;

pub use self::chart::chart;
pub use self::evidence::evidence;
pub use self::figures::{Bucket, Figures, Related};
pub use self::merge::{Merged, merge};
pub use self::owners::{Owners, OwnersError};
pub use self::sections::{BesideHealthy, Section, Shown, Sources, Still, sections, with_mentions};
pub use self::write::{DocumentFormat, Media, NotANotebook, write};
