//! Tokens in a pipe: read, kept for the jobs that have them, and written back.
//! It does not know who else reads them.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

/// What a server writes: the byte that make does.
const TOKEN: u8 = b'+';

/// A pipe, and what was read from it.
#[derive(Debug)]
pub(super) struct Pool {
    read: File,
    write: File,
    /// Cores that are there without a token, and not in use.
    own: usize,
    /// What jobs have, by their slots: cores without a token, and tokens, which go back as they came.
    taken: BTreeMap<usize, (usize, Vec<u8>)>,
    /// Whether the last that was refused found some, and not enough.
    pub(super) some: bool,
    /// The process that has read them: in no other are they given back.
    maker: u32,
}

impl Pool {
    /// The pipe by the names of its ends, which are opened anew: whether a read waits is up to whoever
    /// opened it, and others may want to wait.
    ///
    /// # Errors
    /// They cannot be opened, or are no pipe.
    pub(super) fn open(read: &Path, write: &Path, own: usize) -> io::Result<Pool> {
        for end in [read, write] {
            // Before it is opened: a number may be that of something else by now.
            if !std::fs::metadata(end)?.file_type().is_fifo() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
        let flags = OFlag::O_NONBLOCK.bits();
        let read = OpenOptions::new().read(true).custom_flags(flags).open(read)?;
        // One that nobody reads is an error then, not something to wait for.
        let write = OpenOptions::new().write(true).custom_flags(flags).open(write)?;
        let (taken, maker) = (BTreeMap::new(), std::process::id());
        Ok(Pool { read, write, own, taken, some: false, maker })
    }

    /// Puts so many new tokens in.
    pub(super) fn put(&self, tokens: usize) -> io::Result<()> {
        (&self.write).write_all(&vec![TOKEN; tokens])
    }

    /// Sees to it that there are so many tokens, where nobody has any: those who were killed have not
    /// given theirs back.
    pub(super) fn settle(&mut self, all: usize) {
        let there = self.grab(usize::MAX);
        // One who gave back more than it had is not believed.
        let kept = there.into_iter().chain(std::iter::repeat(TOKEN)).take(all).collect();
        self.write_back(kept);
    }

    /// Takes so many cores; fewer where nobody can give back those that are missing.
    pub(super) fn take(&mut self, slot: usize, cores: usize, alone: bool) -> bool {
        let own = self.own.min(cores);
        let tokens = self.grab(cores - own);
        let there = own + tokens.len();
        if there < cores && !(alone && there > 0) {
            self.some = !tokens.is_empty();
            self.write_back(tokens);
            return false;
        }
        self.own -= own;
        self.taken.insert(slot, (own, tokens));
        true
    }

    /// Gives back what the job in a slot had.
    pub(super) fn give(&mut self, slot: usize) {
        if let Some((own, tokens)) = self.taken.remove(&slot) {
            self.own += own;
            self.write_back(tokens);
        }
    }

    /// Reads up to so many tokens, as many as there are.
    fn grab(&self, most: usize) -> Vec<u8> {
        let mut tokens = Vec::new();
        while tokens.len() < most {
            let mut bytes = [0; 256];
            let part = bytes.len().min(most - tokens.len());
            match (&self.read).read(&mut bytes[..part]) {
                Ok(0) => break,
                Ok(n) => tokens.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // None are there, or the pipe is gone: then there never are any.
                Err(_) => break,
            }
        }
        tokens
    }

    fn write_back(&self, tokens: Vec<u8>) {
        // They were in the pipe before, so that there is room; where nobody has it any more, nobody
        // misses them.
        drop((&self.write).write_all(&tokens));
    }
}

impl AsFd for Pool {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

/// However a run ends, what it has taken goes back, unless the process is killed.
impl Drop for Pool {
    fn drop(&mut self) {
        if self.maker == std::process::id() {
            let taken = std::mem::take(&mut self.taken);
            taken.into_values().for_each(|(_, tokens)| self.write_back(tokens));
        }
    }
}
