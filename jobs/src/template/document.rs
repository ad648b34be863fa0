//! A here-document in a script of a shell: the line that ends it, and how long it is.
//! It does not know what is in it.

/// What `<<` is followed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// The line that ends it.
    end: Vec<u8>,
    /// Whether its lines lose the tabs that they begin with: `<<-`.
    tabs: bool,
    /// Whether a backslash at the end of a line means nothing.
    quoted: bool,
}

impl Document {
    /// Reads what follows `<<`; `None` where it is not a simple word, or goes on behind `rest`.
    pub(super) fn read(rest: &[u8]) -> Option<Document> {
        let (tabs, rest) = match rest {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, rest),
        };
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let rest = &rest[blanks..];
        let (quoted, word, behind) = match rest {
            [quote @ (b'\'' | b'"'), rest @ ..] => {
                let length = rest.iter().position(|b| b == quote)?;
                (true, &rest[..length], &rest[length + 1..])
            }
            [b'\\', rest @ ..] => {
                let (word, behind) = plain(rest);
                (true, word, behind)
            }
            _ => {
                let (word, behind) = plain(rest);
                (false, word, behind)
            }
        };
        let ends = behind.first().is_some_and(|b| b" \t\n;&|<>)".contains(b));
        let simple = !word.is_empty() && word.iter().all(|&b| is_plain(b));
        (ends && simple).then(|| Document { end: word.to_vec(), tabs, quoted })
    }

    /// How many bytes of `text`, which begins with its first line, it has, the line that ends it
    /// included; `None` where that is not there.
    pub(super) fn length(&self, text: &[u8]) -> Option<usize> {
        let mut length = 0;
        for line in text.split_inclusive(|&b| b == b'\n') {
            length += line.len();
            let line = line.strip_suffix(b"\n")?;
            let tabs = line.iter().take_while(|&&b| self.tabs && b == b'\t').count();
            if line[tabs..] == self.end[..] {
                return Some(length);
            }
            // A line that goes on with the next may hide the one that ends it.
            if !self.quoted && line.ends_with(b"\\") {
                return None;
            }
        }
        None
    }
}

fn plain(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|&&b| is_plain(b)).count())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}
