//! What a post-mortem says, section by section. Text from recordings goes into the blocks as text; what a person
//! is to fill in stands in plain sentences that are easy to replace.
//!
//! | module | sections |
//! |---|---|
//! | `summary` | `title`, `summary` |
//! | `shown` | `clip`, `storyboard`, `beside`, `steps`, `ways` |
//! | `impact` | `impact`, `environments` |
//! | `timeline` | `timeline`, `error` |
//! | `follow` | `questions`, `actions`, `comments` |
//! | `provenance` | `provenance` |
//! | `words` | blocks and words that all of them use |

mod follow;
mod impact;
mod provenance;
mod shown;
mod summary;
mod timeline;
mod words;

use super::figures::Figures;
use super::owners::Owners;
use crate::embed::document::Block;
use crate::embed::manifest::Manifest;
use crate::scan::{Filter, Group, Picked, Scan};

pub use self::words::with_mentions;

/// A clip that was made for the document.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Why its session was picked.
    pub picked: &'a Picked,
    /// The clip; `None` when none was made.
    pub manifest: Option<&'a Manifest>,
    /// Where the clip is, as the document names it: a path, an address, an attachment or its bytes.
    pub src: &'a str,
}

/// A picture that was made for the document.
#[derive(Debug, Clone, Copy)]
pub struct Still<'a> {
    /// Its name.
    pub file: &'a str,
    /// Where it is, as the document names it.
    pub src: &'a str,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// The session that shows the problem best, beside one without the problem.
#[derive(Debug, Clone, Copy)]
pub struct BesideHealthy<'a> {
    /// The clip.
    pub clip: Still<'a>,
    /// The step at which both are aligned, in words.
    pub step: &'a str,
    /// Which session the other is.
    pub healthy: &'a str,
}

/// What a post-mortem is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// All that was scanned.
    pub scan: &'a Scan,
    /// What of it counts.
    pub filter: &'a Filter,
    /// The problem.
    pub group: &'a Group,
    /// What was counted.
    pub figures: &'a Figures,
    /// The session that shows it best, and others that ran into it in different ways.
    pub shown: &'a [Shown<'a>],
    /// Key frames of the session that shows it best.
    pub storyboard: Option<Still<'a>>,
    /// The same session beside a healthy one.
    pub beside: Option<BesideHealthy<'a>>,
    /// Who owns what.
    pub owners: &'a Owners,
    /// The chart, in whichever format the document shows; `None`: no chart.
    pub chart: Option<Still<'a>>,
    /// Where the file with the sessions behind every figure is, as the document names it.
    pub evidence: Option<&'a str>,
}

/// A section of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name, by which a later run finds it.
    pub name: &'static str,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// All sections, in their order.
pub fn sections(sources: &Sources<'_>) -> Vec<Section> {
    let all: [(&'static str, Vec<Block>); 15] = [
        ("title", summary::title(sources)),
        ("summary", summary::summary(sources)),
        ("clip", shown::clip(sources)),
        ("storyboard", shown::storyboard(sources)),
        ("beside", shown::beside(sources)),
        ("impact", impact::impact(sources)),
        ("steps", shown::steps(sources)),
        ("timeline", timeline::timeline(sources)),
        ("error", timeline::error(sources)),
        ("environments", impact::environments(sources)),
        ("ways", shown::ways(sources)),
        ("questions", follow::questions(sources)),
        ("actions", follow::actions(sources)),
        ("comments", follow::comments(sources)),
        ("provenance", provenance::provenance(sources)),
    ];
    all.into_iter()
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(name, blocks)| Section { name, blocks })
        .collect()
}
