//! Every order in which workers may use the words that they share, looked at with `loom`.
//! It does not know tasks, processes or memory: only the words and who touches them.
//!
//! The queues, the ring, the sets of edges and of sleepers, state words and result words are the
//! scheduler's own sources, included below, on atomics of `loom`. What cannot be included, because
//! it hangs on arena or graph, is written again as short as it can be, and names what it stands
//! for. Each model says which weakening of the sources it notices; all of those have been tried.
//!
//! A death is a panic that ends a worker's part of a model at a `kill_point!`; what a dead worker
//! wrote is seen by whoever has joined its thread, as it is by a supervisor after `waitid`.

#![expect(dead_code, reason = "the sources are whole, and no model uses all of them")]
#![expect(unsafe_code, reason = "`StateWord` says of itself that it may lie in shared memory")]

mod futex;
mod kill_point;
mod observer;
mod region;
mod sync;
mod table;

pub use table::facts::facts_arrive_in_order;
pub use table::handover::{a_dead_consumer_is_followed, consumers_free_once};
pub use table::sleep::{nobody_sleeps_beside_work, nobody_sleeps_through_the_end};
pub use table::spill::{a_dead_spiller_is_followed, readers_and_a_spiller};
pub use table::steal::{a_dead_owner_is_followed, owner_and_thieves};

/// Looks at all executions of `f` with at most `preemptions` changes of thread that no thread asks
/// for. Faults that need more of them are rare, and the executions too many.
fn check(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(f);
}
