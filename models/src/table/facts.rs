//! A ring between a worker and the supervisor: facts arrive whole and in order, or are counted lost.
//! It does not know what they say.
//!
//! Noticed (`table/ring.rs`): `push` that stores the head `Relaxed`, or `drain` that loads it so: a
//! fact is read before it is written. Not noticed: a `Relaxed` tail, because `loom` never lets a
//! load see a store that comes later in the execution.

use loom::thread;
use std::sync::Arc;

use super::ring::Ring;
use crate::check;
use crate::observer::{RareFact, RareKind};
use crate::region::Carver;

fn fact(n: u32) -> RareFact {
    RareFact { task: n, kind: RareKind::MemoryAfter, value: u64::from(n) << 40 | 7 }
}

/// Four facts through a ring with room for two, drained while they are pushed.
pub fn facts_arrive_in_order() {
    check(4, || {
        let ring = Arc::new(Ring::new(&mut Carver));
        let worker = {
            let ring = ring.clone();
            thread::spawn(move || (1..=4).for_each(|n| ring.push(fact(n))))
        };
        let mut facts = Vec::new();
        ring.drain(&mut facts);
        ring.drain(&mut facts);
        worker.join().expect("the worker does not panic");
        ring.drain(&mut facts);
        assert_eq!(facts.len() as u64 + ring.lost(), 4);
        assert!(facts.iter().all(|f| *f == fact(f.task)), "{facts:?}");
        assert!(facts.is_sorted_by(|a, b| a.task < b.task), "{facts:?}");
    });
}
