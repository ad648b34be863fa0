//! Lists of a task's neighbours, each with the bit that stands for the edge.
//! It does not know what becomes of a bit: see `bits`.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::region::{Carver, Slab};

/// One entry a neighbour: the task, and the bit that stands for the edge.
#[derive(Debug)]
pub(crate) struct Edges(pub(super) Slab<AtomicU32>);

impl Edges {
    pub(super) fn new(carver: &mut Carver, n: usize) -> Self {
        Edges(carver.slab(2 * n))
    }

    pub(crate) fn get(&self, i: u32) -> (u32, u32) {
        let i = 2 * i as usize;
        (self.0[i].load(Ordering::Relaxed), self.0[i + 1].load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, i: u32, task: u32, bit: u32) {
        let i = 2 * i as usize;
        self.0[i].store(task, Ordering::Relaxed);
        self.0[i + 1].store(bit, Ordering::Relaxed);
    }
}

/// On the bit of a successor's edge: a failure is handed over as a value.
pub(super) const CATCHES: u32 = 1 << 31;
