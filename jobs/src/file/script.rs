//! A script of a job: a text for a shell, with what stands in braces quoted for where it stands.
//! It does not know which names there are, or what their values are.

use super::braces::{Value, Values};
use crate::template::{Context, Quotes, Reader};

/// A script whose names are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// As it is.
    Literal(String),
    /// What stands for a name, and what stands around it.
    Value(Value, Context),
}

impl Script {
    /// Appends the script with its values: a shell finds each as it is. Items of a list are words of
    /// their own, or in quotes one word, with spaces between them, as `"$*"` is.
    pub(crate) fn render(&self, values: &dyn Values, out: &mut String) {
        let mut line = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => line.extend_from_slice(text.as_bytes()),
                Piece::Value(value, context) => {
                    let mut first = true;
                    values.words(*value, &mut |word| {
                        if !std::mem::take(&mut first) {
                            line.push(b' ');
                        }
                        let put = context.put(word.as_bytes(), &mut line);
                        debug_assert!(put, "values in arithmetic were checked");
                    });
                }
            }
        }
        out.push_str(std::str::from_utf8(&line).expect("quotes are put between characters"));
    }
}

/// A script in the making.
#[derive(Debug)]
pub(super) struct Maker {
    /// Follows the script; none where its language is not known.
    reader: Option<Reader>,
    script: Script,
}

impl Maker {
    /// A script for this shell. One that is no POSIX shell is not followed: what is put in is quoted
    /// as a word of one.
    pub(super) fn new(shell: &[String]) -> Self {
        // It may stand behind others: `env`, `nice -n 5`.
        let reader = shell.iter().any(|word| is_posix(word)).then(Reader::default);
        Maker { reader, script: Script::default() }
    }

    /// Text that is what it is.
    pub(super) fn literal(&mut self, text: &str) {
        if let Some(reader) = &mut self.reader {
            for (i, &byte) in text.as_bytes().iter().enumerate() {
                reader.read_byte(byte, &text.as_bytes()[i + 1..]);
            }
        }
        if let Some(Piece::Value(_, context)) = self.script.pieces.last_mut() {
            context.redirected = text.starts_with(['<', '>']);
        }
        self.script.pieces.push(Piece::Literal(text.to_owned()));
    }

    /// A value; returns the quotes that it stands in.
    ///
    /// # Errors
    /// Why these cannot be told.
    pub(super) fn value(&mut self, value: Value) -> Result<Quotes, &'static str> {
        let Some(reader) = &mut self.reader else {
            self.script.pieces.push(Piece::Value(value, Context::BARE));
            return Ok(Quotes::Bare);
        };
        let context = reader.context()?;
        if reader.is_escaping()
            && let Some(Piece::Literal(text)) = self.script.pieces.last_mut()
        {
            // It would take the meaning of the quote that comes first.
            match context.quotes {
                Quotes::Double => text.push('\\'),
                _ => drop(text.pop()),
            }
        }
        reader.pass();
        self.script.pieces.push(Piece::Value(value, context));
        Ok(context.quotes)
    }

    pub(super) fn end(self) -> Script {
        self.script
    }
}

/// Whether a program reads its scripts as a POSIX shell does.
fn is_posix(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "yash" | "busybox")
}
