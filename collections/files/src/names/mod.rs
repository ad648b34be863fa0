//! Names of files as users give them: paths, patterns and addresses, one or many.
//! It does not know what the files hold.

mod address;
mod local;
mod nearest;

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::file::FileInfo;

pub(crate) use address::Address;
#[cfg(feature = "remote")]
pub(crate) use local::RULES;

/// What a user names: paths, patterns and addresses, one or many.
///
/// It is made of anything that is text or a path, and of lists of these.
///
/// - A name of something that exists is taken as it is, even if it has the signs of a pattern.
/// - `*` is any text without `/`, `?` one character, `[a-z]` and `[!a-z]` one of these or none of
///   them, `**` any number of folders. Hidden files match only a pattern that begins with a dot.
///   Folders do not match.
/// - `file://` paths have `%20` and the like decoded.
/// - `s3://`, `gs://`, `az://`, `http://` and `https://` are there with the feature `remote`. Who
///   asks is taken from the environment, as the stores' own tools take it (`AWS_ACCESS_KEY_ID` and
///   so on). Behind HTTP there are no patterns.
///
/// The files of one pattern are in the order of their bytes, as `LC_ALL=C ls` lists them, names in
/// a list in the order of the list. Who names a file twice reads it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<PathBuf>);

impl Names {
    /// Returns the files that are meant, in order; at least one.
    ///
    /// # Errors
    /// Names of what is not there, with what is nearest to it; patterns that match nothing.
    pub(crate) fn resolve(&self) -> Result<Vec<FileInfo>> {
        let mut files = Vec::new();
        for name in &self.0 {
            match address::parse(name)? {
                Address::Path(path) => local::expand(&path, &mut files)?,
                #[cfg(feature = "remote")]
                Address::Remote(name) => crate::remote::expand(&name, &mut files)?,
            }
        }
        match files.is_empty() {
            true => Err(Error::new(ErrorKind::NothingMatched, "the list of files is empty")),
            false => Ok(files),
        }
    }
}

/// Returns the one file that a name means, to write to it: patterns have no meaning here.
///
/// # Errors
/// Addresses that cannot be followed.
pub(crate) fn one(name: &Path) -> Result<Address> {
    address::parse(name)
}

impl From<&Names> for Names {
    fn from(names: &Names) -> Self {
        names.clone()
    }
}

macro_rules! one {
    ($($t:ty),*) => {$(
        impl From<$t> for Names {
            fn from(name: $t) -> Self {
                Names(vec![PathBuf::from(name)])
            }
        }
    )*};
}

one!(&str, String, &String, PathBuf);

impl From<&PathBuf> for Names {
    fn from(name: &PathBuf) -> Self {
        Names(vec![name.clone()])
    }
}

impl From<&Path> for Names {
    fn from(name: &Path) -> Self {
        Names(vec![name.to_owned()])
    }
}

impl<T: AsRef<Path>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        Names(names.into_iter().map(|name| name.as_ref().to_owned()).collect())
    }
}

impl<T: AsRef<Path>> From<Vec<T>> for Names {
    fn from(names: Vec<T>) -> Self {
        names.into_iter().collect()
    }
}

impl<T: AsRef<Path>> From<&Vec<T>> for Names {
    fn from(names: &Vec<T>) -> Self {
        names.iter().collect()
    }
}

impl<T: AsRef<Path>> From<&[T]> for Names {
    fn from(names: &[T]) -> Self {
        names.iter().collect()
    }
}

impl<T: AsRef<Path>, const N: usize> From<[T; N]> for Names {
    fn from(names: [T; N]) -> Self {
        names.into_iter().collect()
    }
}

impl<T: AsRef<Path>, const N: usize> From<&[T; N]> for Names {
    fn from(names: &[T; N]) -> Self {
        names.iter().collect()
    }
}
