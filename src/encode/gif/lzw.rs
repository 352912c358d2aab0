//! GIF's variant of LZW, for pictures in which a pixel may be written in more than one way.
//!
//! A pixel that looks right both when it is left alone and when it is drawn, or in any of a few
//! near colours, is a set of indices. The encoder follows the matches of all of them and keeps the
//! longest; the decoder needs to know nothing of it.

/// Codes are at most 12 bits.
const TABLE_SIZE: u16 = 4096;
/// Matches followed at the same time.
const BEAM: usize = 4;
/// Slots of the hash table; a power of two, at least twice the number of codes.
const SLOTS: usize = 16_384;
const EMPTY: u32 = u32::MAX;

/// Gives, for each pixel in turn, the indices it may be written as.
pub(super) trait Choices {
    /// Number of pixels.
    fn len(&self) -> usize;
    /// Calls `visit` with each index that pixel `at` may have and what choosing it costs; the first is the preferred one.
    fn visit(&self, at: usize, visit: impl FnMut(u8, f32));
}

/// Pixels that can each be written in one way only.
impl Choices for &[u8] {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn visit(&self, at: usize, mut visit: impl FnMut(u8, f32)) {
        visit(self[at], 0.0);
    }
}

/// Compresses pixels into `out`: the minimum code size, then the codes, not yet cut into GIF's sub-blocks.
///
/// Every index is less than `2^min_code_size`; `min_code_size` is 2 to 8.
pub(super) fn encode(choices: &impl Choices, min_code_size: u8, out: &mut Vec<u8>) {
    out.push(min_code_size);
    let mut table = Table::new(min_code_size);
    let mut bits = BitWriter {
        out,
        pending: 0,
        count: 0,
    };
    bits.put(table.clear, table.width);
    let mut at = 0;
    let mut rate = Rate::default();
    while at < choices.len() {
        let found = table.longest(choices, at);
        if let Some(code) = table.previous {
            table.insert(code, found.first);
        }
        bits.put(found.code, table.width);
        table.reserve(found.code);
        at += found.length;
        if table.is_full() && rate.has_dropped(found.length) && at < choices.len() {
            bits.put(table.clear, table.width);
            table.reset();
            rate = Rate::default();
        }
    }
    bits.put(table.clear + 1, table.width);
    bits.finish();
}

/// Watches how many pixels a code stands for once the table cannot grow any more.
#[derive(Default)]
struct Rate {
    codes: u32,
    pixels: u64,
    best: u64,
}

impl Rate {
    /// Codes over which the rate is measured.
    const WINDOW: u32 = 256;

    fn has_dropped(&mut self, pixels: usize) -> bool {
        self.codes += 1;
        self.pixels += pixels as u64;
        if self.codes < Self::WINDOW {
            return false;
        }
        let dropped = self.pixels * 10 < self.best * 9;
        self.best = self.best.max(self.pixels);
        (self.codes, self.pixels) = (0, 0);
        dropped
    }
}

struct Match {
    code: u16,
    /// Its first index, which also ends the entry that the match before it adds to the table.
    first: u8,
    length: usize,
}

#[derive(Clone, Copy, Default)]
struct Path {
    code: u16,
    first: u8,
    cost: f32,
}

struct Table {
    /// Strings of two or more indices: the code of all but the last, times 256, plus the last.
    keys: Vec<u32>,
    codes: Vec<u16>,
    clear: u16,
    /// The code that the next string to be completed gets.
    next: u16,
    /// Bits of a code, now.
    width: u8,
    /// The last code written, whose string is still to be completed by the first index of the one that follows.
    previous: Option<u16>,
}

impl Table {
    fn new(min_code_size: u8) -> Self {
        let clear = 1 << min_code_size;
        let mut table = Self {
            keys: vec![EMPTY; SLOTS],
            codes: vec![0; SLOTS],
            clear,
            next: 0,
            width: 0,
            previous: None,
        };
        table.reset();
        table
    }

    fn reset(&mut self) {
        self.keys.fill(EMPTY);
        self.next = self.clear + 1;
        self.width = self.clear.trailing_zeros() as u8 + 1;
        self.previous = None;
    }

    fn is_full(&self) -> bool {
        self.next >= TABLE_SIZE
    }

    fn slot(&self, key: u32) -> usize {
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> 18) as usize % SLOTS;
        while self.keys[slot] != key && self.keys[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    fn child(&self, code: u16, index: u8) -> Option<u16> {
        let key = u32::from(code) << 8 | u32::from(index);
        let slot = self.slot(key);
        (self.keys[slot] == key).then(|| self.codes[slot])
    }

    /// Completes the string that was reserved for `previous`.
    fn insert(&mut self, previous: u16, index: u8) {
        let key = u32::from(previous) << 8 | u32::from(index);
        let slot = self.slot(key);
        if self.keys[slot] == EMPTY {
            self.keys[slot] = key;
            self.codes[slot] = self.next;
        }
    }

    /// Gives the string that `code` begins its own number, as the decoder does.
    fn reserve(&mut self, code: u16) {
        if self.is_full() {
            self.previous = None;
            return;
        }
        self.next += 1;
        self.previous = (!self.is_full()).then_some(code);
        if self.next == 1 << self.width && self.width < 12 {
            self.width += 1;
        }
    }

    /// The longest string in the table that the pixels from `at` on can be written as.
    fn longest(&self, choices: &impl Choices, at: usize) -> Match {
        let mut paths = [Path::default(); BEAM];
        let mut count = 0;
        choices.visit(at, |index, cost| {
            push(
                &mut paths,
                &mut count,
                Path {
                    code: u16::from(index),
                    first: index,
                    cost,
                },
            );
        });
        let mut length = 1;
        while at + length < choices.len() {
            let mut longer = [Path::default(); BEAM];
            let mut longer_count = 0;
            choices.visit(at + length, |index, cost| {
                for path in &paths[..count] {
                    // The string begun by the last code is complete as soon as this match's first index is known.
                    let code = self.child(path.code, index).or_else(|| {
                        (self.previous == Some(path.code) && index == path.first).then_some(self.next)
                    });
                    if let Some(code) = code {
                        let path = Path {
                            code,
                            first: path.first,
                            cost: path.cost + cost,
                        };
                        push(&mut longer, &mut longer_count, path);
                    }
                }
            });
            if longer_count == 0 {
                break;
            }
            (paths, count) = (longer, longer_count);
            length += 1;
        }
        let best = paths[..count]
            .iter()
            .copied()
            .reduce(|a, b| if b.cost < a.cost { b } else { a });
        let best = best.unwrap_or_default();
        Match {
            code: best.code,
            first: best.first,
            length,
        }
    }
}

/// Adds a path, in place of the costliest one if there are too many.
fn push(paths: &mut [Path; BEAM], count: &mut usize, path: Path) {
    if *count < BEAM {
        paths[*count] = path;
        *count += 1;
        return;
    }
    let mut worst = 0;
    for (at, other) in paths.iter().enumerate() {
        if other.cost > paths[worst].cost {
            worst = at;
        }
    }
    if path.cost < paths[worst].cost {
        paths[worst] = path;
    }
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u32,
    count: u8,
}

impl BitWriter<'_> {
    fn put(&mut self, code: u16, width: u8) {
        self.pending |= u32::from(code) << self.count;
        self.count += width;
        while self.count >= 8 {
            self.out.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push(self.pending as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(data: &[u8]) -> Vec<u8> {
        weezl::decode::Decoder::new(weezl::BitOrder::Lsb, data[0])
            .decode(&data[1..])
            .unwrap()
    }

    fn encode_plain(pixels: &[u8], min_code_size: u8) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&pixels, min_code_size, &mut out);
        out
    }

    struct Sets(Vec<Vec<u8>>);

    impl Choices for Sets {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn visit(&self, at: usize, mut visit: impl FnMut(u8, f32)) {
            self.0[at]
                .iter()
                .enumerate()
                .for_each(|(cost, &index)| visit(index, cost as f32));
        }
    }

    proptest! {
        #[test]
        fn pixels_come_back(
            (bits, pixels) in (2u8..=8).prop_flat_map(|bits| {
                let index = 0..=(u16::from(u8::MAX) >> (8 - bits)) as u8;
                (Just(bits), proptest::collection::vec((index, 1usize..90), 0..400))
            }),
        ) {
            let pixels: Vec<u8> =
                pixels.iter().flat_map(|&(index, run)| std::iter::repeat_n(index, run)).collect();
            prop_assert_eq!(decode(&encode_plain(&pixels, bits)), pixels);
        }

        #[test]
        fn only_allowed_indices_are_written(
            sets in proptest::collection::vec(proptest::collection::vec(0u8..8, 1..6), 1..2000),
        ) {
            let mut out = Vec::new();
            encode(&Sets(sets.clone()), 3, &mut out);
            let pixels = decode(&out);
            prop_assert_eq!(pixels.len(), sets.len());
            prop_assert!(pixels.iter().zip(&sets).all(|(pixel, set)| set.contains(pixel)));
        }
    }

    #[test]
    fn noise_fills_the_table_and_comes_back() {
        let mut state = 1u32;
        let pixels: Vec<u8> = (0..300_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert_eq!(decode(&encode_plain(&pixels, 8)), pixels);
    }

    #[test]
    fn is_as_small_as_a_plain_encoder() {
        let pixels: Vec<u8> = (0..500_000u32)
            .map(|i| ((i / 7) * (i / 300 % 5) % 16) as u8)
            .collect();
        let ours = encode_plain(&pixels, 4).len();
        let plain = weezl::encode::Encoder::new(weezl::BitOrder::Lsb, 4)
            .encode(&pixels)
            .unwrap()
            .len();
        assert!(ours <= plain, "{ours} bytes, plain {plain}");
    }

    #[test]
    fn choice_shortens() {
        let sets: Vec<Vec<u8>> = (0..40_000u32)
            .map(|i| {
                if i % 3 == 0 {
                    vec![(i * i % 13) as u8, 13]
                } else {
                    vec![13]
                }
            })
            .collect();
        let mut out = Vec::new();
        encode(&Sets(sets.clone()), 4, &mut out);
        let first: Vec<u8> = sets.iter().map(|set| set[0]).collect();
        assert!(out.len() * 4 < encode_plain(&first, 4).len());
    }
}
