//! A file that has no name until it is complete.
//! It does not know what is in it.
//!
//! On Linux the file has no name at all (`O_TMPFILE`): whoever dies leaves nothing behind. Where a
//! file system has no such files it is named `.NAME.tine-tmp` in the same folder, and locked while
//! it is written: who does the same task again takes over what a dead process left, and never what
//! a living one is writing.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The name of a file in the making, which goes with it unless it is published.
pub(super) struct Staged {
    /// `None` as long as it has no name.
    temporary: Option<PathBuf>,
}

impl Staged {
    /// Creates an empty file in the folder of `path`, which is made if it is not there.
    ///
    /// # Errors
    /// What the file system refuses.
    pub(super) fn create(path: &Path) -> io::Result<(Self, File)> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        match nameless(folder) {
            Some(file) => Ok((Staged { temporary: None }, file)),
            None => Self::named(path),
        }
    }

    fn named(path: &Path) -> io::Result<(Self, File)> {
        let temporary = temporary_name(path)?;
        loop {
            // Not truncated before it is known to be ours.
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false).open(&temporary)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    let what =
                        format!("{} is being written by another process", temporary.display());
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
                }
                Err(TryLockError::Error(e)) if e.kind() != io::ErrorKind::Unsupported => {
                    return Err(e);
                }
                _ => {}
            }
            // Whoever held the lock before may have published the file in the meantime.
            if is_named(&file, &temporary)? {
                file.set_len(0)?;
                return Ok((Staged { temporary: Some(temporary) }, file));
            }
        }
    }

    /// Gives the file its name, and closes it; returns how many bytes it has.
    ///
    /// # Errors
    /// What the file system refuses, also of what was written before and is only refused now.
    pub(super) fn publish(mut self, file: File, path: &Path) -> io::Result<u64> {
        let bytes = file.metadata()?.len();
        if self.temporary.is_none() {
            // Directly where nothing has the name; else beside it, since a link replaces nothing.
            match link(&file, path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    let temporary = temporary_name(path)?;
                    let _gone = fs::remove_file(&temporary);
                    link(&file, &temporary)?;
                    self.temporary = Some(temporary);
                }
                done => done?,
            }
        }
        close(file)?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, path)?;
            self.temporary = None;
        }
        Ok(bytes)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _gone = fs::remove_file(temporary);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(".tine-tmp");
    Ok(path.with_file_name(temporary))
}

/// Whether the file still has this name.
#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let identity = |m: fs::Metadata| (m.dev(), m.ino());
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        there => Ok(identity(there?) == identity(file.metadata()?)),
    }
}

/// An open file cannot be renamed there.
#[cfg(not(unix))]
fn is_named(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Returns a file without a name, where there are such.
#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use nix::fcntl::OFlag;

    // It is given its name through its entry there.
    if !Path::new("/proc/self/fd").is_dir() {
        return None;
    }
    OpenOptions::new().write(true).custom_flags(OFlag::O_TMPFILE.bits()).open(folder).ok()
}

#[cfg(not(target_os = "linux"))]
fn nameless(_folder: &Path) -> Option<File> {
    None
}

#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use nix::fcntl::{AT_FDCWD, AtFlags};

    let entry = format!("/proc/self/fd/{}", file.as_raw_fd());
    let follow = AtFlags::AT_SYMLINK_FOLLOW;
    Ok(nix::unistd::linkat(AT_FDCWD, entry.as_str(), AT_FDCWD, path, follow)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Closes a file and says what it says: network file systems refuse only now what has no place.
#[cfg(target_os = "linux")]
fn close(file: File) -> io::Result<()> {
    Ok(nix::unistd::close(file)?)
}

#[cfg(not(target_os = "linux"))]
fn close(file: File) -> io::Result<()> {
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn named(path: &Path, content: &str) -> (Staged, File) {
        let (staged, mut file) = Staged::named(path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        (staged, file)
    }

    #[test]
    fn what_a_dead_process_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let (staged, file) = named(&path, "half of a long");
        std::mem::forget(staged); // as if the process had ended
        drop(file);
        assert!(folder.path().join(".x.tine-tmp").exists());
        assert!(!path.exists());
        let (staged, file) = named(&path, "whole");
        assert_eq!(staged.publish(file, &path).unwrap(), 5);
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_being_written_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let (staged, file) = named(&path, "mine");
        let e = Staged::named(&path).err().unwrap();
        assert_eq!(e.kind(), io::ErrorKind::ResourceBusy);
        staged.publish(file, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        drop(named(&path, "half"));
        drop(Staged::create(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_a_name_replaces_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let Some(mut file) = nameless(folder.path()) else { return };
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, "before").unwrap();
        file.write_all(b"after").unwrap();
        Staged { temporary: None }.publish(file, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
