//! A collection of partitions as its author writes it: one layer, its parts, and `Collection`.
//! It does not know `Delayed`.

use std::panic::Location;
use std::sync::Arc;

use tine_collection::{Answer, Collection, Compute, Input, Layer, Node, Request, compute};
use tine_scheduler::{
    Dependency, Error, ErrorKind, Finished, GraphBuilder, Result, TaskBody, TaskContext, TaskId,
    TypeTag,
};

/// Numbers in partitions: each is the square of its place, plus what the layer before has there.
struct Squares {
    name: &'static str,
    parts: u32,
}

struct Square;

impl TaskBody for Square {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let before = if task.is_empty() { 0 } else { *task.input::<usize>(0)? };
        task.finish(before + task.position() * task.position())
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<usize>()
    }
}

impl Layer for Squares {
    fn emit(&self, inputs: &[TaskId], graph: &mut GraphBuilder) -> Result<Vec<TaskId>> {
        let group = graph.group(self.name);
        let body: Arc<dyn TaskBody> = Arc::new(Square);
        let task = |i: usize| {
            let input = inputs.get(i).copied().map(Dependency::Task);
            graph.push_at(group, input, body.clone(), Location::caller())
        };
        Ok((0..self.parts as usize).map(task).collect())
    }
}

#[derive(Clone)]
struct Numbers(Vec<Input>);

impl Numbers {
    fn new(name: &'static str, parts: u32, before: Vec<Input>) -> Self {
        let node = Node::layer(before, Squares { name, parts });
        Numbers((0..parts).map(|i| Input::part(node.clone(), i)).collect())
    }
}

impl Compute for Numbers {
    type Output = Vec<usize>;

    fn ask(&self, request: &mut Request) {
        self.0.iter().for_each(|part| request.want(part.clone()));
    }

    fn answer(&self, answer: &mut Answer) -> Result<Vec<usize>> {
        self.0.iter().map(|_| answer.take()).collect()
    }
}

impl Collection for Numbers {
    fn held(&self, answer: &mut Answer) -> Result<Self> {
        self.0
            .iter()
            .map(|_| Ok(Input::of(answer.hold::<usize>()?)))
            .collect::<Result<_>>()
            .map(Numbers)
    }
}

#[test]
fn parts_of_a_layer_are_computed_with_what_they_share() -> Result<()> {
    let below = Numbers::new("below", 4, vec![]);
    let above = Numbers::new("above", 3, below.0.clone());
    assert_eq!(compute((&below, &above))?, (vec![0, 1, 4, 9], vec![0, 2, 8]));
    assert_eq!(compute(vec![above.clone(), above.clone()])?, vec![vec![0, 2, 8]; 2]);
    let graph = above.graph()?;
    assert_eq!(graph.len(), 7);
    assert_eq!(graph.key(TaskId::from_index(5)).to_string(), "above(1)");
    Ok(())
}

#[test]
fn a_persisted_layer_keeps_its_keys() -> Result<()> {
    let below = Numbers::new("below", 3, vec![]);
    let kept = below.persist()?;
    let graph = kept.graph()?;
    let keys: Vec<_> = graph.tasks().map(|t| graph.key(t).to_string()).collect();
    assert_eq!(keys, ["below(0)", "below(1)", "below(2)"]);
    assert_eq!(kept.compute()?, [0, 1, 4]);
    let above = Numbers::new("above", 3, kept.0.clone());
    assert_eq!(above.compute()?, [0, 2, 8]);
    Ok(())
}

#[test]
fn a_persisted_layer_stands_beside_the_layer_itself() -> Result<()> {
    let below = Numbers::new("below", 3, vec![]);
    let kept = below.persist()?;
    assert_eq!(compute((&below, &kept))?, (vec![0, 1, 4], vec![0, 1, 4]));
    Ok(())
}

#[test]
fn a_part_that_is_not_there_is_an_error() {
    let node = Node::layer(vec![], Squares { name: "below", parts: 2 });
    let e = Numbers(vec![Input::part(node, 2)]).compute().expect_err("no part 2");
    assert_eq!(e.kind(), ErrorKind::Build);
}

#[test]
fn the_error_created_first_is_the_one_returned() {
    let first = Node::failed(Error::new(ErrorKind::Build, "first"));
    let second = Node::failed(Error::new(ErrorKind::Build, "second"));
    let both = Numbers(vec![Input::of(second), Input::of(first)]);
    assert_eq!(both.check().expect_err("two errors").message(), "first");
}
