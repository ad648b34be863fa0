//! Says what happens in a run: what jobs print, how far it is, what failed; and keeps the logs.
//! It decides nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use tine_jobs::file::Jobs;
use tine_jobs::gates::Shortage;
use tine_jobs::log::{self, Log};
use tine_jobs::output::stream::{End, Kind as StreamKind, Writer};
use tine_jobs::output::{Begin, Bounds, Output};
use tine_jobs::run::{Audience, Counts, Failed, Selection, State, Subject, Try, Verdict};
use tine_scheduler::jobs::{Ended, Reason, Standing};
use tine_scheduler::{Error, ErrorKind, OutputStream, Result, TaskStatus};

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::progress::{Close, Jobs as Progress, Kind, Look, Start, Terminal};
use crate::cli::words::{count, plural};

/// Names of failed jobs that the last message lists.
const LISTED: usize = 5;

/// Tells the user what happens.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    job: &'a high::Run,
    output: Output<Terminal>,
    progress: Progress,
    logs: Vec<Log>,
    began: (Instant, SystemTime),
    /// The first jobs that failed.
    failed: Vec<String>,
    /// How long the last attempts took of jobs that have not been closed yet.
    took: Vec<(u64, Duration)>,
    /// Jobs that had to give way once, and may have to again.
    gave_way: BTreeSet<u64>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        job: &'a high::Run,
        jobs: &Jobs<'_>,
        selection: &Selection,
        logs: Vec<Log>,
    ) -> std::result::Result<Self, Failure> {
        let terminal = Terminal::new()
            .map_err(|e| Failure::new(format!("standard output cannot be used: {e}")))?;
        let terminal = if job.json { terminal.diverted() } else { terminal };
        let kind = match (job.quiet, job.json) {
            (true, _) => Kind::Quiet,
            (false, true) => Kind::Json,
            (false, false) => Kind::usual(),
        };
        let mut progress = Progress::new(kind, Look::full(job.options.slots));
        for (group, (name, total)) in selection.groups(jobs).into_iter().enumerate() {
            progress.group(group, name, total);
        }
        progress.complete();
        let mut output = Output::new(terminal, job.mode, Bounds::default());
        if let Some(stream) = stream(job)? {
            output = output.into_stream(stream);
        }
        Ok(Teller {
            job,
            output,
            progress,
            logs,
            began: (Instant::now(), SystemTime::now()),
            failed: Vec::new(),
            took: Vec::new(),
            gave_way: BTreeSet::new(),
        })
    }

    /// Shows what is left to be shown, and returns how the command ends: with a failure where a job
    /// failed.
    pub(super) fn finish(mut self, counts: &Counts) -> std::result::Result<(), Failure> {
        let elapsed = self.began.0.elapsed();
        let mut terminal = self.output.finish().map_err(|e| Failure::new(e.to_string()))?;
        drop(self.progress.finished(elapsed, &mut terminal));
        if counts.failed == 0 {
            return Ok(());
        }
        let more = counts.failed.saturating_sub(self.failed.len() as u64);
        if more > 0 {
            self.failed.push(format!("{} more", count(more)));
        }
        let (failed, names) = (count(counts.failed), self.failed.join(", "));
        let of = plural(counts.total, "job");
        let failure = Failure::new(format!("{failed} of {of} failed: {names}"));
        let waits = counts.unstarted() > 0 && !self.job.options.keep_going;
        Err(match waits {
            true => failure.help("--keep-going runs the jobs that do not need them"),
            false => failure,
        })
    }

    fn end(&mut self, seq: u64) -> Result<()> {
        self.output.end(seq).map_err(Error::from)
    }

    /// Nobody who cannot read it is told of it; only a reader of events who has gone ends a run.
    fn shown(&self, shown: io::Result<()>) -> Result<()> {
        match shown {
            Err(e) if self.job.json && e.kind() == io::ErrorKind::BrokenPipe => {
                Err(Error::new(ErrorKind::Os, "nobody reads standard output"))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn note(&mut self, text: &str) {
        drop(self.output.sink().note(&format!("tine: {text}")));
    }

    fn close(
        &mut self,
        job: &Subject<'_>,
        (status, ran): (TaskStatus, bool),
        error: Option<&str>,
    ) -> Result<()> {
        let at = self.took.iter().position(|(seq, _)| *seq == job.seq);
        let took = at.map(|at| self.took.swap_remove(at).1);
        let elapsed = self.began.0.elapsed();
        let close = Close { job: job.name, group: job.group, status, ran, took, error, elapsed };
        let shown = self.progress.closed(&close, self.output.sink());
        self.shown(shown)
    }
}

/// The file that all output goes to, where it does; a run that is resumed goes on with it.
fn stream(job: &high::Run) -> std::result::Result<Option<Writer>, Failure> {
    let Some(path) = &job.stream else { return Ok(None) };
    let writer = match job.options.resume {
        true => Writer::resume(path, StreamKind::Named, Bounds::default()),
        false => Writer::create(path, StreamKind::Named, Bounds::default()),
    };
    writer.map(Some).map_err(|e| Failure::new(e.to_string()))
}

impl Audience for Teller<'_> {
    fn judged(&mut self, job: &Subject<'_>, verdict: &Verdict) -> Result<()> {
        if verdict.runs() {
            return Ok(());
        }
        self.end(job.seq)?;
        self.close(job, (TaskStatus::Done, false), None)
    }

    fn starts(&mut self, job: &Subject<'_>, attempt: &Try<'_>) -> Result<()> {
        let begin = Begin {
            name: job.name.as_bytes(),
            tag: self.job.tagged.then_some(job.name.as_bytes()),
            may_repeat: attempt.attempt < attempt.of || self.gave_way.contains(&job.seq),
            ..Begin::default()
        };
        self.output.begin(job.seq, &begin).map_err(Error::from)
    }

    fn started(&mut self, job: &Subject<'_>, attempt: &Try<'_>, pid: u32) {
        let (attempt, slot) = (attempt.attempt, attempt.slot);
        let elapsed = self.began.0.elapsed();
        let start = Start { job: job.name, group: job.group, attempt, slot, pid, elapsed };
        // A reader who has gone is noticed when the job is closed.
        drop(self.progress.started(&start, self.output.sink()));
    }

    fn prints(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        self.output.output(seq, stream, bytes).map_err(Error::from)
    }

    fn ended(
        &mut self,
        job: &Subject<'_>,
        attempt: &Try<'_>,
        ended: &Ended,
        failure: Option<&Failed<'_>>,
    ) -> Result<()> {
        self.progress.stopped(job.group, job.name);
        // Before logs and the journal say that it has ended.
        let end = End::of(ended, failure.is_some(), failure.is_some_and(|f| f.again));
        self.output.ended(job.seq, &end)?;
        for log in &mut self.logs {
            let entry = log::Entry {
                seq: job.seq,
                command: OsStr::new(attempt.command),
                name: Some(job.name),
                attempt: attempt.attempt,
                slot: attempt.slot,
                start: self.began.1 + ended.started,
                sent: 0,
                ended,
            };
            log.add(&entry).map_err(|e| Error::new(ErrorKind::Os, e.to_string()))?;
        }
        let Some(failed) = failure.filter(|f| f.again) else {
            self.took.push((job.seq, ended.ended.saturating_sub(ended.started)));
            return Ok(());
        };
        if ended.reason == Some(Reason::GaveWay) {
            self.gave_way.insert(job.seq);
        }
        let gave_way = ended.reason == Some(Reason::GaveWay);
        if self.job.quiet || gave_way {
            self.output.retract(job.seq);
        }
        if self.job.quiet {
            return Ok(());
        }
        if gave_way {
            self.note(&format!("{} gives way for lack of memory, and is run again", job.name));
            return Ok(());
        }
        let (why, n, of) = (failed.why, attempt.attempt, attempt.of);
        self.note(&format!("{} failed and is tried again: {why} (attempt {n} of {of})", job.name));
        // What it said is often the only trace of why.
        self.output.show_failed(job.seq).map_err(Error::from)
    }

    fn closed(&mut self, job: &Subject<'_>, state: State, why: &str) -> Result<()> {
        self.end(job.seq)?;
        let status = match state {
            State::Done => TaskStatus::Done,
            State::Failed => TaskStatus::Failed,
            State::Skipped => TaskStatus::Skipped,
            State::Canceled => TaskStatus::Unfinished,
        };
        let ran = state != State::Skipped;
        self.close(job, (status, ran), Some(why).filter(|w| !w.is_empty()))?;
        match state {
            State::Failed => {
                if self.failed.len() < LISTED {
                    self.failed.push(job.name.to_owned());
                }
                self.note(&format!("{} failed: {why}", job.name));
            }
            State::Canceled if !self.job.quiet => {
                self.note(&format!("{} canceled: {why}", job.name));
            }
            State::Done | State::Canceled | State::Skipped => {}
        }
        Ok(())
    }

    fn tick(&mut self, standing: &Standing, _counts: &Counts) {
        drop(self.progress.tick(standing, self.output.sink()));
        // What cannot be written now cannot be later either, and then ends the run.
        drop(self.output.tick(standing.elapsed));
    }

    fn waits(&mut self, _group: usize, name: &str, shortage: &Shortage) {
        if !self.job.quiet {
            self.note(&format!("{name} {shortage}"));
        }
    }

    fn interrupted(&mut self, level: u32) {
        self.progress.ending();
        self.note(match level {
            1 => "no more jobs start; Ctrl-C again ends those that run",
            2 => "jobs that run are ended; Ctrl-C again kills them",
            _ => "jobs that run are killed",
        });
    }
}
