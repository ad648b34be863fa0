//! Runs a program many times over, and says what that took: the cost of a job.
//! `jobs N SLOTS PROGRAM [ARGUMENT ...]`

use std::ffi::OsString;
use std::io::Write;
use std::time::Instant;

use tine_scheduler::jobs::{Command, Ended, Feed, Foreman, Job, Order};
use tine_scheduler::{Error, ErrorKind, Graph, Jobs, OutputStream, Result};

struct Same {
    count: usize,
    argv: Vec<OsString>,
    bytes: u64,
}

impl Foreman for Same {
    fn graph(&mut self, _room: usize) -> Result<Graph> {
        let mut g = Graph::builder();
        for i in 0..self.count {
            g.task(format!("same-{i}"), [] as [&str; 0], || ());
        }
        g.build()
    }

    fn feed(&mut self) -> Result<Feed> {
        Ok(Feed::Closed(self.count))
    }

    fn order(&mut self, _job: &Job<'_>) -> Result<Order> {
        Ok(Order::Run(Command { argv: self.argv.clone(), ..Command::default() }))
    }

    fn output(&mut self, _job: &Job<'_>, _: OutputStream, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn ended(&mut self, _job: &Job<'_>, ended: &Ended) -> Result<()> {
        match ended.is_success() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Task, format!("{ended:?}"))),
        }
    }

    fn refused(&mut self, _job: &Job<'_>, error: &Error) {
        drop(writeln!(std::io::stderr(), "{error}"));
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut jobs = Jobs::prepare()?;
    let mut args = std::env::args_os().skip(1);
    let mut number = || args.next().and_then(|a| a.to_str()?.parse::<usize>().ok());
    let (count, slots) = (number().unwrap_or(1000), number().unwrap_or(2));
    let argv: Vec<OsString> = args.collect();
    let argv = if argv.is_empty() { vec!["true".into()] } else { argv };
    jobs = jobs.slots(slots);
    let began = Instant::now();
    let mut same = Same { count, argv, bytes: 0 };
    let tally = jobs.run(&mut same, &[])?;
    let took = began.elapsed();
    let mut out = std::io::stdout();
    writeln!(out, "{tally:?}, {} bytes, {took:?}, {:?} each", same.bytes, took / count as u32)?;
    Ok(())
}
