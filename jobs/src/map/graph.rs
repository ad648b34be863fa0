//! The graph of a map: as many tasks as there may be jobs, none of which waits for another.
//! It does not know what they run.

use std::sync::{Arc, OnceLock};

use tine_scheduler::{Error, ErrorKind, Finished, Graph, Result, TaskBody, TaskContext, TypeTag};

use super::titles::Names;

/// The most jobs there can be: tasks have numbers of 32 bits, of which some mean something else.
pub(super) const MOST: usize = 1 << 30;

/// Room that is made at least, so that few jobs need one graph.
const LEAST: usize = 64;

/// A task that is a program of its own.
#[derive(Debug)]
struct Program;

impl TaskBody for Program {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        Err(Error::new(ErrorKind::Unsupported, "a job is no function that a worker could call"))
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }
}

/// A graph with room for so many jobs, and for as many again, so that it is seldom asked for.
pub(super) fn of(name: &str, room: usize, titles: &Arc<Names>) -> Result<Graph> {
    static BODY: OnceLock<Arc<dyn TaskBody>> = OnceLock::new();
    let body = BODY.get_or_init(|| Arc::new(Program));
    let mut builder = Graph::builder();
    builder.set_titles(titles.clone());
    let group = builder.group(name);
    for _ in 0..room.max(LEAST).next_power_of_two().min(MOST) {
        builder.push(group, [], body.clone());
    }
    builder.build()
}
