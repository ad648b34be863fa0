//! `tine map --dry-run`: the commands, printed instead of run.
//! It does not know the engine: nothing is started.

use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;

use tine_jobs::input::Count;
use tine_jobs::map::Work;
use tine_jobs::template::Filling;

use super::supply::Supplied;
use crate::cli::failure::Failure;
use crate::cli::high;

/// Prints the command of each job; returns the exit code.
pub(super) fn run(map: &high::Map, supplied: Supplied, work: &Work) -> Result<u8, Failure> {
    let mut supply = supplied.supply;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut printed = 0;
    loop {
        let Count { known, closed } = supply.count();
        for job in printed..known {
            let arguments = supply.arguments(job);
            let filling = Filling {
                arguments: &arguments,
                number: job + 1,
                slot: job % map.slots + 1,
                total: if closed { known } else { 0 },
            };
            let argv = work.argv(&filling).map_err(|e| Failure::new(e.message().to_owned()))?;
            let tag = work.tag.as_ref().and_then(|tag| tag.line(&filling).ok());
            if let Err(e) = print(tag.as_deref(), work.line(&argv).as_bytes(), &mut out) {
                return unread(&e);
            }
        }
        printed = known;
        if closed {
            return out.flush().map_or_else(|e| unread(&e), |()| Ok(0));
        }
        // Others may wait for what is printed so far.
        if let Err(e) = out.flush() {
            return unread(&e);
        }
        supply.wait().map_err(|e| Failure::new(e.to_string()))?;
    }
}

fn print(tag: Option<&[u8]>, line: &[u8], out: &mut impl Write) -> io::Result<()> {
    if let Some(tag) = tag {
        out.write_all(tag)?;
        out.write_all(b"\t")?;
    }
    out.write_all(line)?;
    out.write_all(b"\n")
}

fn unread(error: &io::Error) -> Result<u8, Failure> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(super::UNREAD),
        _ => Err(Failure::new(format!("cannot write to standard output: {error}"))),
    }
}
