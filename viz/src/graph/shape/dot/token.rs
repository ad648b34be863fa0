//! The words and marks of the language of Graphviz, with their places.
//! It does not know which may follow which.

use std::iter::Peekable;
use std::str::Chars;

use super::super::error::{ShapeError, ShapeErrorKind};

/// A word or a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Mark(char),
    /// `->`
    Arrow,
    /// `--`
    Line,
    End,
}

/// Reads tokens one by one; the next can be looked at.
pub(super) struct Tokens<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
    column: usize,
    /// The token that is next, where it begins, and whether it is a bare word.
    next: Token,
    place: (usize, usize),
    bare: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, ShapeError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut tokens = Tokens {
            chars: text.chars().peekable(),
            line: 1,
            column: 1,
            next: Token::End,
            place: (1, 1),
            bare: false,
        };
        tokens.next()?;
        Ok(tokens)
    }

    pub(super) fn peek(&self) -> &Token {
        &self.next
    }

    /// Takes the token that is next.
    pub(super) fn next(&mut self) -> Result<Token, ShapeError> {
        self.skip_blank()?;
        self.place = (self.line, self.column);
        self.bare = false;
        let next = self.read()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Takes the next token if it is this keyword, in whatever case.
    pub(super) fn take_word(&mut self, word: &str) -> Result<bool, ShapeError> {
        let is_it =
            self.bare && matches!(&self.next, Token::Name(n) if n.eq_ignore_ascii_case(word));
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    /// Takes the next token if it is an arrow.
    pub(super) fn take_arrow(&mut self) -> Result<bool, ShapeError> {
        match self.next {
            Token::Arrow => self.next().map(|_| true),
            Token::Line => Err(self.error(
                ShapeErrorKind::Undirected,
                "`--` has no direction; edges of a task graph are `->`",
            )),
            _ => Ok(false),
        }
    }

    pub(super) fn error(&self, kind: ShapeErrorKind, message: &str) -> ShapeError {
        ShapeError::new(kind, message).at(self.place.0, self.place.1)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> ShapeError {
        let found = match &self.next {
            Token::Name(name) => format!("`{}`", name.chars().take(40).collect::<String>()),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::Arrow => "`->`".to_owned(),
            Token::Line => "`--`".to_owned(),
            Token::End => "the end".to_owned(),
        };
        self.error(ShapeErrorKind::Dot, &format!("expected {wanted}, found {found}"))
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn here(&self, message: &str) -> ShapeError {
        ShapeError::new(ShapeErrorKind::Dot, message).at(self.line, self.column)
    }

    fn skip_blank(&mut self) -> Result<(), ShapeError> {
        while let Some(&c) = self.chars.peek() {
            match c {
                // A line of the C preprocessor.
                '#' if self.column == 1 => self.skip_line(),
                '/' => self.skip_comment()?,
                c if c.is_whitespace() => drop(self.bump()),
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.bump().is_some_and(|c| c != '\n') {}
    }

    fn skip_comment(&mut self) -> Result<(), ShapeError> {
        self.bump();
        match self.bump() {
            Some('/') => self.skip_line(),
            Some('*') => {
                let mut last = ' ';
                loop {
                    match self.bump() {
                        Some('/') if last == '*' => break,
                        Some(c) => last = c,
                        None => return Err(self.here("a comment that does not end")),
                    }
                }
            }
            _ => return Err(self.here("expected `//` or `/*`")),
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Token, ShapeError> {
        let Some(&c) = self.chars.peek() else { return Ok(Token::End) };
        match c {
            '{' | '}' | '[' | ']' | ';' | ',' | '=' | ':' => {
                self.bump();
                Ok(Token::Mark(c))
            }
            '"' => self.quoted(),
            '<' => self.html(),
            '-' => {
                self.bump();
                match self.chars.peek() {
                    Some('>') => self.bump().map_or(Ok(Token::End), |_| Ok(Token::Arrow)),
                    Some('-') => self.bump().map_or(Ok(Token::End), |_| Ok(Token::Line)),
                    Some('0'..='9' | '.') => Ok(Token::Name(format!("-{}", self.word()))),
                    _ => Err(self.here("expected `->` or a number after `-`")),
                }
            }
            c if is_word(c) => {
                self.bare = true;
                Ok(Token::Name(self.word()))
            }
            c => Err(self.here(&format!("`{}` has no meaning here; quote it", c.escape_default()))),
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.chars.next_if(|&c| is_word(c)) {
            self.column += 1;
            word.push(c);
        }
        word
    }

    /// A string in quotes; several are joined by `+`.
    fn quoted(&mut self) -> Result<Token, ShapeError> {
        let mut text = String::new();
        loop {
            self.bump();
            loop {
                match self.bump() {
                    Some('"') => break,
                    Some('\\') => match self.bump() {
                        Some('n') => text.push('\n'),
                        Some(c @ ('"' | '\\')) => text.push(c),
                        Some('\n') => {}
                        Some(c) => text.extend(['\\', c]),
                        None => return Err(self.here("a string that does not end")),
                    },
                    Some(c) => text.push(c),
                    None => return Err(self.here("a string that does not end")),
                }
            }
            self.skip_blank()?;
            if self.chars.next_if_eq(&'+').is_none() {
                return Ok(Token::Name(text));
            }
            self.column += 1;
            self.skip_blank()?;
            if self.chars.peek() != Some(&'"') {
                return Err(self.here("expected a string in quotes after `+`"));
            }
        }
    }

    /// A label in HTML, of which only the text stays.
    fn html(&mut self) -> Result<Token, ShapeError> {
        let (mut depth, mut text) = (0, String::new());
        loop {
            match self.bump() {
                Some('<') => depth += 1,
                Some('>') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(Token::Name(text));
                    }
                    text.push(' ');
                }
                Some(c) if depth == 1 => text.push(c),
                Some(_) => {}
                None => return Err(self.here("a label in HTML that does not end")),
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.' || c as u32 >= 128
}
