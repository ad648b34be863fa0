//! The progress of a run of jobs: told what happens, it shows it in the way that was asked for.
//! It does not know jobs but by their names.

use std::io::{self, IsTerminal};
use std::time::Duration;

use tine_jobs::output::{Sink, Streams};
use tine_scheduler::TaskStatus;
use tine_scheduler::jobs::Standing;

use super::eta::clock;
use super::events::{self, Counts, Event, seconds};
use super::groups::Groups;
use super::lines::{self, Look};
use super::slow::Slow;
use super::terminal::Terminal;

/// Time between two plain lines, and between two events that say how it stands.
const PAUSE: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Not at all.
    Quiet,
    /// Lines on the terminal that are written over, and one at the end.
    Bars,
    /// A line each ten seconds, and one at the end.
    Plain,
    /// An object for each event on standard output; what jobs print goes to standard error.
    Json,
}

impl Kind {
    /// What is shown where nothing else is asked for: bars where standard error is a terminal that
    /// can write over lines, which one of the name `dumb` cannot; plain lines elsewhere.
    pub(crate) fn usual() -> Kind {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if io::stderr().is_terminal() && !dumb { Kind::Bars } else { Kind::Plain }
    }
}

/// An attempt that has started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) job: &'a str,
    pub(crate) group: usize,
    pub(crate) attempt: u32,
    pub(crate) slot: usize,
    pub(crate) pid: u32,
    /// Since the start of the run.
    pub(crate) elapsed: Duration,
}

/// A job that nothing more will become of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Close<'a> {
    pub(crate) job: &'a str,
    pub(crate) group: usize,
    pub(crate) status: TaskStatus,
    /// Whether a program of it was started; one that is done without had nothing to do.
    pub(crate) ran: bool,
    /// How long its last attempt ran, where it had one.
    pub(crate) took: Option<Duration>,
    /// Why it failed.
    pub(crate) error: Option<&'a str>,
    /// Since the start of the run.
    pub(crate) elapsed: Duration,
}

/// How far a run of jobs is. Failures to show it are those of the terminal; a run need not end for
/// them, but for a [broken pipe](io::ErrorKind::BrokenPipe) of events.
#[derive(Debug)]
pub(crate) struct Jobs {
    kind: Kind,
    look: Look,
    groups: Groups,
    slow: Slow,
    /// When the last line was shown.
    shown: Duration,
    /// How many jobs can run side by side.
    side_by_side: f64,
}

impl Jobs {
    pub(crate) fn new(kind: Kind, look: Look) -> Jobs {
        let side_by_side = look.slots as f64;
        let (groups, slow, shown) = (Groups::default(), Slow::default(), Duration::ZERO);
        Jobs { kind, look, groups, slow, shown, side_by_side }
    }

    /// Sets how many jobs a group has; groups are numbered from 0, and shown in that order.
    pub(crate) fn group(&mut self, group: usize, name: &str, total: usize) {
        self.groups.set(group, name, total);
    }

    /// No more jobs will be added: only then can be said how long it will take.
    pub(crate) fn complete(&mut self) {
        self.groups.complete = true;
    }

    /// The run was asked to end: how long it would have taken means nothing more.
    pub(crate) fn ending(&mut self) {
        self.groups.ending = true;
    }

    /// An attempt has started.
    pub(crate) fn started<S: Sink>(
        &mut self,
        start: &Start<'_>,
        terminal: &mut Terminal<S>,
    ) -> io::Result<()> {
        self.groups.started(start.group, start.job, start.elapsed);
        self.slow.started(start.job, start.elapsed);
        if self.kind != Kind::Json {
            return Ok(());
        }
        let Start { job, attempt, slot, pid, .. } = *start;
        let event = Event::Started { job, group: self.name(start.group), attempt, slot, pid };
        terminal.event(&events::line(&event, start.elapsed))
    }

    /// An attempt has ended. [`closed`](Self::closed) follows, or another attempt.
    pub(crate) fn stopped(&mut self, group: usize, job: &str) {
        self.groups.stopped(group, job);
        self.slow.stopped(job);
    }

    /// Nothing more will become of a job.
    pub(crate) fn closed<S: Sink>(
        &mut self,
        close: &Close<'_>,
        terminal: &mut Terminal<S>,
    ) -> io::Result<()> {
        if let (TaskStatus::Done, Some(took)) = (close.status, close.took) {
            self.groups.took(close.group, took);
        }
        let status = self.count(close.group, close.status, close.ran);
        if self.kind != Kind::Json {
            return Ok(());
        }
        let Close { job, error, .. } = *close;
        let group = self.name(close.group);
        let event = Event::Closed { job, group, status, seconds: close.took.map(seconds), error };
        terminal.event(&events::line(&event, close.elapsed))
    }

    /// Shows how it stands, where it is time for that: about ten times a second is often enough.
    pub(crate) fn tick(
        &mut self,
        standing: &Standing,
        terminal: &mut Terminal<Streams>,
    ) -> io::Result<()> {
        let size = terminal.size();
        self.tick_at(standing, terminal, size)
    }

    /// The same on a screen of this size.
    pub(super) fn tick_at<S: Sink>(
        &mut self,
        standing: &Standing,
        terminal: &mut Terminal<S>,
        size: (usize, usize),
    ) -> io::Result<()> {
        self.name_slow(standing.elapsed, terminal)?;
        if self.kind == Kind::Bars {
            return terminal.draw(&lines::bars(&self.groups, standing, self.look, size));
        }
        if standing.elapsed < self.shown + PAUSE {
            return Ok(());
        }
        self.shown = standing.elapsed;
        self.side_by_side = self.look.side_by_side(standing);
        match self.kind {
            Kind::Plain => {
                let line = lines::plain(&self.groups, standing, self.look);
                terminal.note(&format!("tine: {line}"))
            }
            Kind::Json => {
                let event = Event::Progress(self.counts(standing.running, standing.elapsed));
                terminal.event(&events::line(&event, standing.elapsed))
            }
            Kind::Quiet | Kind::Bars => Ok(()),
        }
    }

    fn name_slow<S: Sink>(
        &mut self,
        elapsed: Duration,
        terminal: &mut Terminal<S>,
    ) -> io::Result<()> {
        for (job, ran) in self.slow.take(elapsed) {
            match self.kind {
                Kind::Quiet => {}
                Kind::Bars | Kind::Plain => {
                    terminal.note(&format!("tine: {job} has run for {} so far", clock(ran)))?;
                }
                Kind::Json => {
                    let event = Event::Slow { job: &job, seconds: seconds(ran) };
                    terminal.event(&events::line(&event, elapsed))?;
                }
            }
        }
        Ok(())
    }

    /// The run has ended: takes bars away, and says how it was.
    pub(crate) fn finished<S: Sink>(
        &mut self,
        elapsed: Duration,
        terminal: &mut Terminal<S>,
    ) -> io::Result<()> {
        match self.kind {
            Kind::Quiet => Ok(()),
            Kind::Bars | Kind::Plain => {
                terminal.note(&format!("tine: {}", lines::end(&self.groups, elapsed)))
            }
            Kind::Json => {
                let event = Event::Finished(self.counts(0, elapsed));
                terminal.event(&events::line(&event, elapsed))
            }
        }
    }

    /// Counts a job, and returns what its status is called.
    fn count(&mut self, group: usize, status: TaskStatus, ran: bool) -> &'static str {
        let mut nowhere = super::groups::Group::default();
        let group = self.groups.groups.get_mut(group).unwrap_or(&mut nowhere);
        let (counted, word) = match (status, ran) {
            (TaskStatus::Done, true) => (&mut group.done, "done"),
            (TaskStatus::Done, false) => (&mut group.fresh, "up to date"),
            (TaskStatus::Failed, _) => (&mut group.failed, "failed"),
            (TaskStatus::Skipped, _) => (&mut group.skipped, "skipped"),
            (TaskStatus::Unfinished, true) => (&mut group.canceled, "canceled"),
            (TaskStatus::Unfinished, false) => return "not run",
        };
        *counted += 1;
        word
    }

    fn counts(&self, running: usize, now: Duration) -> Counts {
        let sum = self.groups.sum();
        Counts {
            total: sum.total,
            open: !self.groups.complete,
            running,
            done: sum.done,
            up_to_date: sum.fresh,
            failed: sum.failed,
            skipped: sum.skipped,
            canceled: sum.canceled,
            left: self.groups.left(self.side_by_side, now).map(seconds),
        }
    }

    fn name(&self, group: usize) -> &str {
        self.groups.groups.get(group).map_or("", |group| &group.name)
    }
}
