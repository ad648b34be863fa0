//! Counts of short texts: a table made for words, of which a text has few that are seen often.
//! It does not know where the words come from.
//!
//! A word of up to 15 bytes lies in the table itself, beside its count: looking it up touches one
//! line of cache, compares two numbers, and calls nothing. Longer words are in a map.

use super::Map;

/// How often each of some texts was seen, in the order in which they came.
pub(crate) struct Counts {
    /// As many as a power of two, at most half of them taken.
    slots: Vec<Slot>,
    taken: usize,
    long: Map<String, Seen>,
}

/// A short word, and how often it was seen.
#[derive(Clone, Copy, Default)]
struct Slot {
    word: Short,
    seen: Seen,
}

/// How often a word was seen, and how many other words were before.
#[derive(Clone, Copy, Default)]
struct Seen {
    times: u64,
    place: u64,
}

/// The bytes of a short word, and its length + 1 in the highest byte: all zero is no word.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Short([u64; 2]);

/// The longest short word.
const LONGEST: usize = 15;

/// Slots of an empty table.
const FIRST: usize = 1 << 10;

impl Short {
    #[inline]
    fn new(word: &[u8]) -> Option<Self> {
        let len = word.len();
        if len > LONGEST {
            return None;
        }
        let (low, high) = match word.split_first_chunk::<8>() {
            Some((low, rest)) => (u64::from_le_bytes(*low), below_eight(rest)),
            None => (below_eight(word), 0),
        };
        Some(Short([low, high | (len as u64 + 1) << 56]))
    }

    /// Folds both halves of a product of 128 bits, which all bits of the word take part in.
    #[inline]
    fn hash(self) -> usize {
        // Digits of pi: numbers with nothing up their sleeves.
        let [low, high] = [self.0[0] ^ 0x243F_6A88_85A3_08D3, self.0[1] ^ 0x1319_8A2E_0370_7344];
        let product = u128::from(low) * u128::from(high);
        ((product >> 64) as u64 ^ product as u64) as usize
    }

    fn to_text(self) -> String {
        let bytes: Vec<u8> = self.0.iter().flat_map(|half| half.to_le_bytes()).collect();
        let len = usize::from(bytes[LONGEST]).saturating_sub(1).min(LONGEST);
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    }
}

/// Up to seven bytes as a number, by reads that overlap rather than a loop.
#[inline]
fn below_eight(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return first | last << (8 * (len - 4));
    }
    match bytes {
        [] => 0,
        [a] => u64::from(*a),
        _ => {
            let [a, b, c] = [bytes[0], bytes[1], bytes[len - 1]].map(u64::from);
            a | b << 8 | c << (8 * (len - 1))
        }
    }
}

impl Counts {
    pub(crate) fn new() -> Self {
        Counts { slots: vec![Slot::default(); FIRST], taken: 0, long: Map::default() }
    }

    /// Counts a text.
    #[inline]
    pub(crate) fn add(&mut self, text: &str) {
        match Short::new(text.as_bytes()) {
            Some(word) => self.add_short(word),
            None => self.add_long(text),
        }
    }

    #[inline]
    fn add_short(&mut self, word: Short) {
        let at = self.find(word);
        let slot = &mut self.slots[at];
        if slot.seen.times > 0 {
            slot.seen.times += 1;
            return;
        }
        let place = self.taken as u64 + self.long.len() as u64;
        *slot = Slot { word, seen: Seen { times: 1, place } };
        self.taken += 1;
        if 2 * self.taken > self.slots.len() {
            self.grow();
        }
    }

    /// The slot of a word, or the one where it belongs.
    #[inline]
    fn find(&self, word: Short) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = word.hash() & mask;
        loop {
            let found = self.slots[at].word;
            if found == word || found == Short::default() {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![Slot::default(); 2 * self.slots.len()];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.seen.times > 0 {
                let at = self.find(slot.word);
                self.slots[at] = slot;
            }
        }
    }

    fn add_long(&mut self, text: &str) {
        if let Some(seen) = self.long.get_mut(text) {
            seen.times += 1;
            return;
        }
        let place = self.taken as u64 + self.long.len() as u64;
        self.long.insert(text.to_owned(), Seen { times: 1, place });
    }

    /// The texts and how often each was seen, in the order in which they came.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (String, u64)> {
        let short = self.slots.into_iter().filter(|slot| slot.seen.times > 0);
        let short = short.map(|slot| (slot.seen, slot.word.to_text()));
        let long = self.long.into_iter().map(|(text, seen)| (seen, text));
        let mut all: Vec<(Seen, String)> = short.chain(long).collect();
        all.sort_unstable_by_key(|(seen, _)| seen.place);
        all.into_iter().map(|(seen, text)| (text, seen.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_a_map() {
        let mut counts = Counts::new();
        let mut want: Map<String, u64> = Map::default();
        // Prefixes and suffixes of all lengths, zero bytes among them, seen again and again.
        let long = "a\0bcdefgh\0ijklmnäöü";
        for turn in 0..3 {
            for from in (0..=long.len()).filter(|&i| long.is_char_boundary(i)) {
                for to in (from..=long.len()).filter(|&i| long.is_char_boundary(i)) {
                    counts.add(&long[from..to]);
                    *want.entry(long[from..to].to_owned()).or_default() += 1;
                }
            }
            for i in 0..5000 {
                let word = format!("{}", i * (turn + 1));
                counts.add(&word);
                *want.entry(word).or_default() += 1;
            }
        }
        assert!(counts.into_entries().eq(want));
    }
}
