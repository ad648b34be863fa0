//! Reads logs: line by line, so that their length does not matter, and as the past of a run that is
//! to be taken up again.
//! It does not know what is to be run.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::entry::Format;
use super::error::Error;
use super::row::Row;
use super::{json, table};
use crate::gates::Peaks;

/// Numbers of jobs that are believed: a bit is kept for each.
const MOST: u64 = 1 << 32;

/// Reads a log from its beginning.
///
/// Both formats are told apart by what the file holds, and GNU parallel's logs are read too. A last
/// line without its newline was being written when somebody was killed: it is no line.
#[derive(Debug)]
pub struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    format: Format,
    ours: bool,
    line: Vec<u8>,
    number: u64,
    whole: u64,
}

impl Reader {
    /// Opens the log, and reads its first line.
    ///
    /// # Errors
    /// It cannot be read, or is no log.
    pub fn open(path: &Path) -> Result<Reader, Error> {
        let file = File::open(path).map_err(|e| Error::io(path, "read", e))?;
        let file = BufReader::with_capacity(1 << 17, file);
        let (format, line) = (Format::of(path), Vec::new());
        let path = path.to_owned();
        let mut reader = Reader { file, path, format, ours: true, line, number: 0, whole: 0 };
        reader.begin()?;
        Ok(reader)
    }

    /// The next line, until there is none.
    ///
    /// # Errors
    /// The file cannot be read, or the line is none of a log.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, Error> {
        if !self.next_line()? {
            return Ok(None);
        }
        let row = match self.format {
            Format::Table => table::row(&self.line, self.ours),
            Format::Json => json::row(&self.line),
        };
        let row = row.and_then(|row| match row.seq {
            0..MOST => Ok(row),
            seq => Err(format!("there are no {seq} jobs")),
        });
        match row {
            Ok(row) => Ok(Some(row)),
            Err(what) => Err(Error::Line { path: self.path.clone(), line: self.number, what }),
        }
    }

    /// How the log is written down.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the log has the columns that GNU parallel does not know.
    pub fn has_ours(&self) -> bool {
        self.ours
    }

    /// Bytes of the lines that were read so far.
    pub(super) fn whole(&self) -> u64 {
        self.whole
    }

    /// Takes the line with the names of the columns, which says what the file is.
    fn begin(&mut self) -> Result<(), Error> {
        match self.file.fill_buf().map_err(|e| Error::io(&self.path, "read", e))? {
            // Nothing yet: the name of the file says what it is to be.
            [] => return Ok(()),
            [b'{', ..] => {
                self.format = Format::Json;
                return Ok(());
            }
            _ => self.format = Format::Table,
        }
        // Where the first line was cut off, it is at least the beginning of the right one.
        let fits = if self.next_line()? {
            self.ours = table::is_header(&self.line).unwrap_or(true);
            table::is_header(&self.line).is_some()
        } else {
            table::begins_header(&self.line)
        };
        if fits {
            return Ok(());
        }
        let what = "the names of the columns are missing: Seq, Host, Starttime, …".into();
        Err(Error::Line { path: self.path.clone(), line: 1, what })
    }

    /// Reads a line and takes its newline off. One without is the last, and does not count.
    fn next_line(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let read = self.file.read_until(b'\n', &mut self.line);
        read.map_err(|e| Error::io(&self.path, "read", e))?;
        if self.line.pop() != Some(b'\n') {
            return Ok(false);
        }
        self.number += 1;
        self.whole += self.line.len() as u64 + 1;
        Ok(true)
    }
}

/// Which jobs an earlier run has ended, by their numbers: a bit or two for each.
///
/// ```
/// # let folder = std::env::temp_dir();
/// # let path = folder.join(format!("tine-past-{}.log", std::process::id()));
/// # std::fs::write(&path, "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\t\
/// #     Command\n2\t:\t1.5\t0.1\t0\t0\t3\t0\tfalse\n")?;
/// let past = tine_jobs::log::Past::read(&path)?;
/// assert!(past.ended(2) && !past.succeeded(2)); // `--resume` leaves it, `--resume-failed` does not
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    ended: Bits,
    succeeded: Bits,
    peaks: Peaks,
}

impl Past {
    /// Reads what a log says; nothing where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is no log.
    pub fn read(path: &Path) -> Result<Past, Error> {
        let mut past = Past::default();
        let mut reader = match Reader::open(path) {
            Ok(reader) => reader,
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(past);
            }
            Err(e) => return Err(e),
        };
        while let Some(row) = reader.next_row()? {
            past.ended.set(row.seq);
            row.peak.filter(|&peak| peak > 0).into_iter().for_each(|peak| past.peaks.learn(peak));
            if row.is_success() {
                past.succeeded.set(row.seq);
            }
        }
        Ok(past)
    }

    /// Notes that job `seq` has ended, well or not, wherever that is known from.
    pub(crate) fn add(&mut self, seq: u64, succeeded: bool) {
        if seq < MOST {
            self.ended.set(seq);
        }
        if seq < MOST && succeeded {
            self.succeeded.set(seq);
        }
    }

    /// Whether the log has a line of job `seq`, however it ended.
    pub fn ended(&self, seq: u64) -> bool {
        self.ended.is_set(seq)
    }

    /// Whether it has one that says that the job ended well.
    pub fn succeeded(&self, seq: u64) -> bool {
        self.succeeded.is_set(seq)
    }

    /// What the last of them had of memory.
    pub(crate) fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// How many jobs have a line.
    pub fn len(&self) -> u64 {
        self.ended.count()
    }

    /// Whether no job has a line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, bit: u64) {
        let word = (bit / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (bit % 64);
    }

    fn is_set(&self, bit: u64) -> bool {
        self.0.get((bit / 64) as usize).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
