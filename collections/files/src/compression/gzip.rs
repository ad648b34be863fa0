//! Reads gzip files of any number of members.
//! It does not know how a member is packed.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The members of a gzip file, one after the other.
///
/// Zero bytes after a member are padding, as gzip itself has it (tapes and disk images end so).
/// Anything else that is no member is an error.
pub(super) struct Members<R> {
    state: State<R>,
}

enum State<R> {
    Inside(Box<GzDecoder<R>>),
    /// Behind a member: nothing that is unread belongs to it.
    Behind(R),
    /// Only while the state changes, and after an error.
    Over,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Members { state: State::Inside(Box::new(GzDecoder::new(input))) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Inside(mut member) => match member.read(buf)? {
                    0 if !buf.is_empty() => self.state = State::Behind(member.into_inner()),
                    n => {
                        self.state = State::Inside(member);
                        return Ok(n);
                    }
                },
                State::Behind(mut input) => {
                    if !skip_padding(&mut input)? {
                        return Ok(0);
                    }
                    self.state = State::Inside(Box::new(GzDecoder::new(input)));
                }
                State::Over => return Ok(0),
            }
        }
    }
}

/// Goes over zero bytes, and returns whether something follows them.
fn skip_padding(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        let more = zeros < bytes.len();
        input.consume(zeros);
        if more {
            return Ok(true);
        }
    }
}
