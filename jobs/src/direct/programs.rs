//! Whether a file can be started as it is: by the kernel alone, which a shell would ask as well.
//! It starts nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

/// As much of a file as must say what it is.
const HEAD: usize = 4096;
/// The longest first line of a script that all kernels take whole.
const LINE: usize = 127;
/// Programs that are remembered: with more, they are looked at anew.
const REMEMBERED: usize = 1024;

/// Programs that were looked at.
#[derive(Debug)]
pub(super) struct Programs {
    /// What a program of this machine begins with: this one does.
    own: Option<Head>,
    known: BTreeMap<PathBuf, Stamp>,
    /// Where one is looked for.
    place: PathBuf,
}

/// A file that was not changed has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp([i128; 4]);

impl Stamp {
    fn of(file: &Metadata) -> Stamp {
        let changed = i128::from(file.ctime()) * 1_000_000_000 + i128::from(file.ctime_nsec());
        Stamp([file.dev().into(), file.ino().into(), changed, file.size().into()])
    }
}

impl Programs {
    pub(super) fn new() -> Programs {
        let own = head(Path::new("/proc/self/exe"));
        Programs { own, known: BTreeMap::new(), place: PathBuf::new() }
    }

    /// The first program of this name along a search path; `None` where there is none that can be
    /// started, or where what a shell would find is not plain: a folder that is not absolute, a file
    /// that is no program.
    ///
    /// Places are looked at anew each time, as a shell would, so that a program that comes or goes
    /// during a run is noticed; what is remembered is what is in the files.
    pub(super) fn search(&mut self, name: &OsStr, path: &OsStr) -> Option<&Path> {
        let mut place = std::mem::take(&mut self.place);
        let mut found = None;
        for folder in path.as_bytes().split(|&b| b == b':') {
            place.clear();
            place.push(OsStr::from_bytes(folder));
            if !place.is_absolute() {
                break;
            }
            place.push(name);
            found = match fs::metadata(&place) {
                Ok(file) => Some(self.is_known(&place, &file)),
                Err(e) if is_absent(&e) => None,
                Err(_) => Some(false),
            };
            if found.is_some() {
                break;
            }
        }
        self.place = place;
        (found == Some(true)).then_some(&*self.place)
    }

    /// Whether the file can be started.
    pub(super) fn can_start(&mut self, program: &Path) -> bool {
        fs::metadata(program).is_ok_and(|file| self.is_known(program, &file))
    }

    fn is_known(&mut self, program: &Path, file: &Metadata) -> bool {
        let stamp = Stamp::of(file);
        if self.known.get(program) == Some(&stamp) {
            return true;
        }
        if !self.is_startable(program, file) {
            return false;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(program.to_owned(), stamp);
        true
    }

    fn is_startable(&self, program: &Path, file: &Metadata) -> bool {
        let Some(head) = head(program).filter(|_| may_run(program, file)) else { return false };
        match head.interpreter() {
            // The interpreter of a script can be a script on some systems; it need not be here.
            Some(interpreter) => {
                interpreter.is_absolute()
                    && fs::metadata(interpreter).is_ok_and(|file| may_run(interpreter, &file))
                    && self::head(interpreter).is_some_and(|head| self.is_native(&head))
            }
            None => self.is_native(&head),
        }
    }

    /// Whether it is a program for this machine, with a loader that is there.
    fn is_native(&self, head: &Head) -> bool {
        let native = self.own.as_ref().is_some_and(|own| head.is_like(own));
        native && head.loader().is_some_and(|loader| loader.is_none_or(Path::is_file))
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw);
    matches!(number, Some(Errno::ENOENT | Errno::ENOTDIR))
}

fn may_run(program: &Path, file: &Metadata) -> bool {
    file.is_file() && access(program, AccessFlags::X_OK).is_ok()
}

/// The beginning of a file.
#[derive(Debug)]
struct Head(Vec<u8>);

fn head(file: &Path) -> Option<Head> {
    let mut bytes = Vec::with_capacity(HEAD);
    File::open(file).ok()?.take(HEAD as u64).read_to_end(&mut bytes).ok()?;
    Some(Head(bytes))
}

impl Head {
    /// The program that a script names in its first line.
    fn interpreter(&self) -> Option<&Path> {
        let line = self.0.strip_prefix(b"#!")?;
        // Without an end it may go on, and is none that the kernel knows.
        let end = memchr::memchr(b'\n', &line[..line.len().min(LINE - 2)]).unwrap_or(0);
        let mut words = line[..end].split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty());
        Some(Path::new(OsStr::from_bytes(words.next().unwrap_or_default())))
    }

    /// Whether both are programs (ELF) of the same word size, order of bytes and machine.
    fn is_like(&self, other: &Head) -> bool {
        let kind = |head: &Head| match &head.0[..] {
            [b'\x7f', b'E', b'L', b'F', class, order, ..] if head.0.len() > 63 => {
                Some((*class, *order, head.0[18], head.0[19]))
            }
            _ => None,
        };
        let is_program = matches!(self.number::<2>(16), Some(2 | 3));
        is_program && kind(self).is_some() && kind(self) == kind(other)
    }

    /// The loader that a program of 64 bits asks for, where it does; `None` where that cannot be
    /// told from the beginning of the file.
    fn loader(&self) -> Option<Option<&Path>> {
        const CLASS_64: u8 = 2;
        const INTERPRETER: u64 = 3;
        if self.0.get(4) != Some(&CLASS_64) {
            return None;
        }
        let (table, size, count) =
            (self.number::<8>(32)?, self.number::<2>(54)?, self.number::<2>(56)?);
        for i in 0..count {
            let entry = table.checked_add(i * size)?;
            if self.number::<4>(entry)? == INTERPRETER {
                let from = usize::try_from(self.number::<8>(entry.checked_add(8)?)?).ok()?;
                let text = self.0.get(from..)?;
                let text = &text[..memchr::memchr(0, text)?];
                return Some(Some(Path::new(OsStr::from_bytes(text))));
            }
        }
        Some(None)
    }

    /// A number of so many bytes at this place, in this machine's order.
    fn number<const N: usize>(&self, at: u64) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let bytes = self.0.get(at..at.checked_add(N)?)?;
        let mut number = [0; 8];
        match cfg!(target_endian = "little") {
            true => number[..N].copy_from_slice(bytes),
            false => number[8 - N..].copy_from_slice(bytes),
        }
        Some(u64::from_ne_bytes(number))
    }
}
