//! One thread, the calling one: for debuggers.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

use crate::codec::BlockRef;
use crate::context::{Exchange, Fetched, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::TaskId;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::scheduler::{Output, Outputs, Scheduler};
use crate::value::Datum;

/// Runs everything in the calling thread, in static order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial {}

impl Serial {
    /// The serial scheduler.
    pub fn new() -> Self {
        Serial {}
    }
}

struct Desk<'a> {
    plan: &'a Plan<'a>,
    task: TaskId,
    results: &'a [Option<Output>],
    out: RefCell<Option<Output>>,
}

impl Exchange for Desk<'_> {
    fn len(&self) -> usize {
        self.plan.graph().inputs(self.task).len()
    }
    fn fetch(&self, i: usize) -> Result<Fetched<'_>> {
        let t = self.plan.graph().inputs(self.task)[i].task();
        Ok(match (self.plan.graph().datum(t), &self.results[t.index()]) {
            (Some(Datum::Memory(any)), _) => Fetched::Memory(any.as_ref()),
            (Some(Datum::Stored(s)), _) => Fetched::Encoded(s.bytes()),
            (None, Some(Output::Bytes(b))) => Fetched::Encoded(b),
            (None, Some(Output::Datum(Datum::Memory(any)))) => Fetched::Memory(any.as_ref()),
            _ => return Err(Error::new(ErrorKind::Corrupt, "no input")),
        })
    }
    fn position(&self) -> usize {
        self.plan.graph().index_in_group(self.task)
    }
    fn wants_bytes(&self) -> bool {
        false
    }
    fn store_bytes(&self, bytes: &[u8], _blocks: &[BlockRef]) -> Result<()> {
        *self.out.borrow_mut() = Some(Output::Bytes(bytes.to_vec()));
        Ok(())
    }
    fn store_memory(&self, value: Arc<dyn Any + Send + Sync>) {
        *self.out.borrow_mut() = Some(Output::Datum(Datum::Memory(value)));
    }
}

impl Scheduler for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn run(&self, plan: &Plan<'_>, _observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        let mut results: Vec<Option<Output>> = vec![None; plan.graph().len()];
        for rank in 0..plan.len() {
            let task = plan.task(rank);
            let desk = Desk { plan, task, results: &results, out: RefCell::new(None) };
            let done = plan.graph().body(task).run(&TaskContext::new(&desk));
            if let Err(e) = done {
                return Err(e
                    .in_task(plan.graph().key(task), Some(plan.graph().created_at(task)))
                    .on_attempt(1, 1));
            }
            let out = desk.out.take();
            results[task.index()] = out;
        }
        let values = plan.outputs().iter().map(|&t| match plan.graph().datum(t) {
            Some(d) => Output::Datum(d.clone()),
            None => results[t.index()].clone().expect("ran"),
        });
        Ok(Outputs::new(values.collect()))
    }
}
