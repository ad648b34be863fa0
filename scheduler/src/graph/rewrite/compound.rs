//! A task that runs other tasks inside itself, one after the other.
//! It does not know why they were put together.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::panic::Location;
use std::sync::Arc;

use super::super::body::TaskBody;
use super::super::group::{GroupId, GroupTable};
use super::super::port::{Held, Loan, Port};
use crate::codec::BlockRef;
use crate::context::{Exchange, Fetched, Finished, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Datum, TypeTag};

/// Where an inner task gets an input from.
#[derive(Clone)]
pub(super) enum Source {
    /// An input of the whole.
    Outer(u32),
    /// The result of an earlier step.
    Step(u32),
    /// A value that is there before the run.
    Datum(Datum),
}

impl Source {
    fn is_same(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Outer(a), Source::Outer(b)) | (Source::Step(a), Source::Step(b)) => a == b,
            (Source::Datum(Datum::Memory(a)), Source::Datum(Datum::Memory(b))) => Arc::ptr_eq(a, b),
            (Source::Datum(Datum::Stored(a)), Source::Datum(Datum::Stored(b))) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// One inner task.
pub(super) struct Step {
    pub(super) body: Arc<dyn TaskBody>,
    pub(super) sources: Vec<Source>,
    pub(super) group: GroupId,
    /// Its index in its group; `None` where that is the index of the whole, so that all blocks of a
    /// layer can share one body.
    pub(super) index: Option<u32>,
    pub(super) place: &'static Location<'static>,
}

impl Step {
    fn is_same(&self, other: &Step) -> bool {
        Arc::ptr_eq(&self.body, &other.body)
            && (self.group, self.index) == (other.group, other.index)
            && std::ptr::eq(self.place, other.place)
            && self.sources.len() == other.sources.len()
            && self.sources.iter().zip(&other.sources).all(|(a, b)| a.is_same(b))
    }
}

/// Inner tasks in the order in which they run; the result of the last is the result of the whole.
pub(super) struct Compound {
    steps: Vec<Step>,
    /// The types of the inputs of the whole.
    inputs: Vec<Port>,
    /// The type of the result.
    output: Port,
    /// For each step the results and inputs that no later one takes.
    releases: Vec<(Vec<u32>, Vec<u32>)>,
    names: Arc<GroupTable>,
}

impl Compound {
    pub(super) fn new(
        steps: Vec<Step>,
        inputs: Vec<Port>,
        output: Port,
        names: Arc<GroupTable>,
    ) -> Self {
        let mut releases = vec![(Vec::new(), Vec::new()); steps.len()];
        let (mut later, mut later_outer) = (vec![false; steps.len()], vec![false; inputs.len()]);
        for (step, released) in steps.iter().zip(&mut releases).rev() {
            for source in &step.sources {
                let (seen, list, i) = match source {
                    Source::Step(i) => (&mut later, &mut released.0, *i),
                    Source::Outer(i) => (&mut later_outer, &mut released.1, *i),
                    Source::Datum(_) => continue,
                };
                if !std::mem::replace(&mut seen[i as usize], true) {
                    list.push(i);
                }
            }
        }
        Compound { steps, inputs, output, releases, names }
    }

    /// Whether both do the same, so that one can stand for the other.
    pub(super) fn is_same(&self, other: &Compound) -> bool {
        self.steps.len() == other.steps.len()
            && self.inputs.len() == other.inputs.len()
            && self.steps.iter().zip(&other.steps).all(|(a, b)| a.is_same(b))
            && self.inputs.iter().zip(&other.inputs).all(|(a, b)| a.is_same(b))
    }

    fn blame(&self, error: Error, step: &Step, task: &TaskContext<'_>) -> Error {
        let own = || u32::try_from(task.position()).unwrap_or(0);
        let key = self.names.key(step.group, step.index.unwrap_or_else(own));
        error.in_task(key, Some(step.place.into()))
    }
}

impl TaskBody for Compound {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let mut loans: Vec<OnceCell<Loan<'_>>> = Vec::new();
        loans.resize_with(self.inputs.len(), OnceCell::new);
        let mut slots: Vec<Slot> = Vec::new();
        slots.resize_with(self.steps.len(), Slot::default);
        for (i, (step, (results, inputs))) in self.steps.iter().zip(&self.releases).enumerate() {
            let out = RefCell::new(None);
            let desk =
                Desk { whole: self, step, last: results, slots: &slots, loans: &loans, task, out };
            step.body.run(&TaskContext::new(&desk)).map_err(|e| self.blame(e, step, task))?;
            let Some(value) = desk.out.into_inner() else {
                return Err(Error::new(ErrorKind::Corrupt, "an inner task left no result"));
            };
            slots[i].fresh = Cell::new(Some(value));
            for &r in results {
                slots[r as usize] = Slot::default();
            }
            for &r in inputs {
                loans[r as usize] = OnceCell::new();
            }
        }
        match slots.pop().and_then(|s| s.fresh.take()) {
            Some(value) => self.output.finish(task, value),
            None => Err(Error::new(ErrorKind::Corrupt, "a fused task without steps")),
        }
    }

    fn output_type(&self) -> TypeTag {
        self.steps.last().map_or_else(TypeTag::of::<()>, |s| s.body.output_type())
    }

    fn arity(&self) -> Option<usize> {
        Some(self.inputs.len())
    }

    fn port(&self) -> Option<Port> {
        Some(self.output)
    }
}

/// The result of a step: whole until a later step borrows it, so that its last user can have it.
#[derive(Default)]
struct Slot {
    fresh: Cell<Option<Held>>,
    lent: OnceCell<Held>,
}

impl Slot {
    fn lend(&self) -> Result<Fetched<'_>> {
        if let Some(value) = self.fresh.take() {
            self.lent.get_or_init(|| value);
        }
        match self.lent.get() {
            Some(Held::Bytes(bytes)) => Ok(Fetched::Encoded(bytes)),
            Some(Held::Memory(any)) => Ok(Fetched::Memory(any.as_ref())),
            None => Err(Error::new(ErrorKind::Corrupt, "an inner result was taken twice")),
        }
    }

    /// The value itself; it stays where it was lent already, or is stored as bytes.
    fn take(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        match self.fresh.take() {
            Some(Held::Memory(any)) => Some(any),
            other => {
                self.fresh.set(other);
                None
            }
        }
    }
}

/// What one inner task sees.
struct Desk<'a, 't> {
    whole: &'a Compound,
    step: &'a Step,
    /// Results that this step is the last to take.
    last: &'a [u32],
    slots: &'a [Slot],
    loans: &'a [OnceCell<Loan<'t>>],
    task: &'a TaskContext<'t>,
    out: RefCell<Option<Held>>,
}

impl Exchange for Desk<'_, '_> {
    fn len(&self) -> usize {
        self.step.sources.len()
    }

    fn fetch(&self, i: usize) -> Result<Fetched<'_>> {
        match &self.step.sources[i] {
            Source::Datum(Datum::Memory(any)) => Ok(Fetched::Memory(any.as_ref())),
            Source::Datum(Datum::Stored(stored)) => stored.fetch(),
            Source::Step(s) => self.slots[*s as usize].lend(),
            Source::Outer(o) => {
                let (cell, o) = (&self.loans[*o as usize], *o as usize);
                if cell.get().is_none() {
                    let loan = self.whole.inputs[o].lend(self.task, o)?;
                    cell.get_or_init(|| loan);
                }
                Ok(match cell.get() {
                    Some(Loan::Borrowed(any)) => Fetched::Memory(*any),
                    Some(Loan::Owned(any)) => Fetched::Memory(any.as_ref()),
                    Some(Loan::Failed(error)) => Fetched::Failed(error.clone()),
                    None => return Err(Error::new(ErrorKind::Corrupt, "an input was lost")),
                })
            }
        }
    }

    fn take(&self, i: usize) -> Option<Arc<dyn Any + Send + Sync>> {
        let Source::Step(s) = self.step.sources[i] else { return None };
        let twice = |x: &Source| matches!(x, Source::Step(other) if *other == s);
        let once = self.step.sources.iter().filter(|x| twice(x)).count() == 1;
        if once && self.last.contains(&s) { self.slots[s as usize].take() } else { None }
    }

    fn position(&self) -> usize {
        self.step.index.map_or_else(|| self.task.position(), |i| i as usize)
    }

    fn wants_bytes(&self) -> bool {
        false
    }

    fn store_bytes(&self, bytes: &[u8], blocks: &[BlockRef]) -> Result<()> {
        if !blocks.is_empty() {
            return Err(Error::new(ErrorKind::Corrupt, "an inline value that refers to blocks"));
        }
        *self.out.borrow_mut() = Some(Held::Bytes(bytes.to_vec()));
        Ok(())
    }

    fn store_memory(&self, value: Arc<dyn Any + Send + Sync>) {
        *self.out.borrow_mut() = Some(Held::Memory(value));
    }
}
