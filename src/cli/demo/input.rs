//! The files that are there: where they are, what their headers say, the parts they are read in.
//! It reads no flights: see `read`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{Layout, split};
use crate::cli::failure::Failure;

/// The folder that files are generated into, and looked for in.
pub(crate) const FOLDER: &str = "nycflights";

/// Bytes that one task reads: 16 MiB are some 30 ms of work, ten thousand times what a task costs,
/// and little enough that the files feed more workers than there are files.
const PART: u64 = 16 << 20;

/// A line that is longer is no line of a CSV file: without a limit, a binary file would be read
/// into memory whole.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

const ORIGIN: &str = "Origin";
const DELAY: &str = "DepDelay";

/// A piece of a file: the lines that begin in `start..end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The file.
    pub(crate) path: PathBuf,
    /// Where it begins, in bytes; the first part begins behind the header.
    pub(crate) start: u64,
    /// Where it ends, in bytes.
    pub(crate) end: u64,
    /// Where the columns are.
    pub(crate) layout: Layout,
}

/// The CSV files of the data folder, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The folder that the files are in.
    pub(crate) folder: PathBuf,
    /// The files.
    pub(crate) files: Vec<PathBuf>,
    /// Their bytes in all.
    pub(crate) bytes: u64,
}

impl Input {
    /// Finds the CSV files in `data`, or in `nycflights` in it; `None` where there are none.
    pub(crate) fn find(data: &Path) -> Result<Option<Self>, Failure> {
        if data.is_file() {
            return Err(Failure::new(format!("{} is a file, not a folder", data.display()))
                .help("give the folder that holds the CSV files"));
        }
        let folders = [data.to_owned(), data.join(FOLDER)];
        for folder in folders {
            let files = csv_files(&folder)?;
            if !files.is_empty() {
                return Ok(Some(Input { folder, files, bytes: 0 }));
            }
        }
        Ok(None)
    }

    /// Reads the headers, and cuts the files into parts of about equal size. How files are cut
    /// depends on their sizes alone: the result is the same for any number of workers.
    pub(crate) fn parts(&mut self) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for path in &self.files {
            let header = Header::read(path)?;
            let len = fs::metadata(path).map_err(|e| Failure::io("read", path, &e))?.len();
            self.bytes += len;
            let body = len - header.bytes.min(len);
            let count = body.div_ceil(PART);
            let cut =
                |i| header.bytes + (u128::from(body) * u128::from(i) / u128::from(count)) as u64;
            parts.extend((0..count).map(|i| Part {
                path: path.clone(),
                start: cut(i),
                end: cut(i + 1),
                layout: header.layout,
            }));
        }
        Ok(parts)
    }

    /// Reads all bytes once, so that both runs that are timed find them in the page cache: the
    /// first would wait for the disk otherwise, and the second would not.
    pub(crate) fn warm(&self) -> Result<(), Failure> {
        let mut block = vec![0; 1 << 20];
        for path in &self.files {
            let mut read = || -> io::Result<()> {
                let mut file = File::open(path)?;
                while file.read(&mut block)? > 0 {}
                Ok(())
            };
            read().map_err(|e| unreadable(path, &e))?;
        }
        Ok(())
    }
}

fn csv_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Failure::io("read the folder", folder, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Failure::io("read the folder", folder, &e))?.path();
        // Hidden files are none of ours: `._1990.csv` is what some systems leave beside a copy.
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The first line of a file.
#[derive(Clone, Copy, Debug)]
struct Header {
    layout: Layout,
    /// Its length, with the line break.
    bytes: u64,
}

impl Header {
    fn read(path: &Path) -> Result<Self, Failure> {
        let line = first_line(path)?;
        let bytes = line.len() as u64;
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            return Err(Failure::new(format!("{}, line 1: no column names", path.display()))
                .help("the first line must name the columns, separated by commas"));
        }
        let names = split(text).map_err(|_| {
            Failure::new(format!("{}, line 1: the quotes do not match", path.display()))
                .help("write a quote inside a quoted name twice, and close every quote")
        })?;
        let find = |name: &str| {
            let at = names.iter().position(|n| n.as_ref() == name.as_bytes());
            at.ok_or_else(|| missing(path, name, text))
        };
        let layout = Layout { origin: find(ORIGIN)?, delay: find(DELAY)?, columns: names.len() };
        Ok(Header { layout, bytes })
    }
}

fn first_line(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    io::BufRead::read_until(
        &mut io::BufReader::new(file).take(LONGEST_LINE as u64),
        b'\n',
        &mut line,
    )
    .map_err(|e| unreadable(path, &e))?;
    if line.len() == LONGEST_LINE && line.last() != Some(&b'\n') {
        return Err(Failure::new(format!("{}, line 1: longer than 1 MiB", path.display()))
            .help("is this a CSV file? Its first line must name the columns"));
    }
    Ok(line)
}

/// The failure of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let help = match error.kind() {
        io::ErrorKind::IsADirectory => {
            "this is a folder: move it away, or rename it so that it does not end in .csv"
        }
        io::ErrorKind::PermissionDenied => {
            "ask for read permission, or name another folder with --data"
        }
        io::ErrorKind::NotFound => {
            "is it a link to a file that is gone? Remove it, or bring the file back"
        }
        _ => "bring the file back, or name another folder with --data",
    };
    Failure::io("read", path, error).help(help)
}

fn missing(path: &Path, name: &str, header: &[u8]) -> Failure {
    let shown: String = String::from_utf8_lossy(header).chars().take(300).collect();
    let help = match (header.contains(&b','), header.contains(&b';'), header.contains(&b'\t')) {
        (false, true, _) => "columns must be separated by commas, not by semicolons".to_owned(),
        (false, _, true) => "columns must be separated by commas, not by tabs".to_owned(),
        _ => format!(
            "tine demo needs the columns {ORIGIN} and {DELAY}, spelled so; name a folder with other \
             files by --data, or one that does not exist yet, to have files written"
        ),
    };
    Failure::new(format!("{}, line 1: there is no column {name} in: {shown}", path.display()))
        .help(help)
}
