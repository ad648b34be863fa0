//! What tasks print: read from the workers' pipes, and printed by the process that started the run,
//! line by line, so that a test captures it and lines are never mixed.
//! It does not know which task printed.

use std::os::fd::OwnedFd;

/// A line that is longer is printed in pieces.
const LONGEST: usize = 64 * 1024;

/// One stream of one worker.
#[derive(Debug)]
pub(super) struct Lines {
    pending: Vec<u8>,
    error: bool,
}

impl Lines {
    /// Collects standard output, or standard error.
    pub(super) fn new(error: bool) -> Self {
        Lines { pending: Vec::new(), error }
    }

    /// Reads what is there, and prints the lines that are complete; false where no more will come.
    pub(super) fn drain(&mut self, pipe: &OwnedFd) -> bool {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n) = nix::unistd::read(pipe, &mut buffer) {
            if n == 0 {
                return false;
            }
            self.pending.extend_from_slice(&buffer[..n]);
            self.print_lines();
        }
        true
    }

    fn print_lines(&mut self) {
        let end = match self.pending.iter().rposition(|&b| b == b'\n') {
            Some(last) => last + 1,
            None if self.pending.len() > LONGEST => self.pending.len(),
            None => return,
        };
        let lines: Vec<u8> = self.pending.drain(..end).collect();
        self.print(&lines);
    }

    /// Prints an incomplete last line.
    pub(super) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.print(&rest);
        }
    }

    /// Through the macros, which a test's harness listens to.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "a task printed it")]
    fn print(&self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        if self.error {
            eprint!("{text}");
        } else {
            print!("{text}");
        }
    }
}
