//! Where partitions are written: the name of each one's file.
//! It writes nothing, and makes no folder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::sink::Sink;
use crate::compression::{Compression, checked_level};
use crate::error::{Error, ErrorKind, Result};
use crate::names;

/// Where partitions are written, and how: one file each, compressed as its extension says.
///
/// A `*` in the name becomes the number of the partition, with zeros in front so that names sort
/// as partitions do. A name without `*` is a folder, and the files in it are `0.part` and so on.
/// Folders that are missing are made.
///
/// With the feature `remote`, a name may be an address in a store (`s3://bucket/out/part-*.txt.gz`),
/// as [`Names`](crate::Names) are. A file goes there in parts of 8 MiB while it is written, and is
/// there when all of it is. Where a process is killed meanwhile, S3 and Google keep the parts, which
/// nobody sees, until a lifecycle rule of the bucket ends unfinished uploads. A server of plain HTTP
/// (`PUT`, as WebDAV has it) takes a file of up to 64 MiB in one piece.
///
/// ```
/// use tine_files::Target;
/// # let folder = tempfile::tempdir()?;
/// # let pattern = folder.path().join("out/names-*.txt.gz");
/// let sinks = Target::new(&pattern).plan(11)?;
/// assert!(sinks[7].path().ends_with("out/names-07.txt.gz"));
/// let written = sinks[7].write_lines(["Alice", "Bob"])?;
/// assert_eq!(written.lines, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it says where to write, and writes nothing"]
pub struct Target {
    place: Place,
    compression: Option<Compression>,
    level: Option<i32>,
    name: Option<Box<NameOf>>,
    open_end: bool,
}

type NameOf = dyn Fn(usize) -> String;

enum Place {
    Pattern(PathBuf),
    Files(Vec<PathBuf>),
}

impl Target {
    /// Files of this pattern, or in this folder.
    pub fn new(pattern: impl AsRef<Path>) -> Self {
        Self::of(Place::Pattern(pattern.as_ref().to_owned()))
    }

    /// These files, as many as there are partitions.
    pub fn files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self::of(Place::Files(paths.into_iter().map(|p| p.as_ref().to_owned()).collect()))
    }

    fn of(place: Place) -> Self {
        Target { place, compression: None, level: None, name: None, open_end: false }
    }

    /// How to compress, whatever the extension says.
    pub fn compression(self, compression: Compression) -> Self {
        Target { compression: Some(compression), ..self }
    }

    /// How hard to compress: 0 to 9 for gzip (6) and xz (6), 1 to 9 for bzip2 (9), 1 to 22 for
    /// zstd (3). In brackets is what is taken without it.
    pub fn level(self, level: i32) -> Self {
        Target { level: Some(level), ..self }
    }

    /// What stands for `*`, by the number of the partition, from 0. No two may be equal; whether
    /// names sort as partitions do is up to them.
    #[doc(alias = "name_function")]
    pub fn name(self, name: impl Fn(usize) -> String + 'static) -> Self {
        Target { name: Some(Box::new(name)), ..self }
    }

    /// Whether the last line of a file has an end too, as it has without this.
    #[doc(alias = "last_endline")]
    pub fn last_line_end(self, last_line_end: bool) -> Self {
        Target { open_end: !last_line_end, ..self }
    }

    /// Returns the sink of each of so many partitions.
    ///
    /// # Errors
    /// Two partitions with one name; a list of files of another length; two `*`; levels and
    /// compressions that there are not; addresses that name no file of a store.
    pub fn plan(&self, partitions: usize) -> Result<Vec<Sink>> {
        let paths = match &self.place {
            Place::Files(paths) => listed(paths, partitions)?,
            Place::Pattern(pattern) => self.named(&names::one(pattern)?.into_name(), partitions)?,
        };
        let mut first: BTreeMap<&Path, usize> = BTreeMap::new();
        for (i, path) in paths.iter().enumerate() {
            if let Some(j) = first.insert(path, i) {
                let what = format!("is the name of partitions {j} and {i}; give each its own");
                return Err(Error::new(ErrorKind::Name, what).of_file(path.display()));
            }
        }
        #[cfg(feature = "remote")]
        crate::remote::check(paths.iter().filter_map(|path| match names::one(path) {
            Ok(names::Address::Remote(address)) => Some(address),
            _ => None,
        }))?;
        paths.iter().map(|path| self.sink(path)).collect()
    }

    fn named(&self, pattern: &Path, partitions: usize) -> Result<Vec<PathBuf>> {
        let wrong = |what: &str| Error::new(ErrorKind::Name, what).of_file(pattern.display());
        let text = pattern.to_str().ok_or_else(|| wrong("is not UTF-8; rename the folder"))?;
        let text = match text.matches('*').count() {
            0 => pattern.join("*.part").into_os_string().into_string().expect("both are UTF-8"),
            1 => text.to_owned(),
            _ => return Err(wrong("has two `*`; only one can be the number of the partition")),
        };
        let width = partitions.saturating_sub(1).to_string().len();
        Ok((0..partitions)
            .map(|i| {
                let name = self.name.as_ref().map_or_else(|| format!("{i:0width$}"), |f| f(i));
                PathBuf::from(text.replace('*', &name))
            })
            .collect())
    }

    fn sink(&self, path: &Path) -> Result<Sink> {
        let compression = self.compression.unwrap_or_else(|| Compression::of(path));
        let checked = || {
            compression.check()?;
            checked_level(compression, self.level)
        };
        Ok(Sink {
            path: path.to_owned(),
            compression,
            level: checked().map_err(|e| e.of_file(path.display()))?,
            open_end: self.open_end,
        })
    }
}

fn listed(paths: &[PathBuf], partitions: usize) -> Result<Vec<PathBuf>> {
    if paths.len() == partitions {
        return paths.iter().map(|path| Ok(names::one(path)?.into_name())).collect();
    }
    let what = format!("{} files were named for {partitions} partitions", paths.len());
    Err(Error::new(ErrorKind::Name, what))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Target");
        match &self.place {
            Place::Pattern(pattern) => f.field("pattern", pattern),
            Place::Files(paths) => f.field("files", paths),
        };
        f.field("compression", &self.compression).field("level", &self.level);
        f.finish_non_exhaustive()
    }
}
