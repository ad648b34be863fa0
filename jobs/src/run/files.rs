//! What the files of a job are like: there or not, and by a hash of their times or contents, the
//! same as before or not. Makes folders for them, and removes them.
//! It does not know when a job is up to date.

use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use twox_hash::XxHash3_64;

use super::tree::{self, Kind, at};
use crate::file::{Fresh, HashTable};

/// The contents of a file, as they were when it was of this size and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Bytes.
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i128,
    /// The hash of what is in it.
    pub(crate) hash: u64,
}

/// Files below a folder, and the hashes of contents that are known.
#[derive(Debug, Default)]
pub(crate) struct Files {
    folder: PathBuf,
    /// By the hash of the path.
    known: HashTable<Contents>,
    /// Hashes that the journal does not have yet.
    new: Vec<(String, Contents)>,
    /// Folders that were made, by hashes.
    made: HashTable<()>,
    /// What folders were like, by hashes of their paths and of what counts of them.
    trees: HashTable<u64>,
}

/// Where the journals of job files are: what is in it is no input of any job.
const JOURNALS: &str = ".tine";

/// How large the pieces are that files are read in.
const PIECE: usize = 1 << 16;

impl Files {
    /// Files whose paths count from `folder`, with these contents by hashes of their paths.
    pub(crate) fn new(folder: &Path, known: HashTable<Contents>) -> Self {
        let (made, trees) = (HashTable::default(), HashTable::default());
        Files { folder: folder.to_owned(), known, new: Vec::new(), made, trees }
    }

    /// A program has ended, which may have changed any file: what folders were like counts no more.
    ///
    /// Until then thousands of jobs that read the same folder need not look through it each.
    pub(crate) fn forget_folders(&mut self) {
        self.trees.clear();
    }

    /// The hashes that were found since the last time.
    pub(crate) fn take_new(&mut self) -> Vec<(String, Contents)> {
        std::mem::take(&mut self.new)
    }

    /// Whether the file is there.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.folder.join(path).exists()
    }

    /// What of `path` was changed after `time`, in nanoseconds since 1970: itself, or what is below
    /// it. `None` where there is nothing, or where that cannot be found out.
    pub(crate) fn newer(&self, path: &str, time: i128) -> Option<String> {
        let whole = self.folder.join(path);
        let meta = fs::metadata(&whole).ok()?;
        if !meta.is_dir() {
            return (modified(&meta) > time).then(|| path.to_owned());
        }
        let mut newer = None;
        let walked = tree::walk(&whole, Some(&self.folder.join(JOURNALS)), &mut |below, kind| {
            if let (Kind::File(meta), None) = (kind, &newer)
                && modified(meta) > time
            {
                newer = Some(Path::new(path).join(below).display().to_string());
            }
            Ok(())
        });
        walked.ok().and(newer)
    }

    /// A hash of the names of these files and of how they are; a missing one has a hash as well.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn hash<'p>(
        &mut self,
        paths: impl IntoIterator<Item = &'p str>,
        fresh: Fresh,
    ) -> io::Result<u64> {
        let mut all = XxHash3_64::new();
        for path in paths {
            all.write(path.as_bytes());
            all.write(&[0]);
            self.add(path, fresh, &mut all)?;
        }
        Ok(all.finish())
    }

    fn add(&mut self, path: &str, fresh: Fresh, all: &mut XxHash3_64) -> io::Result<()> {
        let whole = self.folder.join(path);
        let meta = match fs::metadata(&whole) {
            Ok(meta) => meta,
            Err(e) if is_absent(&e) => return Ok(()),
            Err(e) => return Err(at(&whole, &e)),
        };
        all.write(&[1]);
        if meta.is_dir() {
            all.write(&self.tree(path, fresh)?.to_le_bytes());
            return Ok(());
        }
        self.add_file(Path::new(path), &meta, fresh, all)
    }

    fn add_file(
        &mut self,
        path: &Path,
        meta: &Metadata,
        fresh: Fresh,
        all: &mut XxHash3_64,
    ) -> io::Result<()> {
        match fresh {
            Fresh::Content if meta.is_file() => {
                all.write(&self.contents(path, meta)?.to_le_bytes());
            }
            _ => {
                all.write(&meta.len().to_le_bytes());
                all.write(&modified(meta).to_le_bytes());
            }
        }
        Ok(())
    }

    /// A hash of all that is below a folder: names, and how each file is.
    fn tree(&mut self, path: &str, fresh: Fresh) -> io::Result<u64> {
        let key = XxHash3_64::oneshot_with_seed(fresh as u64, path.as_bytes());
        if let Some(&known) = self.trees.get(&key) {
            return Ok(known);
        }
        let mut all = XxHash3_64::new();
        let (root, journals) = (self.folder.join(path), self.folder.join(JOURNALS));
        tree::walk(&root, Some(&journals), &mut |below, kind| {
            all.write(below.as_os_str().as_bytes());
            // No name has a NUL in it.
            let mut mark = |kind: u8| all.write(&[0, kind]);
            match kind {
                Kind::File(meta) => {
                    mark(1);
                    self.add_file(&Path::new(path).join(below), meta, fresh, &mut all)?;
                }
                Kind::Folder => mark(2),
                Kind::Again(first) => {
                    mark(3);
                    all.write(&(*first as u64).to_le_bytes());
                }
                Kind::Dangling(target) => {
                    mark(4);
                    all.write(target.as_os_str().as_bytes());
                    all.write(&[0]);
                }
                Kind::Other => mark(5),
            }
            Ok(())
        })?;
        let hash = all.finish();
        self.trees.insert(key, hash);
        Ok(hash)
    }

    fn contents(&mut self, path: &Path, meta: &Metadata) -> io::Result<u64> {
        let (size, time) = (meta.len(), modified(meta));
        let key = XxHash3_64::oneshot(path.as_os_str().as_bytes());
        let known = self.known.get(&key).filter(|c| c.size == size && c.modified == time);
        if let Some(known) = known {
            return Ok(known.hash);
        }
        let whole = self.folder.join(path);
        let hash = hash_of(&whole).map_err(|e| at(&whole, &e))?;
        let contents = Contents { size, modified: time, hash };
        self.known.insert(key, contents);
        // The journal is a text: one whose name is none is read again by the next run.
        if let Some(path) = path.to_str() {
            self.new.push((path.to_owned(), contents));
        }
        Ok(hash)
    }

    /// Makes the folder of a file.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn make_folder(&mut self, path: &str) -> io::Result<()> {
        let Some(folder) = Path::new(path).parent() else { return Ok(()) };
        let key = XxHash3_64::oneshot(folder.as_os_str().as_encoded_bytes());
        if self.made.contains_key(&key) {
            return Ok(());
        }
        fs::create_dir_all(self.folder.join(folder))?;
        self.made.insert(key, ());
        Ok(())
    }

    /// Removes a file, where there is one. A folder stays unless it is empty: what is in it was not
    /// named.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn remove(&self, path: &str) -> io::Result<()> {
        let path = self.folder.join(path);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => match fs::remove_dir(&path) {
                Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
                other => other,
            },
            Ok(_) => fs::remove_file(&path),
            Err(e) if is_absent(&e) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

/// The hash of what is in a file.
fn hash_of(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut hash = XxHash3_64::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finish()),
            n => hash.write(&piece[..n]),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Nanoseconds since 1970, negative before.
fn modified(meta: &Metadata) -> i128 {
    let Ok(time) = meta.modified() else { return 0 };
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
    }
}

#[cfg(test)]
mod tests;
