//! Samples as they were taken from the rings, in addresses, until they get their names.
//! It knows which part of a stack is a worker's own, and drops what is no stack.

use std::collections::HashMap;
use std::sync::Arc;

use super::ring::{Fact, INNER, Record};
use crate::symbols::{Call, Code, Symbols, allocator, from_body};
use crate::trace::{Frame, Sample, StackId, Stacks};

/// Stands where frames are missing: in the midst of a very deep stack, or at its root where code
/// without frame pointers has broken the chain.
const MISSING: &str = "[frames missing]";

/// A stack in addresses, the innermost first, without what the worker was called from.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct RawStack {
    frames: Vec<usize>,
    /// Where the innermost function may return to, if it made no frame; and by which call.
    top: Option<(usize, Call)>,
    /// How many frames are missing behind the first [`INNER`].
    skipped: usize,
    /// Whether it reaches what the worker was called from.
    whole: bool,
    /// Whether a task ran.
    in_body: bool,
}

/// A sample whose stack has no names yet.
#[derive(Clone, Copy, Debug)]
struct RawSample {
    at: u64,
    worker: u16,
    task: Option<u32>,
    weight: u64,
    note: u64,
    stack: usize,
}

/// What the note of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A look at what runs: the note is where the innermost function may return to.
    Cpu,
    /// An allocation: the note is its number.
    Allocation,
}

/// Samples that were taken from the rings of workers, and not yet asked for.
/// Samples of one run that are kept: some 200 MB.
const MOST_SAMPLES: usize = 4 << 20;
/// No sample stands for more than this: three days of a processor, or 256 terabytes.
const MOST_WEIGHT: u64 = 1 << 48;

#[derive(Debug)]
pub(crate) struct Pending {
    kind: Kind,
    /// What each worker was called from, the innermost first.
    bases: HashMap<u16, Vec<usize>>,
    stacks: Vec<Arc<RawStack>>,
    known: HashMap<Arc<RawStack>, usize>,
    samples: Vec<RawSample>,
    /// Samples that were not kept.
    left_out: u64,
    code: Code,
}

impl Pending {
    /// Samples that were not kept: there were too many, or they make no sense.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Nothing of this kind.
    pub(crate) fn new(kind: Kind) -> Pending {
        Pending {
            left_out: 0,
            kind,
            bases: HashMap::new(),
            stacks: Vec::new(),
            known: HashMap::new(),
            samples: Vec::new(),
            code: Code::default(),
        }
    }

    /// Takes in a record of a worker; one without weight says what the worker is called from.
    pub(crate) fn take(&mut self, worker: u16, record: Record) {
        let Record { fact, frames, skipped } = record;
        if fact.weight == 0 {
            self.bases.insert(worker, frames);
            return;
        }
        let top = if self.kind == Kind::Cpu { fact.note as usize } else { 0 };
        let stack = self.own_part(worker, frames, skipped, top);
        let stack = RawStack { in_body: fact.task.is_some(), ..stack };
        let stack = Arc::new(stack);
        let next = self.stacks.len();
        let stack = *self.known.entry(stack).or_insert_with_key(|stack| {
            self.stacks.push(stack.clone());
            next
        });
        let Fact { at, task, weight, note } = fact;
        if weight > MOST_WEIGHT || self.samples.len() >= MOST_SAMPLES {
            self.left_out += 1;
            return;
        }
        self.samples.push(RawSample { at, worker, task, weight, note, stack });
    }

    /// The worker's own part of a stack, as far as it is one.
    fn own_part(
        &mut self,
        worker: u16,
        mut frames: Vec<usize>,
        mut skipped: usize,
        top: usize,
    ) -> RawStack {
        let base = self.bases.get(&worker).map_or(&[][..], Vec::as_slice);
        let shared = frames.iter().rev().zip(base.iter().rev());
        let shared = shared.take_while(|(a, b)| a == b).count();
        let mut whole = shared > 0;
        frames.truncate(frames.len() - shared);
        self.code.ensure(&frames);
        // Code lies where code is mapped: what else was read is no stack, and nothing behind it.
        // The innermost is true in any case.
        let code = &self.code;
        if let Some(wrong) = frames.iter().skip(1).position(|&f| !code.contains(f.wrapping_sub(1)))
        {
            frames.truncate(wrong + 1);
            whole = false;
        }
        if frames.len() <= INNER {
            skipped = 0;
        }
        if let Some(leaf) = frames.first_mut() {
            // As if it were a place to return to, for which one less is looked up.
            *leaf = leaf.wrapping_add(1);
        }
        let known = frames.get(1) == Some(&top);
        let call = self.code.call_before(top).filter(|_| !known);
        RawStack { frames, top: call.map(|c| (top, c)), skipped, whole, in_body: false }
    }

    /// Names the samples, and hands them over with their notes.
    pub(crate) fn name(
        &mut self,
        symbols: &mut Symbols,
        stacks: &mut Stacks,
        mut give: impl FnMut(Sample, u64),
    ) {
        symbols.learn(self.stacks.iter().flat_map(|s| s.addresses()), &self.code);
        let (code, kind) = (&self.code, self.kind);
        let ids: Vec<Option<StackId>> =
            self.stacks.iter().map(|s| s.named(kind, symbols, code, stacks)).collect();
        for RawSample { at, worker, task, weight, note, stack } in self.samples.drain(..) {
            if let Some(stack) = ids[stack] {
                give(Sample { at, worker, task, weight, stack }, note);
            }
        }
        self.stacks.clear();
        self.known.clear();
    }
}

impl RawStack {
    /// All that is to be looked up for it.
    fn addresses(&self) -> impl Iterator<Item = usize> {
        let top = self.top.into_iter().flat_map(|(top, call)| match call {
            Call::To(function) => [top, function + 1],
            Call::Anywhere => [top, top],
        });
        self.frames.iter().copied().chain(top)
    }

    /// Where the innermost function returns to, if it has no frame: it has not made it yet, or the
    /// compiler has put off making it, or it is of a library without frame pointers, as `memcpy`.
    /// It is believed if the call before it is one of that function, or of code in another file, so
    /// that what the function has left there itself is not taken for it.
    fn caller(&self, symbols: &Symbols, code: &Code) -> Option<usize> {
        let (top, call) = self.top?;
        let leaf = *self.frames.first()?;
        let called = match call {
            Call::To(function) => symbols.same_function(function + 1, leaf),
            Call::Anywhere => false,
        };
        let foreign = code.contains(leaf) && !code.same_file(leaf, top);
        (called || foreign).then_some(top)
    }

    /// Adds it with its names.
    fn named(
        &self,
        kind: Kind,
        symbols: &Symbols,
        code: &Code,
        stacks: &mut Stacks,
    ) -> Option<StackId> {
        let missing = || Frame { function: MISSING.to_owned(), ..Frame::default() };
        let caller = self.caller(symbols, code);
        let mut frames: Vec<Frame> = Vec::with_capacity(2 * self.frames.len());
        for (i, &address) in self.frames.iter().enumerate() {
            if i == INNER && self.skipped > 0 {
                frames.push(missing());
            }
            frames.extend(symbols.at(address).iter().cloned());
            if let Some(caller) = caller.filter(|_| i == 0) {
                frames.extend(symbols.at(caller).iter().cloned());
            }
        }
        if kind == Kind::Allocation {
            frames.drain(..allocator(&frames));
        }
        frames.reverse();
        let mut own = if self.in_body { from_body(&frames).to_vec() } else { frames };
        if !self.whole {
            own.insert(0, missing());
        }
        let numbers: Vec<u32> = own.into_iter().map(|f| stacks.frame(f)).collect();
        stacks.stack(numbers)
    }
}
