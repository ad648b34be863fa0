//! Errors of the foreman, and what a run gives back.
//! It does not test what jobs print.

use std::io::Write;

use tine_scheduler::jobs::{Admit, Command, Ended, Feed, Foreman, Job, Needs, Order, Standing};
use tine_scheduler::{
    Error, ErrorKind, Graph, Jobs, OutputStream, Plan, Result, TaskId, TaskStatus,
};

use super::book::{Book, Spec, bash, graph, program};
use super::traces::{mark, marked};
use crate::helper::{children, wait_until};
use crate::runner::step;

/// Fails, or panics, at the third call of one method.
struct Moody {
    jobs: Vec<Spec>,
    at: &'static str,
    panics: bool,
    calls: u32,
    fed: usize,
}

impl Moody {
    fn call(&mut self, what: &str) -> Result<()> {
        if what != self.at {
            return Ok(());
        }
        self.calls += 1;
        let is_time = self.calls == 3 || (what == "graph" && self.calls == 2);
        if !is_time {
            return Ok(());
        }
        assert!(!self.panics, "on purpose");
        Err(Error::new(ErrorKind::Task, "on purpose"))
    }
}

impl Foreman for Moody {
    fn graph(&mut self, room: usize) -> Result<Graph> {
        self.call("graph")?;
        let count = room.max(4).min(self.jobs.len());
        graph(&self.jobs[..count])
    }
    fn feed(&mut self) -> Result<Feed> {
        self.call("feed")?;
        self.fed = (self.fed + 2).min(self.jobs.len());
        Ok(if self.fed == self.jobs.len() { Feed::Closed(self.fed) } else { Feed::Known(self.fed) })
    }
    fn needs(&self, _plan: &Plan<'_>, task: TaskId) -> Needs {
        self.jobs[task.index()].needs
    }
    fn admit(&mut self, _standing: &Standing) -> Admit {
        assert!(self.call("admit").is_ok(), "this one has no error");
        Admit::Now
    }
    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        self.call("order")?;
        let argv = self.jobs[job.task.index()].argv.clone();
        Ok(Order::Run(Command { argv, ..Command::default() }))
    }
    fn output(&mut self, _job: &Job<'_>, _: OutputStream, _bytes: &[u8]) -> Result<()> {
        self.call("output")
    }
    fn started(&mut self, _job: &Job<'_>, _pid: u32) {
        assert!(self.call("started").is_ok(), "this one has no error");
    }
    fn ended(&mut self, _job: &Job<'_>, _ended: &Ended) -> Result<()> {
        self.call("ended")
    }
    fn closed(&mut self, _job: &Job<'_>, _status: TaskStatus) -> Result<()> {
        self.call("closed")
    }
    fn tick(&mut self, _standing: &Standing) {
        assert!(self.call("tick").is_ok(), "this one has no error");
    }
}

/// Two of three jobs go on for ever with something in the background; the others print and end.
fn moody(mark: &str, at: &'static str, panics: bool) -> Moody {
    let long = r#"( setsid bash -c 'while :; do sleep 1000; done' "$1" "$1" & ); while :; do sleep 1000; done"#;
    let jobs = (0..30).map(|i| if i < 2 { bash(long, &[mark]) } else { program(["echo", "a"]) });
    Moody { jobs: jobs.collect(), at, panics, calls: 0, fed: 0 }
}

/// Whatever method fails, nothing is left, and the next run is as if nothing had been.
pub(crate) fn of_any_method_leave_nothing() {
    let mut jobs = Jobs::prepare().expect("one thread").slots(4);
    let open = || std::fs::read_dir("/proc/self/fd").expect("mounted").count();
    let before = open();
    std::panic::set_hook(Box::new(|_| {}));
    let fallible = ["graph", "feed", "output", "closed"];
    for panics in [false, true] {
        let others = ["order", "ended", "admit", "started", "tick"];
        for at in fallible.into_iter().chain(others.into_iter().filter(|_| panics)) {
            step(format_args!("{at} {panics}"));
            let mark = mark();
            let mut foreman = moody(&mark, at, panics);
            let run = std::panic::AssertUnwindSafe(|| jobs.run(&mut foreman, &[]));
            let ran = std::panic::catch_unwind(run);
            match ran {
                Ok(ran) => {
                    assert!(!panics);
                    assert!(ran.expect_err(at).to_string().contains("on purpose"));
                }
                Err(_) => assert!(panics, "{at}"),
            }
            assert_eq!(marked(&mark), [] as [u32; 0], "{at}");
            let mut book = Book::of((0..10).map(|i| program(["echo", &i.to_string()])).collect());
            let tally = jobs.run(&mut book, &[]).expect("no error of the run");
            assert_eq!(tally.done, 10, "{at}");
            assert!((0..10).all(|i| book.stdout(i) == format!("{i}\n")), "{at}");
            assert_eq!(open(), before, "{at}");
        }
    }
    let _ = std::panic::take_hook();
    drop(jobs);
    assert_eq!(children(std::process::id()), [] as [u32; 0]);
}

/// An error of `order` or `ended` is that of a job alone.
pub(crate) fn of_one_job_are_its_own() {
    for at in ["order", "ended"] {
        let mut foreman = moody("", at, false);
        foreman.jobs.drain(..2);
        let mut jobs = Jobs::prepare().expect("one thread").slots(4);
        let tally = jobs.run(&mut foreman, &[]).expect("no error of the run");
        assert_eq!((tally.done, tally.failed), (27, 1), "{at}");
    }
}

/// A run over its time names what was still running.
pub(crate) fn of_time_name_what_runs() {
    let mark = mark();
    let long = bash("echo there; while :; do sleep 1000; done", &[&mark]);
    let mut book = Book::of(vec![program(["true"]), long]);
    let limit = std::time::Duration::from_secs(3);
    let mut jobs = Jobs::prepare().expect("one thread").slots(1).timeout(limit);
    let error = jobs.run(&mut book, &[]).expect_err("it goes on for ever");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    assert!(text.contains("1 of 2 tasks had ended; still running: job-1"), "{text}");
    assert_eq!(marked(&mark), [] as [u32; 0]);
}

/// Thousands of jobs, 500 at a time, give back all descriptors; no time is too long to be waited.
pub(crate) fn of_descriptors_there_are_none() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("it is known");
    let mut jobs = Jobs::prepare().expect("one thread").slots(500);
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(4096), hard).expect("it may be less");
    jobs = jobs.grace(std::time::Duration::MAX).task_timeout(std::time::Duration::MAX);
    let spawner = children(std::process::id())[0];
    let open = |pid: u32| std::fs::read_dir(format!("/proc/{pid}/fd")).expect("mounted").count();
    let gate = std::env::temp_dir().join(format!("tine-gate-{}", std::process::id()));
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("a new name");
    let mut both = std::fs::OpenOptions::new();
    let through = both.read(true).write(true).open(&gate).expect("it is there");
    assert_eq!(jobs.run(&mut Book::of(vec![program(["true"])]), &[]).expect("no error").done, 1);
    let before = (open(std::process::id()), open(spawner));
    for turn in 0..2 {
        // Every other one waits until it is let through: many are there together, on any machine.
        let waiting = || bash(r#"echo a; read < "$1""#, &[gate.to_str().expect("text")]);
        let job = |i: usize| if i.is_multiple_of(2) { program(["true"]) } else { waiting() };
        let mut through = through.try_clone().expect("a descriptor");
        let mut book = Book::of((0..1500).map(job).collect());
        let mut most = 0;
        book.gate = Some(Box::new(|standing| {
            if most <= 400 && standing.running > 400 {
                through.write_all(&[b'\n'; 750]).expect("a pipe has room for a page");
            }
            most = standing.running.max(most);
            Admit::Now
        }));
        let tally = jobs.run(&mut book, &[]).expect("no error of the run");
        drop(book);
        drop(through);
        assert_eq!(tally.done, 1500);
        assert!(most > 400, "{most} at a time");
        wait_until("all is given back", || (open(std::process::id()), open(spawner)) == before);
        step(format_args!("turn {turn}: {most} at a time"));
    }
    std::fs::remove_file(gate).expect("it is there");
}

/// The youngest gives way where memory is short, and is run again; the attempt does not count.
pub(crate) fn of_memory_make_the_youngest_give_way() {
    let mut book = Book::of((0..3).map(|_| bash("sleep 1", &[])).collect());
    let mut retreats = 0;
    book.gate = Some(Box::new(move |standing| {
        if standing.running == 2 && retreats == 0 {
            retreats += 1;
            return Admit::Retreat(std::time::Duration::from_millis(100));
        }
        if standing.running > 0 && retreats > 0 {
            return Admit::After(std::time::Duration::from_millis(10));
        }
        Admit::Now
    }));
    let tally = book.run(3);
    assert_eq!((tally.done, tally.failed), (3, 0), "{:?}", book.entries);
    let reasons: Vec<_> = book
        .entries
        .iter()
        .filter_map(|e| match e {
            super::book::Entry::Ended { job, attempt, ended } => {
                Some((*job, *attempt, ended.reason))
            }
            _ => None,
        })
        .collect();
    let gave_way = Some(tine_scheduler::jobs::Reason::GaveWay);
    assert_eq!(reasons.iter().filter(|(_, _, reason)| *reason == gave_way).count(), 1);
    assert!(reasons.contains(&(1, 1, gave_way)), "the youngest of two: {reasons:?}");
    assert!(reasons.iter().all(|&(_, attempt, _)| attempt == 1), "{reasons:?}");
}
