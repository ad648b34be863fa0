//! Writes a result to where it is to go, and opens it.
//! It does not know what the result is.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::failure::Failure;
use crate::cli::high::{Output, Target};

/// What results are written to.
pub(super) type Sink = BufWriter<Box<dyn Write>>;

/// Writes, and returns what is to be printed: the name of the file, or nothing where the result
/// itself went to standard output.
pub(super) fn write(
    output: &Output,
    write: impl FnOnce(&mut Sink) -> io::Result<()>,
) -> Result<String, Failure> {
    let through = |sink: Box<dyn Write>| {
        let mut sink = BufWriter::with_capacity(1 << 16, sink);
        write(&mut sink).and_then(|()| sink.flush())
    };
    match &output.target {
        Target::Stdout => match through(Box::new(io::stdout().lock())) {
            // A reader that has seen enough, as `head` has, is none of our failures.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(String::new()),
            Err(e) => Err(Failure::new(format!("cannot write to standard output: {e}"))),
            Ok(()) => Ok(String::new()),
        },
        Target::File(path) => {
            let written = File::create(path).and_then(|f| through(Box::new(f)));
            written.map_err(|e| {
                Failure::io("write", path, &e).help("make room, or name another file with -o")
            })?;
            if output.open {
                open(path)?;
            }
            Ok(format!("{}\n", path.display()))
        }
    }
}

/// Shows a file in the program that the user has for it.
fn open(path: &Path) -> Result<(), Failure> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let status = Command::new(opener).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let why = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("{opener} ended with {status}"),
        Err(e) => format!("{opener} cannot be started: {e}"),
    };
    let shown = path.display();
    Err(Failure::new(format!("{shown} is written, but not opened: {why}"))
        .help(format!("open {shown} in a browser")))
}
