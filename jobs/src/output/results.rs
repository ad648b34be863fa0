//! Results in files: one for each stream of each job, laid out as GNU parallel does.
//! It does not know what is printed meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use tine_scheduler::OutputStream;

/// The longest name of a folder that is made of an argument: no file system takes longer ones.
const LONGEST: usize = 255;

/// Where the output of a job goes instead of being printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Into `stdout`, `stderr` and `seq` (the number of the job) in this folder, which is made.
    Folder(PathBuf),
    /// Into this file, and into others with `.err` and `.seq` behind its name. Its folder is made.
    Beside(PathBuf),
    /// Standard output alone, into a new file in the folder for temporary files, which is for the
    /// user to remove. Standard error is printed.
    Temporary,
}

impl Files {
    /// The files that `--results TEMPLATE` means, where the template's placeholders are replaced
    /// already: a folder where it ends with a slash, else a file.
    ///
    /// ```
    /// use tine_jobs::output::Files;
    /// assert_eq!(Files::named("out/a/".as_ref()), Files::Folder("out/a/".into()));
    /// assert_eq!(Files::named("out/a.txt".as_ref()), Files::Beside("out/a.txt".into()));
    /// ```
    pub fn named(path: &OsStr) -> Files {
        match path.as_bytes().last() {
            Some(b'/') => Files::Folder(path.into()),
            _ => Files::Beside(path.into()),
        }
    }

    /// The folder that `--results root` means for a job with these arguments, where `root` has no
    /// placeholders: below it, for each argument, a folder with the name of its source, which is
    /// its number or what `--header` says, and in that one with the argument. In names, tabs,
    /// backslashes and slashes are written `\t`, `\\` and `\_`.
    ///
    /// ```
    /// use tine_jobs::output::Files;
    /// let files = Files::below("res".as_ref(), [("1", "a/b"), ("2", "c")]);
    /// assert_eq!(files, Files::Folder(r"res/1/a\_b/2/c".into()));
    /// ```
    pub fn below<N, A>(root: &Path, arguments: impl IntoIterator<Item = (N, A)>) -> Files
    where
        N: AsRef<OsStr>,
        A: AsRef<OsStr>,
    {
        let mut folder = root.to_owned();
        for (name, argument) in arguments {
            folder.push(escaped(name.as_ref()));
            folder.push(escaped(argument.as_ref()));
        }
        Files::Folder(folder)
    }

    /// Whether the files of a job are all there, which for `--resume` without a log means that it
    /// has been run.
    pub fn exist(&self) -> bool {
        self.paths().is_some_and(|[out, err, seq]| out.exists() && err.exists() && seq.exists())
    }

    fn paths(&self) -> Option<[PathBuf; 3]> {
        match self {
            Files::Folder(folder) => Some(["stdout", "stderr", "seq"].map(|n| folder.join(n))),
            Files::Beside(path) => Some(["", ".err", ".seq"].map(|end| {
                let mut name = path.as_os_str().to_owned();
                name.push(end);
                name.into()
            })),
            Files::Temporary => None,
        }
    }
}

/// An argument as the name of a folder.
fn escaped(argument: &OsStr) -> OsString {
    let mut name = Vec::new();
    for &byte in argument.as_bytes() {
        match byte {
            b'\\' => name.extend(br"\\"),
            b'\t' => name.extend(br"\t"),
            0 => name.extend(br"\0"),
            b'/' => name.extend(br"\_"),
            _ => name.push(byte),
        }
    }
    name.truncate(LONGEST);
    // These name other folders.
    match name.as_slice() {
        b"" | b"." | b".." => name.insert(0, b'\\'),
        _ => {}
    }
    OsString::from_vec(name)
}

/// The open files of a job that runs.
#[derive(Debug)]
pub(super) struct Open {
    /// The files of the two streams; a stream without one is printed.
    streams: [Option<(PathBuf, File)>; 2],
}

impl Open {
    /// Makes the files, empty, and their folder. A failure comes with the path that it is about.
    pub(super) fn create(files: &Files, seq: u64) -> Result<Open, (PathBuf, io::Error)> {
        let Some([out, err, number]) = files.paths() else {
            return temporary().map(|out| Open { streams: [Some(out), None] });
        };
        if let Some(folder) = out.parent() {
            fs::create_dir_all(folder).map_err(|e| (folder.to_owned(), e))?;
        }
        fs::write(&number, seq.to_string()).map_err(|e| (number.clone(), e))?;
        let create = |path: PathBuf| match File::create(&path) {
            Ok(file) => Ok(Some((path, file))),
            Err(e) => Err((path, e)),
        };
        Ok(Open { streams: [create(out)?, create(err)?] })
    }

    /// Writes to the file of the stream. Returns whether there is one.
    pub(super) fn write(
        &mut self,
        stream: OutputStream,
        bytes: &[u8],
    ) -> Result<bool, (PathBuf, io::Error)> {
        match &mut self.streams[stream as usize] {
            Some((path, file)) => file.write_all(bytes).map_err(|e| (path.clone(), e))?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// The name of the file of standard output.
    pub(super) fn name(&self) -> &Path {
        self.streams[0].as_ref().map_or(Path::new(""), |(path, _)| path)
    }
}

fn temporary() -> Result<(PathBuf, File), (PathBuf, io::Error)> {
    let folder = std::env::temp_dir();
    let made = tempfile::Builder::new().prefix("tine").suffix(".out").tempfile_in(&folder);
    let (file, path) = made.and_then(|f| f.keep().map_err(|e| e.error)).map_err(|e| (folder, e))?;
    Ok((path, file))
}
