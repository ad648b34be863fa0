//! The unnamed file that results are moved to when memory is short: where it lies, how large it may
//! get.
//! It does not know what lies in it: its chunks are the arena's.
//!
//! It is opened once, by the process that starts runs, before it forks: nothing is left behind by
//! whoever dies. What is read of it is read through a mapping, so that a consumer touches only the
//! pages that it looks at, and the kernel can drop them again; what is written is written by
//! `pwrite`, which says when the disk is full.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::{FsType, TMPFS_MAGIC, fstatfs};

use super::CHUNK;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::region::{Access, file_size_limit, map_guarded, unmap};

/// No more than this is reserved unless a setting says so: the mapping of it has to be kept track of.
const LARGEST: u64 = 256 << 30;

/// The file that belongs to this process.
#[derive(Debug)]
pub(super) struct SpillFile {
    pub(super) file: OwnedFd,
    /// Its read-only mapping.
    pub(super) read: NonNull<u8>,
    /// How many chunks it may have.
    pub(super) chunks: usize,
    pub(super) directory: PathBuf,
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        unmap(self.read, self.chunks * CHUNK);
    }
}

impl SpillFile {
    /// Opens the file where the settings say, or in the first of the usual folders that is on a
    /// disk.
    ///
    /// # Errors
    /// Nowhere to put it; the message says what was tried.
    pub(super) fn open() -> Result<SpillFile> {
        let asked: Option<PathBuf> = config::get_or("spill.directory", None)?;
        let mut refused = Vec::new();
        let folders = asked.as_ref().map_or_else(usual, |folder| vec![folder.clone()]);
        for folder in folders {
            match SpillFile::open_in(&folder, asked.is_some()) {
                Ok(file) => return Ok(file),
                Err(why) => refused.push(format!("{}: {why}", folder.display())),
            }
        }
        let message = format!(
            "results cannot be moved to disk ({}); name a folder on a disk: `spill.directory` in \
             tine.toml, or TINE_SPILL__DIRECTORY",
            refused.join("; ")
        );
        Err(Error::new(ErrorKind::Os, message))
    }

    fn open_in(folder: &Path, asked: bool) -> std::result::Result<SpillFile, String> {
        let file = unnamed(folder).map_err(|e| e.desc().to_owned())?;
        let system = fstatfs(&file).map_err(|e| e.desc().to_owned())?;
        if !asked && is_memory(system.filesystem_type()) {
            return Err("is memory, not a disk".into());
        }
        let unit = u64::try_from(system.block_size()).unwrap_or(4096);
        let available = system.blocks_available().saturating_mul(unit);
        let limit = config::size("spill.limit").map_err(|e| e.message().to_owned())?;
        let most = limit.unwrap_or_else(|| LARGEST.min(available / 10 * 9));
        let chunks = most.min(file_size_limit()) as usize / CHUNK;
        if chunks == 0 {
            return Err(format!("has only {available} bytes left"));
        }
        let len = chunks * CHUNK;
        nix::unistd::ftruncate(&file, len as i64).map_err(|e| e.desc().to_owned())?;
        let read = map_guarded(len, &file, Access::Read).map_err(|e| e.message().to_owned())?;
        Ok(SpillFile { file, read, chunks, directory: folder.to_owned() })
    }

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    /// A full disk, or a broken one.
    pub(super) fn write(&self, mut bytes: &[u8], mut offset: usize) -> Result<()> {
        while !bytes.is_empty() {
            let written = match nix::sys::uio::pwrite(self.file.as_fd(), bytes, offset as i64) {
                Ok(0) => return Err(self.refused(Errno::EIO)),
                Ok(n) => n,
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(self.refused(e)),
            };
            bytes = &bytes[written..];
            offset += written;
        }
        Ok(())
    }

    fn refused(&self, e: Errno) -> Error {
        let message = format!(
            "results cannot be moved to {}: {}; free space there, or name another folder: \
             `spill.directory` in tine.toml, or TINE_SPILL__DIRECTORY",
            self.directory.display(),
            e.desc()
        );
        Error::new(ErrorKind::Os, message)
    }
}

/// Folders for temporary files, in the order of who was asked to name one.
fn usual() -> Vec<PathBuf> {
    let named = std::env::var_os("TMPDIR").map(PathBuf::from);
    let fixed = ["/var/tmp", "/tmp", "."].map(PathBuf::from);
    named.into_iter().chain(fixed).collect()
}

/// As in `linux/magic.h`.
const RAMFS_MAGIC: u32 = 0x8584_58f6;

fn is_memory(kind: FsType) -> bool {
    kind == TMPFS_MAGIC || kind.0 as u32 == RAMFS_MAGIC
}

/// A file without a name. Where the file system has none, one whose name is taken away at once:
/// who is killed in between leaves an empty file, which the next start takes away.
fn unnamed(folder: &Path) -> nix::Result<OwnedFd> {
    let private = Mode::S_IRUSR | Mode::S_IWUSR;
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC;
    match open(folder, flags | OFlag::O_TMPFILE | OFlag::O_EXCL, private) {
        Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::EINVAL | Errno::ENOENT) => {}
        opened => return opened,
    }
    sweep(folder);
    let path = folder.join(name(std::process::id(), start_time(std::process::id())));
    let file = open(&path, flags | OFlag::O_CREAT | OFlag::O_EXCL, private)?;
    nix::unistd::unlink(&path)?;
    Ok(file)
}

const PREFIX: &str = "tine-spill-";

fn name(pid: u32, started: u64) -> OsString {
    format!("{PREFIX}{pid}-{started}").into()
}

/// When a process started, in clock ticks since the machine did; 0 where there is no such process.
fn start_time(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything, in parentheses.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    fields.split_whitespace().nth(19).and_then(|f| f.parse().ok()).unwrap_or(0)
}

/// Takes away the files of processes that are gone.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let file = entry.file_name();
        let Some(rest) = file.to_str().and_then(|n| n.strip_prefix(PREFIX)) else { continue };
        let Some((pid, started)) = rest.split_once('-') else { continue };
        let (Ok(pid), Ok(started)) = (pid.parse(), started.parse::<u64>()) else { continue };
        if start_time(pid) != started {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_dead_are_swept_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let mine = folder.path().join(name(pid, start_time(pid)));
        let dead = folder.path().join(name(pid, start_time(pid) + 1));
        let other = folder.path().join("tine-spill-of-somebody");
        for path in [&mine, &dead, &other] {
            std::fs::write(path, "").unwrap();
        }
        sweep(folder.path());
        assert_eq!([&mine, &dead, &other].map(|p| p.exists()), [true, false, true]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let why = SpillFile::open_in(Path::new("/proc/self"), true).unwrap_err();
        assert!(!why.is_empty());
    }

    #[test]
    fn memory_is_no_disk_unless_it_is_asked_for() {
        let shared = Path::new("/dev/shm");
        let is_tmpfs =
            nix::sys::statfs::statfs(shared).is_ok_and(|s| is_memory(s.filesystem_type()));
        if is_tmpfs {
            assert!(SpillFile::open_in(shared, false).unwrap_err().contains("not a disk"));
            assert!(SpillFile::open_in(shared, true).is_ok());
        }
    }

    #[test]
    fn what_is_written_is_read_through_the_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let file = SpillFile::open_in(folder.path(), true).unwrap();
        file.write(b"tines", CHUNK).unwrap();
        // SAFETY: within the mapping, which lives as long as the process.
        let second = unsafe { file.read.add(CHUNK) };
        // SAFETY: as above.
        let read = unsafe { std::slice::from_raw_parts(second.as_ptr(), 5) };
        assert_eq!(read, b"tines");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
    }
}
