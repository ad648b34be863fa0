//! The lock of a file that one run at a time writes.
//! It does not know what the file is.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// A program that is just being started holds all files of the process that starts it, and their
/// locks with them, until it has begun: no longer than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// Locks `file` for as long as it is open.
///
/// # Errors
/// What the file system says; `WouldBlock` where somebody else has it locked, and keeps it.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match file.try_lock().map_err(io::Error::from) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}
