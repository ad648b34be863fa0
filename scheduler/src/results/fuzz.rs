//! Result cells in which a stray write has left anything: read without a panic.
//! It does not say what they are then read as, beyond what a word can tell.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use proptest::prelude::*;

use super::*;
use crate::region::{Carver, Sharing, Slab};

fn cell() -> Slab<Cell> {
    Carver::carve(Sharing::Private, |c| c.slab::<Cell>(1)).unwrap()
}

/// Words of which each field is possible, or not, by itself.
fn any_word() -> impl Strategy<Value = u64> {
    let fields = (0u64..8, 0u64..4, any::<u16>(), any::<u32>());
    let near = fields.prop_map(|(status, kind, worker, len)| {
        status | kind << 8 | u64::from(worker) << 16 | u64::from(len) << 32
    });
    prop_oneof![3 => near, 1 => any::<u64>()]
}

proptest! {
    #[test]
    fn cells_of_any_bits_do_no_harm(bits in any_word(), data: [u64; 2]) {
        let arena = Arena::global().unwrap();
        let cells = cell();
        let cell = &cells[0];
        cell.result.store(bits, Ordering::SeqCst);
        cell.result_data[0].store(data[0], Ordering::SeqCst);
        cell.result_data[1].store(data[1], Ordering::SeqCst);
        let word = Word::from_bits(bits);
        if let Some(word) = word {
            prop_assert_eq!(Word::from_bits(word.to_bits()), Some(word));
        }
        let is_sealed = word.is_some_and(|w| w.status == Status::Sealing);
        if is_sealed {
            // Whoever must read it waits; how long, its worker's slot says.
            return Ok(());
        }
        if let Some(Held::Inline(inline)) = load(cell, true) {
            prop_assert!(inline.as_bytes().len() <= Inline::CAPACITY);
        }
        let is_live = word.is_some_and(Word::is_live);
        prop_assert!(is_live || load(cell, true).is_none());
        prop_assert!(load(cell, true).is_none_or(|held| !matches!(held, Held::Memory(_))));
        prop_assert!(fetch(cell, Some(arena)).is_ok() <= is_live);
        let _ = (stream(cell, arena).is_some(), is_worth_freeing(cell), load_error(cell, Some(arena)));
    }
}
