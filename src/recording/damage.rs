//! What of a recording could not be used, and where.

use std::collections::BTreeMap;
use std::fmt;

/// One thing in the input that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What went wrong.
    pub kind: DamageKind,
    /// Position of the event in the input, from 0; `None` when it is not about one event.
    pub event: Option<u32>,
    /// Byte offset in the (decompressed) input where it was noticed.
    pub offset: Option<u64>,
    /// What was found, in a short sentence.
    pub detail: String,
}

/// Classes of damage, in the order in which reports list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DamageKind {
    /// The input ends in the middle of a value or of a compressed stream.
    CutOff,
    /// A stretch of the input is not the JSON (or other syntax) it should be.
    Syntax,
    /// An event lacks a field that it cannot be used without, or has it in a wrong shape.
    BadEvent,
    /// An event names a node that is not in the document.
    UnknownNode,
    /// A node could not be placed: its parent or its neighbour never came.
    Orphan,
    /// A node came again while it was in the document.
    DuplicateNode,
    /// A node would have become its own ancestor.
    Cycle,
    /// A bound (depth, count, size) was reached and the rest was left out.
    Limit,
    /// The clock of the recording jumped.
    ClockJump,
    /// The input shows something besides pages, which is not drawn.
    NotShown,
}

impl DamageKind {
    /// Its stable name, for reports.
    pub fn name(self) -> &'static str {
        match self {
            DamageKind::CutOff => "cut-off",
            DamageKind::Syntax => "syntax",
            DamageKind::BadEvent => "bad-event",
            DamageKind::UnknownNode => "unknown-node",
            DamageKind::Orphan => "orphan",
            DamageKind::DuplicateNode => "duplicate-node",
            DamageKind::Cycle => "cycle",
            DamageKind::Limit => "limit",
            DamageKind::ClockJump => "clock-jump",
            DamageKind::NotShown => "not-shown",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        match (self.event, self.offset) {
            (Some(event), Some(offset)) => write!(f, " (event {event}, byte {offset})"),
            (Some(event), None) => write!(f, " (event {event})"),
            (None, Some(offset)) => write!(f, " (byte {offset})"),
            (None, None) => Ok(()),
        }
    }
}

/// All damage of one input: counts of every kind, and the first few of each in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DamageReport {
    counts: BTreeMap<DamageKind, u64>,
    examples: Vec<Damage>,
}

impl DamageReport {
    /// How many of one kind are kept in full; the rest are only counted.
    pub const EXAMPLES_PER_KIND: u64 = 5;

    /// Counts `damage` and keeps it when it is among the first of its kind.
    pub fn add(&mut self, damage: Damage) {
        let count = self.counts.entry(damage.kind).or_default();
        *count = count.saturating_add(1);
        if *count <= Self::EXAMPLES_PER_KIND {
            self.examples.push(damage);
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: DamageReport) {
        for damage in other.examples {
            let kept = self.examples.iter().filter(|one| one.kind == damage.kind).count() as u64;
            if kept < Self::EXAMPLES_PER_KIND {
                self.examples.push(damage);
            }
        }
        for (kind, count) in other.counts {
            let sum = self.counts.entry(kind).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// Whether nothing was damaged.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many there were of each kind.
    pub fn counts(&self) -> impl Iterator<Item = (DamageKind, u64)> + '_ {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }

    /// The first few of each kind, to take out of their words what is not to be told.
    pub(crate) fn examples_mut(&mut self) -> &mut [Damage] {
        &mut self.examples
    }

    /// The first few of each kind, in the order in which they were found.
    pub fn examples(&self) -> &[Damage] {
        &self.examples
    }
}
