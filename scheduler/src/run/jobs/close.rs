//! How jobs end: what is told of it, whether they are tried again, who becomes ready by it.
//! It does not know how they are started.

use std::time::Duration;

use super::dispatcher::Dispatcher;
use super::running::{Running, STREAMS};
use super::shift::{Closing, Shift};
use super::spawner::End;
use crate::engine::Kept;
use crate::error::Result;
use crate::jobs::{Ended, Exit, Job, Reason};
use crate::observer::{RareFact, RareKind, TaskStatus, TaskTimes};
use crate::table::{Phase, Ready};

impl Dispatcher<'_, '_, '_> {
    /// Hands over what a job has printed: a part of it, or all.
    pub(super) fn drain(&mut self, id: u64, stream: usize, all: bool) -> Result<()> {
        let Some(job) = self.shift.running.get(&id).map(|running| self.job(running)) else {
            return Ok(());
        };
        let Shift { running, buffer, .. } = &mut *self.shift;
        let Some(running) = running.get_mut(&id) else { return Ok(()) };
        let foreman = &mut *self.foreman;
        let show = |bytes: &[u8]| foreman.output(&job, STREAMS[stream], bytes);
        if !running.drain(stream, all, buffer, show)? {
            self.shift.hang_up(id, stream);
        }
        Ok(())
    }

    /// A job has ended, with all its tree. What it printed is still in its pipes; whoever else holds
    /// their other ends is no part of it, and not waited for.
    pub(super) fn close(&mut self, id: u64, end: End) -> Result<()> {
        let drained = (0..STREAMS.len()).try_for_each(|stream| self.drain(id, stream, true));
        let Some(running) = self.shift.leave(id) else { return Ok(()) };
        drained?;
        let ended = self.ended(&running, &end);
        self.note_times(&running, &ended);
        let (job, task) = (self.job(&running), running.task);
        self.give_back(running.taken);
        self.shift.has_ended = true;
        let outcome = self.foreman.ended(&job, &ended);
        match (ended.reason, outcome) {
            (Some(Reason::GaveWay), _) => self.try_now(task),
            (_, Ok(())) => self.conclude(&job, task, TaskStatus::Done),
            (_, Err(_)) if self.shift.closing == Closing::No => self.try_again(&job, task),
            (_, Err(_)) => self.conclude(&job, task, TaskStatus::Failed),
        }
    }

    fn ended(&mut self, running: &Running, end: &End) -> Ended {
        let excess = running.limit.filter(|_| end.excess).map(Reason::Memory);
        // One that has ended well before it heard that it should has done so by itself.
        let reason = running.reason.filter(|_| end.exit != Exit::Code(0));
        let killed = end.exit == Exit::Signal(libc::SIGKILL);
        Ended {
            exit: end.exit,
            reason: excess.or(reason),
            started: Duration::from_nanos(running.started),
            ended: Duration::from_nanos(self.engine.now()),
            user: Duration::from_micros(end.user_us),
            system: Duration::from_micros(end.system_us),
            peak: end.peak,
            read: end.read,
            written: end.written,
            printed: running.printed,
            leftovers: u32::try_from(end.leftovers).unwrap_or(u32::MAX),
            out_of_memory: killed && self.shift.oom_kills.moved(),
        }
    }

    fn note_times(&mut self, running: &Running, ended: &Ended) {
        let task = running.task;
        let Some(times) = self.engine.table.times(task) else { return };
        let cpu = (ended.user + ended.system).as_micros();
        times.store(TaskTimes {
            started: running.started,
            ended: ended.ended.as_nanos() as u64,
            cpu_us: Some(u32::try_from(cpu).unwrap_or(u32::MAX)),
            worker: running.taken.first(),
            attempt: u8::try_from(running.attempt).unwrap_or(u8::MAX),
            result_bytes: ended.printed.iter().sum(),
            ..TaskTimes::default()
        });
        self.watch.rare(RareFact { task, kind: RareKind::MemoryPeak, value: ended.peak });
    }

    /// Runs a job again, now or after its wait, as often as it may be.
    fn try_again(&mut self, job: &Job<'_>, task: u32) -> Result<()> {
        match self.engine.try_again(task) {
            None => self.conclude(job, task, TaskStatus::Failed),
            Some(Duration::ZERO) => self.try_now(task),
            Some(_) => {
                self.put_back(task, Phase::Backoff)?;
                self.shift.clock.put_off(self.engine, task);
                Ok(())
            }
        }
    }

    fn try_now(&mut self, task: u32) -> Result<()> {
        self.put_back(task, Phase::Ready)?;
        self.queue(task);
        Ok(())
    }

    fn put_back(&mut self, task: u32, phase: Phase) -> Result<()> {
        let state = self.engine.table.state(task)?;
        self.engine.table.cell(task).state.store(state.to(phase));
        Ok(())
    }

    /// Nothing more is started: jobs that have failed and wait for another attempt have failed.
    pub(super) fn give_up_retries(&mut self) -> Result<()> {
        let mut all = self.shift.clock.drain();
        let engine = self.engine;
        all.extend(self.shift.queue.take_if(|task| engine.failed(task) > 0));
        for task in all {
            self.claim(task, 0)?;
            let job = self.job_of(task, engine.failed(task), 0);
            self.conclude(&job, task, TaskStatus::Failed)?;
        }
        Ok(())
    }

    /// Nothing more will become of a job that was claimed: tells the foreman, and its successors.
    /// Those that cannot do without it are skipped, and so on.
    pub(super) fn conclude(&mut self, job: &Job<'_>, task: u32, status: TaskStatus) -> Result<()> {
        self.count(status);
        self.foreman.closed(job, status)?;
        let mut skipped = self.release(task, status)?;
        while let Some(next) = skipped.pop() {
            self.put_back(next, Phase::Claimed)?;
            self.engine.note_cause(next);
            self.count(TaskStatus::Skipped);
            let job = self.job_of(next, 1, 0);
            self.foreman.closed(&job, TaskStatus::Skipped)?;
            skipped.append(&mut self.release(next, TaskStatus::Skipped)?);
        }
        Ok(())
    }

    fn count(&mut self, status: TaskStatus) {
        let tally = &mut self.shift.tally;
        match status {
            TaskStatus::Done => tally.done += 1,
            TaskStatus::Failed => tally.failed += 1,
            TaskStatus::Skipped => tally.skipped += 1,
            TaskStatus::Unfinished => {}
        }
    }

    /// Ends a claimed task in the table, and queues what is ready by that; returns what is to be
    /// skipped.
    fn release(&mut self, task: u32, status: TaskStatus) -> Result<Vec<u32>> {
        let engine = self.engine;
        let phase = match status {
            TaskStatus::Done => Phase::Releasing,
            TaskStatus::Skipped => Phase::ReleasingSkipped,
            TaskStatus::Failed | TaskStatus::Unfinished => Phase::ReleasingFailed,
        };
        let claimed = engine.table.state(task)?;
        engine.publish(task, claimed, phase);
        // Every task counts as a source here, and sources are only told of where it is done again.
        let mut ready = Ready { again: true, ..Ready::default() };
        engine.settle(task, claimed.to(phase), &Kept::new(), &mut ready)?;
        engine.close(task, claimed.to(phase));
        let (skipped, ready): (Vec<u32>, Vec<u32>) =
            ready.tasks.into_iter().partition(|&t| engine.table.is_doomed(t));
        ready.into_iter().for_each(|t| self.queue(t));
        Ok(skipped)
    }
}
