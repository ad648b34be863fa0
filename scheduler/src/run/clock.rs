//! The supervisor's clock: tasks whose next attempt waits, and time that does not count.
//! It ends nothing: it says what is due.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::table::Phase;

/// Times of one run, in nanoseconds since its start.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Tasks that wait for another attempt, by when that is due.
    timers: BTreeSet<(u64, u32)>,
    /// When the run was stopped and continued: Ctrl-Z, a laptop that was closed.
    pauses: Vec<(u64, u64)>,
}

impl Clock {
    /// Notes that the run stood still.
    pub(super) fn pause(&mut self, from: u64, to: u64) {
        self.pauses.push((from, to));
    }

    /// How long the run went on between two moments.
    pub(super) fn ran(&self, from: u64, to: u64) -> Duration {
        let inside = |&(a, b): &(u64, u64)| b.min(to).saturating_sub(a.max(from));
        let stood: u64 = self.pauses.iter().map(inside).sum();
        Duration::from_nanos(to.saturating_sub(from).saturating_sub(stood))
    }

    /// Notes a task in `Phase::Backoff`.
    pub(super) fn put_off(&mut self, engine: &Engine<'_>, task: u32) {
        if let Some(tries) = engine.table.tries(task) {
            let due = tries.due.load(std::sync::atomic::Ordering::SeqCst);
            self.timers.insert((due, task));
        }
    }

    /// Makes ready what is due, and what is not needed any more and only has to be skipped; returns
    /// it.
    ///
    /// The list of newcomers is emptied first: only then is nobody in it who could come in again.
    ///
    /// # Errors
    /// An impossible state word.
    pub(super) fn fire(&mut self, engine: &Engine<'_>) -> Result<Vec<u32>> {
        for task in engine.table.take_put_off() {
            self.put_off(engine, task);
        }
        if self.timers.is_empty() {
            return Ok(Vec::new());
        }
        let now = engine.now();
        let doomed = engine.table.first_failure().is_some();
        let mut due = Vec::new();
        while self.timers.first().is_some_and(|&(at, _)| at <= now) {
            due.extend(self.timers.pop_first());
        }
        if doomed {
            let skipped = |&(_, task): &(u64, u32)| engine.table.is_doomed(task);
            due.extend(self.timers.iter().copied().filter(skipped));
        }
        let mut ready = Vec::new();
        for timer in due {
            self.timers.remove(&timer);
            let state = engine.table.state(timer.1)?;
            let cell = engine.table.cell(timer.1);
            if state.phase == Phase::Backoff && cell.state.change(state, state.to(Phase::Ready)) {
                ready.push(timer.1);
            }
        }
        Ok(ready)
    }

    /// When to look again.
    pub(super) fn patience(&self, engine: &Engine<'_>) -> Option<Duration> {
        let (due, _) = self.timers.first()?;
        Some(Duration::from_nanos(due.saturating_sub(engine.now())))
    }

    /// Whether somebody waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.timers.is_empty()
    }

    /// How many wait.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn waiting(&self) -> usize {
        self.timers.len()
    }

    /// Takes out all tasks that wait.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn drain(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.timers).into_iter().map(|(_, task)| task).collect()
    }

    /// Fails where the run is over its time.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`], with what is still running.
    pub(super) fn check_run(&self, engine: &Engine<'_>) -> Result<()> {
        let table = &engine.table;
        let in_body = |w: usize| table.slot(w).current().filter(|_| table.slot(w).in_body());
        let running = || (0..table.workers()).filter_map(in_body).filter(|&t| t < table.last());
        self.check_jobs(engine, || running().collect())
    }

    /// As [`check_run`](Self::check_run), where somebody else than the table knows what is running.
    pub(super) fn check_jobs(
        &self,
        engine: &Engine<'_>,
        running: impl FnOnce() -> Vec<u32>,
    ) -> Result<()> {
        let Some(limit) = engine.policies.run_timeout else { return Ok(()) };
        let took = self.ran(0, engine.now());
        if took < limit {
            return Ok(());
        }
        Err(run_timeout(engine, limit, running()))
    }

    /// How long the run may still take.
    pub(super) fn left(&self, engine: &Engine<'_>) -> Option<Duration> {
        let limit = engine.policies.run_timeout?;
        Some(limit.saturating_sub(self.ran(0, engine.now())))
    }
}

/// The error of a run that is over its time.
fn run_timeout(engine: &Engine<'_>, limit: Duration, mut running: Vec<u32>) -> Error {
    let (table, tasks) = (&engine.table, engine.plan.len());
    running.sort_unstable();
    let key = |t: &u32| engine.plan.graph().key(engine.task(*t)).to_string();
    let names: Vec<String> = running.iter().map(key).collect();
    let names = if names.is_empty() { "no task".into() } else { names.join(", ") };
    let ended = |t: &u32| table.cell(*t).state.load().is_some_and(|s| s.phase.is_final());
    let done = (0..tasks as u32).filter(ended).count();
    let message = format!(
        "the run took longer than its timeout of {}: {done} of {} tasks had ended; still running: \
         {names}",
        crate::config::units::format_time(limit),
        tasks,
    );
    Error::new(ErrorKind::Timeout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_do_not_count() {
        let mut clock = Clock::default();
        clock.pause(10, 30);
        clock.pause(50, 60);
        let ran = |from, to| clock.ran(from, to).as_nanos();
        assert_eq!(ran(0, 100), 70);
        assert_eq!(ran(20, 55), 20);
        assert_eq!(ran(12, 28), 0);
        assert_eq!(ran(60, 70), 10);
    }
}
