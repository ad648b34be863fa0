//! A line of a shell that is nothing but words, as these words.
//! It does not know which of them name programs, or whether there is one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Bytes that a single argument may have, with its end: the kernel's `MAX_ARG_STRLEN`. A longer line
/// reaches no shell.
const LONGEST: usize = 128 << 10;

/// Returns the words of a line that a shell would do nothing for but split it, whichever POSIX shell
/// it is. `None` where anything in it may mean more than itself.
///
/// Quotes are taken where nothing in them has a meaning: anything in single ones, what is no `$`,
/// backquote, backslash or `!` in double ones, and `\'`. A `=` is plain behind the beginning of a word
/// that is not the first.
pub(super) fn words(line: &[u8]) -> Option<Vec<OsString>> {
    if line.len() >= LONGEST || line.contains(&0) {
        return None;
    }
    let mut words = vec![];
    let mut word: Option<Vec<u8>> = None;
    let mut rest = line;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match byte {
            b' ' | b'\t' => words.extend(word.take().map(OsString::from_vec)),
            b'\'' | b'"' => {
                let (quoted, behind) = rest.split_at(memchr::memchr(*byte, rest)?);
                if *byte == b'"' && quoted.iter().any(|b| matches!(b, b'$' | b'`' | b'\\' | b'!')) {
                    return None;
                }
                word.get_or_insert_default().extend_from_slice(quoted);
                rest = &behind[1..];
            }
            b'\\' => {
                rest = rest.strip_prefix(b"'")?;
                word.get_or_insert_default().push(b'\'');
            }
            b'=' if words.is_empty() || word.is_none() => return None,
            _ if is_plain(*byte) => word.get_or_insert_default().push(*byte),
            _ => return None,
        }
    }
    words.extend(word.map(OsString::from_vec));
    (!words.is_empty()).then_some(words)
}

/// Whether no shell gives the byte a meaning anywhere in a word. Bytes outside of ASCII are left to
/// the shell: some take them for blanks, by the locale.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'.' | b'/' | b'+' | b'-' | b',' | b':' | b'@' | b'%' | b'=')
}
