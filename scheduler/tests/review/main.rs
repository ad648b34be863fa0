//! Memory, descriptors and locks that outlive what they were made for: one test a finding.
//! It does not test deaths at steps of the protocol: see `tests/engine`.

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod handles;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod workers;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use tine_scheduler::{
    Dependency, Finished, Graph, Result, Scheduler, TaskBody, TaskContext, Threads, TypeTag, Value,
    get,
};

/// A task that talks to its context itself.
struct Body<F>(F, TypeTag);

impl<F> TaskBody for Body<F>
where
    F: Fn(&TaskContext<'_>) -> Result<Finished> + Send + Sync + 'static,
{
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        (self.0)(task)
    }

    fn output_type(&self) -> TypeTag {
        self.1
    }
}

fn body<R: Value>(
    f: impl Fn(&TaskContext<'_>) -> Result<Finished> + Send + Sync + 'static,
) -> Arc<dyn TaskBody> {
    Arc::new(Body(f, TypeTag::of::<R>()))
}

#[test]
fn what_input_lent_is_not_taken_away() {
    let mut g = Graph::builder();
    let a = g.task("a", [] as [&str; 0], || vec![7u8; 100_000]);
    let group = g.group("both");
    let both = body::<bool>(|task| {
        let lent = task.input::<Vec<u8>>(0)?;
        let mut taken = task.take::<Vec<u8>>(0)?;
        taken.fill(8);
        drop(taken);
        task.finish(lent.iter().all(|&x| x == 7))
    });
    g.push(group, [Dependency::Task(a)], both);
    let out = get(&g.build().unwrap(), [("both", 0)], &Threads::new().workers(1)).unwrap();
    assert!(out.get::<bool>(0).unwrap());
}

/// One gate opens when all that waits for the other has run.
#[test]
fn a_gate_that_opens_late_holds_up_no_other_source() {
    let (tell, hear) = channel();
    let hear = std::sync::Mutex::new(hear);
    let mut g = Graph::builder();
    g.task("late", [] as [&str; 0], move || {
        let hear = hear.lock().unwrap();
        (0..200).all(|_| hear.recv_timeout(Duration::from_secs(20)).is_ok())
    });
    g.task("early", [] as [&str; 0], || true);
    for i in 0..200 {
        g.task(("behind late", i), ["late"], |open: &bool| *open);
    }
    for i in 0..200 {
        let tell = tell.clone();
        g.task(("behind early", i), ["early"], move |open: &bool| {
            tell.send(()).unwrap();
            *open
        });
    }
    let all = (0..200).map(|i| ("behind late", i)).chain((0..200).map(|i| ("behind early", i)));
    let all: Vec<_> = all.collect();
    let threads: &dyn Scheduler = &Threads::new().workers(2);
    let out = get(&g.build().unwrap(), all, threads).unwrap();
    assert!((0..out.len()).all(|i| out.get::<bool>(i).unwrap()));
}
