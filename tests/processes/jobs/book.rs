//! A foreman for tests: it knows all jobs beforehand, and keeps a book of what becomes of them.
//! It does not judge what is in it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use tine_scheduler::jobs::{Admit, Command, Ended, Feed, Foreman, Job, Needs, Order, Standing};
use tine_scheduler::{
    Error, ErrorKind, Graph, Inputs, Jobs, OutputStream, Result, TaskId, TaskStatus,
};

/// One job.
#[derive(Debug, Default)]
pub(crate) struct Spec {
    pub(crate) argv: Vec<OsString>,
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) cwd: Option<std::path::PathBuf>,
    pub(crate) needs: Needs,
    /// Jobs before it in the list that it needs.
    pub(crate) after: Vec<usize>,
    /// `retries`, `timeout`, `backoff`.
    pub(crate) tags: Vec<(&'static str, String)>,
}

/// A job that runs a program.
pub(crate) fn program<S: Into<OsString>>(argv: impl IntoIterator<Item = S>) -> Spec {
    Spec { argv: argv.into_iter().map(Into::into).collect(), ..Spec::default() }
}

/// A job that is a script of `bash`, with arguments from `$1`.
pub(crate) fn bash(script: &str, arguments: &[&str]) -> Spec {
    program(["bash", "-c", script, "bash"].into_iter().chain(arguments.iter().copied()))
}

/// What became of the jobs, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Asked what it is: it is started now.
    Ordered {
        job: usize,
        attempt: u32,
        slot: usize,
    },
    Started {
        job: usize,
        pid: u32,
    },
    Ended {
        job: usize,
        attempt: u32,
        ended: Box<Ended>,
    },
    Refused {
        job: usize,
        kind: ErrorKind,
    },
    Closed {
        job: usize,
        status: TaskStatus,
    },
    Interrupted {
        level: u32,
    },
}

type Listener<'a> = Box<dyn FnMut(&Entry) -> Result<()> + 'a>;
type Gate<'a> = Box<dyn FnMut(&Standing) -> Admit + 'a>;
type Reader<'a> = Box<dyn FnMut(usize, OutputStream, &[u8]) -> Result<()> + 'a>;

/// See the module.
#[derive(Default)]
pub(crate) struct Book<'a> {
    pub(crate) jobs: Vec<Spec>,
    pub(crate) entries: Vec<Entry>,
    /// What each job printed, all attempts together.
    pub(crate) printed: BTreeMap<usize, [Vec<u8>; 2]>,
    /// Hears of every entry; what it returns is what the foreman does.
    pub(crate) listener: Option<Listener<'a>>,
    /// Says whether a job may start.
    pub(crate) gate: Option<Gate<'a>>,
    /// Takes output in the place of `printed`.
    pub(crate) reader: Option<Reader<'a>>,
    pub(crate) ticks: usize,
}

impl Book<'_> {
    pub(crate) fn of(jobs: Vec<Spec>) -> Self {
        Book { jobs, ..Book::default() }
    }

    /// Runs the jobs on so many slots.
    pub(crate) fn run(&mut self, slots: usize) -> tine_scheduler::jobs::Tally {
        let mut jobs = Jobs::prepare().expect("one thread").slots(slots);
        jobs.run(self, &[]).expect("no error of the run")
    }

    /// How the last attempt of a job ended.
    #[track_caller]
    pub(crate) fn ended(&self, of: usize) -> &Ended {
        let mut ends = self.entries.iter().rev();
        let end = ends.find_map(|entry| match entry {
            Entry::Ended { job, ended, .. } if *job == of => Some(&**ended),
            _ => None,
        });
        end.expect("it has run")
    }

    pub(crate) fn stdout(&self, of: usize) -> String {
        let printed = self.printed.get(&of).map(|streams| &streams[0][..]).unwrap_or_default();
        String::from_utf8_lossy(printed).into_owned()
    }

    fn note(&mut self, entry: Entry) -> Result<()> {
        self.entries.push(entry);
        let entry = self.entries.last().expect("just pushed");
        self.listener.as_mut().map_or(Ok(()), |listener| listener(entry))
    }
}

/// The graph of these jobs.
pub(crate) fn graph(jobs: &[Spec]) -> Result<Graph> {
    let mut g = Graph::builder();
    for (i, job) in jobs.iter().enumerate() {
        let tags = job.tags.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        g.set_tags(Arc::new(tags.collect()));
        let after = job.after.iter().map(|&j| TaskId::from_index(j));
        let task = g.gather(format!("job-{i}"), after, |_: Inputs<'_, ()>| ());
        assert_eq!(task.index(), i);
    }
    g.build()
}

impl Foreman for Book<'_> {
    fn graph(&mut self, _room: usize) -> Result<Graph> {
        graph(&self.jobs)
    }

    fn feed(&mut self) -> Result<Feed> {
        Ok(Feed::Closed(self.jobs.len()))
    }

    fn needs(&self, _plan: &tine_scheduler::Plan<'_>, task: TaskId) -> Needs {
        self.jobs[task.index()].needs
    }

    fn admit(&mut self, standing: &Standing) -> Admit {
        self.gate.as_mut().map_or(Admit::Now, |gate| gate(standing))
    }

    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        let (attempt, slot) = (job.attempt, job.slot);
        let job = job.task.index();
        self.note(Entry::Ordered { job, attempt, slot })?;
        let Spec { argv, env, cwd, .. } = &self.jobs[job];
        let (argv, env, cwd) = (argv.clone(), env.clone(), cwd.clone());
        Ok(Order::Run(Command { argv, env, cwd, ..Command::default() }))
    }

    fn started(&mut self, job: &Job<'_>, pid: u32) {
        let _ = self.note(Entry::Started { job: job.task.index(), pid });
    }

    fn output(&mut self, job: &Job<'_>, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        let job = job.task.index();
        if let Some(reader) = &mut self.reader {
            return reader(job, stream, bytes);
        }
        let place = usize::from(stream == OutputStream::Stderr);
        self.printed.entry(job).or_default()[place].extend_from_slice(bytes);
        Ok(())
    }

    fn ended(&mut self, job: &Job<'_>, ended: &Ended) -> Result<()> {
        let (attempt, job) = (job.attempt, job.task.index());
        self.note(Entry::Ended { job, attempt, ended: Box::new(ended.clone()) })?;
        match ended.is_success() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Task, "it failed")),
        }
    }

    fn refused(&mut self, job: &Job<'_>, error: &Error) {
        let _ = self.note(Entry::Refused { job: job.task.index(), kind: error.kind() });
    }

    fn closed(&mut self, job: &Job<'_>, status: TaskStatus) -> Result<()> {
        self.note(Entry::Closed { job: job.task.index(), status })
    }

    fn tick(&mut self, _standing: &Standing) {
        self.ticks += 1;
    }

    fn interrupted(&mut self, level: u32) {
        let _ = self.note(Entry::Interrupted { level });
    }
}
