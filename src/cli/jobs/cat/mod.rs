//! `tine cat`: what jobs have printed, from a stream file.
//! It does not know how such a file is laid out.

mod list;

use std::io;

use tine_jobs::output::stream::{Attempt, Entry, Reader, StreamError};
use tine_jobs::output::{self, Begin, Bounds, Mode, Output, Streams};
use tine_scheduler::OutputStream;

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::high::cat::{Attempts, What};

/// Why printing ends.
enum Stop {
    /// Nobody reads on, which is no failure.
    Closed,
    Failed(Failure),
}

impl From<StreamError> for Stop {
    fn from(error: StreamError) -> Self {
        Stop::Failed(Failure::new(error.to_string()))
    }
}

impl From<output::Error> for Stop {
    fn from(error: output::Error) -> Self {
        match error.is_closed() {
            true => Stop::Closed,
            false => Stop::Failed(Failure::new(error.to_string())),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Failed(Failure::new(format!("cannot write to standard output: {error}"))),
        }
    }
}

/// Prints what is asked for.
pub(crate) fn run(cat: &high::Cat) -> Result<(), Failure> {
    let reader = Reader::open(&cat.file).map_err(|e| Failure::new(e.to_string()))?;
    match print(cat, &reader) {
        Ok(()) => {}
        Err(Stop::Closed) => return Ok(()),
        Err(Stop::Failed(failure)) => return Err(failure),
    }
    if let Some(at) = reader.cut() {
        let file = cat.file.display();
        crate::cli::note(&format!(
            "tine: {file} ends in the middle of a record at byte {at}: its run was killed, or goes \
             on; all before it is there"
        ));
    }
    match reader.damage() {
        Some(damage) => Err(Failure::new(damage.to_string())
            .help("all before it is printed; what follows it cannot be read")),
        None => Ok(()),
    }
}

fn print(cat: &high::Cat, reader: &Reader) -> Result<(), Stop> {
    let jobs = match cat.jobs.as_slice() {
        [] => None,
        asked => Some(reader.find(asked)?.map_err(|unknown| {
            let failure = Failure::usage(unknown.message);
            Stop::Failed(match unknown.help {
                Some(help) => failure.help(help),
                None => failure,
            })
        })?),
    };
    let mut shown = Shown::new(cat, reader)?;
    let mut found = false;
    let mut each = |entries: &[Entry]| {
        for attempt in chosen(cat, reader, entries)? {
            found = true;
            shown.attempt(&attempt)?;
        }
        Ok::<_, Stop>(())
    };
    let by_job = || reader.entries().chunk_by(|a, b| a.job == b.job);
    match jobs {
        None => by_job().try_for_each(&mut each)?,
        Some(jobs) => {
            for job in jobs {
                let from = reader.entries().partition_point(|e| e.job < job);
                by_job_at(reader, from).map_or(Ok(()), &mut each)?;
            }
        }
    }
    shown.end()?;
    match cat.attempts {
        Attempts::Number(n) if !found && !cat.failed => Err(Stop::Failed(
            Failure::usage(format!("there is no attempt {n}")).help("--list --all lists them all"),
        )),
        _ => Ok(()),
    }
}

/// The attempts of the job whose first one is at a place.
fn by_job_at(reader: &Reader, from: usize) -> Option<&[Entry]> {
    reader.entries()[from..].chunk_by(|a, b| a.job == b.job).next()
}

/// The attempts of a job that are asked for.
fn chosen(cat: &high::Cat, reader: &Reader, entries: &[Entry]) -> Result<Vec<Attempt>, Stop> {
    let Some(last) = entries.last() else { return Ok(Vec::new()) };
    if cat.failed && !reader.attempt(last)?.end.failed {
        return Ok(Vec::new());
    }
    let wanted = |entry: &&Entry| match cat.attempts {
        Attempts::Last => *entry == last,
        Attempts::Number(number) => entry.attempt == number,
        Attempts::All => true,
    };
    let wanted = entries.iter().filter(wanted);
    Ok(wanted.map(|entry| reader.attempt(entry)).collect::<Result<_, _>>()?)
}

/// Where attempts are shown.
enum Shown<'a> {
    Output(Box<Printed<'a>>),
    List(list::List),
}

/// What prints output.
struct Printed<'a> {
    reader: &'a Reader,
    output: Output<Streams>,
    streams: &'a [OutputStream],
    tagged: bool,
}

impl<'a> Shown<'a> {
    fn new(cat: &'a high::Cat, reader: &'a Reader) -> Result<Shown<'a>, Stop> {
        Ok(match &cat.what {
            What::List { json } => Shown::List(list::List::new(*json)?),
            What::Output { streams, tagged } => {
                let output = Output::new(Streams::new()?, Mode::Raw, Bounds::default());
                Shown::Output(Box::new(Printed { reader, output, streams, tagged: *tagged }))
            }
        })
    }

    fn attempt(&mut self, attempt: &Attempt) -> Result<(), Stop> {
        match self {
            Shown::Output(printed) => printed.attempt(attempt),
            Shown::List(list) => Ok(list.attempt(attempt)?),
        }
    }

    fn end(self) -> Result<(), Stop> {
        match self {
            Shown::List(list) => Ok(list.end()?),
            Shown::Output(printed) => {
                printed.output.finish()?;
                Ok(())
            }
        }
    }
}

impl Printed<'_> {
    fn attempt(&mut self, attempt: &Attempt) -> Result<(), Stop> {
        let number = attempt.job.to_string();
        let name = if self.reader.is_named() { &*attempt.name } else { number.as_bytes() };
        let begin = Begin { tag: self.tagged.then_some(name), ..Begin::default() };
        self.output.begin(attempt.job, &begin)?;
        for &stream in self.streams {
            self.reader.output(attempt, stream, &mut |bytes| {
                self.output.output(attempt.job, stream, bytes).map_err(Stop::from)
            })?;
        }
        Ok(self.output.end(attempt.job)?)
    }
}
