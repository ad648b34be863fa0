//! Where records end, and what stands before the first one.
//! It does not read.

use memchr::memmem;
use regex::bytes::Regex;

/// How records are told apart.
#[derive(Clone, Debug)]
pub struct Records {
    separator: Separator,
    /// Whether what parts records is left out of blocks.
    removed: bool,
}

#[derive(Clone, Debug)]
enum Separator {
    /// There is none: a record may end anywhere.
    None,
    /// What ends a record, and what begins the next, of which one may be empty.
    Text { whole: Vec<u8>, end: usize },
    /// The same; what ends it is the first group.
    Pattern(Regex),
}

impl Records {
    /// Records that end with `end` and begin with `start`; where neither has any bytes, they may end
    /// anywhere.
    pub fn new(end: &[u8], start: &[u8]) -> Self {
        let whole = [end, start].concat();
        let separator = match whole.is_empty() {
            true => Separator::None,
            false => Separator::Text { whole, end: end.len() },
        };
        Records { separator, removed: false }
    }

    /// The same by regular expressions.
    ///
    /// # Errors
    /// One of them is none.
    pub fn matching(end: &str, start: &str) -> Result<Self, regex::Error> {
        if end.is_empty() && start.is_empty() {
            return Ok(Records::new(b"", b""));
        }
        let pattern = Regex::new(&format!("(?s-u)((?:{end}))(?:{start})"))?;
        Ok(Records { separator: Separator::Pattern(pattern), removed: false })
    }

    /// Leaves what parts records out of blocks.
    #[must_use]
    pub fn removed(mut self, removed: bool) -> Self {
        self.removed = removed;
        self
    }

    /// Where the `n`th record ends, if the end of it is there.
    pub(super) fn nth(&self, text: &[u8], n: usize) -> Option<usize> {
        match &self.separator {
            Separator::None => (text.len() > n).then_some(n),
            _ => {
                let mut at = 0;
                for _ in 0..n {
                    at = self.next(text, at)?;
                }
                Some(at)
            }
        }
    }

    /// Where the last record that is there in full ends, of a number of records that can be divided
    /// by `multiple`.
    pub(super) fn last(&self, text: &[u8], multiple: usize) -> Option<usize> {
        match &self.separator {
            Separator::None => Some(text.len()).filter(|&end| end > 0),
            Separator::Text { whole, end } if multiple == 1 => {
                let found = memmem::rfind(text, whole)? + end;
                (found > 0).then_some(found)
            }
            _ => {
                let (mut at, mut count, mut last) = (0, 0, None);
                while let Some(end) = self.next(text, at) {
                    (at, count) = (end, count + 1);
                    if count % multiple == 0 {
                        last = Some(end);
                    }
                }
                last
            }
        }
    }

    /// The end of the record that begins at `from`.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        // What begins the record itself does not end it.
        match &self.separator {
            Separator::None => None,
            Separator::Text { whole, end } => {
                let skip = from + usize::from(*end == 0);
                Some(memmem::find(text.get(skip..)?, whole)? + skip + end)
            }
            Separator::Pattern(pattern) => {
                let mut at = from;
                loop {
                    let found = pattern.captures_at(text, at)?;
                    let end = found.get(1).expect("the group is not optional").end();
                    if end > from {
                        return Some(end);
                    }
                    at += 1;
                    if at > text.len() {
                        return None;
                    }
                }
            }
        }
    }

    /// Appends a block, without what parts records where that is left out.
    pub(super) fn append(&self, body: &[u8], block: &mut Vec<u8>) {
        let mut start = 0;
        match &self.separator {
            Separator::Text { whole, .. } if self.removed => {
                for found in memmem::find_iter(body, whole) {
                    block.extend_from_slice(&body[start..found]);
                    start = found + whole.len();
                }
            }
            Separator::Pattern(pattern) if self.removed => {
                for found in pattern.find_iter(body) {
                    block.extend_from_slice(&body[start..found.start()]);
                    start = found.end();
                }
            }
            _ => {}
        }
        block.extend_from_slice(&body[start..]);
    }
}

/// What stands before the first record.
#[derive(Clone, Debug)]
pub enum Header {
    /// Nothing.
    None,
    /// So many lines.
    Lines(usize),
    /// What this matches, at the beginning.
    Pattern(Regex),
}

impl Header {
    /// By the text of an option: `:` is one line, a number is that many, anything else is a regular
    /// expression.
    ///
    /// # Errors
    /// It is no regular expression.
    pub fn parse(text: &str) -> Result<Self, regex::Error> {
        if let Ok(lines) = text.parse() {
            return Ok(Header::Lines(lines));
        }
        match text {
            ":" => Ok(Header::Lines(1)),
            _ => Regex::new(&format!("\\A(?-u:{text})")).map(Header::Pattern),
        }
    }

    pub(super) fn length(&self, text: &[u8]) -> usize {
        match self {
            Header::None => 0,
            Header::Lines(0) => 0,
            Header::Lines(n) => {
                memchr::memchr_iter(b'\n', text).nth(n - 1).map_or(text.len(), |end| end + 1)
            }
            Header::Pattern(pattern) => pattern.find(text).map_or(0, |found| found.end()),
        }
    }
}
