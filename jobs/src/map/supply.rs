//! The jobs of a map, as far as they are known: arguments, or blocks of a stream.
//! It does not know what is run with them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::input::blocks::Blocks;
use crate::input::{Count, Packer, Rows};
use crate::template::{Filling, Template};

use super::shuffle::shuffled;

/// Where the jobs of a map come from.
#[derive(Debug)]
pub enum Supply {
    /// Each has its arguments.
    Arguments(Arguments),
    /// Each has a part of a stream as its standard input.
    Pieces(Pieces),
}

/// Jobs that have arguments.
#[derive(Debug)]
pub struct Arguments {
    rows: Rows,
    packer: Packer,
    /// Says how long arguments make a line.
    measure: Template,
    base: usize,
    /// Whether the arguments are counted only.
    empty: bool,
    seed: Option<u64>,
    /// Which job comes at which place, where they are shuffled.
    order: Option<Vec<u32>>,
    /// Whether nothing is handed out before all is known.
    waits: bool,
}

impl Arguments {
    /// The arguments of `rows`, put together by `packer` in lines as `measure` makes them.
    pub fn new(rows: Rows, packer: Packer, measure: Template) -> Self {
        let base = measure.line(&Filling::new(&[])).map_or(0, |line| line.len());
        let (empty, seed, order, waits) = (false, None, None, false);
        Arguments { rows, packer, measure, base, empty, seed, order, waits }
    }

    /// Jobs have no arguments, as many as there are.
    #[must_use]
    pub fn counted_only(mut self, empty: bool) -> Self {
        self.empty = empty;
        self
    }

    /// Jobs come in an order that depends on this alone.
    #[must_use]
    pub fn shuffled(mut self, seed: Option<u64>) -> Self {
        self.seed = seed;
        self
    }

    /// Nothing is handed out before it is known how many jobs there are.
    #[must_use]
    pub fn complete(mut self, waits: bool) -> Self {
        self.waits = waits;
        self
    }

    fn advance(&mut self, waits: bool) -> io::Result<()> {
        if waits {
            self.rows.wait()?;
        } else {
            self.rows.read()?;
        }
        let (base, measure) = (self.base, &self.measure);
        self.packer.take(&self.rows, |arguments| {
            let line = measure.line(&Filling::new(arguments));
            line.map_or(0, |line| line.len().saturating_sub(base) + 1)
        });
        let count = self.packer.count();
        if let (Some(seed), None, true) = (self.seed, &self.order, count.closed) {
            self.order = Some(shuffled(count.known, seed));
        }
        Ok(())
    }

    fn count(&self) -> Count {
        let count = self.packer.count();
        match (self.waits || self.seed.is_some()) && !count.closed {
            true => Count { known: 0, closed: false },
            false => count,
        }
    }

    fn of(&self, job: usize) -> Vec<&[u8]> {
        let mut arguments = vec![];
        if self.empty {
            return arguments;
        }
        let job = self.order.as_ref().map_or(job, |order| order[job] as usize);
        for row in self.packer.rows(job) {
            self.rows.row(row, &mut arguments);
        }
        // The blank that lets a line go on is no part of it.
        if self.packer.goes_on() {
            for argument in &mut arguments {
                *argument = argument.trim_ascii_end();
            }
        }
        arguments
    }
}

/// Jobs that read a part of a stream.
#[derive(Debug)]
pub struct Pieces {
    blocks: Blocks,
    known: usize,
    /// Of those that are not through, by number. In memory that goes when nobody has it open.
    files: BTreeMap<usize, (File, u64)>,
}

impl Pieces {
    /// One job for each block.
    pub fn new(blocks: Blocks) -> Self {
        Pieces { blocks, known: 0, files: BTreeMap::new() }
    }

    /// Reads until there is one more job, or nothing more is there.
    fn advance(&mut self) -> io::Result<()> {
        self.blocks.read()?;
        while let Some(block) = self.blocks.pop() {
            let mut file = File::from(memfd_create(c"block", MFdFlags::MFD_CLOEXEC)?);
            file.write_all(&block)?;
            self.files.insert(self.known, (file, block.len() as u64));
            self.known += 1;
        }
        Ok(())
    }
}

impl Supply {
    /// Takes in what is there, and waits for nothing.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn advance(&mut self) -> io::Result<()> {
        match self {
            Supply::Arguments(arguments) => arguments.advance(false),
            Supply::Pieces(pieces) => pieces.advance(),
        }
    }

    /// The same, and waits where nothing is there: for those who run nothing meanwhile.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn wait(&mut self) -> io::Result<()> {
        match self {
            Supply::Arguments(arguments) => arguments.advance(true),
            Supply::Pieces(pieces) => {
                if let Some(fd) = pieces.blocks.input() {
                    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
                    poll(&mut fds, PollTimeout::NONE).or_else(|e| match e {
                        nix::Error::EINTR => Ok(0),
                        e => Err(e),
                    })?;
                }
                pieces.advance()
            }
        }
    }

    /// How many jobs there are.
    pub fn count(&self) -> Count {
        match self {
            Supply::Arguments(arguments) => arguments.count(),
            Supply::Pieces(p) => Count { known: p.known, closed: p.blocks.is_closed() },
        }
    }

    /// What can be waited for, while more may come.
    pub fn input(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Supply::Arguments(arguments) => arguments.rows.input(),
            Supply::Pieces(pieces) => pieces.blocks.input(),
        }
    }

    /// The arguments of a job that is known, which comes at this place, from 0.
    pub fn arguments(&self, job: usize) -> Vec<&[u8]> {
        match self {
            Supply::Arguments(arguments) => arguments.of(job),
            Supply::Pieces(_) => vec![],
        }
    }

    /// The part of the stream that a job reads, from its beginning, and its length.
    pub(super) fn piece(&mut self, job: usize) -> io::Result<Option<(OwnedFd, u64)>> {
        let Supply::Pieces(pieces) = self else { return Ok(None) };
        let Some((file, length)) = pieces.files.get_mut(&job) else { return Ok(None) };
        file.rewind()?;
        Ok(Some((file.try_clone()?.into(), *length)))
    }

    /// A job is through.
    pub(super) fn release(&mut self, job: usize) {
        if let Supply::Pieces(pieces) = self {
            pieces.files.remove(&job);
        }
    }
}
