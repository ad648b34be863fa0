//! How much memory the results of a run will take, told before it runs, where their sizes are known.
//! It does not know what tasks need besides, or how many are run at a time.

use crate::config::units::format_bytes;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Group, GroupId, TaskId};
use crate::plan::Plan;

/// What the results of a run take when it is run in static order, one task at a time. Each further
/// worker adds at most about what one task reads and makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// The most bytes that results take at a time.
    pub peak: u64,
    /// The group that takes most of it then.
    pub layer: GroupId,
    /// How many tasks have results of unknown size, which are not counted.
    pub unknown: usize,
}

impl Plan<'_> {
    /// Tells how much memory results will take, by the sizes that
    /// [`set_result_bytes`](crate::GraphBuilder::set_result_bytes) has told; `None` where no size is
    /// known.
    ///
    /// ```
    /// use tine_scheduler::{Graph, Plan};
    /// let mut g = Graph::builder();
    /// let parts: Vec<_> = (0..8).map(|i| g.task(("part", i), [] as [&str; 0], || vec![0u8; 1000])).collect();
    /// let group = g.group("part");
    /// g.set_result_bytes(group, 1000);
    /// let total = g.gather("total", &parts, |parts: tine_scheduler::Inputs<'_, Vec<u8>>| {
    ///     parts.map(|p| p.len() as u64).sum::<u64>()
    /// });
    /// let graph = g.build()?;
    /// let projection = Plan::new(&graph, &[total])?.projected_memory().unwrap();
    /// assert_eq!((projection.peak, graph.group(projection.layer).name()), (8000, "part"));
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    pub fn projected_memory(&self) -> Option<Projection> {
        if !self.graph().groups().iter().any(|g| g.result_bytes().is_some()) {
            return None;
        }
        let readers = self.readers();
        let mut live = Live::new(self);
        let mut left = readers.clone();
        for (rank, &read) in readers.iter().enumerate() {
            live.begin(self.task(rank));
            for input in self.inputs_of(rank) {
                left[input] -= 1;
                if left[input] == 0 {
                    live.end(self.task(input));
                }
            }
            if read == 0 {
                live.end(self.task(rank));
            }
        }
        Some(live.projection)
    }

    /// Ranks of the inputs of a task, each once.
    fn inputs_of(&self, rank: usize) -> Vec<usize> {
        let edges = self.graph().inputs(self.task(rank)).iter();
        let mut inputs: Vec<usize> = edges.filter_map(|e| self.rank(e.task())).collect();
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }

    /// How many tasks read each result; one more reads what was asked for.
    fn readers(&self) -> Vec<u32> {
        let mut readers = vec![0; self.len()];
        let inputs = (0..self.len()).flat_map(|rank| self.inputs_of(rank));
        let outputs = self.outputs().iter().filter_map(|&t| self.rank(t));
        inputs.chain(outputs).for_each(|rank| readers[rank] += 1);
        readers
    }

    /// Fails where one result alone is known to be larger than the memory of a run.
    ///
    /// # Errors
    /// [`ErrorKind::MemoryBudget`], with the layer and the size that would do.
    pub(crate) fn check_sizes(&self, budget: u64) -> Result<()> {
        let groups = self.graph().groups();
        let too_large = |g: &&Group| g.result_bytes().is_some_and(|bytes| bytes > budget);
        if !groups.iter().any(|g| too_large(&g)) {
            return Ok(());
        }
        let group_of = |rank| self.graph().group(self.graph().group_of(self.task(rank)));
        let Some(rank) = (0..self.len()).find(|&r| too_large(&group_of(r))) else { return Ok(()) };
        let (task, group) = (self.task(rank), group_of(rank));
        let bytes = group.result_bytes().unwrap_or(0);
        let parts = bytes.div_ceil((budget / ROOM).max(1));
        let message = format!(
            "each result of layer `{}` takes {}, more than the memory budget of {}: chunks of a \
             {parts}th of their size, {}, would leave room for the {ROOM} that are in use at a time",
            group.name(),
            format_bytes(bytes),
            format_bytes(budget),
            format_bytes(bytes / parts),
        );
        let place = Some(self.graph().created_at(task));
        Err(Error::new(ErrorKind::MemoryBudget, message).in_task(self.graph().key(task), place))
    }
}

/// So many chunks fit into the budget where a layer reads one, makes one, and two workers do so.
const ROOM: u64 = 4;

/// Results as they come and go.
struct Live<'p> {
    plan: &'p Plan<'p>,
    /// Bytes, by group.
    groups: Vec<u64>,
    bytes: u64,
    projection: Projection,
}

impl<'p> Live<'p> {
    fn new(plan: &'p Plan<'_>) -> Self {
        let groups = vec![0; plan.graph().groups().len()];
        let layer = plan.graph().group_of(plan.task(0));
        let projection = Projection { peak: 0, layer, unknown: 0 };
        Live { plan, groups, bytes: 0, projection }
    }

    fn begin(&mut self, task: TaskId) {
        let id = self.plan.graph().group_of(task);
        let Some(bytes) = self.plan.graph().group(id).result_bytes() else {
            self.projection.unknown += 1;
            return;
        };
        self.bytes += bytes;
        self.groups[id.index()] += bytes;
        if self.bytes > self.projection.peak {
            self.projection.peak = self.bytes;
            let most = |layer: GroupId| self.groups[layer.index()];
            // The one that has just grown is the largest, or the one before still is.
            if most(id) >= most(self.projection.layer) {
                self.projection.layer = id;
            }
        }
    }

    fn end(&mut self, task: TaskId) {
        let id = self.plan.graph().group_of(task);
        let bytes = self.plan.graph().group(id).result_bytes().unwrap_or(0);
        self.bytes -= bytes;
        self.groups[id.index()] -= bytes;
    }
}

#[cfg(test)]
mod tests {
    use crate::error::ErrorKind;
    use crate::graph::{Dependency, Graph};
    use crate::plan::Plan;

    #[test]
    fn a_chain_holds_two_results() {
        let mut g = Graph::builder();
        g.task(("step", 0), None::<&str>, || 0u64);
        for i in 1..10u32 {
            g.task(("step", i), [Dependency::from(("step", i - 1))], |x: &u64| x + 1);
        }
        let group = g.group("step");
        g.set_result_bytes(group, 100);
        let graph = g.build().unwrap();
        let last = graph.find(&("step", 9).into()).unwrap();
        let projection = Plan::new(&graph, &[last]).unwrap().projected_memory().unwrap();
        assert_eq!((projection.peak, projection.unknown), (200, 0));
    }

    #[test]
    fn a_result_over_the_budget_names_its_layer_and_a_size() {
        let mut g = Graph::builder();
        let task = g.task("chunk", None::<&str>, || 0u64);
        let group = g.group("chunk");
        g.set_result_bytes(group, 1 << 30);
        let graph = g.build().unwrap();
        let plan = Plan::new(&graph, &[task]).unwrap();
        let e = plan.check_sizes(256 << 20).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::MemoryBudget);
        assert!(e.message().contains("layer `chunk` takes 1.00 GiB"), "{e}");
        assert!(e.message().contains("64.00 MiB"), "{e}");
        assert!(plan.check_sizes(1 << 30).is_ok());
    }
}
