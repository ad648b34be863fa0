//! Ends tasks that were cancelled by key, and what depends on them.
//! It kills nobody: it says which tasks run.

use std::collections::BTreeSet;

use super::give_up;
use crate::cancel;
use crate::engine::Engine;
use crate::error::Result;
use crate::table::{Phase, Ready, State};

/// The tasks of a run that are cancelled and have not ended.
#[derive(Debug, Default)]
pub(super) struct Cancelling {
    /// Keys of the token that have been looked up.
    seen: usize,
    tasks: BTreeSet<u32>,
}

impl Cancelling {
    /// Ends what was asked for, as far as it does not run. Returns the tasks that run.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) where the whole run is; an impossible
    /// state word.
    pub(super) fn apply(&mut self, engine: &Engine<'_>) -> Result<Vec<u32>> {
        let Some(token) = &engine.policies.token else { return Ok(Vec::new()) };
        if token.is_cancelled() {
            return Err(cancel::run_error());
        }
        let keys = token.keys_after(self.seen);
        self.seen += keys.len();
        let ranks = keys.iter().filter_map(|k| engine.plan.rank(engine.plan.graph().find(k)?));
        self.tasks.extend(ranks.map(|rank| rank as u32));
        let mut running = Vec::new();
        let mut todo: Vec<u32> = self.tasks.iter().copied().collect();
        while let Some(task) = todo.pop() {
            let state = engine.table.state(task)?;
            match state.phase {
                Phase::Waiting | Phase::Ready | Phase::Backoff => {
                    if end(engine, task, state)? {
                        self.tasks.remove(&task);
                    } else {
                        // Somebody has just moved it: look again.
                        todo.push(task);
                    }
                }
                Phase::Claimed => running.push(task),
                Phase::Releasing | Phase::Done => {
                    self.tasks.remove(&task);
                    let heirs: Vec<u32> = engine.table.heirs(task).collect();
                    self.tasks.extend(&heirs);
                    todo.extend(heirs);
                }
                _ => drop(self.tasks.remove(&task)),
            }
        }
        running.sort_unstable();
        Ok(running)
    }
}

/// Ends a task that nobody has claimed; false where somebody was faster.
fn end(engine: &Engine<'_>, task: u32, state: State) -> Result<bool> {
    let me = engine.table.workers() as u16;
    let claimed = state.held(me, Phase::Claimed);
    if !engine.table.cell(task).state.change(state, claimed) {
        return Ok(false);
    }
    let number = u32::from(state.deaths) + engine.failed(task) + 1;
    let error = engine.blame(cancel::task_error(), task, number, number);
    let mut ready = Ready::default();
    give_up(engine, task, claimed, error, &mut ready)?;
    // It will never read what its inputs are yet to make.
    for (producer, bit) in engine.table.producers(task) {
        let done = || engine.table.state(producer).is_ok_and(|s| s.phase == Phase::Done);
        // The report of one that failed stays.
        if engine.table.drop_hold(producer, bit) && done() {
            engine.table.free_result(producer, me, engine.arena);
        }
    }
    if ready.finished {
        engine.table.finish();
    }
    super::hint(engine, &ready.tasks);
    if ready.gated {
        engine.table.wake_all();
    }
    Ok(true)
}
