//! Tells paths from addresses with a scheme.
//! It does not know what is at either.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// A name, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A path or pattern of this machine.
    Path(PathBuf),
    /// An address in a store.
    #[cfg(feature = "remote")]
    Remote(String),
}

/// Schemes that the crate `object_store` knows.
const REMOTE: [&str; 10] =
    ["s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "http", "https"];

/// Returns what a name means.
///
/// # Errors
/// Schemes that are not known or not compiled in; a `file://` of another machine.
pub(super) fn parse(name: &Path) -> Result<Address> {
    let Some((scheme, rest)) = name.to_str().and_then(split) else {
        return Ok(Address::Path(name.to_owned()));
    };
    let error = |kind, what: String| Err(Error::new(kind, what).of_file(name.display()));
    match scheme.to_ascii_lowercase().as_str() {
        "file" => match rest.strip_prefix("localhost").unwrap_or(rest) {
            path if path.starts_with('/') => Ok(Address::Path(decode(path)?)),
            _ => {
                let what = "a file:// address has three slashes before a path from the root, as \
                            file:///data/x.txt; write the path alone where it is relative";
                error(ErrorKind::Name, what.to_owned())
            }
        },
        #[cfg(feature = "remote")]
        known if REMOTE.contains(&known) => Ok(Address::Remote(format!("{known}://{rest}"))),
        #[cfg(not(feature = "remote"))]
        known if REMOTE.contains(&known) => {
            let what = "remote files are not compiled in; build with the feature `remote`";
            error(ErrorKind::Unsupported, what.to_owned())
        }
        other => {
            let what = format!(
                "no store is reached by {other}://; write file://, s3://, gs://, az://, http:// \
                 or https://"
            );
            error(ErrorKind::Unsupported, what)
        }
    }
}

/// Returns scheme and rest of what has a scheme: letters, digits, `+`, `-`, `.` before `://`.
fn split(name: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = name.split_once("://")?;
    let good = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(good))
        .then_some((scheme, rest))
}

/// Undoes `%XX`.
fn decode(path: &str) -> Result<PathBuf> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = tail;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map(PathBuf::from).map_err(|_| {
        let what = "decodes to bytes that are not UTF-8; write the path without file://";
        Error::new(ErrorKind::Name, what).of_file(format_args!("file://{path}"))
    })
}

impl Address {
    /// The address as a path, which means the same where it is taken as a name.
    pub(crate) fn into_name(self) -> PathBuf {
        match self {
            Address::Path(path) => path,
            #[cfg(feature = "remote")]
            Address::Remote(name) => name.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        match parse(Path::new(name)).unwrap() {
            Address::Path(path) => path,
            #[cfg(feature = "remote")]
            Address::Remote(name) => panic!("{name}"),
        }
    }

    #[test]
    fn file_addresses_are_paths() {
        assert_eq!(path("file:///a%20b/c%.txt"), Path::new("/a b/c%.txt"));
        assert_eq!(path("FILE://localhost/x"), Path::new("/x"));
        assert_eq!(path("a/b.txt"), Path::new("a/b.txt"));
        assert_eq!(path("C:\\x://y"), Path::new("C:\\x://y"));
        let e = parse(Path::new("file://data/x.txt")).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Name);
    }

    #[test]
    fn unknown_schemes_say_so() {
        let e = parse(Path::new("gopher://x/y")).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        assert!(e.to_string().contains("no store is reached by gopher://"), "{e}");
    }
}
