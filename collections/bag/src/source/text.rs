//! `bag::read_text`: lines of files.
//! It does not know how files are found, cut, unpacked or read: `tine-files` does.

use std::ops::{ControlFlow, Deref};
use std::panic::Location;
use std::sync::OnceLock;

use tine_collection::{Answer, Compute, Request};
use tine_files::{Compression, Names, Partition, Text};
use tine_scheduler::{Error, ErrorKind, Result};

use crate::bag::Bag;
use crate::flow::{Counts, Opening, Sink, Source};

/// The lines of text files, without what ends them.
///
/// Names are paths and patterns, one or many; the files of a pattern are in the order of their
/// names. A file is a partition; plain files can be cut into several by
/// [`blocksize`](ReadText::blocksize). Files that end in `.gz`, `.zst`, `.bz2` or `.xz` are
/// unpacked. What is returned is a bag, on which more can be said of how to read it first.
///
/// ```
/// use tine::prelude::*;
/// # let folder = tempfile::tempdir().unwrap();
/// # for (i, text) in ["to be\nor not\n", "to be\n"].iter().enumerate() {
/// #     std::fs::write(folder.path().join(format!("{i}.txt")), text).unwrap();
/// # }
/// # let pattern = folder.path().join("*.txt");
/// let lines = bag::read_text(&pattern);
/// let words = lines.words().frequencies();
/// let (n, top) = compute((lines.count(), words.top_k_by(1, |(_, n)| *n)))?; // read once
/// assert_eq!((n, top), (3, vec![("to".to_owned(), 2)]));
/// # Ok::<(), tine::Error>(())
/// ```
///
/// # Errors
/// Names of what is not there, patterns that match nothing, and options that make no sense are
/// errors that the bag carries. What cannot be read is an error of the task, with file and line.
#[track_caller]
pub fn read_text(names: impl Into<Names>) -> ReadText {
    ReadText {
        names: names.into(),
        text: Text::new(),
        place: Location::caller(),
        bag: OnceLock::new(),
    }
}

/// The lines of text files, and how they are read. It is used as the bag of lines that it is.
#[derive(Debug)]
#[must_use = "a Bag is lazy and does nothing until it is computed"]
pub struct ReadText {
    names: Names,
    text: Text,
    place: &'static Location<'static>,
    bag: OnceLock<Bag<String>>,
}

impl ReadText {
    /// Cuts files into blocks of this size, on line borders: a number of bytes, or text with a
    /// unit, as `"64MiB"`. Compressed files cannot be cut.
    pub fn blocksize(self, size: impl ToString) -> Self {
        self.with(|text| text.blocksize(size))
    }

    /// Puts so many whole files into one partition.
    pub fn files_per_partition(self, files: usize) -> Self {
        self.with(|text| text.files_per_partition(files))
    }

    /// How the files are compressed, whatever their extension says.
    pub fn compression(self, compression: Compression) -> Self {
        self.with(|text| text.compression(compression))
    }

    /// What ends a line: any bytes. Without it, a line ends with `\n` or `\r\n`.
    #[doc(alias = "linedelimiter")]
    pub fn delimiter(self, bytes: impl AsRef<[u8]>) -> Self {
        self.with(|text| text.delimiter(bytes))
    }

    /// Whether what is not UTF-8 becomes U+FFFD. Without it, it is an error with file and line.
    #[doc(alias = "errors")]
    pub fn lossy(self, lossy: bool) -> Self {
        self.with(|text| text.lossy(lossy))
    }

    /// The most bytes that a line may have; a longer one is an error, and not memory.
    pub fn longest_line(self, size: impl ToString) -> Self {
        self.with(|text| text.longest_line(size))
    }

    fn with(self, change: impl FnOnce(Text) -> Text) -> Self {
        ReadText { text: change(self.text), bag: OnceLock::new(), ..self }
    }

    /// The bag, planned now if it was not before: the files are looked for, and not read.
    pub fn bag(&self) -> &Bag<String> {
        self.bag.get_or_init(|| match self.text.plan(&self.names) {
            Ok(partitions) => Bag::of_source(Lines { partitions }),
            Err(error) => Bag::failed(building(&error).created(self.place)),
        })
    }
}

impl Deref for ReadText {
    type Target = Bag<String>;

    fn deref(&self) -> &Bag<String> {
        self.bag()
    }
}

impl Compute for ReadText {
    type Output = Vec<String>;

    fn ask(&self, request: &mut Request) {
        self.bag().ask(request);
    }

    fn answer(&self, answer: &mut Answer) -> Result<Vec<String>> {
        self.bag().answer(answer)
    }
}

impl From<ReadText> for Bag<String> {
    fn from(text: ReadText) -> Self {
        text.bag().clone()
    }
}

fn building(error: &tine_files::Error) -> Error {
    Error::new(ErrorKind::Build, error.to_string())
}

/// Lines of files, one partition a file or block.
struct Lines {
    partitions: Vec<Partition>,
}

impl Source for Lines {
    type Item = String;

    fn name(&self) -> &'static str {
        "read_text"
    }

    fn blocks(&self) -> u32 {
        self.partitions.len() as u32
    }

    fn pour(&self, opening: &Opening<'_>, down: &mut Box<dyn Sink<String>>) -> Result<()> {
        let partition = &self.partitions[opening.block as usize];
        if down.counts() == Counts::Only {
            down.count(partition.count_lines().map_err(Error::from_task)?);
            return Ok(());
        }
        let (owns, reading) = (down.owns(), &opening.reading);
        let mut lent = String::new();
        let ended = partition.for_each_line(|line, at| {
            let flow = if owns {
                down.push(line.to_owned())
            } else {
                lent.clear();
                lent.push_str(line);
                down.look(&lent)
            };
            if flow.is_break() {
                reading.stopped_at(|| at.to_string());
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        ended.map(|_| ()).map_err(Error::from_task)
    }
}
