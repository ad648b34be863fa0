//! Runs a program many times over, and says what that took: the cost of a job.
//! `jobs N SLOTS PROGRAM [ARGUMENT ...]`

use std::ffi::OsString;
use std::io::Write;
use std::time::{Duration, Instant};

use tine_scheduler::jobs::{self, Command, Ended, Feed, Foreman, Job, Order};
use tine_scheduler::{Error, ErrorKind, Graph, Jobs, OutputStream, Result};

struct Same {
    count: usize,
    argv: Vec<OsString>,
    bytes: u64,
    began: Instant,
    first: Option<Duration>,
}

impl Foreman for Same {
    fn graph(&mut self, _room: usize) -> Result<Graph> {
        let mut g = Graph::builder();
        let group = g.group("same");
        for _ in 0..self.count {
            g.push(group, [], jobs::body());
        }
        g.build()
    }

    fn feed(&mut self) -> Result<Feed> {
        Ok(Feed::Closed(self.count))
    }

    fn order(&mut self, _job: &Job<'_>) -> Result<Order> {
        self.first.get_or_insert_with(|| self.began.elapsed());
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
    let mut crew = Jobs::prepare()?;
    let mut args = std::env::args_os().skip(1);
    let mut number = || args.next().and_then(|a| a.to_str()?.parse::<usize>().ok());
    let (count, slots) = (number().unwrap_or(1000), number().unwrap_or(2));
    let mut argv: Vec<OsString> = args.collect();
    if argv.is_empty() {
        argv.push("true".into());
    }
    crew = crew.slots(slots);
    let began = Instant::now();
    let mut same = Same { count, argv, bytes: 0, began, first: None };
    let tally = crew.run(&mut same, &[])?;
    let took = began.elapsed();
    let mut out = std::io::stdout();
    let first = same.first.unwrap_or_default();
    writeln!(out, "{tally:?}, {} bytes, the first after {first:?}", same.bytes)?;
    writeln!(out, "{took:?}, {:?} each", took / count as u32)?;
    Ok(())
}
