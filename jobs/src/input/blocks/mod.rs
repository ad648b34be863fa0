//! A stream, cut into blocks of whole records, one for the standard input of each job.
//! It does not know what a job does with its block.

mod record;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub use record::{Header, Records};

/// How much of a stream is looked at for a header.
const HEADER: usize = 64 * 1024;

/// How much a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// At most so many bytes, of whole records; more where one record has more.
    Bytes(usize),
    /// This many records, or fewer in the last block.
    Records(usize),
}

/// A stream that is being cut.
#[derive(Debug)]
pub struct Blocks {
    file: Option<File>,
    records: Records,
    size: Size,
    /// The number of records that stay together.
    multiple: usize,
    /// How many bytes are read at a time.
    read: usize,
    header: Header,
    /// What was matched by it, and is put before each block.
    head: Option<Vec<u8>>,
    buffer: Vec<u8>,
    /// How many bytes of `buffer` the next block is cut from.
    window: usize,
    ready: VecDeque<Vec<u8>>,
}

impl Blocks {
    /// Cuts what comes from `fd`; `read` bytes are read at a time, of which `multiple` records stay
    /// together.
    pub fn new(fd: OwnedFd, records: Records, size: Size, read: usize) -> Self {
        Blocks {
            file: Some(File::from(fd)),
            records,
            size,
            multiple: 1,
            read: read.max(1),
            header: Header::None,
            head: None,
            buffer: vec![],
            window: read.max(1),
            ready: VecDeque::new(),
        }
    }

    /// Keeps so many records together.
    #[must_use]
    pub fn multiple(mut self, multiple: usize) -> Self {
        self.multiple = multiple.max(1);
        self
    }

    /// Takes a header off the stream, and puts it before each block.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.header = header;
        self
    }

    /// Whether all of the stream has been read.
    pub fn is_closed(&self) -> bool {
        self.file.is_none()
    }

    /// What can be waited for, while more may come.
    pub fn input(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(|f| f.as_fd())
    }

    /// Takes the next block that is complete.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    /// Reads what is there, and waits for nothing. Stops when a block is complete.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn read(&mut self) -> io::Result<()> {
        while self.ready.is_empty() {
            let Some(file) = &mut self.file else { return Ok(()) };
            let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::ZERO) {
                Ok(0) | Err(nix::Error::EINTR) => return Ok(()),
                Ok(_) => {}
                Err(e) => return Err(e.into()),
            }
            let have = self.buffer.len();
            let wanted = match (&self.header, &self.head) {
                (Header::None, _) | (_, Some(_)) => self.window,
                // A header is looked for in more than a block, which may be smaller than it.
                _ => self.window.max(HEADER),
            };
            self.buffer.resize(wanted.max(have + 1), 0);
            let read = file.read(&mut self.buffer[have..]);
            self.buffer.truncate(have + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => {
                    self.file = None;
                    self.finish();
                }
                Ok(_) if self.buffer.len() < wanted => {}
                Ok(_) => self.cut(),
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                    return Ok(());
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Cuts off what is complete.
    fn cut(&mut self) {
        self.take_head();
        while self.buffer.len() >= self.window {
            let end = match self.size {
                Size::Records(n) => self.records.nth(&self.buffer, n),
                Size::Bytes(_) => self.records.last(&self.buffer[..self.window], self.multiple),
            };
            match end {
                Some(end) => {
                    self.window = self.read;
                    self.push(end);
                }
                // A record that is larger than the window makes it twice as large.
                None => self.window += self.window.max(self.read),
            }
        }
    }

    fn finish(&mut self) {
        self.cut();
        if let Size::Records(n) = self.size {
            while let Some(end) = self.records.nth(&self.buffer, n) {
                self.push(end);
            }
        }
        if !self.buffer.is_empty() {
            self.push(self.buffer.len());
        }
        self.buffer = vec![];
    }

    fn take_head(&mut self) {
        if self.head.is_none() {
            let length = self.header.length(&self.buffer);
            self.head = Some(self.buffer.drain(..length).collect());
        }
    }

    fn push(&mut self, end: usize) {
        let rest = self.buffer.split_off(end);
        let body = std::mem::replace(&mut self.buffer, rest);
        let mut block = self.head.clone().unwrap_or_default();
        self.records.append(&body, &mut block);
        self.ready.push_back(block);
    }
}

#[cfg(test)]
mod tests;
