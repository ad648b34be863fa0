//! How a worker falls asleep where there is no work: it looks once more, and sees to it that
//! somebody is awake as long as the run can go on.
//! It does not know who will wake it.

use std::sync::atomic::Ordering;

use super::Worker;
use crate::arena;
use crate::error::Result;
use crate::kill_point::kill_point;
use crate::table::{ALONE, BRAKE, Phase, Range};

impl Worker<'_> {
    /// Sleeps until there may be work, unless it finds some in the end.
    pub(super) fn sleep(&mut self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let heard = self.slot().bell();
        if table.pressure() != 0 {
            arena::with_idle_heap(arena::Heap::give_up_empty);
        }
        let last = table.fall_asleep(self.id.into());
        let over = table.is_stopped() || table.is_finished();
        let found = if over || table.pressure() != 0 { None } else { self.distant_gated()? };
        if over || found.is_some() || self.sees_work()? {
            table.stay_awake(self.id.into());
            return Ok(found);
        }
        if let Some(arena) = self.engine.arena {
            // Who waits for memory decides by who is awake.
            arena.ring();
        }
        if last && table.pressure() == BRAKE && table.sees_sources()? {
            table.stay_awake(self.id.into());
            return self.admit();
        }
        if last {
            // Nobody is left to make work: either the run is over, or a hint was lost.
            self.engine.ring();
        }
        kill_point!(BeforeSleep);
        self.slot().sleep(heard);
        table.stay_awake(self.id.into());
        self.meter.woke();
        Ok(None)
    }

    /// Nobody runs, and the brake holds back what is left: makes room, and takes a source even so.
    fn admit(&mut self) -> Result<Option<u32>> {
        if let Some(governor) = &self.governor {
            arena::with_idle_heap(|heap| governor.make_way(heap));
            self.meter.woke();
        }
        self.batch = 1;
        match self.find_source()? {
            Some(task) => Ok(Some(task)),
            None => self.distant_gated(),
        }
    }

    fn sees_work(&self) -> Result<bool> {
        let table = &self.engine.table;
        let pressure = table.pressure();
        if pressure & ALONE != 0 {
            table.settle_alone();
            let Some(alone) = table.alone() else { return Ok(true) };
            let phase = table.state(alone)?.phase;
            let others = table.others_in_body(self.id.into());
            return Ok(phase.is_final() || phase == Phase::Ready && !others);
        }
        let queued = (0..=table.workers()).any(|w| table.deque(w).has_some());
        if pressure & BRAKE != 0 {
            return Ok(queued);
        }
        let batched = (0..table.workers())
            .any(|w| !Range::from_bits(table.slot(w).range.load(Ordering::SeqCst)).is_empty());
        Ok(queued || batched || table.sources.has_open() || self.next_gated()?.is_some())
    }
}
