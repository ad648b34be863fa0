//! `to_textfiles`: a file of lines for each partition.
//! It does not know how files are named, packed or put in place: `tine-files` does.

use std::panic::Location;
use std::path::Path;

use tine_collection::Tree;
use tine_delayed::Delayed;
use tine_files::{SinkWriter, Target, Written};
use tine_scheduler::{Error, ErrorKind};

use crate::bag::Bag;
use crate::flow::{GO_ON, LookEnd, Opening, Reading};

impl<T: AsRef<str> + Clone + 'static> Bag<T> {
    /// Writes every element as a line, each partition into a file of its own, when it is computed;
    /// the value is what was written, in order.
    ///
    /// A `*` in the name becomes the number of the partition, so that names sort as partitions do;
    /// a name without `*` is a folder. Files whose names end in `.gz`, `.zst`, `.bz2` or `.xz` are
    /// packed. A file appears when it is complete, and replaces what was there.
    ///
    /// With the feature `remote` the name may be an address in a store, as
    /// `s3://bucket/out/part-*.txt.gz`: see [`Target`] for what is different there.
    ///
    /// ```
    /// use tine::prelude::*;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let pattern = folder.path().join("n-*.txt.gz");
    /// let lines = bag::range(5, 2).map(|n| n.to_string());
    /// let written = lines.to_textfiles(&pattern).compute()?;
    /// assert!(written[1].path.ends_with("n-1.txt.gz"));
    /// assert_eq!(bag::read_text(&pattern).compute()?, ["0", "1", "2", "3", "4"]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// A name that cannot be one for several files is an error that the value carries; what the
    /// file system or the store refuses is an error of the task.
    #[track_caller]
    pub fn to_textfiles(&self, path: impl AsRef<Path>) -> Delayed<Vec<Written>> {
        self.to_textfiles_as(&Target::new(path))
    }

    /// As [`to_textfiles`](Self::to_textfiles), with all that can be said of files: names,
    /// compression and its level, and whether the last line has an end.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use tine::bag::Target;
    /// # let folder = tempfile::tempdir().unwrap();
    /// let files = ["a.txt", "b.txt"].map(|name| folder.path().join(name));
    /// let lines = bag::range(4, 2).map(|n| n.to_string());
    /// lines.to_textfiles_as(&Target::files(&files).last_line_end(false)).compute()?;
    /// assert_eq!(std::fs::read_to_string(&files[1]).unwrap(), "2\n3");
    /// # Ok::<(), tine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_textfiles`](Self::to_textfiles).
    #[track_caller]
    pub fn to_textfiles_as(&self, target: &Target) -> Delayed<Vec<Written>> {
        if let Err(error) = self.link() {
            return Delayed::failed(error.clone());
        }
        let sinks = match target.plan(self.npartitions()) {
            Ok(sinks) => sinks,
            Err(error) => {
                let error = Error::new(ErrorKind::Build, error.to_string());
                return Delayed::failed(error.created(Location::caller()));
            }
        };
        let begin = move |opening: &Opening<'_>| {
            sinks[opening.block as usize].create().map_err(Error::from_task)
        };
        let write = |file: &mut SinkWriter, line: &T, reading: &Reading| match file
            .write_line(line.as_ref())
        {
            Ok(()) => GO_ON,
            Err(error) => reading.fail(Error::from_task(error)),
        };
        let done = |file: SinkWriter| Ok(vec![file.finish().map_err(Error::from_task)?]);
        let combine = |mut a: Vec<Written>, mut b: Vec<Written>| {
            a.append(&mut b);
            Ok(a)
        };
        let tree = Tree::new("to_textfiles", combine, |all: Option<_>| Ok(all.unwrap_or_default()));
        let end = LookEnd::new("to_textfiles-partial", begin, write, done);
        self.reduced(end, tree.split_every(self.tree_width()))
    }
}
