//! The two streams of the command while jobs run: what jobs print goes through, and below it stand
//! lines that are written over.
//! It does not know what the lines say.

use std::io::{self, IsTerminal};

use terminal_size::{Height, Width, terminal_size_of};
use tine_jobs::output::{Sink, Streams};
use tine_scheduler::OutputStream;

/// Draws after the last output that a line without an end is given up on: it is about a second.
const PATIENCE: u32 = 10;

/// A screen that jobs print to, with lines below what they have printed.
#[derive(Debug)]
pub(crate) struct Terminal<S = Streams> {
    inner: S,
    /// Which streams are seen on the screen.
    screen: [bool; 2],
    /// Whether what jobs print to standard output goes to standard error, because standard output is
    /// for something else.
    diverted: bool,
    /// Lines that stand below the output.
    drawn: usize,
    /// Whether what was printed last ends in the middle of a line.
    within: bool,
    /// Draws since something was printed.
    idle: u32,
}

impl Terminal {
    /// The streams of this process.
    ///
    /// # Errors
    /// One of them is closed.
    pub(crate) fn new() -> io::Result<Terminal> {
        let screen = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        Ok(Terminal::over(Streams::new()?, screen))
    }

    /// Columns and rows of the screen; 80 and 24 where it does not say.
    pub(crate) fn size(&self) -> (usize, usize) {
        let size = terminal_size_of(io::stderr());
        size.map_or((80, 24), |(Width(w), Height(h))| (usize::from(w), usize::from(h)))
    }
}

impl<S: Sink> Terminal<S> {
    /// Anything that takes what is printed; `screen` says which streams are seen on a terminal.
    pub(crate) fn over(inner: S, screen: [bool; 2]) -> Terminal<S> {
        Terminal { inner, screen, diverted: false, drawn: 0, within: false, idle: 0 }
    }

    /// The same, but what jobs print to standard output goes to standard error: standard output is
    /// for [events](Self::event).
    pub(crate) fn diverted(self) -> Terminal<S> {
        Terminal { diverted: true, ..self }
    }

    /// Lets these lines stand below the output, in place of those that do. They must fit.
    ///
    /// Where the output ends in the middle of a line, they wait for its end; after a second without
    /// output they take a line of their own.
    pub(crate) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        self.idle = self.idle.saturating_add(1);
        if self.within && self.idle < PATIENCE && self.drawn == 0 {
            return Ok(());
        }
        let mut text = String::new();
        if self.drawn > 0 {
            text += &self.home();
        } else if self.within && !lines.is_empty() {
            text += "\n";
            self.within = false;
        }
        for (i, line) in lines.iter().enumerate() {
            text += if i > 0 { "\n" } else { "" };
            text += line;
            text += "\x1b[K";
        }
        // Nothing of those that stood there before.
        text += if lines.len() < self.drawn { "\x1b[J" } else { "" };
        self.drawn = lines.len();
        self.say(&text)
    }

    /// Takes the lines away.
    pub(crate) fn erase(&mut self) -> io::Result<()> {
        if self.drawn == 0 {
            return Ok(());
        }
        let text = self.home() + "\x1b[J";
        self.drawn = 0;
        self.say(&text)
    }

    /// Says something on a line of its own, on standard error.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        self.erase()?;
        let start = if self.within && self.screen[1] { "\n" } else { "" };
        self.within = false;
        self.say(&format!("{start}{text}\n"))
    }

    /// Writes a line to standard output: for programs that read it.
    pub(crate) fn event(&mut self, line: &str) -> io::Result<()> {
        self.erase()?;
        self.inner.write(OutputStream::Stdout, format!("{line}\n").as_bytes())
    }

    /// What moves the cursor to the start of the first line.
    fn home(&self) -> String {
        match self.drawn {
            0 | 1 => "\r".to_owned(),
            lines => format!("\r\x1b[{}A", lines - 1),
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        match text {
            "" => Ok(()),
            _ => self.inner.write(OutputStream::Stderr, text.as_bytes()),
        }
    }
}

impl<S: Sink> Sink for Terminal<S> {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        let stream = if self.diverted { OutputStream::Stderr } else { stream };
        if self.screen[stream as usize] {
            self.erase()?;
            self.idle = 0;
            self.within = bytes.last().map_or(self.within, |last| *last != b'\n');
        }
        self.inner.write(stream, bytes)
    }

    fn name(&self, stream: OutputStream) -> String {
        self.inner.name(if self.diverted { OutputStream::Stderr } else { stream })
    }
}
