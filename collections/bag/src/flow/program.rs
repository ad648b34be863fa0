//! Chains of links as they are run: several ends over one source, in one pass of a partition.
//! It does not know what links and ends do.

use std::any::Any;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use tine_collection::{Blockwise, Input, Made, Pass};
use tine_scheduler::{Result, TaskContext, Value};

use super::link::Link;
use super::opening::{Opening, Reading};
use super::sink::{AnySink, Sink};

/// Takes out what the sink of an end has kept, when the partition is over.
pub(crate) type Taken<R> = Box<dyn FnOnce() -> Result<R>>;

/// An end that was set up: where elements go, and how to get what became of them.
pub(crate) type Opened<T, R> = (Box<dyn Sink<T>>, Taken<R>);

/// What becomes of the elements of a partition: the result of its task.
pub(crate) trait End: Send + Sync + 'static {
    /// What it is given.
    type In: Clone + 'static;
    /// What it makes.
    type Out: Value;

    /// Its name in the keys of tasks.
    fn name(&self) -> &'static str;

    /// What the task of a partition reads for it.
    fn inputs(&self, _block: u32) -> Vec<Input> {
        Vec::new()
    }

    /// Sets it up for a partition.
    ///
    /// # Errors
    /// An input that cannot be read.
    fn open(self: &Arc<Self>, opening: &Opening<'_>) -> Result<Opened<Self::In, Self::Out>>;
}

/// An end whose types are not known here.
pub(crate) trait AnyEnd: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn inputs(&self, block: u32) -> Vec<Input>;
    fn open(self: Arc<Self>, opening: &Opening<'_>) -> Result<(AnySink, Taken<Made>)>;
}

impl<E: End> AnyEnd for E {
    fn name(&self) -> &'static str {
        End::name(self)
    }

    fn inputs(&self, block: u32) -> Vec<Input> {
        End::inputs(self, block)
    }

    fn open(self: Arc<Self>, opening: &Opening<'_>) -> Result<(AnySink, Taken<Made>)> {
        let (sink, taken) = End::open(&self, opening)?;
        Ok((AnySink::new(sink), Box::new(|| Ok(Made::of(taken()?)))))
    }
}

/// A chain of links and its end, over some partitions.
pub(crate) struct Chain {
    link: Arc<dyn Link>,
    end: Arc<dyn AnyEnd>,
    blocks: Vec<u32>,
}

impl Chain {
    pub(crate) fn new(link: Arc<dyn Link>, end: Arc<dyn AnyEnd>, blocks: Vec<u32>) -> Self {
        Chain { link, end, blocks }
    }

    /// All that any of its partitions reads.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        let program = Program::new([self].into_iter());
        self.blocks.iter().flat_map(|&block| program.inputs(block)).collect()
    }
}

/// The links of a chain, from its end to its source.
fn upwards(link: &Arc<dyn Link>) -> impl Iterator<Item = &Arc<dyn Link>> {
    std::iter::successors(Some(link), |link| link.up())
}

fn address(link: &Arc<dyn Link>) -> usize {
    Arc::as_ptr(link).addr()
}

impl Blockwise for Chain {
    fn source(&self) -> usize {
        upwards(&self.link).last().map_or(0, address)
    }

    fn steps(&self) -> Vec<&'static str> {
        let mut steps: Vec<_> = upwards(&self.link).map(|l| l.name()).collect();
        steps.reverse();
        steps.push(self.end.name());
        steps
    }

    fn blocks(&self) -> Vec<u32> {
        self.blocks.clone()
    }

    fn pass(&self, members: &[&dyn Blockwise]) -> Arc<dyn Pass> {
        Arc::new(Program::new(members.iter().filter_map(|m| m.as_any().downcast_ref())))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Sinks of the ends by link, and what takes out their results.
type OpenedEnds = (Vec<Vec<AnySink>>, Vec<Taken<Made>>);

/// Some chains over one source: every link once, sources before steps.
struct Program {
    links: Vec<(Arc<dyn Link>, Option<usize>)>,
    ends: Vec<(usize, Arc<dyn AnyEnd>)>,
}

impl Program {
    fn new<'a>(chains: impl Iterator<Item = &'a Chain>) -> Self {
        let mut program = Program { links: Vec::new(), ends: Vec::new() };
        let mut known: HashMap<usize, usize> = HashMap::new();
        for chain in chains {
            let mut new: Vec<_> =
                upwards(&chain.link).take_while(|l| !known.contains_key(&address(l))).collect();
            new.reverse();
            for link in new {
                let up = link.up().and_then(|up| known.get(&address(up)).copied());
                known.insert(address(link), program.links.len());
                program.links.push((link.clone(), up));
            }
            program.ends.push((known[&address(&chain.link)], chain.end.clone()));
        }
        program
    }

    /// Sets the ends up; returns their sinks by link, and what takes out their results.
    fn open_ends(&self, opening: &mut Opening<'_>) -> Result<OpenedEnds> {
        let mut sinks: Vec<Vec<AnySink>> = self.links.iter().map(|_| Vec::new()).collect();
        let mut taken = Vec::with_capacity(self.ends.len());
        for (link, end) in &self.ends {
            let (sink, take) = end.clone().open(opening)?;
            opening.base += end.inputs(opening.block).len();
            sinks[*link].push(sink);
            taken.push(take);
        }
        Ok((sinks, taken))
    }
}

impl Pass for Program {
    /// Those of the ends, then those of the links, from the last to the source.
    fn inputs(&self, block: u32) -> Vec<Input> {
        let ends = self.ends.iter().flat_map(|(_, end)| end.inputs(block));
        ends.chain(self.links.iter().rev().flat_map(|(link, _)| link.inputs(block))).collect()
    }

    fn run(&self, block: u32, task: &TaskContext<'_>) -> Result<Vec<Made>> {
        let reading = Rc::new(Reading::default());
        let mut opening = Opening { task, block, base: 0, reading: reading.clone() };
        let (mut sinks, taken) = self.open_ends(&mut opening)?;
        for (i, (link, up)) in self.links.iter().enumerate().rev() {
            let own = std::mem::take(&mut sinks[i]);
            match up {
                Some(up) => sinks[*up].push(link.lead(&opening, own)?),
                None => link.pour(&opening, own).and_then(|()| reading.outcome())?,
            }
            opening.base += link.inputs(block).len();
        }
        taken.into_iter().map(|take| take()).collect()
    }
}

/// What [`nested::pour`](super::nested::pour) of the partition reads.
pub(crate) fn inputs(link: &Arc<dyn Link>, block: u32) -> Vec<Input> {
    upwards(link).flat_map(|link| link.inputs(block)).collect()
}

/// Sets up the chain of one partition, with inputs from `opening.base` on, and lets its source
/// give all that it has to `sink`.
pub(super) fn run_nested(
    link: &Arc<dyn Link>,
    opening: &Opening<'_>,
    block: u32,
    mut sink: AnySink,
) -> Result<()> {
    let (task, reading) = (opening.task, opening.reading.clone());
    let mut opening = Opening { task, block, base: opening.base, reading };
    for link in upwards(link) {
        match link.up() {
            Some(_) => sink = link.lead(&opening, vec![sink])?,
            None => return link.pour(&opening, vec![sink]),
        }
        opening.base += link.inputs(block).len();
    }
    Ok(())
}
