//! Measures how long it takes to read the log of an earlier run: `past jobs.log`.
//! It does not know what is resumed.

use std::io::{self, Write};
use std::time::Instant;

use tine_jobs::log::Past;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: past LOG")?;
    let start = Instant::now();
    let past = Past::read(path.as_ref())?;
    writeln!(io::stdout(), "{} jobs in {:.2?}", past.len(), start.elapsed())?;
    Ok(())
}
