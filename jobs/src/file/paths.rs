//! One way to write each path, so that a file is the same wherever it is named.
//! It asks no file system: two names of one file by a link are two files.

use std::borrow::Cow;
use std::path::Path;

/// `path` without `.`, `//`, `..` where something stands before it, and without `folder` in front.
pub(crate) fn normal<'p>(path: &'p str, folder: &Path) -> Cow<'p, str> {
    let inside = folder.to_str().and_then(|f| path.strip_prefix(f)?.strip_prefix('/'));
    let path = inside.unwrap_or(path);
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    if path.split('/').all(is_plain) {
        return Cow::Borrowed(path);
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|&l| l != "..") => {
                kept.pop();
            }
            ".." if !root.is_empty() => {}
            part => kept.push(part),
        }
    }
    Cow::Owned(format!("{root}{}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name() {
        for (path, want) in [
            ("a/b.c", "a/b.c"),
            ("./a//b/./c", "a/b/c"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("../../a/..", "../.."),
            ("/w/f/a/x", "a/x"),
            ("/w/fa/x", "/w/fa/x"),
            ("/../x", "/x"),
            (".", ""),
        ] {
            assert_eq!(normal(path, Path::new("/w/f")), want, "{path}");
        }
    }
}
