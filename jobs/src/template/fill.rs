//! Filling a template in.
//! It does not know how the template was written.

use super::shell::{Context, Quotes};
use super::{Piece, Segment, Style, Template, TemplateError, What, quote};

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// The arguments of the job.
    pub arguments: &'a [&'a [u8]],
    /// The number of the job, from 1.
    pub number: usize,
    /// The slot that it runs in, from 1.
    pub slot: usize,
    /// How many jobs there are; 0 where that is not known.
    pub total: usize,
}

impl<'a> Filling<'a> {
    /// The first job, with these arguments.
    pub fn new(arguments: &'a [&'a [u8]]) -> Self {
        Filling { arguments, number: 1, slot: 1, total: 1 }
    }

    /// The argument at a position from 1, or from the end, where there is one.
    fn at(&self, position: i32) -> Option<&'a [u8]> {
        let index = match position {
            1.. => position as usize - 1,
            _ => self.arguments.len().checked_sub(position.unsigned_abs() as usize)?,
        };
        self.arguments.get(index).copied()
    }
}

/// The bytes made so far, and where words end in them.
#[derive(Debug, Default)]
struct Made {
    bytes: Vec<u8>,
    /// Whether words are kept apart; they are in `words` then.
    apart: bool,
    words: Vec<Vec<u8>>,
}

impl Made {
    /// Between two arguments of one place.
    fn gap(&mut self) {
        match self.apart {
            true => self.end(),
            false => self.bytes.push(b' '),
        }
    }

    fn end(&mut self) {
        self.words.push(std::mem::take(&mut self.bytes));
    }
}

impl Template {
    /// The text, filled in.
    ///
    /// # Errors
    /// An argument that is no number stands in arithmetic of the shell.
    pub fn line(&self, filling: &Filling<'_>) -> Result<Vec<u8>, TemplateError> {
        let mut made = Made::default();
        self.fill(filling, &mut made)?;
        Ok(made.bytes)
    }

    /// The words of a command that no shell reads. Where it was read as a line for a shell, that is
    /// one word.
    ///
    /// # Errors
    /// As [`line`](Template::line).
    pub fn words(&self, filling: &Filling<'_>) -> Result<Vec<Vec<u8>>, TemplateError> {
        let mut made = Made { apart: self.words, ..Made::default() };
        self.fill(filling, &mut made)?;
        if !self.words {
            made.end();
        }
        Ok(made.words)
    }

    fn fill(&self, filling: &Filling<'_>, made: &mut Made) -> Result<(), TemplateError> {
        for segment in &*self.segments {
            if !segment.repeats || !self.repeated {
                self.segment(segment, filling, None, made)?;
                continue;
            }
            for (i, argument) in filling.arguments.iter().enumerate() {
                if i > 0 && !made.apart {
                    made.bytes.push(b' ');
                }
                self.segment(segment, filling, Some(argument), made)?;
            }
        }
        Ok(())
    }

    fn segment(
        &self,
        segment: &Segment,
        filling: &Filling<'_>,
        repeated: Option<&[u8]>,
        made: &mut Made,
    ) -> Result<(), TemplateError> {
        // A word that is nothing but a place for arguments is no word where there are none.
        let empty = filling.arguments.is_empty()
            && matches!(&segment.pieces[..], [Piece::Place(What::All(_), _), Piece::End]);
        if empty {
            return Ok(());
        }
        for piece in &segment.pieces {
            match piece {
                Piece::Text(text) => made.bytes.extend_from_slice(text),
                Piece::End => made.end(),
                Piece::Place(what, style) => match (what, repeated) {
                    (What::All(part), Some(argument)) => put(part.of(argument), *style, made)?,
                    _ => place(*what, *style, filling, made)?,
                },
            }
        }
        Ok(())
    }
}

fn place(
    what: What,
    style: Style,
    filling: &Filling<'_>,
    made: &mut Made,
) -> Result<(), TemplateError> {
    match what {
        What::All(part) => {
            for (i, argument) in filling.arguments.iter().enumerate() {
                if i > 0 {
                    made.gap();
                }
                put(part.of(argument), style, made)?;
            }
            Ok(())
        }
        // One that is missing leaves nothing, not an empty word.
        What::One(position, part) => match filling.at(position) {
            Some(argument) => put(part.of(argument), style, made),
            None => Ok(()),
        },
        What::Number => put(filling.number.to_string().as_bytes(), style, made),
        What::Slot => put(filling.slot.to_string().as_bytes(), style, made),
        What::Total => put(filling.total.to_string().as_bytes(), style, made),
    }
}

fn put(text: &[u8], style: Style, made: &mut Made) -> Result<(), TemplateError> {
    let line = &mut made.bytes;
    let Style::Shell(context) = style else {
        line.extend_from_slice(text);
        return Ok(());
    };
    match context.put(text, line) {
        true => Ok(()),
        false => Err(TemplateError {
            place: format!("the argument `{}`", String::from_utf8_lossy(text)),
            why: "it stands in arithmetic of the shell, and is no number",
        }),
    }
}

impl Context {
    /// Appends `text` to a line of a shell, which finds it there as it is; `false`, and nothing is
    /// appended, where it can only be a number and is none.
    #[must_use]
    pub(crate) fn put(self, text: &[u8], line: &mut Vec<u8>) -> bool {
        let Context { quotes, backquoted, dollar, redirected } = self;
        let from = line.len();
        if dollar && quotes != Quotes::Arithmetic {
            // With the name of a variable this is the variable; anything else is kept from the `$`.
            if quote::is_name(text) {
                line.extend_from_slice(text);
                return true;
            }
            line.extend_from_slice(br#""""#);
        }
        match quotes {
            Quotes::Bare if redirected && text.iter().all(u8::is_ascii_digit) => {
                line.push(b'\'');
                line.extend_from_slice(text);
                line.push(b'\'');
            }
            Quotes::Bare => quote::bare(text, line),
            Quotes::Single => quote::single(text, line),
            Quotes::Double => quote::double(text, line),
            Quotes::Comment => quote::comment(text, line),
            Quotes::Arithmetic if quote::is_operand(text) => line.extend_from_slice(text),
            Quotes::Arithmetic => return false,
        }
        if backquoted && quotes != Quotes::Comment {
            quote::backquoted(line, from, matches!(quotes, Quotes::Bare | Quotes::Single));
        }
        true
    }
}
