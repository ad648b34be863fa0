//! A graph made ready to run: culled to what is asked for, numbered in static order.
//! It is immutable, inherited by every worker, and knows no memory and no process.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, TaskId};

const ABSENT: u32 = u32::MAX;

/// The tasks of one run, by rank: 0 runs first on one worker.
///
/// Values need no running and have no rank.
pub struct Plan<'g> {
    graph: &'g Graph,
    outputs: Vec<TaskId>,
    /// Graph id of the task with this rank.
    tasks: Vec<TaskId>,
    /// Rank of each task of the graph.
    ranks: Vec<u32>,
    /// How many of the tasks are known so far: all, but where jobs still come in.
    known: AtomicUsize,
}

impl<'g> Plan<'g> {
    /// Plans how to make `outputs`.
    ///
    /// # Errors
    /// A graph with a cycle.
    pub fn new(graph: &'g Graph, outputs: &[TaskId]) -> Result<Self> {
        let tasks = graph.order(outputs)?;
        let tasks: Vec<TaskId> = tasks.into_iter().filter(|&t| graph.datum(t).is_none()).collect();
        let mut ranks = vec![ABSENT; graph.len()];
        for (rank, task) in (0..).zip(&tasks) {
            ranks[task.index()] = rank;
        }
        let known = AtomicUsize::new(tasks.len());
        Ok(Plan { graph, outputs: outputs.to_vec(), tasks, ranks, known })
    }

    /// The plan of a graph in which tasks are still coming in: it has room for all of the graph, in
    /// the order in which they stand there, and no task yet.
    ///
    /// # Errors
    /// A task that has inputs: it would have to wait for them.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn open(graph: &'g Graph) -> Result<Self> {
        if let Some(task) = graph.tasks().find(|&t| !graph.inputs(t).is_empty()) {
            let message = "a job that needs others, in a run whose jobs are still coming in";
            return Err(Error::new(ErrorKind::Build, message).in_task(graph.key(task), None));
        }
        let all: Vec<u32> = (0..graph.len() as u32).collect();
        let plan = Plan::ordered(graph, &[], &all)?;
        plan.learn(0);
        Ok(plan)
    }

    /// Takes in more tasks: so many are known now.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn learn(&self, known: usize) {
        self.known.store(known.min(self.room()), Ordering::Relaxed);
    }

    /// The plan that another process made: these tasks in this order.
    ///
    /// # Errors
    /// Tasks that are not in the graph.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn ordered(graph: &'g Graph, outputs: &[u32], tasks: &[u32]) -> Result<Self> {
        let known = |&t: &u32| match t as usize {
            t if t < graph.len() => Ok(TaskId::from_index(t)),
            _ => Err(Error::new(ErrorKind::Corrupt, "a plan of tasks that are not there")),
        };
        let outputs = outputs.iter().map(known).collect::<Result<_>>()?;
        let tasks: Vec<TaskId> = tasks.iter().map(known).collect::<Result<_>>()?;
        let mut ranks = vec![ABSENT; graph.len()];
        for (rank, task) in (0..).zip(&tasks) {
            ranks[task.index()] = rank;
        }
        let known = AtomicUsize::new(tasks.len());
        Ok(Plan { graph, outputs, tasks, ranks, known })
    }

    /// The graph that the plan is for.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// What was asked for, in that order.
    pub fn outputs(&self) -> &[TaskId] {
        &self.outputs
    }

    /// How many tasks are to be run, as far as that is known: where jobs are still coming in, it
    /// becomes more.
    pub fn len(&self) -> usize {
        self.known.load(Ordering::Relaxed)
    }

    /// How many tasks there may be before another plan has to be made.
    pub(crate) fn room(&self) -> usize {
        self.tasks.len()
    }

    /// Whether nothing has to be run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task of this rank.
    ///
    /// # Panics
    /// If `rank` is not below [`len`](Self::len).
    pub fn task(&self, rank: usize) -> TaskId {
        self.tasks[rank]
    }

    /// The rank of `task`; `None` for a value, and for a task that is not needed.
    pub fn rank(&self, task: TaskId) -> Option<usize> {
        Some(self.ranks[task.index()]).filter(|&r| r != ABSENT).map(|r| r as usize)
    }

    /// Fails where the plan is too large to run.
    pub(crate) fn check_size(&self) -> Result<()> {
        if self.len() < 1 << 30 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "a graph of more than 2^30 tasks"))
    }
}

impl fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plan({} tasks for {} outputs)", self.len(), self.outputs.len())
    }
}
