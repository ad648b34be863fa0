//! What is left of a recorded run as files: its report, timeline, curves and flame graph.
//! It draws nothing itself: `tine-viz` does, and takes options where these are not enough.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tine_profiler::{Recording, Trace};
use tine_viz::{curves, flame, report, timeline};

/// Writes the report and the pictures of a recorded run into files.
///
/// A [`Recording`] stands for its longest run.
///
/// ```
/// use tine::prelude::*;
/// # let folder = std::env::temp_dir().join(format!("tine-pictures-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = |name| folder.join(name);
/// let recorded = tine::profile(|| tine::map(0..10u64, |x| x * x).compute());
/// recorded.run.report(path("report.html"))?; // of a run that failed as well
/// recorded.run.timeline(path("timeline.svg"))?;
/// let squares = recorded.output?;
/// # assert_eq!(squares[9], 81);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Pictures {
    /// The run that is shown.
    ///
    /// # Errors
    /// No run was recorded.
    fn shown(&self) -> io::Result<&Trace>;

    /// Writes everything on one page, the diagnosis first; it needs no network.
    ///
    /// # Errors
    /// No run, or what the file system says, with the path.
    fn report(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let trace = self.shown()?;
        write(path.as_ref(), |out| report::html(trace, &report::Options::default(), out))
    }

    /// Writes the timeline as SVG: one row a worker, one box a task.
    ///
    /// # Errors
    /// As of [`report`](Self::report).
    fn timeline(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let trace = self.shown()?;
        write(path.as_ref(), |out| timeline::svg(trace, &timeline::Options::default(), out))
    }

    /// Writes memory, parallelism and progress over time as SVG.
    ///
    /// # Errors
    /// As of [`report`](Self::report).
    fn curves(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let trace = self.shown()?;
        write(path.as_ref(), |out| curves::svg(trace, &curves::Options::default(), out))
    }

    /// Writes the flame graph of the run's time as SVG.
    ///
    /// # Errors
    /// As of [`report`](Self::report).
    fn flamegraph(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let trace = self.shown()?;
        write(path.as_ref(), |out| flame::svg(trace, &flame::Options::default(), out))
    }
}

impl Pictures for Trace {
    fn shown(&self) -> io::Result<&Trace> {
        Ok(self)
    }
}

impl Pictures for Recording {
    fn shown(&self) -> io::Result<&Trace> {
        let none = || {
            let why = "no run was recorded: nothing was computed, or it failed before it began, which \
                       the output of the closure says";
            io::Error::new(io::ErrorKind::NotFound, why)
        };
        self.longest().ok_or_else(none)
    }
}

fn write(path: &Path, draw: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let written = File::create(path).map(BufWriter::new).and_then(|mut out| {
        draw(&mut out)?;
        out.flush()
    });
    written.map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
}
