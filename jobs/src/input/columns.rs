//! Items that are rows of a table, and white space around arguments.
//! It does not know what the columns are called.

use regex::bytes::Regex;

/// On which sides of an argument white space is cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trim {
    /// Before it.
    pub left: bool,
    /// Behind it.
    pub right: bool,
}

impl Trim {
    /// Before it and behind it.
    pub const BOTH: Trim = Trim { left: true, right: true };

    /// Without the white space.
    pub fn of(self, text: &[u8]) -> &[u8] {
        let text = if self.left { text.trim_ascii_start() } else { text };
        if self.right { text.trim_ascii_end() } else { text }
    }
}

/// How an item is parted into arguments.
#[derive(Clone, Debug)]
pub struct Columns {
    separator: Regex,
    trim: Trim,
}

impl Columns {
    /// Parts at what the regular expression `separator` matches.
    ///
    /// # Errors
    /// It is none.
    pub fn new(separator: &str, trim: Trim) -> Result<Self, regex::Error> {
        let separator = Regex::new(&format!("(?-u){separator}"))?;
        Ok(Columns { separator, trim })
    }

    /// Appends the arguments in `item`.
    pub fn split<'a>(&self, item: &'a [u8], arguments: &mut Vec<&'a [u8]>) {
        let mut start = 0;
        // A match of nothing, as of `,*`, parts nothing.
        for found in self.separator.find_iter(item).filter(|found| !found.is_empty()) {
            arguments.push(self.trim.of(&item[start..found.start()]));
            start = found.end();
        }
        arguments.push(self.trim.of(&item[start..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_trimmed() {
        let columns = Columns::new("[,;]", Trim::BOTH).unwrap();
        let mut arguments = vec![];
        columns.split(b" a ,b c;; \xff", &mut arguments);
        assert_eq!(arguments, [&b"a"[..], b"b c", b"", b"\xff"]);
    }
}
