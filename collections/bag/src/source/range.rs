//! `bag::range`: whole numbers.
//! It does not know what they stand for.

use tine_scheduler::Result;

use crate::bag::Bag;
use crate::flow::{Opening, Sink, Source};

struct Range {
    n: u64,
    parts: u32,
}

/// The numbers from 0 to `n - 1` in `npartitions` partitions, whose sizes differ by at most one.
///
/// ```
/// use tine::prelude::*;
/// assert_eq!(bag::range(5, 2).compute()?, [0, 1, 2, 3, 4]);
/// # Ok::<(), tine::Error>(())
/// ```
///
/// # Errors
/// No partitions, or 2^32 of them, are an error that the bag carries.
#[track_caller]
pub fn range(n: u64, npartitions: usize) -> Bag<u64> {
    match u32::try_from(npartitions) {
        Ok(parts @ 1..) => Bag::of_source(Range { n, parts }),
        _ => Bag::wrong(format!("a bag of {npartitions} partitions: it needs 1 or more")),
    }
}

impl Source for Range {
    type Item = u64;

    fn name(&self) -> &'static str {
        "range"
    }

    fn blocks(&self) -> u32 {
        self.parts
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<u64>>) -> Result<()> {
        let (parts, block) = (u64::from(self.parts), u64::from(opening.block));
        // The first `n % parts` partitions have one number more.
        let start = |b: u64| b * (self.n / parts) + b.min(self.n % parts);
        for i in start(block)..start(block + 1) {
            if down.push(i).is_break() {
                opening.reading.stopped_at(|| format!("element {i}"));
                break;
            }
        }
        Ok(())
    }
}
