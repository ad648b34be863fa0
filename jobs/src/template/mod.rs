//! Command lines with places for arguments: read once, filled in for each job.
//! It does not know where arguments come from.

mod document;
mod fill;
mod marks;
mod path;
pub mod quote;
mod shell;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

pub use fill::Filling;
pub use marks::Marks;
pub use path::Part;

pub(crate) use shell::{Context, Quotes, Reader};

/// What a place stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// All arguments, with a space between them, or this part of each.
    All(Part),
    /// The argument at this position, from 1, or from the end where it is negative.
    One(i32, Part),
    /// The number of the job, from 1.
    Number,
    /// The slot it runs in, from 1.
    Slot,
    /// How many jobs there are.
    Total,
}

/// How what is filled in is kept apart from the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Quoted, for a shell that reads the line.
    Shell(Context),
    /// Not at all.
    Plain,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Place(What, Style),
    /// The end of a word, where words are kept apart.
    End,
}

/// What stands without white space in a template, or white space; the unit of repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Segment {
    pieces: Vec<Piece>,
    /// Whether there is a place for all arguments in it.
    repeats: bool,
}

/// How a command line is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Words are arguments of a program that is started without a shell.
    pub words: bool,
    /// Words are quoted, so that a shell finds nothing in them.
    pub quoted: bool,
    /// Where there are several arguments, a word with a place in it is repeated for each of them, as
    /// a whole; otherwise the place alone.
    pub repeated: bool,
    /// No argument is appended to a command without a place.
    pub bare: bool,
}

/// A text with places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    segments: Arc<[Segment]>,
    repeated: bool,
    words: bool,
}

/// A template that cannot be filled safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    place: String,
    why: &'static str,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be replaced safely: {}", self.place, self.why)
    }
}

impl Error for TemplateError {}

impl Template {
    /// The command that is made of `words`, with a space between them. A command without a place has
    /// `{}` appended; one that is nothing but `{}`, or has no words, is the argument itself.
    ///
    /// # Errors
    /// A place where a shell would give parts of an argument a meaning.
    ///
    /// ```
    /// use tine_jobs::template::{Filling, Marks, Reading, Template};
    ///
    /// let words = ["gzip".as_bytes(), b"-c", b"{}", b">", b"\"out of/{/.}\""];
    /// let gzip = Template::command(&words, &Marks::default(), Reading::default())?;
    /// let line = gzip.line(&Filling::new(&[b"in/a $b.csv"]))?;
    /// assert_eq!(line, br#"gzip -c 'in/a $b.csv' > "out of/a \$b""#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn command(
        words: &[impl AsRef<[u8]>],
        marks: &Marks,
        reading: Reading,
    ) -> Result<Template, TemplateError> {
        let mut found: Vec<Vec<(Vec<u8>, Option<What>)>> =
            words.iter().map(|word| marks.find(word.as_ref())).collect();
        let is_argument =
            |w: &[(Vec<u8>, Option<What>)]| matches!(w, [(_, Some(What::All(Part::Whole)))]);
        let alone = matches!(&found[..], [word] if is_argument(word));
        if !reading.words && !reading.quoted && (words.is_empty() || alone) {
            return Ok(Template::raw());
        }
        let has_place = found.iter().flatten().any(|(_, what)| what.is_some());
        if !has_place && !reading.bare {
            found.push(vec![(b"{}".to_vec(), Some(What::All(Part::Whole)))]);
        }
        let mut maker = Maker { reading, reader: Reader::default(), segments: vec![] };
        for (i, word) in found.iter().enumerate() {
            maker.word(word, i + 1 == found.len())?;
        }
        let segments = maker.segments.into();
        Ok(Template { segments, repeated: reading.repeated, words: reading.words })
    }

    /// A text that no shell reads, as a tag or the name of a file.
    pub fn text(text: &[u8], marks: &Marks) -> Template {
        let pieces = marks.find(text).into_iter().map(|(text, what)| match what {
            Some(what) => Piece::Place(what, Style::Plain),
            None => Piece::Text(text),
        });
        let segment = Segment { pieces: pieces.collect(), repeats: false };
        Template { segments: [segment].into(), repeated: false, words: false }
    }

    /// The arguments themselves, with a space between them.
    pub fn raw() -> Template {
        Template::text(b"{}", &Marks::default())
    }

    /// Whether there is a place in it.
    pub fn has_places(&self) -> bool {
        self.places().next().is_some()
    }

    /// Whether it says how many jobs there are, so that all must be known.
    pub fn needs_total(&self) -> bool {
        self.places().any(|what| what == What::Total)
    }

    fn places(&self) -> impl Iterator<Item = What> + '_ {
        self.segments.iter().flat_map(|s| &s.pieces).filter_map(|piece| match piece {
            Piece::Place(what, _) => Some(*what),
            _ => None,
        })
    }
}

/// A template in the making.
struct Maker {
    reading: Reading,
    reader: Reader,
    segments: Vec<Segment>,
}

impl Maker {
    fn word(&mut self, word: &[(Vec<u8>, Option<What>)], last: bool) -> Result<(), TemplateError> {
        if word.is_empty() && self.reading.quoted {
            self.push(Piece::Text(b"''".to_vec()), false);
        }
        for (text, what) in word {
            match what {
                Some(what) => self.place(*what, text)?,
                None if self.reading.words => self.push(Piece::Text(text.clone()), false),
                None if self.reading.quoted => {
                    let mut quoted = vec![];
                    quote::bare(text, &mut quoted);
                    self.push(Piece::Text(quoted), false);
                }
                None => self.line(text),
            }
        }
        match (self.reading.words, last) {
            (true, _) => {
                self.push(Piece::End, false);
                self.segments.push(Segment::default());
            }
            (false, false) if self.reading.quoted => self.blank(b' '),
            (false, false) => self.line(b" "),
            (false, true) => {}
        }
        Ok(())
    }

    fn push(&mut self, piece: Piece, repeats: bool) {
        if self.segments.is_empty() {
            self.segments.push(Segment::default());
        }
        let segment = self.segments.last_mut().expect("there is one");
        segment.repeats |= repeats;
        match (&piece, segment.pieces.last_mut()) {
            (Piece::Text(more), _) if more.is_empty() => {}
            (Piece::Text(more), Some(Piece::Text(text))) => text.extend_from_slice(more),
            (Piece::Text(more), Some(Piece::Place(_, Style::Shell(context)))) => {
                context.redirected = matches!(more[0], b'<' | b'>');
                segment.pieces.push(piece);
            }
            _ => segment.pieces.push(piece),
        }
    }

    /// White space between words.
    fn blank(&mut self, byte: u8) {
        let space = Segment { pieces: vec![Piece::Text(vec![byte])], repeats: false };
        self.segments.extend([space, Segment::default()]);
    }

    /// Text that a shell reads.
    fn line(&mut self, text: &[u8]) {
        let mut start = 0;
        let mut reader = std::mem::take(&mut self.reader);
        for (i, &byte) in text.iter().enumerate() {
            let parts = reader.is_between() && byte.is_ascii_whitespace();
            if parts {
                self.push(Piece::Text(text[start..i].to_vec()), false);
                self.blank(byte);
                start = i + 1;
            }
            reader.read_byte(byte, &text[i + 1..]);
        }
        self.push(Piece::Text(text[start..].to_vec()), false);
        self.reader = reader;
    }

    fn place(&mut self, what: What, text: &[u8]) -> Result<(), TemplateError> {
        let repeats = matches!(what, What::All(_));
        if self.reading.words {
            self.push(Piece::Place(what, Style::Plain), repeats);
            return Ok(());
        }
        let context = self.reader.context().map_err(|why| TemplateError {
            place: String::from_utf8_lossy(text).into_owned(),
            why,
        })?;
        if self.reader.is_escaping() {
            self.settle_backslash(context.quotes);
        }
        self.reader.pass();
        self.push(Piece::Place(what, Style::Shell(context)), repeats);
        Ok(())
    }

    /// A backslash before a place would take the meaning of the quote that comes first: what the
    /// shell makes of one before an ordinary character stands there instead.
    fn settle_backslash(&mut self, quotes: Quotes) {
        let pieces = self.segments.last_mut().map(|s| &mut s.pieces);
        let Some(Piece::Text(text)) = pieces.and_then(|p| p.last_mut()) else { return };
        match quotes {
            Quotes::Double => text.push(b'\\'),
            _ => drop(text.pop()),
        }
    }
}

#[cfg(test)]
mod tests;
