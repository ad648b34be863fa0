//! What `MAKEFLAGS` says of a jobserver, read and written.
//! It opens nothing.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Where the pipe of a jobserver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// It has a name.
    Fifo(PathBuf),
    /// It is inherited: the numbers of the ends that are read and written.
    Pipe(i32, i32),
}

/// A jobserver that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What was said of it.
    pub auth: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the jobserver of make ({}) cannot be used, so jobs run as -j says; put + before the \
             command in the Makefile",
            self.auth
        )
    }
}

impl std::error::Error for Unusable {}

impl Auth {
    /// What these flags say: the last one counts. `None` where they say nothing.
    ///
    /// # Errors
    /// They say that there is one that this process may not use, or something that is not understood.
    pub fn of(flags: &OsStr) -> Result<Option<Auth>, Unusable> {
        let (words, _) = split(flags.as_bytes());
        let value = |word: &[u8]| {
            let value = word.strip_prefix(b"--jobserver-auth=");
            value.or_else(|| word.strip_prefix(b"--jobserver-fds=")).map(<[u8]>::to_vec)
        };
        let Some(value) = words.into_iter().filter_map(value).next_back() else { return Ok(None) };
        if let Some(path) = value.strip_prefix(b"fifo:") {
            return Ok(Some(Auth::Fifo(OsString::from_vec(path.to_vec()).into())));
        }
        let text = String::from_utf8_lossy(&value).into_owned();
        let ends = text.split_once(',').and_then(|(r, w)| Some((r.parse().ok()?, w.parse().ok()?)));
        match ends {
            // Make says -2,-2 to those that it does not let have it.
            Some((read, write)) if read >= 0 && write >= 0 => Ok(Some(Auth::Pipe(read, write))),
            _ => Err(Unusable { auth: text }),
        }
    }

    /// What is to be opened for reading and for writing. Opening an inherited end anew leaves the one
    /// that is shared with others as it is.
    pub(super) fn paths(&self) -> [PathBuf; 2] {
        match self {
            Auth::Fifo(path) => [path.clone(), path.clone()],
            Auth::Pipe(read, write) => [read, write].map(|n| format!("/proc/self/fd/{n}").into()),
        }
    }

    pub(super) fn unusable(&self) -> Unusable {
        let auth = match self {
            Auth::Fifo(path) => format!("fifo:{}", path.display()),
            Auth::Pipe(read, write) => format!("{read},{write}"),
        };
        Unusable { auth }
    }
}

/// The words of the flags, and what stands behind ` -- `: variables, which may look like anything.
fn split(flags: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let end = memchr::memmem::find(flags, b" -- ").unwrap_or(flags.len());
    let (words, variables) = flags.split_at(end);
    (words.split(|b| *b == b' ').collect(), variables)
}

/// The flags, with this jobserver in place of any other.
pub(super) fn with(flags: &OsStr, slots: usize, auth: &str) -> OsString {
    let (words, variables) = split(flags.as_bytes());
    let is_other = |word: &&[u8]| {
        [&b"-j"[..], b"--jobs=", b"--jobserver-"].iter().any(|start| word.starts_with(start))
    };
    let kept: Vec<&[u8]> = words.into_iter().filter(|word| !is_other(word)).collect();
    // The first word is letters without a dash; where there are none, it is empty.
    let mut made = kept.join(&b' ');
    if kept.first().is_some_and(|word| word.starts_with(b"-")) {
        made.insert(0, b' ');
    }
    made.extend_from_slice(format!(" -j{slots} --jobserver-auth={auth}").as_bytes());
    made.extend_from_slice(variables);
    OsString::from_vec(made)
}
