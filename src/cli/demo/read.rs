//! Reads the flights of a part of a file, a megabyte at a time.
//! It knows no header and no other part: a line belongs to the part that it begins in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::input::{LONGEST_LINE, Part, unreadable};
use super::record::Malformed;
use crate::cli::failure::Failure;

/// Bytes asked for in one read.
const BLOCK: usize = 1 << 20;

/// What stands in `Flights::origin` where a flight has none.
pub(crate) const NO_ORIGIN: u16 = u16::MAX;

/// The flights of a part, column by column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Flights {
    /// The airports, in the order in which they were met.
    pub(crate) airports: Vec<String>,
    /// Which of them each flight left from; [`NO_ORIGIN`] where that is not known.
    pub(crate) origin: Column<u16>,
    /// Minutes of delay at departure; NaN where that is not known.
    pub(crate) delay: Column<f64>,
}

/// Reads a part.
pub(crate) fn read(part: &Part) -> Result<Flights, Failure> {
    let mut lines = Lines::open(part).map_err(|e| unreadable(&part.path, &e))?;
    let mut builder = Builder::default();
    loop {
        // The position is a copy, so that the line may be borrowed while it is used.
        let position = lines.position();
        match lines.next().map_err(|e| unreadable(&part.path, &e))? {
            Next::Line([] | b"\r") => {}
            Next::Line(line) => builder
                .add(part, line.strip_suffix(b"\r").unwrap_or(line))
                .map_err(|wrong| explain(part, position, &wrong))?,
            Next::TooLong => return Err(explain(part, position, &Wrong::TooLong)),
            Next::End => return Ok(builder.flights),
        }
    }
}

/// What can be wrong with a line, or with all of them together.
#[derive(Debug)]
enum Wrong {
    Malformed(Malformed),
    TooLong,
    TooManyAirports,
}

#[derive(Default)]
struct Builder {
    flights: Flights,
    numbers: BTreeMap<String, u16>,
    /// The airport of the flight before: often the next one's, which saves looking it up.
    last: Option<u16>,
}

impl Builder {
    fn add(&mut self, part: &Part, line: &[u8]) -> Result<(), Wrong> {
        let flight = part.layout.flight(line).map_err(Wrong::Malformed)?;
        let origin = match &flight.origin {
            Some(name) => self.number(name)?,
            None => NO_ORIGIN,
        };
        self.flights.origin.0.push(origin);
        self.flights.delay.0.push(flight.delay.unwrap_or(f64::NAN));
        Ok(())
    }

    fn number(&mut self, name: &[u8]) -> Result<u16, Wrong> {
        if let Some(last) = self.last
            && self.flights.airports[usize::from(last)].as_bytes() == name
        {
            return Ok(last);
        }
        let name = String::from_utf8_lossy(name);
        let number = match self.numbers.get(name.as_ref()) {
            Some(&known) => known,
            None => {
                let number = u16::try_from(self.flights.airports.len()).unwrap_or(NO_ORIGIN);
                if number == NO_ORIGIN {
                    return Err(Wrong::TooManyAirports);
                }
                self.flights.airports.push(name.clone().into_owned());
                self.numbers.insert(name.into_owned(), number);
                number
            }
        };
        self.last = Some(number);
        Ok(number)
    }
}

/// What comes next in a part.
enum Next<'a> {
    /// A line, without its line break.
    Line(&'a [u8]),
    /// A line that is longer than any line may be.
    TooLong,
    /// The part is over.
    End,
}

/// Goes through the lines that begin in a part.
struct Lines<'a> {
    file: File,
    part: &'a Part,
    buffer: Vec<u8>,
    /// The next line begins here in `buffer`.
    at: usize,
    /// Where `buffer` begins in the file.
    base: u64,
    /// No more bytes in the file.
    finished: bool,
}

impl<'a> Lines<'a> {
    fn open(part: &'a Part) -> io::Result<Self> {
        let mut file = File::open(&part.path)?;
        // One byte early: a line break there says that a line begins right at the start. The
        // header's line break does so for the first part.
        let base = part.start.saturating_sub(1);
        file.seek(SeekFrom::Start(base))?;
        let buffer = Vec::with_capacity(2 * BLOCK);
        let mut lines = Lines { file, part, buffer, at: 0, base, finished: false };
        while let Next::TooLong = lines.next_any()? {}
        Ok(lines)
    }

    /// Where the next line begins in the file.
    fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    fn next(&mut self) -> io::Result<Next<'_>> {
        if self.position() >= self.part.end {
            return Ok(Next::End);
        }
        self.next_any()
    }

    fn next_any(&mut self) -> io::Result<Next<'_>> {
        let mut searched = self.at;
        loop {
            if let Some(n) = memchr::memchr(b'\n', &self.buffer[searched..]) {
                let start = self.at;
                let end = searched + n;
                self.at = end + 1;
                return Ok(Next::Line(&self.buffer[start..end]));
            }
            if self.finished {
                let start = std::mem::replace(&mut self.at, self.buffer.len());
                let rest = &self.buffer[start..];
                return Ok(if rest.is_empty() { Next::End } else { Next::Line(rest) });
            }
            if self.buffer.len() - self.at >= LONGEST_LINE {
                self.at = self.buffer.len();
                return Ok(Next::TooLong);
            }
            self.fill()?;
            searched = self.at;
        }
    }

    /// Moves what is left to the front and reads a block behind it.
    fn fill(&mut self) -> io::Result<()> {
        self.base += self.at as u64;
        self.buffer.drain(..self.at);
        self.at = 0;
        let read = self.file.by_ref().take(BLOCK as u64).read_to_end(&mut self.buffer)?;
        self.finished = read == 0;
        Ok(())
    }
}

/// Says which line it is, what is wrong with it, and what to do.
fn explain(part: &Part, position: u64, wrong: &Wrong) -> Failure {
    let line = match line_number(&part.path, position) {
        Ok(line) => line,
        Err(e) => return unreadable(&part.path, &e),
    };
    let (what, help) = match wrong {
        Wrong::Malformed(Malformed::Fields { found, expected }) => (
            format!(": {found} fields, but the header has {expected} columns"),
            "was the file cut off, or does a field have a comma? Put such a field into quotes",
        ),
        Wrong::Malformed(Malformed::OpenQuote) => (
            ": a quote is opened and not closed on the same line".to_owned(),
            "close it; line breaks inside quotes are not supported",
        ),
        Wrong::Malformed(Malformed::AfterQuote) => (
            ": text between a closing quote and the next comma".to_owned(),
            "write a quote inside a quoted field twice",
        ),
        Wrong::Malformed(Malformed::Delay { text }) => (
            format!(", column DepDelay: {:?} is not a number", shorten(text)),
            "write minutes, such as 12 or -3.5, or leave the field empty where they are not known",
        ),
        Wrong::Malformed(Malformed::Origin) => {
            (", column Origin: not UTF-8".to_owned(), "convert the file to UTF-8, with iconv say")
        }
        Wrong::TooLong => {
            (": longer than 1 MiB".to_owned(), "is this a CSV file? Are its line breaks missing?")
        }
        Wrong::TooManyAirports => (
            ", column Origin: more than 65,535 different airports".to_owned(),
            "is this the column of airports that flights leave from?",
        ),
    };
    Failure::new(format!("{}, line {line}{what}", part.path.display())).help(help)
}

/// A long field would fill the screen.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The number of the line that begins at `position`, from 1. Counting is left until something is
/// wrong: a part in the middle of a file does not know how many lines are before it.
fn line_number(path: &Path, position: u64) -> io::Result<u64> {
    let mut before = File::open(path)?.take(position);
    let mut block = vec![0; BLOCK];
    let mut line = 1;
    loop {
        match before.read(&mut block) {
            Ok(0) => return Ok(line),
            Ok(n) => line += memchr::memchr_iter(b'\n', &block[..n]).count() as u64,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
