//! A task that writes into the table of its run: the run ends, with the right answer or an error.
//! It does not write where nobody can know what was there: results, and who holds them.
//!
//! # Invariant
//! All that is written is a word of a slab of atoms, by an atomic store.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::{Cell, Table};
use crate::region::{Atom, Carver, Sharing, Slab};
use crate::{ErrorKind, Graph, Inputs, Plan, Processes, Scheduler};

static NEWEST: Mutex<Weak<Table>> = Mutex::new(Weak::new());

/// Remembers the table of the run that was begun last, for its workers.
pub(crate) fn see(table: &Arc<Table>) {
    *NEWEST.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(table);
}

/// The table of this run; `None` where another test began one, or was about to, at the fork.
fn mine(tasks: usize) -> Option<Arc<Table>> {
    NEWEST.try_lock().ok()?.upgrade().filter(|table| table.len() == tasks)
}

/// The words of the first `len` bytes of each element of a slab.
fn words<T: Atom>(slab: &Slab<T>, i: usize, len: usize) -> &[AtomicU32] {
    let element = std::ptr::from_ref(&slab[i % slab.len()]);
    let words = len.min(size_of::<T>()) / size_of::<AtomicU32>();
    // SAFETY: an atom is made of atomic integers and nothing else, at least as aligned.
    unsafe { std::slice::from_raw_parts(element.cast(), words) }
}

/// Places of the table that may be written to.
const PLACES: u32 = 10;

/// Which words of a queue, and of the sources, mean something.
const ENDS: [usize; 2] = [0, 16];
const CURSORS: [usize; 3] = [0, 16, 32];

/// SplitMix64 (Steele et al., 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Writes something into one word.
fn scribble(table: &Table, random: &mut Random) {
    let (i, queue) = (random.below(1 << 20), random.below(table.deques.len()));
    let place = random.next() as u32 % PLACES;
    let words = match place {
        // Without the set of sleepers: who is not in it is not woken.
        0 => words(&table.header, 0, 64),
        // State and missing inputs.
        1 | 2 => words(&table.cells, i, 16),
        // Where the list of successors begins; the flags.
        3 => {
            let all = words(&table.cells, i, size_of::<Cell>());
            let at =
                [std::mem::offset_of!(Cell, successors), std::mem::offset_of!(Cell, extra) + 4];
            std::slice::from_ref(&all[at[random.below(2)] / 4])
        }
        4 => words(&table.successors.0, i, 4),
        // Not where a result is being moved from, and to: that is freed.
        5 if i % 2 == 0 => words(&table.slots, i, 40),
        5 => &words(&table.slots, i, 88)[18..],
        6 => words(table.deques[queue].words().0, ENDS[i % 2], 8),
        7 => words(table.deques[queue].words().1, i, 4),
        8 => words(table.sources.words().0, CURSORS[i % 3], 8),
        _ => words(table.sources.words().1, i, 4),
    };
    let word = &words[random.below(words.len())];
    let old = word.load(Ordering::SeqCst);
    let new = match random.below(5) {
        0 => random.next() as u32,
        1 => 0,
        2 => old ^ 1 << random.below(32),
        3 => u32::MAX,
        _ => random.below(table.len() + 3) as u32,
    };
    word.store(new, Ordering::SeqCst);
}

/// What the task that writes has to know.
#[derive(Clone)]
struct Vandal {
    seed: u64,
    /// How many tasks the run has.
    tasks: usize,
    /// Whether it has written, so that it does so once.
    done: Arc<Slab<AtomicU32>>,
}

impl Vandal {
    fn new(seed: u64) -> Self {
        let done =
            Carver::carve(Sharing::Forks, |c| c.slab::<AtomicU32>(1)).expect("there is memory");
        Vandal { seed, tasks: TASKS, done: Arc::new(done) }
    }

    fn act(&self) {
        if self.done[0].swap(1, Ordering::SeqCst) != 0 {
            return;
        }
        let mut random = Random(self.seed);
        let Some(table) = mine(self.tasks) else { return };
        for _ in 0..1 + random.below(6) {
            scribble(&table, &mut random);
        }
        if random.below(2) == 0 {
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
        }
    }
}

const LEAVES: u32 = 24;
/// One that others read, the leaves of both kinds, and 16, 6, 2 and 1 sums.
const TASKS: usize = 1 + 48 + 25;

/// Leaves, some of them behind one task with many readers, and a tree over them.
fn graph(vandal: &Vandal) -> Graph {
    let mut g = Graph::builder();
    let at = vandal.seed as u32 % (2 * LEAVES);
    let open = g.task("open", [] as [&str; 0], || vec![1u64; 40]);
    let mut layer = Vec::new();
    for i in 0..LEAVES {
        let (own, gated) = (vandal.clone(), vandal.clone());
        layer.push(g.task(("leaf", i), [] as [&str; 0], move || {
            if i == at {
                own.act();
            }
            vec![u64::from(i); 50]
        }));
        layer.push(g.task(("read", i), [open], move |v: &Vec<u64>| {
            if i + LEAVES == at {
                gated.act();
            }
            vec![v[0] + u64::from(i); 50]
        }));
    }
    let mut level = 0u32;
    while layer.len() > 1 {
        level += 1;
        let sums: Vec<_> = layer.chunks(3).map(<[_]>::to_vec).collect();
        layer = (0..)
            .zip(sums)
            .map(|(i, part)| {
                g.gather((format!("sum{level}"), i as u32), part, |v: Inputs<'_, Vec<u64>>| {
                    v.fold(vec![0u64; 50], |sum, v| {
                        sum.iter().zip(&*v).map(|(a, b)| a + b).collect()
                    })
                })
            })
            .collect();
    }
    let graph = g.build().unwrap();
    assert_eq!(graph.len(), TASKS);
    graph
}

/// One run with a task that writes into the table; whether it came to the right answer.
fn run(seed: u64) -> bool {
    let graph = graph(&Vandal::new(seed));
    let root = graph.len() - 1;
    let plan = Plan::new(&graph, &[crate::TaskId::from_index(root)]).unwrap();
    let workers = 1 + seed as usize % 3;
    let outputs = Processes::new().workers(workers).memory("1GiB").run(&plan, &[]);
    let answer = outputs.and_then(|o| o.get::<Vec<u64>>(0));
    let sum = u64::from(LEAVES * (LEAVES - 1) + LEAVES);
    match answer {
        Ok(answer) => assert_eq!(*answer, vec![sum; 50], "seed {seed}"),
        Err(e) => {
            use ErrorKind::{Corrupt, Died, Exited, MemoryBudget, MemoryLimit};
            let known = [Corrupt, Died, Exited, MemoryBudget, MemoryLimit];
            // An index that leads nowhere, met by a task that makes room for its result.
            let met = e.kind() == ErrorKind::Panic && e.message().contains("out of bounds");
            assert!(met || known.contains(&e.kind()), "seed {seed}: {:?}: {e}", e.kind());
            return false;
        }
    }
    true
}

/// No run takes this long, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last words of a test that hangs: not caught, as what a test prints is.
fn report(seed: u64) {
    use std::io::Write;
    let mut err = std::io::stderr();
    let _ = writeln!(err, "a run with a damaged table hangs: seed {seed}");
    let Some(table) = NEWEST.lock().unwrap().upgrade() else { return };
    let _ = writeln!(err, "{:?}", table.header());
    for worker in 0..=table.workers() {
        let slot = table.slot(worker);
        let doing = (slot.current(), slot.next(), slot.in_body(), slot.is_starved());
        let (asleep, queued) = (table.is_asleep(worker), table.deque(worker).has_some());
        let _ = writeln!(err, "worker {worker}: {doing:?}, asleep {asleep}, queued {queued}");
    }
    let open = (0..=table.last()).filter(|&t| !table.state(t).is_ok_and(|s| s.phase.is_final()));
    for task in open {
        let _ = writeln!(err, "task {task}: {:?}", table.cell(task).state.load());
    }
}

fn watched(seeds: std::ops::Range<u64>) {
    let (tell, told) = channel::<u64>();
    let watch = std::thread::spawn(move || {
        let mut last = 0;
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok(seed) => last = seed,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    report(last);
                    std::process::abort();
                }
            }
        }
    });
    let n = seeds.end - seeds.start;
    let right = seeds.filter(|&seed| {
        tell.send(seed).unwrap();
        run(seed)
    });
    let right = right.count() as u64;
    drop(tell);
    watch.join().unwrap();
    // Neither does all damage matter, nor is none of it noticed.
    assert!(right > 0 && right < n, "{right} of {n} came to the right answer");
}

/// As often as `TINE_FUZZ_RUNS` says.
#[test]
fn a_damaged_table_ends_the_run() {
    let asked = std::env::var("TINE_FUZZ_RUNS").ok().and_then(|n| n.parse().ok());
    watched(0..asked.unwrap_or(400));
}
