//! Edges between tasks: laid out before the run, cleared as tasks end.
//! It does not know what a result is: see `results`.

use std::sync::atomic::Ordering;

use super::bits::words_below_top;
use super::state::{Phase, State};
use super::{CATCHES, FATAL, POISONED, SOURCE, Shape, Table};
use crate::error::Result;
use crate::kill_point::kill_point;
use crate::plan::Plan;

/// A source hangs on an input with more successors than this many a worker.
const GATE_FAN_OUT: usize = 4;

/// Head of the list of appended successors once the task has released: too late to append.
const CLOSED: u32 = u32::MAX;

/// The edges of a plan, as lists by rank.
pub(super) struct Links {
    /// Where each task's inputs begin in `inputs`; the final task is the last.
    input_starts: Vec<u32>,
    /// Producer of each edge, with `CATCHES`.
    inputs: Vec<u32>,
    out_degree: Vec<u32>,
    fatal: Vec<bool>,
    pub(super) sources: Vec<u32>,
    pub(super) gated: Vec<u32>,
    epoch: u32,
}

impl Links {
    pub(super) fn new(plan: &Plan<'_>, shape: Shape) -> Self {
        let n = plan.room();
        let mut links = Links {
            input_starts: Vec::with_capacity(n + 2),
            inputs: Vec::with_capacity(n + n / 4),
            out_degree: vec![0; n + 1],
            fatal: vec![false; n + 1],
            sources: Vec::new(),
            gated: Vec::new(),
            epoch: shape.epoch,
        };
        let mut own = Vec::new();
        for rank in 0..n {
            let edges = plan.graph().inputs(plan.task(rank)).iter();
            own.extend(edges.filter_map(|e| {
                let catches = if e.catches() { CATCHES } else { 0 };
                plan.rank(e.task()).map(|r| r as u32 | catches)
            }));
            links.add(&mut own);
        }
        let outputs = plan.outputs().iter().filter_map(|&t| plan.rank(t));
        own.extend(outputs.map(|r| r as u32));
        links.add(&mut own);
        links.input_starts.push(links.inputs.len() as u32);
        if !shape.independent {
            links.find_fatal();
        }
        links.find_sources(plan, shape);
        links
    }

    /// Adds the inputs of the next task: each producer once. It catches only where all its edges do.
    fn add(&mut self, own: &mut Vec<u32>) {
        self.input_starts.push(self.inputs.len() as u32);
        if own.len() > 1 {
            own.sort_unstable_by_key(|&e| (e & !CATCHES, e & CATCHES));
            own.dedup_by_key(|e| *e & !CATCHES);
        }
        for edge in own.drain(..) {
            self.out_degree[(edge & !CATCHES) as usize] += 1;
            self.inputs.push(edge);
        }
    }

    fn inputs_of(&self, rank: usize) -> &[u32] {
        &self.inputs[self.input_starts[rank] as usize..self.input_starts[rank + 1] as usize]
    }

    /// A failure matters where it reaches an output without being caught.
    fn find_fatal(&mut self) {
        let last = self.fatal.len() - 1;
        self.fatal[last] = true;
        for rank in (0..=last).rev() {
            if !self.fatal[rank] {
                continue;
            }
            for i in self.input_starts[rank]..self.input_starts[rank + 1] {
                let edge = self.inputs[i as usize];
                if edge & CATCHES == 0 {
                    self.fatal[edge as usize] = true;
                }
            }
        }
    }

    fn find_sources(&mut self, plan: &Plan<'_>, shape: Shape) {
        if shape.in_order {
            self.sources = (0..plan.room() as u32).collect();
            return;
        }
        let many = GATE_FAN_OUT * shape.workers;
        for rank in 0..plan.room() {
            let inputs = self.inputs_of(rank);
            let marked = || plan.graph().group(plan.graph().group_of(plan.task(rank))).is_source();
            let wide = |e: &u32| self.out_degree[(e & !CATCHES) as usize] as usize > many;
            if inputs.is_empty() {
                self.sources.push(rank as u32);
            } else if inputs.iter().all(wide) || marked() {
                self.gated.push(rank as u32);
            }
        }
    }

    pub(super) fn edges(&self) -> usize {
        self.inputs.len()
    }

    fn in_degree(&self, rank: usize) -> u32 {
        self.input_starts[rank + 1] - self.input_starts[rank]
    }

    pub(super) fn wide_words(&self) -> usize {
        let ins = (0..self.out_degree.len()).map(|r| words_below_top(self.in_degree(r)));
        let outs = self.out_degree.iter().map(|&d| words_below_top(d));
        ins.chain(outs).map(|w| w as usize).sum()
    }

    /// Wide tasks and where their words begin: of their missing inputs, and of their holds.
    pub(super) fn wide_bases(&self) -> [Vec<(u32, u32)>; 2] {
        let (mut bases, mut wide) = ([Vec::new(), Vec::new()], 0);
        for rank in 0..self.out_degree.len() {
            for (kind, n) in [self.in_degree(rank), self.out_degree[rank]].into_iter().enumerate() {
                let words = words_below_top(n);
                if words > 0 {
                    bases[kind].push((rank as u32, wide));
                }
                wide += words;
            }
        }
        bases
    }

    /// Writes the table as it is before the first task runs.
    pub(super) fn fill(&self, table: &mut Table) {
        let mut wide = 0;
        self.fill_cells(table, &mut wide);
        let mut next = vec![0; self.out_degree.len()];
        for rank in 0..self.out_degree.len() {
            let consumer = rank as u32;
            for (bit, i) in (self.input_starts[rank]..self.input_starts[rank + 1]).enumerate() {
                let edge = self.inputs[i as usize];
                let producer = edge & !CATCHES;
                let out = next[producer as usize];
                next[producer as usize] += 1;
                let at = table.cell(producer).successors.load(Ordering::Relaxed) + out;
                table.successors.set(at, consumer, bit as u32 | edge & CATCHES);
                table.inputs.set(i, producer, out);
            }
        }
        table.sources.fill(&self.sources, &self.gated);
        for source in self.sources.iter().chain(&self.gated) {
            table.cell(*source).flags.fetch_or(SOURCE, Ordering::Relaxed);
        }
    }

    fn fill_cells(&self, table: &mut Table, wide: &mut u32) {
        table.wide_bases = self.wide_bases();
        let mut out = 0;
        for rank in 0..self.out_degree.len() {
            let (inputs, successors) = (self.in_degree(rank), self.out_degree[rank]);
            for (kind, n) in [inputs, successors].into_iter().enumerate() {
                let words = words_below_top(n);
                let cell = &table.cells[rank];
                let top = [&cell.pending, &cell.holds][kind];
                table.wide.fill(top, *wide, n);
                *wide += words;
            }
            let cell = &table.cells[rank];
            cell.successors.store(out, Ordering::Relaxed);
            cell.inputs.store(self.input_starts[rank], Ordering::Relaxed);
            cell.flags.store(if self.fatal[rank] { FATAL } else { 0 }, Ordering::Relaxed);
            cell.min_generation.store(0, Ordering::Relaxed);
            let phase = if inputs == 0 { Phase::Ready } else { Phase::Waiting };
            cell.state.store(State::waiting(self.epoch).to(phase));
            out += successors;
        }
        let end = &table.cells[self.out_degree.len()];
        end.successors.store(out, Ordering::Relaxed);
        end.inputs.store(self.edges() as u32, Ordering::Relaxed);
    }
}

/// What became ready when a task released its successors.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// Whether this is done again, for a dead worker: then what had become ready before is
    /// returned too, because its hint may have been lost.
    pub(crate) again: bool,
    /// Tasks to be queued, in static order.
    pub(crate) tasks: Vec<u32>,
    /// Whether gated sources became ready too: sleepers should look.
    pub(crate) gated: bool,
    /// Whether all outputs are there.
    pub(crate) finished: bool,
}

impl Table {
    /// The successors of `task`, with their edges' bits.
    fn successors(&self, task: u32) -> impl Iterator<Item = (u32, u32)> {
        let from = self.cell(task).successors.load(Ordering::Relaxed);
        let to = self.cell(task + 1).successors.load(Ordering::Relaxed);
        (from..to).map(|i| self.successors.get(i))
    }

    /// The tasks that cannot do without the result of `task`; not the final one.
    pub(crate) fn heirs(&self, task: u32) -> impl Iterator<Item = u32> {
        let needing = self.successors(task).filter(|(_, bit)| bit & CATCHES == 0);
        needing.map(|(successor, _)| successor).filter(|&s| s != self.last())
    }

    /// How many tasks read the result of `task`.
    pub(crate) fn out_degree(&self, task: u32) -> u32 {
        let from = self.cell(task).successors.load(Ordering::Relaxed);
        self.cell(task + 1).successors.load(Ordering::Relaxed) - from
    }

    /// The producers of the inputs of `task`, each once, with the bit of its hold.
    pub(crate) fn producers(&self, task: u32) -> impl Iterator<Item = (u32, u32)> {
        let from = self.cell(task).inputs.load(Ordering::Relaxed);
        let to = self.cell(task + 1).inputs.load(Ordering::Relaxed);
        (from..to).map(|i| self.inputs.get(i))
    }

    fn in_degree(&self, task: u32) -> u32 {
        let from = self.cell(task).inputs.load(Ordering::Relaxed);
        self.cell(task + 1).inputs.load(Ordering::Relaxed) - from
    }

    fn wide_base(&self, kind: usize, task: u32, n: u32) -> u32 {
        if n <= 64 {
            return 0;
        }
        let bases = &self.wide_bases[kind];
        let at = bases.binary_search_by_key(&task, |b| b.0);
        at.map_or(0, |i| bases[i].1)
    }

    /// Tells the successors of `task` that it ended in `phase`. Doing it twice does no harm.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn release(&self, task: u32, phase: Phase, ready: &mut Ready) -> Result<()> {
        let again = ready.again;
        self.cell(task).extra.store(CLOSED, Ordering::Relaxed);
        for (successor, bit) in self.successors(task) {
            let (catches, bit) = (bit & CATCHES != 0, bit & !CATCHES);
            let cell = self.cell(successor);
            if phase != Phase::Releasing && !catches {
                // Before the edge's bit: whoever finds the task ready must see the poison.
                cell.flags.fetch_or(POISONED, Ordering::SeqCst);
            }
            let n = self.in_degree(successor);
            let base = self.wide_base(0, successor, n);
            kill_point!(MidRelease);
            if !self.wide.clear(&cell.pending, base, n, bit) {
                continue;
            }
            kill_point!(MidRelease);
            if successor == self.last() {
                ready.finished = true;
                continue;
            }
            let waiting = State::waiting(self.epoch());
            let now = cell.state.change(waiting, waiting.to(Phase::Ready));
            if now || (again && self.state(successor)?.phase == Phase::Ready) {
                if cell.flags.load(Ordering::Relaxed) & SOURCE == 0 || again {
                    ready.tasks.push(successor);
                } else {
                    ready.gated = true;
                }
            }
        }
        Ok(())
    }

    /// Whether `consumer` alone holds the result of `producer`; false where that is not cheap to see.
    pub(crate) fn is_sole_holder(&self, producer: u32, consumer: u32) -> bool {
        let mut producers = self.producers(consumer);
        let Some((_, bit)) = producers.find(|(p, _)| *p == producer) else { return false };
        let holds = self.cell(producer).holds.load(Ordering::SeqCst);
        self.out_degree(producer) <= 64 && holds == 1 << bit
    }

    /// The consumers of the result of `task`, each with whether it still holds it.
    pub(crate) fn holders(&self, task: u32) -> impl Iterator<Item = (u32, bool)> {
        let n = self.out_degree(task);
        let base = self.wide_base(1, task, n);
        let holds = &self.cell(task).holds;
        (0..)
            .zip(self.successors(task))
            .map(move |(out, (successor, _))| (successor, self.wide.is_set(holds, base, n, out)))
    }

    /// Whether nobody holds the result of `task` any more.
    pub(crate) fn is_let_go(&self, task: u32) -> bool {
        self.cell(task).holds.load(Ordering::SeqCst) == 0
    }

    /// Lets go of the result of `producer` on the edge of this bit; true where nobody holds it any
    /// more. Doing it twice does no harm.
    pub(crate) fn drop_hold(&self, producer: u32, bit: u32) -> bool {
        let n = self.out_degree(producer);
        let base = self.wide_base(1, producer, n);
        self.wide.clear(&self.cell(producer).holds, base, n, bit)
    }
}
