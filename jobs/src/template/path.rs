//! What a place takes of its argument: all of it, or a part of a path.
//! It works on bytes and asks no file system.

use std::ops::Range;

/// Which part of an argument is wanted. A path is `folder/stem.extension`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `{}`: all of it.
    Whole,
    /// `{.}`: without the extension; `{..}` and `{...}` without two and three, where there are as many.
    Stripped(u8),
    /// `{/}`: without the folder.
    Name,
    /// `{//}`: the folder, `.` where there is none.
    Folder,
    /// `{/.}`: without folder and extension, or without two and three extensions.
    Stem(u8),
    /// `{+/}`: what stands before the last slash, or nothing.
    BeforeSlash,
    /// `{+.}`: the extension, or the last two or three, without the dot before them, or nothing.
    Extensions(u8),
}

impl Part {
    /// The part by what stands in the braces, `/.` for `{/.}`; the ones of `--plus` where these are on.
    pub(super) fn parse(text: &[u8], plus: bool) -> Option<Part> {
        let basic = match text {
            b"" => Part::Whole,
            b"." => Part::Stripped(1),
            b"/" => Part::Name,
            b"//" => Part::Folder,
            b"/." => Part::Stem(1),
            _ if !plus => return None,
            b".." => Part::Stripped(2),
            b"..." => Part::Stripped(3),
            b"/.." => Part::Stem(2),
            b"/..." => Part::Stem(3),
            b"+/" => Part::BeforeSlash,
            b"+." => Part::Extensions(1),
            b"+.." => Part::Extensions(2),
            b"+..." => Part::Extensions(3),
            _ => return None,
        };
        Some(basic)
    }

    /// That part of `text`.
    ///
    /// ```
    /// use tine_jobs::template::Part;
    ///
    /// assert_eq!(Part::Stripped(1).of(b"a.d/b.tar.gz"), b"a.d/b.tar");
    /// assert_eq!(Part::Stem(1).of(b"a.d/b.tar.gz"), b"b.tar");
    /// assert_eq!(Part::Folder.of(b"a.d/b.tar.gz"), b"a.d");
    /// assert_eq!(Part::Folder.of(b"b.tar.gz"), b".");
    /// ```
    pub fn of(self, text: &[u8]) -> &[u8] {
        let name = text.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
        match self {
            Part::Whole => text,
            Part::Stripped(n) => &text[..extensions(text, n).unwrap_or(text.len())],
            Part::Name => &text[name..],
            Part::Folder => folder(text),
            Part::Stem(n) => Part::Stripped(n).of(&text[name..]),
            Part::BeforeSlash => &text[..name.saturating_sub(1)],
            // As GNU parallel has it: one extension may lie anywhere behind a dot, several may not.
            Part::Extensions(1) => match text.iter().rposition(|&b| b == b'.') {
                Some(dot) => &text[dot + 1..],
                None => &[],
            },
            Part::Extensions(n) => match extensions(text, n) {
                Some(dot) => &text[dot + 1..],
                None => &[],
            },
        }
    }
}

/// Where the last `n` extensions begin, if there are as many.
fn extensions(text: &[u8], n: u8) -> Option<usize> {
    let mut end = text.len();
    for _ in 0..n {
        end = text[..end].iter().rposition(|&b| matches!(b, b'.' | b'/'))?;
        if text[end] == b'/' {
            return None;
        }
    }
    Some(end)
}

/// What `dirname` says.
fn folder(text: &[u8]) -> &[u8] {
    let trimmed = |range: Range<usize>| {
        let end = text[range.clone()].iter().rposition(|&b| b != b'/');
        range.start..end.map_or(range.start, |at| at + 1)
    };
    let name = trimmed(0..text.len());
    let Some(slash) = text[name.clone()].iter().rposition(|&b| b == b'/') else {
        let root = text.first() == Some(&b'/') && name.is_empty();
        return if root { b"/" } else { b"." };
    };
    match &text[trimmed(0..slash)] {
        [] => b"/",
        folder => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_of_dirname() {
        let cases = [
            ("a/b.c", "a"),
            ("/x", "/"),
            ("y/", "."),
            ("./", "."),
            ("", "."),
            ("/", "/"),
            ("//", "/"),
            ("a//b", "a"),
            ("a/b/", "a"),
            ("x", "."),
            ("/a/b", "/a"),
            ("../x", ".."),
        ];
        for (path, expected) in cases {
            assert_eq!(Part::Folder.of(path.as_bytes()), expected.as_bytes(), "{path:?}");
        }
    }

    #[test]
    fn extensions_end_at_slashes() {
        let cases = [
            ("a.b/c", Part::Stripped(1), "a.b/c"),
            (".bashrc", Part::Stripped(1), ""),
            ("a.", Part::Stripped(1), "a"),
            ("d/a.b.c.d", Part::Stripped(2), "d/a.b"),
            ("d/a.b", Part::Stripped(2), "d/a.b"),
            ("d/a.b.c.d", Part::Stem(3), "a"),
            ("d.e/a", Part::Extensions(2), ""),
            ("d/a.b.c", Part::Extensions(2), "b.c"),
            ("d/a.b.c", Part::Extensions(1), "c"),
            ("d/a", Part::BeforeSlash, "d"),
            ("a", Part::BeforeSlash, ""),
            ("x/y/", Part::Name, ""),
        ];
        for (path, part, expected) in cases {
            assert_eq!(part.of(path.as_bytes()), expected.as_bytes(), "{path:?} {part:?}");
        }
    }
}
