//! The file in which output waits for its turn when there is no memory for it: pieces of it, stored
//! and given back in any order.
//! It does not know which job a piece is of.
//!
//! One file without a name is enough for any number of jobs, so that many thousands that wait take
//! one descriptor. It is made of segments. A piece of a segment's size has one of its own, smaller
//! pieces share the one that is open; a segment all of whose pieces have been given back is taken
//! again, and above a few of them their blocks go back to the file system at once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tine_scheduler::config;

/// Free segments that keep their blocks, because writing over them is cheaper than new ones.
const WARM: usize = 16;

/// A piece of the file; it lies in one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) at: u64,
    pub(super) len: u64,
}

/// The file, once it is needed.
#[derive(Debug)]
pub(super) struct Spool {
    file: Option<File>,
    folder: PathBuf,
    /// Bytes in a segment.
    segment: u64,
    /// Bytes of each segment that are in use.
    used: Vec<u64>,
    /// Segments without any; those in the front have no blocks.
    free: Vec<usize>,
    /// The segment that small pieces share, and how much of it is taken.
    open: Option<(usize, u64)>,
}

impl Spool {
    pub(super) fn new(segment: u64) -> Spool {
        let folder = PathBuf::new();
        Spool { file: None, folder, segment, used: Vec::new(), free: Vec::new(), open: None }
    }

    /// Where the file lies: for messages.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the first of `bytes`, as many as fit into one piece, and says where.
    pub(super) fn store(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        let extent = self.take(bytes.len() as u64)?;
        let written = self.file()?.write_all_at(&bytes[..extent.len as usize], extent.at);
        if written.is_err() {
            self.give(extent);
        }
        written.map(|()| extent)
    }

    /// Reads the beginning of a piece, as much as fits into `to`.
    pub(super) fn read(&self, extent: Extent, to: &mut [u8]) -> io::Result<usize> {
        let len = to.len().min(extent.len as usize);
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(&mut to[..len], extent.at)?;
        Ok(len)
    }

    /// Gives a piece back, or a part of one.
    pub(super) fn give(&mut self, extent: Extent) {
        let segment = (extent.at / self.segment) as usize;
        self.used[segment] -= extent.len;
        if self.used[segment] == 0 {
            self.open = self.open.filter(|(open, _)| *open != segment);
            self.release(segment);
        }
    }

    /// Bytes that are in use, to be looked at by tests.
    #[cfg(test)]
    pub(super) fn in_use(&self) -> u64 {
        self.used.iter().sum()
    }

    /// Bytes of the file that have blocks on the disk.
    #[cfg(test)]
    pub(super) fn on_disk(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        self.file.as_ref().map_or(0, |f| f.metadata().expect("an open file").blocks() * 512)
    }

    /// A place for the first of `len` bytes.
    fn take(&mut self, len: u64) -> io::Result<Extent> {
        self.file()?;
        if len >= self.segment {
            let segment = self.empty();
            self.used[segment] = self.segment;
            return Ok(Extent { at: segment as u64 * self.segment, len: self.segment });
        }
        let (segment, taken) = match self.open.take() {
            Some((segment, taken)) if taken < self.segment => (segment, taken),
            _ => (self.empty(), 0),
        };
        let len = len.min(self.segment - taken);
        self.open = Some((segment, taken + len));
        self.used[segment] += len;
        Ok(Extent { at: segment as u64 * self.segment + taken, len })
    }

    fn empty(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.used.push(0);
            self.used.len() - 1
        })
    }

    fn release(&mut self, segment: usize) {
        self.free.push(segment);
        if self.free.len() > WARM {
            // The one that has waited longest gives way: it stays in the list, behind the others.
            let cold = self.free.len() - 1 - WARM;
            self.punch(self.free[cold]);
        }
        if self.free.len() == self.used.len() {
            self.forget();
        }
    }

    /// Nothing waits any more: the file may as well be empty.
    fn forget(&mut self) {
        if let Some(file) = &self.file
            && file.set_len(0).is_ok()
        {
            self.used.clear();
            self.free.clear();
        }
    }

    /// Gives the blocks of a segment back. Where the file system cannot, they are used again.
    #[cfg(target_os = "linux")]
    fn punch(&self, segment: usize) {
        use nix::fcntl::{FallocateFlags, fallocate};
        let how = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        let at = segment as u64 * self.segment;
        if let (Some(file), Ok(at), Ok(len)) =
            (&self.file, i64::try_from(at), i64::try_from(self.segment))
        {
            let _ = fallocate(file, how, at, len);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn punch(&self, _segment: usize) {}

    fn file(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            let (file, folder) = unnamed(&mut self.folder)?;
            self.folder = folder;
            self.file = Some(file);
        }
        Ok(self.file.as_ref().expect("it was opened above"))
    }
}

/// A file without a name, where the settings say or in the first usual folder that is on a disk:
/// what is moved out of memory does not belong into memory. `tried` is the folder that a failure is
/// about.
fn unnamed(tried: &mut PathBuf) -> io::Result<(File, PathBuf)> {
    let asked: Option<PathBuf> =
        config::get_or("spill.directory", None).map_err(io::Error::other)?;
    let sure = asked.is_some();
    let mut failed = None;
    for folder in asked.map_or_else(usual, |folder| vec![folder]) {
        match tempfile::tempfile_in(&folder) {
            Ok(file) if sure || !is_memory(&file) => return Ok((file, folder)),
            Ok(_) => {}
            Err(e) if failed.is_none() => {
                tried.clone_from(&folder);
                failed = Some(e);
            }
            Err(_) => {}
        }
    }
    // Better there than nowhere, where a machine has no disk at all.
    let folder = std::env::temp_dir();
    match (tempfile::tempfile_in(&folder), failed) {
        (Ok(file), _) => Ok((file, folder)),
        (Err(_), Some(first)) => Err(first),
        (Err(e), None) => {
            *tried = folder;
            Err(e)
        }
    }
}

/// Folders for temporary files, in the order of who was asked to name one.
fn usual() -> Vec<PathBuf> {
    let named = std::env::var_os("TMPDIR").map(PathBuf::from);
    let fixed = ["/var/tmp", "/tmp", "."].map(PathBuf::from);
    named.into_iter().chain(fixed).collect()
}

/// Whether a file lies in memory, as those of tmpfs and ramfs do.
#[cfg(target_os = "linux")]
fn is_memory(file: &File) -> bool {
    use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
    /// As in `linux/magic.h`.
    const RAMFS_MAGIC: u32 = 0x8584_58f6;
    fstatfs(file).is_ok_and(|system| {
        let kind = system.filesystem_type();
        kind == TMPFS_MAGIC || kind.0 as u32 == RAMFS_MAGIC
    })
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_file: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(spool: &mut Spool, bytes: &[u8]) -> Vec<Extent> {
        let (mut extents, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let extent = spool.store(rest).unwrap();
            rest = &rest[extent.len as usize..];
            extents.push(extent);
        }
        extents
    }

    fn read(spool: &Spool, extents: &[Extent]) -> Vec<u8> {
        let mut all = Vec::new();
        for extent in extents {
            let mut part = vec![0; extent.len as usize];
            assert_eq!(spool.read(*extent, &mut part).unwrap(), part.len());
            all.extend(part);
        }
        all
    }

    #[test]
    fn small_pieces_share_a_segment_and_large_ones_have_one() {
        let mut spool = Spool::new(8);
        let small = stored(&mut spool, b"abc");
        let large = stored(&mut spool, b"01234567");
        let split = stored(&mut spool, b"defghi");
        assert_eq!(small, [Extent { at: 0, len: 3 }]);
        assert_eq!(large, [Extent { at: 8, len: 8 }]);
        assert_eq!(split, [Extent { at: 3, len: 5 }, Extent { at: 16, len: 1 }]);
        assert_eq!(read(&spool, &small), b"abc");
        assert_eq!(read(&spool, &large), b"01234567");
        assert_eq!(read(&spool, &split), b"defghi");
    }

    #[test]
    fn what_is_given_back_is_used_again() {
        let mut spool = Spool::new(4);
        let first = stored(&mut spool, b"aaaa");
        let second = stored(&mut spool, b"bbbb");
        spool.give(first[0]);
        assert_eq!(stored(&mut spool, b"cccc"), first);
        assert_eq!(read(&spool, &second), b"bbbb");
        // Parts of a piece too: the segment is free when the last of it is.
        spool.give(Extent { at: 4, len: 3 });
        assert_eq!(stored(&mut spool, b"dddd"), [Extent { at: 8, len: 4 }]);
        spool.give(Extent { at: 7, len: 1 });
        assert_eq!(stored(&mut spool, b"eeee"), second);
        assert_eq!(spool.in_use(), 12);
    }

    #[test]
    fn blocks_go_back_while_others_wait() {
        let mut spool = Spool::new(1 << 16);
        let piece = vec![7; 1 << 16];
        let kept = stored(&mut spool, &piece);
        let rest: Vec<_> = (0..100).flat_map(|_| stored(&mut spool, &piece)).collect();
        rest.into_iter().for_each(|extent| spool.give(extent));
        assert!(spool.on_disk() <= (WARM as u64 + 2) << 16, "{} bytes", spool.on_disk());
        assert_eq!(read(&spool, &kept), piece);
        spool.give(kept[0]);
        assert_eq!(spool.on_disk(), 0);
        // And it goes on from there.
        let again = stored(&mut spool, b"x");
        assert_eq!(read(&spool, &again), b"x");
    }
}
