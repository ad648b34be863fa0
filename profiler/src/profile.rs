//! `profile`: runs a closure with a recorder in force, and hands over what was recorded.
//! It knows nothing of what the closure computes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use tine_scheduler::observe;

use crate::file::{self, TraceError};
use crate::recorder::Recorder;
use crate::trace::Trace;

/// What a closure returned, and the runs that happened in it.
#[derive(Clone, Debug)]
pub struct Recorded<T> {
    /// What the closure returned.
    pub output: T,
    /// The runs, failed ones included.
    pub run: Recording,
}

/// Runs `scope`, recording every run that this thread starts in it.
///
/// It never fails itself: where `scope` returns an error, the trace of the failed run is there too.
///
/// ```
/// use tine_scheduler::{Graph, Serial, get};
/// let mut g = Graph::builder();
/// g.value("x", 1i64);
/// g.task("y", ["x"], |x: &i64| x + 1);
/// let graph = g.build()?;
/// let recorded = tine_profiler::profile(|| get(&graph, ["y"], &Serial::new()));
/// assert_eq!(recorded.output?.get::<i64>(0)?, 2);
/// for trace in recorded.run.traces() {
///     assert_eq!(trace.len(), 1);
/// }
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn profile<T>(scope: impl FnOnce() -> T) -> Recorded<T> {
    let recorder = Arc::new(Recorder::new());
    let output = observe(recorder.clone(), scope);
    Recorded { output, run: recorder.take() }
}

/// Runs `scope` as [`profile`] does, and writes what happens to the file `path` meanwhile: what was
/// written stays readable whatever becomes of this process.
///
/// # Errors
/// The file cannot be made; `scope` is not run then. Where it cannot be written to later, for want
/// of room, a notice in the trace says so.
pub fn profile_to<T>(path: impl AsRef<Path>, scope: impl FnOnce() -> T) -> io::Result<Recorded<T>> {
    let recorder = Arc::new(Recorder::to_file(path)?);
    let output = observe(recorder.clone(), scope);
    // Each trace that is not whole in the file says so.
    drop(recorder.finish());
    Ok(Recorded { output, run: recorder.take() })
}

/// Runs that were recorded, in the order in which they started; what a trace file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    traces: Vec<Trace>,
    cut_off: Option<String>,
}

impl Recording {
    /// Returns a recording of these runs.
    pub fn new(traces: Vec<Trace>) -> Recording {
        Recording { traces, cut_off: None }
    }

    /// The runs.
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// Where the file that this was read from breaks off, and how; `None` for a whole one. What was
    /// whole before is there, and a run whose end is missing says so:
    /// [`About::complete`](crate::About::complete).
    pub fn cut_off(&self) -> Option<&str> {
        self.cut_off.as_deref()
    }

    /// The run that took longest, which is mostly the one that pictures are asked of.
    pub fn longest(&self) -> Option<&Trace> {
        // The first of equals: a later one replaces it only if it took longer.
        self.traces.iter().reduce(|a, b| if b.about.elapsed > a.about.elapsed { b } else { a })
    }

    /// Writes a trace file, by convention named `*.tine`.
    ///
    /// # Errors
    /// What the file system says, with the path.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        let mut out = BufWriter::new(File::create(path).map_err(named)?);
        self.write_to(&mut out).map_err(named)?;
        out.flush().map_err(named)
    }

    /// Writes what a trace file holds.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        file::write(&self.traces, out)
    }

    /// Reads a trace file.
    ///
    /// # Errors
    /// A file that cannot be opened or read, is no trace, is damaged, or breaks off before there is
    /// a run in it; the error names the section and the byte. One that breaks off later, because
    /// the process that wrote it died, is read as far as it goes: see [`cut_off`](Self::cut_off).
    pub fn read(path: impl AsRef<Path>) -> Result<Recording, TraceError> {
        let open = File::open(path.as_ref()).map_err(TraceError::open);
        open.and_then(|f| Recording::read_from(&mut BufReader::new(f)))
            .map_err(|e| e.at_path(path.as_ref()))
    }

    /// Reads what a trace file holds.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_from(input: &mut impl Read) -> Result<Recording, TraceError> {
        let whole = file::read(input)?;
        let cut_off = whole.cut.map(|e| e.to_string());
        Ok(Recording { traces: whole.traces, cut_off })
    }
}

impl Trace {
    /// Writes a trace file with this run alone.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        file::write(std::slice::from_ref(self), out)
    }

    /// Reads a trace file, and returns its longest run.
    ///
    /// # Errors
    /// As [`Recording::read`], and a file without a run.
    pub fn read(input: &mut impl Read) -> Result<Trace, TraceError> {
        let recording = Recording::read_from(input)?;
        recording.longest().cloned().ok_or_else(TraceError::no_run)
    }
}
