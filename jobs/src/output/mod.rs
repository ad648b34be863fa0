//! What jobs print, put in order: whole, by lines, or as it comes; printed, or written to files.
//! It does not know what runs, or when: it is told what a job printed and that it has ended.
//!
//! A group is printed when its job ends, also where nothing else prints: a job that runs for hours
//! would otherwise hold back all that end meanwhile. In order it is different: nothing may come
//! before the job whose turn it is, so that what it prints to standard output goes straight
//! through. What cannot be seen yet waits in memory up to some [`Bounds`], then in one file without
//! a name that shrinks as it is printed.

mod error;
mod held;
mod job;
mod mode;
mod printer;
mod results;
mod sink;
mod spool;
pub mod stream;
mod tagger;
#[cfg(test)]
mod tests;
mod unnamed;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tine_scheduler::OutputStream;

pub use error::Error;
pub use held::Bounds;
use held::Store;
use job::{Job, Place};
pub use mode::{Begin, Mode};
use printer::{Printer, Voice};
pub use results::Files;
use results::Open;
pub use sink::{Sink, Streams};

/// What the jobs of a run print, on its way to a [`Sink`].
///
/// Jobs have numbers from 1. In the modes that are in order every number has to come to an
/// [`end`](Output::end), also of those that never began.
///
/// ```
/// use tine_jobs::output::{Begin, Bounds, Mode, Output, Sink};
/// use tine_scheduler::OutputStream::{self, Stdout};
///
/// #[derive(Debug, Default)]
/// struct Text(Vec<u8>);
/// impl Sink for Text {
///     fn write(&mut self, _: OutputStream, bytes: &[u8]) -> std::io::Result<()> {
///         self.0.extend_from_slice(bytes);
///         Ok(())
///     }
/// }
///
/// let mode = Mode::Whole { in_order: true };
/// let mut output = Output::new(Text::default(), mode, Bounds::default());
/// output.begin(2, &Begin { tag: Some(b"two"), ..Begin::default() })?;
/// output.output(2, Stdout, b"b\n")?;
/// output.end(2)?;
/// output.begin(1, &Begin::default())?;
/// output.output(1, Stdout, b"a\n")?; // its turn: seen at once
/// output.end(1)?;
/// assert_eq!(output.finish()?.0, b"a\ntwo\tb\n");
/// # Ok::<(), tine_jobs::output::Error>(())
/// ```
#[derive(Debug)]
pub struct Output<S> {
    printer: Printer<S>,
    store: Store,
    mode: Mode,
    /// Those that run, and those that have ended and wait.
    jobs: BTreeMap<u64, Place>,
    /// The number of the job that is printed now, in the modes that are in order.
    turn: u64,
    /// The file that all of it goes to, instead of being seen.
    stream: Option<stream::Writer>,
}

const STREAMS: [OutputStream; 2] = [OutputStream::Stdout, OutputStream::Stderr];

impl<S: Sink> Output<S> {
    /// Output that is printed to `sink`.
    pub fn new(sink: S, mode: Mode, bounds: Bounds) -> Output<S> {
        let (printer, store) = (Printer::new(sink), Store::new(bounds));
        Output { printer, store, mode, jobs: BTreeMap::new(), turn: 1, stream: None }
    }

    /// The same, but all that jobs print goes to a stream file, and nothing is seen: as it comes where
    /// it would be seen as it comes, else within a second.
    #[must_use]
    pub fn into_stream(self, writer: stream::Writer) -> Output<S> {
        let prompt = matches!(self.mode, Mode::Lines { .. } | Mode::Raw);
        Output { stream: Some(writer.prompt(prompt)), ..self }
    }

    /// Where it is printed.
    pub fn sink(&mut self) -> &mut S {
        self.printer.sink()
    }

    /// An attempt of job `seq` is about to start.
    ///
    /// # Errors
    /// Its files cannot be made, or what an attempt before has left cannot be printed.
    pub fn begin(&mut self, seq: u64, begin: &Begin<'_>) -> Result<(), Error> {
        let files = begin.files.map(|files| Open::create(files, seq));
        let files = files.transpose().map_err(|(path, e)| Error::results(seq, &path, e))?;
        self.streamed(seq, |stream| stream.begin(seq, begin.name))?;
        let job = self.running(seq);
        job.voice = Voice::new(begin.tag);
        (job.may_repeat, job.names) = (begin.may_repeat, begin.names);
        job.files = files.map(Box::new);
        // An attempt before this one may have left something that was not retracted.
        if self.mode.in_order() && seq == self.turn {
            self.catch_up(begin.may_repeat)
        } else {
            Ok(())
        }
    }

    /// Job `seq` has printed `bytes`, which may begin and end anywhere.
    ///
    /// # Errors
    /// They can be neither printed nor kept.
    pub fn output(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<(), Error> {
        if self.stream.is_some() {
            return self.streamed(seq, |file| file.write(seq, stream, bytes));
        }
        let (mode, turn) = (self.mode, self.turn);
        let job = self.running(seq);
        if let Some(files) = &mut job.files
            && files.write(stream, bytes).map_err(|(path, e)| Error::results(seq, &path, e))?
        {
            return Ok(());
        }
        match mode {
            Mode::Silent => Ok(()),
            Mode::Raw => self.print(seq, stream, bytes),
            Mode::Lines { in_order } if !in_order || turn == seq => self.lines(seq, stream, bytes),
            Mode::Whole { in_order: true }
                if turn == seq && !job.may_repeat && stream == OutputStream::Stdout =>
            {
                self.print(seq, stream, bytes)
            }
            Mode::Whole { .. } | Mode::Lines { .. } => self.hold(seq, stream, bytes),
        }
    }

    /// An attempt of job `seq` has ended: a stream file says how.
    ///
    /// # Errors
    /// That cannot be written.
    pub fn ended(&mut self, seq: u64, end: &stream::End) -> Result<(), Error> {
        self.streamed(seq, |stream| stream.end(seq, end))
    }

    /// So much of the run has passed: what waits to be written to a stream file may have waited long
    /// enough.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn tick(&mut self, elapsed: Duration) -> Result<(), Error> {
        self.streamed(0, |stream| stream.tick(elapsed))
    }

    /// Another attempt of job `seq` follows: what this one has printed and is not seen yet never
    /// will be. Files are made anew by the next [`begin`](Output::begin); a stream file keeps all attempts.
    pub fn retract(&mut self, seq: u64) {
        if let Some(Place::Runs(job)) = self.jobs.get_mut(&seq) {
            job.held.iter_mut().for_each(|held| held.clear(&mut self.store));
            job.voice = Voice::default();
            job.files = None;
        }
    }

    /// As [`retract`](Output::retract), but what is not seen yet is shown before: on standard error, both
    /// streams of it, so that standard output has what the last attempt prints and nothing else.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn show_failed(&mut self, seq: u64) -> Result<(), Error> {
        if let Some(Place::Runs(job)) = self.jobs.get_mut(&seq) {
            for held in &mut job.held {
                let what = (held, &mut self.store, u64::MAX);
                self.printer.print_held(seq, OutputStream::Stderr, &mut job.voice, what)?;
            }
        }
        self.retract(seq);
        Ok(())
    }

    /// Nothing more will come from job `seq`, which may as well not have run at all.
    ///
    /// # Errors
    /// What it had printed, or others that waited for it, cannot be printed.
    pub fn end(&mut self, seq: u64) -> Result<(), Error> {
        self.streamed(seq, |stream| stream.close(seq))?;
        let mut ended = match self.jobs.remove(&seq) {
            Some(Place::Runs(job)) => Some(job),
            Some(waits @ Place::Ended(_)) => {
                self.jobs.insert(seq, waits);
                return Ok(());
            }
            None => None,
        };
        if let Some(job) = &mut ended {
            self.name(seq, job)?;
        }
        if !self.mode.in_order() || seq < self.turn {
            return ended.map_or(Ok(()), |job| self.print_all(seq, *job));
        }
        let mut job = ended.filter(|job| job.held.iter().any(|held| held.len() > 0));
        if let Some(job) = &mut job {
            job.held.iter_mut().for_each(|held| held.close(&mut self.store));
        }
        self.jobs.insert(seq, Place::Ended(job));
        if seq == self.turn { self.advance() } else { Ok(()) }
    }

    /// Prints what is left, in order, also of jobs that did not come to an end, and returns where
    /// it is printed.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn finish(mut self) -> Result<S, Error> {
        while let Some((seq, mut place)) = self.jobs.pop_first() {
            if let Place::Runs(job) = &mut place {
                self.name(seq, job)?;
            }
            if let Place::Runs(job) | Place::Ended(Some(job)) = place {
                self.print_all(seq, *job)?;
            }
        }
        if let Some(stream) = self.stream.take() {
            let path = stream.path().to_owned();
            stream.finish().map_err(|e| Error::stream_file(0, &path, e))?;
        }
        Ok(self.printer.into_sink())
    }

    /// Does something with the stream file, where there is one.
    fn streamed(
        &mut self,
        seq: u64,
        write: impl FnOnce(&mut stream::Writer) -> io::Result<()>,
    ) -> Result<(), Error> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        write(stream).map_err(|e| Error::stream_file(seq, stream.path(), e))
    }

    /// The job as one that runs: somebody may have forgotten to say that it begins.
    fn running(&mut self, seq: u64) -> &mut Job {
        let place = self.jobs.entry(seq).or_insert_with(|| Place::Runs(Box::default()));
        if let Place::Ended(job) = place {
            *place = Place::Runs(job.take().unwrap_or_default());
        }
        place.job().expect("it runs since the line above")
    }

    /// Prints in order until a job is reached that has not ended; what that one has printed so far
    /// is seen now.
    fn advance(&mut self) -> Result<(), Error> {
        loop {
            match self.jobs.get(&self.turn) {
                Some(Place::Ended(_)) => {
                    let ended = self.jobs.remove(&self.turn);
                    let seq = self.turn;
                    self.turn += 1;
                    if let Some(Place::Ended(Some(job))) = ended {
                        self.print_all(seq, *job)?;
                    }
                }
                Some(Place::Runs(job)) => return self.catch_up(job.may_repeat),
                None => return Ok(()),
            }
        }
    }

    /// The turn has come to a job that runs.
    fn catch_up(&mut self, may_repeat: bool) -> Result<(), Error> {
        let seq = self.turn;
        match self.mode {
            Mode::Whole { .. } if may_repeat => Ok(()),
            Mode::Whole { .. } => self.print_held(seq, OutputStream::Stdout, u64::MAX),
            _ => STREAMS.into_iter().try_for_each(|stream| {
                let complete = self.running(seq).held[stream as usize].complete();
                self.print_held(seq, stream, complete)
            }),
        }
    }

    /// Lets the lines that `bytes` complete be seen, and keeps the rest.
    fn lines(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<(), Error> {
        let Some(end) = memchr::memrchr(b'\n', bytes) else { return self.hold(seq, stream, bytes) };
        let (now, later) = bytes.split_at(end + 1);
        self.print_held(seq, stream, u64::MAX)?;
        self.print(seq, stream, now)?;
        self.hold(seq, stream, later)
    }

    fn hold(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<(), Error> {
        let refused = match self.jobs.get_mut(&seq).and_then(Place::job) {
            Some(job) => job.held[stream as usize].append(&mut self.store, bytes),
            None => Ok(()),
        };
        refused.map_err(|e| Error::spool(seq, self.store.spool.folder(), e))?;
        self.make_room()
    }

    /// Moves all that waits to the disk when it takes too much memory. That is rare: as much has to
    /// come in again before the next time.
    fn make_room(&mut self) -> Result<(), Error> {
        if self.store.memory <= self.store.bounds.all {
            return Ok(());
        }
        for (&seq, place) in &mut self.jobs {
            let waits = matches!(place, Place::Ended(_));
            for held in place.job().into_iter().flat_map(|job| &mut job.held) {
                let moved = held.spill(&mut self.store);
                if waits {
                    held.close(&mut self.store);
                }
                moved.map_err(|e| Error::spool(seq, self.store.spool.folder(), e))?;
            }
        }
        Ok(())
    }

    /// Closes the files of a job, and says what they are called.
    fn name(&mut self, seq: u64, job: &mut Job) -> Result<(), Error> {
        match job.files.take().filter(|_| job.names && self.mode != Mode::Silent) {
            None => Ok(()),
            Some(files) => {
                let mut line = files.name().as_os_str().as_encoded_bytes().to_vec();
                line.push(b'\n');
                let kept = job.held[0].append(&mut self.store, &line);
                kept.map_err(|e| Error::spool(seq, self.store.spool.folder(), e))
            }
        }
    }

    fn print(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<(), Error> {
        match self.jobs.get_mut(&seq).and_then(Place::job) {
            Some(job) => self.printer.print(seq, stream, &mut job.voice, bytes),
            None => Ok(()),
        }
    }

    /// Prints up to `most` held bytes of a stream of a job that runs.
    fn print_held(&mut self, seq: u64, stream: OutputStream, most: u64) -> Result<(), Error> {
        let Some(job) = self.jobs.get_mut(&seq).and_then(Place::job) else { return Ok(()) };
        let (held, voice) = (&mut job.held[stream as usize], &mut job.voice);
        self.printer.print_held(seq, stream, voice, (held, &mut self.store, most))
    }

    /// Prints all that a job has left, standard output first.
    fn print_all(&mut self, seq: u64, mut job: Job) -> Result<(), Error> {
        for (stream, held) in STREAMS.into_iter().zip(&mut job.held) {
            let what = (held, &mut self.store, u64::MAX);
            self.printer.print_held(seq, stream, &mut job.voice, what)?;
        }
        Ok(())
    }
}
