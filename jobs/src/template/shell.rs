//! Where in a line of a shell a place stands: in which quotes, in a comment, in a substitution.
//! It follows the line as a POSIX shell reads it, and says so where it cannot; it runs nothing.

use super::document::Document;

/// What surrounds a place, and so how an argument is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The quotes it is in.
    pub(crate) quotes: Quotes,
    /// Whether these are in backquotes.
    pub(crate) backquoted: bool,
    /// Whether there is a `$` directly before it.
    pub(crate) dollar: bool,
    /// Whether there is a redirection directly behind it, for which a number would be a descriptor.
    pub(crate) redirected: bool,
}

impl Context {
    /// Where nothing is quoted.
    pub(crate) const BARE: Context =
        Context { quotes: Quotes::Bare, backquoted: false, dollar: false, redirected: false };
}

/// The quotes around a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    Bare,
    Single,
    Double,
    Arithmetic,
    Comment,
}

/// Something that is open and has not been closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Single,
    Double,
    Comment,
    Backquotes,
    /// `(`, or `$(`.
    Parenthesis,
    /// `$((`.
    Arithmetic,
}

/// A reader of one line, from left to right.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    open: Vec<Open>,
    /// Whether the last byte was a backslash that takes the next one's meaning.
    escaping: bool,
    /// The last two bytes.
    last: [u8; 2],
    /// The word that is being read, where nothing is quoted: for `case`.
    word: Vec<u8>,
    /// Here-documents that begin with the next line; none for one whose end is not known.
    documents: Vec<Option<Document>>,
    /// How many of the next bytes are in a here-document.
    skipped: usize,
    /// Why what follows cannot be told.
    lost: Option<&'static str>,
}

impl Reader {
    /// Reads on by one byte, before `rest` and, perhaps, a place.
    pub(crate) fn read_byte(&mut self, byte: u8, rest: &[u8]) {
        if self.skipped > 0 {
            self.skipped -= 1;
            self.last = *b"xx";
            return;
        }
        let escaped = self.escaping;
        self.step(byte, rest);
        // A `$` after a backslash begins nothing.
        self.last = if escaped { *b"xx" } else { [self.last[1], byte] };
    }

    /// An argument stands here.
    pub(crate) fn pass(&mut self) {
        self.escaping = false;
        self.last = *b"xx";
        self.word.push(b'x');
    }

    /// Whether a backslash that has nothing to its right yet was the last thing read.
    pub(crate) fn is_escaping(&self) -> bool {
        self.escaping
    }

    /// What surrounds a place that comes next.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(crate) fn context(&self) -> Result<Context, &'static str> {
        let backquotes = self.open.iter().filter(|&&o| o == Open::Backquotes).count();
        match self.lost {
            Some(why) => return Err(why),
            None if backquotes > 1 => return Err("it is in backquotes inside of backquotes"),
            None if backquotes == 1 && self.escaping => {
                return Err("it follows a backslash in backquotes");
            }
            None => {}
        }
        let quotes = match self.open.last() {
            Some(Open::Single) => Quotes::Single,
            Some(Open::Double) => Quotes::Double,
            Some(Open::Comment) => Quotes::Comment,
            Some(Open::Arithmetic) => Quotes::Arithmetic,
            Some(Open::Backquotes | Open::Parenthesis) | None => Quotes::Bare,
        };
        let dollar = self.last[1] == b'$' && !matches!(quotes, Quotes::Single | Quotes::Comment);
        Ok(Context { quotes, backquoted: backquotes == 1, dollar, redirected: false })
    }

    /// Whether nothing is open, so that white space parts words.
    pub(super) fn is_between(&self) -> bool {
        self.open.is_empty() && !self.escaping
    }

    fn step(&mut self, byte: u8, rest: &[u8]) {
        if std::mem::take(&mut self.escaping) {
            if byte == b'`' && self.open.contains(&Open::Backquotes) {
                self.lost = Some("there are backquotes inside of backquotes before it");
            }
            self.word.push(byte);
            return;
        }
        match self.open.last().copied() {
            Some(Open::Single) => {
                if byte == b'\'' {
                    self.open.pop();
                }
            }
            Some(Open::Comment) => match byte {
                b'\n' => {
                    self.open.pop();
                    self.end_line(rest);
                }
                b'`' if self.open.contains(&Open::Backquotes) => {
                    self.lost = Some("there is a comment in backquotes before it");
                }
                _ => {}
            },
            Some(Open::Double) => self.in_double(byte, rest),
            Some(Open::Arithmetic) => self.in_arithmetic(byte, rest),
            inside => self.in_bare(byte, rest, inside),
        }
    }

    fn in_double(&mut self, byte: u8, rest: &[u8]) {
        match byte {
            b'"' => drop(self.open.pop()),
            b'\\' => self.escaping = true,
            b'`' => self.toggle_backquotes(),
            b'$' => self.dollar(rest),
            b'(' if self.last[1] == b'$' => self.open_parenthesis(rest),
            b'{' if self.last[1] == b'$' => self.braces(rest),
            _ => {}
        }
    }

    fn in_arithmetic(&mut self, byte: u8, rest: &[u8]) {
        match byte {
            b'(' if self.last[1] == b'$' => self.open_parenthesis(rest),
            b'(' => self.open.push(Open::Arithmetic),
            b')' => drop(self.open.pop()),
            b'\\' => self.escaping = true,
            b'`' => self.toggle_backquotes(),
            b'\'' | b'"' => self.lost = Some("there are quotes in arithmetic before it"),
            _ => {}
        }
    }

    fn in_bare(&mut self, byte: u8, rest: &[u8], inside: Option<Open>) {
        let starts = self.word.is_empty();
        match byte {
            b'\'' if self.last[1] == b'$' => self.ansi(rest),
            b'\'' => self.open.push(Open::Single),
            b'"' => self.open.push(Open::Double),
            b'\\' => self.escaping = true,
            b'`' => self.toggle_backquotes(),
            b'#' if starts => self.open.push(Open::Comment),
            b'(' => self.open_parenthesis(rest),
            b'{' if self.last[1] == b'$' => self.braces(rest),
            b')' if inside == Some(Open::Parenthesis) => drop(self.open.pop()),
            // With a third it is a here-string, a word like others.
            b'<' if self.last[1] == b'<' && self.last[0] != b'<' && rest.first() != Some(&b'<') => {
                self.documents.push(Document::read(rest));
            }
            b'\n' => self.end_line(rest),
            _ => {}
        }
        if self.word == b"case" && inside.is_some() && !is_word(byte) {
            self.lost = Some("there is a `case` in a substitution before it");
        }
        match is_word(byte) {
            true => self.word.push(byte),
            false => self.word.clear(),
        }
    }

    fn end_line(&mut self, rest: &[u8]) {
        let in_backquotes = self.open.contains(&Open::Backquotes);
        for document in std::mem::take(&mut self.documents) {
            let behind = &rest[self.skipped..];
            match document.filter(|_| !in_backquotes).and_then(|d| d.length(behind)) {
                Some(length) => self.skipped += length,
                None => self.lost = Some("it is in a here-document, or after one"),
            }
        }
    }

    fn toggle_backquotes(&mut self) {
        // Inside of double quotes that were opened in them they close these all the same.
        match self.open.iter().rposition(|&o| o == Open::Backquotes) {
            Some(at) => self.open.truncate(at),
            None => self.open.push(Open::Backquotes),
        }
        self.word.clear();
    }

    fn open_parenthesis(&mut self, rest: &[u8]) {
        let doubled = rest.first() == Some(&b'(');
        match self.last[1] == b'$' && doubled {
            true => self.open.push(Open::Arithmetic),
            // `((` of bash is a command of its own, where quotes follow other rules.
            false if doubled && !is_simple_arithmetic(rest) => {
                self.lost = Some("there is `((` before it");
            }
            false => self.open.push(Open::Parenthesis),
        }
        self.word.clear();
    }

    /// `${`: what is in it up to `}` follows other rules where it has quotes.
    fn braces(&mut self, rest: &[u8]) {
        let inner = rest.split(|&b| b == b'}').next().unwrap_or_default();
        let quoted = inner.iter().any(|b| matches!(b, b'\'' | b'"' | b'`' | b'\\'));
        if quoted || inner.len() == rest.len() {
            self.lost = Some("it is in ${...}, or there are quotes in one before it");
        }
    }

    fn dollar(&mut self, rest: &[u8]) {
        if rest.first() == Some(&b'[') {
            self.lost = Some("there is $[ before it");
        }
    }

    /// `$'`: not all shells know it, and those that do end it at another place where a backslash
    /// takes the meaning of a quote.
    fn ansi(&mut self, rest: &[u8]) {
        let end = rest.iter().position(|&b| b == b'\'');
        let mut escaped = false;
        let known = rest.iter().position(|&b| {
            let ends = b == b'\'' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        });
        match end.is_some() && end == known {
            true => self.open.push(Open::Single),
            false => self.lost = Some("it is in $'...', or after one with a quote in it"),
        }
    }
}

/// Whether `((`, of which `rest` follows the first, means the same however it is read.
fn is_simple_arithmetic(rest: &[u8]) -> bool {
    let Some(end) = rest.windows(2).position(|two| two == b"))") else { return false };
    let inner = &rest[..end];
    let quotes = inner.iter().any(|b| matches!(b, b'\'' | b'"' | b'`' | b'\\' | b'#'));
    !quotes && !inner.windows(2).any(|two| two == b"<<")
}

/// Whether the byte goes on with a word, where nothing is quoted.
fn is_word(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' | b'`')
}
