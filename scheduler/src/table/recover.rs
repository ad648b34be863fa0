//! What a dead worker left half done, found in its slot.
//! It is only ever called after the worker's pidfd has proved the death, and mends no memory.

use super::slot::NOBODY;
use super::sources::Range;
use super::state::{Phase, State};
use super::{MAX_WORKERS, Table};
use crate::error::Result;

/// A task that a dead worker had claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    pub(crate) task: u32,
    pub(crate) state: State,
    /// Whether user code was running: only then the death counts.
    pub(crate) in_body: bool,
}

/// What is to be done about a death.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recovery {
    /// Claimed: to be run again, or given up.
    pub(crate) orphan: Option<Orphan>,
    /// Releasing: to be released again.
    pub(crate) releasing: Vec<(u32, State)>,
    /// Ready, and perhaps in no queue.
    pub(crate) ready: Vec<u32>,
    /// To be made ready when its time has come.
    pub(crate) put_off: Vec<u32>,
    /// Its result was being freed.
    pub(crate) freeing: Option<u32>,
    /// Done by the dead worker, which may have kept their inputs.
    pub(crate) lingering: Vec<(u32, State)>,
}

impl Table {
    /// Reads what dead `worker` was about, and mends its queue.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn autopsy(&self, worker: u16) -> Result<Recovery> {
        debug_assert!(usize::from(worker) < MAX_WORKERS);
        let slot = self.slot(worker.into());
        self.stay_awake(worker.into());
        self.deque(worker.into()).mend();
        let mut found = Recovery { freeing: slot.freeing(), ..Recovery::default() };
        let mut tasks = vec![slot.current().unwrap_or(NOBODY), slot.next().unwrap_or(NOBODY)];
        tasks.dedup();
        for task in tasks {
            if (task as usize) < self.len() {
                self.examine(worker, task, &mut found)?;
            }
        }
        for range in [&slot.range, &slot.intent] {
            let range = Range::from_bits(range.load(std::sync::atomic::Ordering::SeqCst));
            for task in (range.from..range.to).map_while(|i| self.sources.task(i)) {
                if self.state(task)?.phase == Phase::Ready {
                    found.ready.push(task);
                }
            }
        }
        if slot.lingers() {
            found.lingering = self.ended_by(worker)?;
        }
        Ok(found)
    }

    fn ended_by(&self, worker: u16) -> Result<Vec<(u32, State)>> {
        let mut ended = Vec::new();
        for task in 0..self.last() {
            let state = self.state(task)?;
            if state.phase.is_final() && state.worker == worker {
                ended.push((task, state));
            }
        }
        Ok(ended)
    }

    fn examine(&self, worker: u16, task: u32, found: &mut Recovery) -> Result<()> {
        let state = self.state(task)?;
        let held = state.worker == worker;
        match state.phase {
            Phase::Ready => found.ready.push(task),
            Phase::Claimed if held => {
                let in_body = self.slot(worker.into()).in_body();
                found.orphan = Some(Orphan { task, state, in_body });
            }
            phase if phase.is_releasing() && held => found.releasing.push((task, state)),
            // Perhaps not in the list yet: nobody else will put it there.
            Phase::Backoff => found.put_off.push(task),
            _ => {}
        }
        Ok(())
    }

    /// How many tasks have ended.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn count_ended(&self) -> Result<usize> {
        let mut ended = 0;
        for task in 0..self.last() {
            ended += usize::from(self.state(task)?.phase.is_final());
        }
        Ok(ended)
    }

    /// All tasks in a phase, for the case that the hint to one was lost.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn find(&self, phase: Phase) -> Result<Vec<u32>> {
        let mut ready = Vec::new();
        for task in 0..self.last() {
            if self.state(task)?.phase == phase {
                ready.push(task);
            }
        }
        Ok(ready)
    }
}
