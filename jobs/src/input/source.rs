//! One list of items: words of the command line, or a stream that is read as it comes.
//! It does not know of other sources.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Items, Splitter};

/// How much is read at once: enough that a call costs little beside the bytes it brings, and little
/// enough that the first job need not wait for it.
const CHUNK: usize = 128 * 1024;

/// Items, of which more may come.
#[derive(Debug)]
pub struct Source {
    /// What it is called in messages.
    name: String,
    items: Items,
    /// Items at the beginning that are names.
    skipped: usize,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    file: File,
    splitter: Splitter,
    buffer: Vec<u8>,
}

impl Source {
    /// Words, as far as `splitter` lets them pass.
    pub fn words<T: AsRef<[u8]>>(words: &[T], splitter: &Splitter) -> Self {
        let mut items = Items::default();
        for word in words {
            if splitter.push(word.as_ref(), &mut items) {
                break;
            }
        }
        Source { name: ":::".into(), items, skipped: 0, stream: None }
    }

    /// A file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path, splitter: Splitter) -> io::Result<Self> {
        Ok(Source::stream(path.display().to_string(), File::open(path)?.into(), splitter))
    }

    /// Whatever can be read from `fd`.
    pub fn stream(name: String, fd: OwnedFd, splitter: Splitter) -> Self {
        let stream = Stream { file: File::from(fd), splitter, buffer: vec![] };
        Source { name, items: Items::default(), skipped: 0, stream: Some(stream) }
    }

    /// How many items are known, without names.
    pub fn len(&self) -> usize {
        self.items.len().saturating_sub(self.skipped)
    }

    /// Whether no item is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no more will come.
    pub fn is_closed(&self) -> bool {
        self.stream.is_none()
    }

    /// What can be waited for, while more may come.
    pub fn input(&self) -> Option<BorrowedFd<'_>> {
        self.stream.as_ref().map(|s| s.file.as_fd())
    }

    /// The item at `index`, if it is known.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.items.get(index + self.skipped)
    }

    /// Reads what is there, and waits for nothing. Returns whether something has come.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn read(&mut self) -> io::Result<bool> {
        let Some(stream) = &self.stream else { return Ok(false) };
        let mut fds = [PollFd::new(stream.file.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::ZERO) {
            Ok(0) | Err(nix::Error::EINTR) => Ok(false),
            Ok(_) => self.wait(),
            Err(e) => Err(self.named(e.into())),
        }
    }

    /// Reads once, and waits where nothing is there. Returns whether something has come.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn wait(&mut self) -> io::Result<bool> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        stream.buffer.resize(CHUNK, 0);
        let ended = match stream.file.read(&mut stream.buffer) {
            Ok(0) => {
                stream.splitter.finish(&mut self.items);
                true
            }
            Ok(n) => stream.splitter.feed(&stream.buffer[..n], &mut self.items),
            Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                return Ok(false);
            }
            Err(e) => return Err(self.named(e)),
        };
        if ended {
            self.stream = None;
        }
        Ok(true)
    }

    /// Takes the next item as a name rather than an argument, waiting for it.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn take_name(&mut self) -> io::Result<Vec<u8>> {
        while self.is_empty() && !self.is_closed() {
            self.wait()?;
        }
        let name = self.get(0).unwrap_or_default().to_vec();
        self.skipped += 1;
        Ok(name)
    }

    fn named(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("cannot read {}: {error}", self.name))
    }
}
