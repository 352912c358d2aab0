//! Events that were compressed together and cut into pieces, as PostHog kept them until 2023: each piece says which
//! stretch it is of, the how many-th, and of how many.

use std::collections::BTreeMap;

use super::walk::Dialect;

/// Pieces that were met so far.
#[derive(Debug, Default)]
pub(in crate::format) struct Chunks {
    /// By the name of the stretch; which come first is kept.
    places: BTreeMap<String, usize>,
    stretches: Vec<Stretch>,
    pieces: usize,
}

/// Pieces of one stretch.
#[derive(Debug)]
pub(super) struct Stretch {
    pub tab: Option<usize>,
    pub dialect: Dialect,
    pieces: BTreeMap<i64, String>,
    count: i64,
}

/// What a piece says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub stretch: String,
    pub place: i64,
    pub count: i64,
}

impl Chunks {
    /// Takes in a piece.
    pub(super) fn add(&mut self, piece: Piece, text: String, tab: Option<usize>, dialect: Dialect) {
        self.pieces += 1;
        let next = self.stretches.len();
        let place = *self.places.entry(piece.stretch).or_insert(next);
        if place == next {
            self.stretches.push(Stretch {
                tab,
                dialect,
                pieces: BTreeMap::new(),
                count: piece.count,
            });
        }
        if let Some(stretch) = self.stretches.get_mut(place) {
            stretch.pieces.entry(piece.place).or_insert(text);
        }
    }

    /// How many pieces there are.
    pub(in crate::format) fn pieces(&self) -> usize {
        self.pieces
    }

    /// All stretches, in the order in which they began.
    pub(super) fn take(&mut self) -> Vec<Stretch> {
        std::mem::take(self).stretches
    }
}

impl Stretch {
    /// Its text up to the first piece that is missing, and whether one is.
    pub(super) fn text(&self) -> (String, bool) {
        let pieces = (0..).zip(&self.pieces);
        let there = pieces.take_while(|(place, piece)| place == piece.0);
        let (places, texts): (Vec<i64>, Vec<&str>) =
            there.map(|(place, piece)| (place, piece.1.as_str())).unzip();
        (texts.concat(), (places.len() as i64) < self.count)
    }
}
