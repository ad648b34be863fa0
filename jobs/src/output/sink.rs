//! Where the output of jobs goes in the end: the two streams of this process, or whatever a test
//! has instead.
//! It does not know jobs, or in which order they come.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tine_scheduler::OutputStream;

/// Takes what jobs print, in the order in which it is to be seen.
pub trait Sink {
    /// Writes all of `bytes`; they are seen when it returns.
    ///
    /// # Errors
    /// Those of the writer. A broken pipe means that nobody reads on.
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()>;

    /// What the stream is called in messages.
    fn name(&self, stream: OutputStream) -> String {
        match stream {
            OutputStream::Stdout => "standard output".to_owned(),
            OutputStream::Stderr => "standard error".to_owned(),
        }
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        (**self).write(stream, bytes)
    }

    fn name(&self, stream: OutputStream) -> String {
        (**self).name(stream)
    }
}

/// Standard output and standard error of this process, without a buffer.
#[derive(Debug)]
pub struct Streams {
    out: File,
    err: File,
}

impl Streams {
    /// The streams as they are now: where this process redirects them later, these stay.
    ///
    /// # Errors
    /// One of them is closed, or there is no descriptor left.
    pub fn new() -> io::Result<Streams> {
        let out = io::stdout().as_fd().try_clone_to_owned()?;
        let err = io::stderr().as_fd().try_clone_to_owned()?;
        Ok(Streams { out: out.into(), err: err.into() })
    }

    fn file(&self, stream: OutputStream) -> &File {
        match stream {
            OutputStream::Stdout => &self.out,
            OutputStream::Stderr => &self.err,
        }
    }
}

impl Sink for Streams {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        write_all(self.file(stream), bytes)
    }

    /// With the name of the file that it is redirected to.
    fn name(&self, stream: OutputStream) -> String {
        let (plain, number) = match stream {
            OutputStream::Stdout => ("standard output", 1),
            OutputStream::Stderr => ("standard error", 2),
        };
        let file = self.file(stream).metadata().is_ok_and(|m| m.is_file());
        match std::fs::read_link(format!("/proc/self/fd/{number}")) {
            Ok(path) if file => format!("{plain} ({})", path.display()),
            _ => plain.to_owned(),
        }
    }
}

/// Writes everything, also where somebody who shares the stream has set it not to block.
fn write_all(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => wait(file.as_fd())?,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn wait(fd: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::new(fd, PollFlags::POLLOUT)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}
