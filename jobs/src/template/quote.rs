//! Text that stands in a command line of a shell as it is, whatever bytes it has.
//! It does not know where in the line that is: see `shell`.

use std::borrow::Cow;

/// The characters that no shell gives a meaning, anywhere in a word. The set is that of GNU parallel, so
/// that lines which are shown or logged look the same.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'+' | b'-')
}

/// A single quote inside of single quotes: they end, one in double quotes follows, they begin again.
const LONE_QUOTE: &str = r#"'"'"'"#;

/// Words that are grammar where a command may stand.
const RESERVED: [&[u8]; 17] = [
    b"if",
    b"then",
    b"else",
    b"elif",
    b"fi",
    b"do",
    b"done",
    b"case",
    b"esac",
    b"while",
    b"until",
    b"for",
    b"in",
    b"function",
    b"select",
    b"time",
    b"coproc",
];

/// Appends `text` as a part of a bare word: as it is where that is safe, in single quotes elsewhere.
///
/// ```
/// let mut line = b"echo ".to_vec();
/// tine_jobs::template::quote::bare(b"it's $HOME", &mut line);
/// assert_eq!(line, br#"echo 'it'"'"'s $HOME'"#);
/// ```
pub fn bare(text: &[u8], line: &mut Vec<u8>) {
    if is_safe(text) {
        line.extend_from_slice(text);
        return;
    }
    line.push(b'\'');
    single(text, line);
    line.push(b'\'');
}

/// `word` as a bare word: what [`bare`] makes of it, for lines that are text.
pub(crate) fn word(word: &str) -> Cow<'_, str> {
    if is_safe(word.as_bytes()) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', LONE_QUOTE)))
}

/// Whether a shell reads `text` as one word, and as it is, wherever a word may stand.
fn is_safe(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is_plain(b)) && !RESERVED.contains(&text)
}

/// Appends `text` inside of single quotes.
pub(super) fn single(text: &[u8], line: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'\'' => line.extend_from_slice(LONE_QUOTE.as_bytes()),
            _ => line.push(byte),
        }
    }
}

/// Appends `text` inside of double quotes.
pub(super) fn double(text: &[u8], line: &mut Vec<u8>) {
    for &byte in text {
        if matches!(byte, b'$' | b'`' | b'"' | b'\\') {
            line.push(b'\\');
        }
        line.push(byte);
    }
}

/// Appends `text` to a comment, which ends at the end of its line.
pub(super) fn comment(text: &[u8], line: &mut Vec<u8>) {
    line.extend(text.iter().map(|&b| if b == b'\n' { b' ' } else { b }));
}

/// Escapes what was appended since `from`, for being read inside of backquotes, where a backslash
/// before one of these goes away whatever quotes it stands in. `single` says whether it is in single
/// quotes.
pub(super) fn backquoted(line: &mut Vec<u8>, from: usize, single: bool) {
    let text = line.split_off(from);
    let mut last = line.last().copied().unwrap_or_default();
    for byte in text {
        if matches!(byte, b'$' | b'`' | b'\\') {
            line.push(b'\\');
        }
        // Bash 5.2 takes this for the beginning of a process substitution where the backquotes stand
        // in double quotes, and then loses count of the single ones.
        if single && byte == b'(' && matches!(last, b'<' | b'>') {
            line.extend_from_slice(b"''");
        }
        line.push(byte);
        last = byte;
    }
}

/// Whether `text` is the name of a variable.
pub(super) fn is_name(text: &[u8]) -> bool {
    !text.first().is_none_or(u8::is_ascii_digit)
        && text.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether `text` is nothing but a number or the name of a variable: what may stand in arithmetic.
/// Anything else could be a subscript, in which some shells run commands.
pub(crate) fn is_operand(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    is_name(text) || (!digits.is_empty() && digits.iter().all(|&b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_others_are_quoted_as_gnu_parallel_does() {
        let quoted = |text: &str| {
            let mut line = Vec::new();
            bare(text.as_bytes(), &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(quoted("a/b.c-d_e+1"), "a/b.c-d_e+1");
        assert_eq!(quoted("-n"), "-n");
        for (text, expected) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r#"'it'"'"'s'"#),
            ("a=b", "'a=b'"),
            ("if", "'if'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn a_shell_reads_what_was_meant() {
        let words =
            ["plain", "a b", "", "it's", "$(rm -rf x)", "a\nb", "=ls", "~", "-n", "ü*", "\\", "if"];
        for meant in words {
            let mut bytes = Vec::new();
            bare(meant.as_bytes(), &mut bytes);
            assert_eq!(word(meant).as_bytes(), bytes);
            let line = format!("for w in {}; do printf '[%s]' \"$w\"; done", word(meant));
            let out = std::process::Command::new("sh").arg("-c").arg(&line).output().unwrap();
            assert_eq!(String::from_utf8(out.stdout).unwrap(), format!("[{meant}]"), "{line}");
        }
    }

    #[test]
    fn operands_have_no_subscripts() {
        assert!([&b"12"[..], b"-3", b"x_1", b"0x1f"].into_iter().all(is_operand));
        assert!(![&b"a[0]"[..], b"", b"-", b"1+1", b"1 2"].into_iter().any(is_operand));
    }
}
