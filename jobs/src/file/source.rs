//! The text of a job file, and what is said of a mistake in it: where, which line, what to do.
//! It does not know what a job file says.

use std::fmt;
use std::ops::Range;
use std::path::Path;

/// Characters of a source line that are shown at most.
const SHOWN: usize = 90;

/// Something, and where it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Spot<T> {
    /// What stands there.
    pub(crate) what: T,
    /// The bytes of the file that it stands in.
    pub(crate) span: Range<usize>,
}

/// What is wrong with a job file, where, and what to do about it.
///
/// It reads as compilers have it: the place, what is wrong, the line with a caret, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    file: String,
    place: Option<(usize, usize)>,
    message: String,
    excerpt: String,
    help: Option<String>,
}

impl Mistake {
    /// A mistake of the file as a whole.
    pub(crate) fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Mistake {
            file: path.display().to_string(),
            place: None,
            message: message.into(),
            excerpt: String::new(),
            help: None,
        }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Line and column of the mistake, both from 1, columns in characters; `None` where it is no
    /// matter of a place.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }

    /// Everything but the hint.
    pub fn without_hint(&self) -> String {
        let Mistake { file, message, excerpt, .. } = self;
        match self.place {
            Some((line, column)) => format!("{file}:{line}:{column}: {message}\n{excerpt}"),
            None => format!("{file}: {message}"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_hint())?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// A text, and the name of the file that it is from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The name of the file, as it is to be shown.
    pub(crate) path: &'a Path,
    /// What is in it.
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// A mistake at the bytes of `span`.
    pub(crate) fn mistake(&self, span: &Range<usize>, message: impl Into<String>) -> Mistake {
        let start = floor(self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].split('\n').next().unwrap_or("");
        let number = self.text[..line_start].matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count();
        let end = floor(self.text, span.end).clamp(start, line_start + line.len());
        let marked = self.text[start..end].chars().count();
        Mistake {
            place: Some((number, column + 1)),
            excerpt: excerpt(number, line, column, marked),
            ..Mistake::of_file(self.path, message)
        }
    }

    /// Where `part`, which stands in `text` at the byte `at`, stands in the bytes of `span` that `text`
    /// was written as, for a caret below it: a text with escapes is not written as it reads, and
    /// where the part is then not found it is the whole.
    pub(crate) fn within(
        &self,
        span: &Range<usize>,
        (text, part): (&str, &str),
        at: usize,
    ) -> Range<usize> {
        let written = self.text.get(span.clone()).unwrap_or("");
        let before = text[..at].matches(part).count();
        match written.match_indices(part).nth(before) {
            Some((at, _)) => span.start + at..span.start + at + part.len(),
            None => span.clone(),
        }
    }
}

/// The end of the character that `byte` is in the middle of is never shown in part.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The line with carets below what is wrong; of a long line what is around it.
fn excerpt(number: usize, line: &str, column: usize, marked: usize) -> String {
    // One cell a character, so that the carets stand where they should.
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let from = if column + marked.min(SHOWN / 2) < SHOWN { 0 } else { column - SHOWN / 3 };
    let shown: String = line.chars().skip(from).take(SHOWN).map(clean).collect();
    let shown = shown.trim_end();
    let before = if from > 0 { "…" } else { "" };
    let after = if line.trim_end().chars().count() > from + SHOWN { "…" } else { "" };
    let gutter = " ".repeat(number.to_string().len());
    let indent = " ".repeat(column - from + usize::from(from > 0));
    let carets = "^".repeat(marked.min(SHOWN - (column - from)).max(1));
    format!("{gutter} |\n{number} | {before}{shown}{after}\n{gutter} | {indent}{carets}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Range<usize>) -> String {
        Source { path: Path::new("j.toml"), text }.mistake(&span, "no").to_string()
    }

    #[test]
    fn carets_stand_below_what_is_meant() {
        assert_eq!(shown("a = 1\n\tüb = 2\n", 7..10), "j.toml:2:2: no\n  |\n2 |  üb = 2\n  |  ^^");
        assert_eq!(shown("", 0..0), "j.toml:1:1: no\n  |\n1 | \n  | ^");
        assert_eq!(shown("abc", 9..12), "j.toml:1:4: no\n  |\n1 | abc\n  |    ^");
    }

    #[test]
    fn spans_over_lines_end_with_the_first() {
        assert_eq!(shown("x = [\n1]\n", 4..8), "j.toml:1:5: no\n  |\n1 | x = [\n  |     ^");
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let text = format!("{}WRONG{}", "é".repeat(500), "f".repeat(500));
        let out = shown(&text, 1000..1005);
        let lines: Vec<&str> = out.lines().collect();
        let at = lines[3].find('^').unwrap();
        assert_eq!(lines[3].matches('^').count(), 5);
        let marked: String = lines[2].chars().skip(at).take(5).collect();
        assert_eq!(marked, "WRONG");
        assert!(lines[2].chars().count() < 100);
    }
}
