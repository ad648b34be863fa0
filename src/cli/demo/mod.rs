//! `tine demo`: files, the job on worker processes and on one thread, pictures, a report.
//! It knows the order of the steps, and leaves each to its module.

mod columns;
mod flight;
mod generate;
mod input;
mod random;
mod read;
mod record;
//mod report;

use crate::cli::failure::Failure;
use crate::cli::high;

pub(crate) fn run(demo: &high::Demo) -> Result<String, Failure> {
    let t = std::time::Instant::now();
    let found = match input::Input::find(&demo.data)? {
        Some(i) => i,
        None => {
            let draft = generate::Draft::new(&demo.data)?;
            for (year, path) in draft.files() {
                generate::write_year(&path, year, demo.rows, demo.seed)?;
            }
            draft.publish()?;
            input::Input::find(&demo.data)?.unwrap()
        }
    };
    eprintln!("gen {:?}", t.elapsed());
    let mut found = found;
    let parts = found.parts()?;
    let t = std::time::Instant::now();
    let mut n = 0;
    for p in &parts { n += read::read(p)?.delay.len(); }
    eprintln!("read {:?} {n} rows {} MB/s", t.elapsed(), found.bytes as f64 / 1e6 / t.elapsed().as_secs_f64());
    Ok(String::new())
}
