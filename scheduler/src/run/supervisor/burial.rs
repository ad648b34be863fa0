//! What becomes of a worker that has died, of what it had begun, and of its place.
//! It does not know what it died of, or who is to blame: see `death`.

use super::super::death::{Case, Death, Verdict};
use super::super::output::Show;
use super::super::{give_up, sound};
use super::{BARREN, Supervisor};
use crate::engine::Kept;
use crate::error::{Error, ErrorKind, Result};
use crate::results;
use crate::table::{Orphan, Phase, Ready, Recovery};

impl Supervisor<'_> {
    /// Sees to a process that has ended.
    pub(super) fn bury(&mut self, post: usize) -> Result<()> {
        let Some(child) = self.posts[post].child.take() else { return Ok(()) };
        let death = Death::reap(&child);
        let slot = self.engine.table.slot(post);
        let task = slot.current().filter(|_| slot.in_body());
        let Supervisor { engine, watch, screen, .. } = self;
        let mut show = Show { engine, screen, watch };
        let tail = self.posts[post].finish(&child, slot, task, &mut show);
        if slot.is_leaving() {
            self.engine.table.check_corrupt()?;
            if self.engine.table.is_finished() || self.engine.table.is_stopped() {
                return Ok(());
            }
        }
        let death = death.witnessed(tail, &mut self.oom_kills);
        // Who waits for memory must not go by what the dead had.
        let pids = self.posts.iter().map(|p| p.child.as_ref().map(|c| c.pid.as_raw() as u32));
        self.memory.look_now(self.engine, pids);
        self.count_barren(post, &death)?;
        let text = match self.engine.table.slot(post).gave_way() {
            true => "ended itself, so that another task might have its memory".to_owned(),
            false => death.text(),
        };
        self.watch.worker(post as u16, child.pid.as_raw() as u32, Some(text));
        sound(self.engine, || self.mend(post as u16, &death))?;
        if self.engine.table.is_finished() || self.engine.table.is_stopped() {
            return Ok(());
        }
        self.start(post)
    }

    /// Ends the run where one worker after the other dies before it has done anything.
    fn count_barren(&mut self, post: usize, death: &Death) -> Result<()> {
        let idle = self.engine.table.slot(post).current().is_none();
        let barren = &mut self.posts[post].barren;
        *barren = if idle { *barren + 1 } else { 0 };
        if *barren <= BARREN {
            return Ok(());
        }
        let message = format!(
            "no worker can live here: {barren} in a row ended before they came to a task; the last \
             one {}",
            death.text()
        );
        Err(Error::new(ErrorKind::Died, message))
    }

    /// Ends what a dead worker had begun, and queues what it had claimed.
    fn mend(&mut self, worker: u16, death: &Death) -> Result<()> {
        let table = &self.engine.table;
        let found: Recovery = table.autopsy(worker)?;
        if let Some(task) = found.freeing.filter(|&t| t < table.last()) {
            table.resume_free(task, worker, self.engine.arena);
        }
        let mut ready = Ready { again: true, tasks: found.ready, ..Ready::default() };
        for (task, held) in found.releasing {
            self.engine.settle(task, held, &Kept::new(), &mut ready)?;
            self.engine.close(task, held);
        }
        for (task, held) in found.lingering {
            self.engine.let_go_again(task, held);
        }
        if let Some(arena) = self.engine.arena {
            table.resume_spill(worker, arena);
            arena.reclaim(table.epoch(), worker, found.orphan.map(|o| o.task));
        }
        if let Some(orphan) = found.orphan {
            self.give_back(orphan, worker, death, &mut ready)?;
        }
        for task in found.put_off {
            self.clock.put_off(self.engine, task);
        }
        table.slot(worker.into()).clear();
        if let Some(arena) = self.engine.arena {
            arena.ring_for_all();
        }
        if ready.finished {
            table.finish();
        }
        super::super::hint(self.engine, &ready.tasks);
        // Also where nothing was found: the dead may have taken somebody's mark of sleep away and
        // not rung, or been picked to be woken in place of somebody else.
        table.wake_all();
        Ok(())
    }

    /// Queues a task whose worker died in it, or gives it up.
    fn give_back(
        &mut self,
        orphan: Orphan,
        worker: u16,
        death: &Death,
        ready: &mut Ready,
    ) -> Result<()> {
        let (engine, task) = (self.engine, orphan.task);
        let cell = engine.table.cell(task);
        results::forget(cell);
        let post = &mut self.posts[usize::from(worker)];
        let (reason, sentence) = (post.reason, post.sentence.take());
        match (Case { engine, orphan, worker, death, reason, sentence }).judge() {
            Verdict::Again(state) => {
                cell.state.store(state.to(Phase::Ready));
                ready.tasks.push(task);
            }
            Verdict::Later(state) => {
                cell.state.store(state.to(Phase::Backoff));
                self.clock.put_off(engine, task);
            }
            Verdict::Failed(state, error) => give_up(engine, task, state, error, ready)?,
        }
        Ok(())
    }
}
