//! What a run returns is what the codec returns: the same shapes, through tasks.
//! One exchange here stores bytes, as processes do; `Serial` keeps values in memory.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tine_scheduler::{BlockRef, Exchange, Fetched, Graph, Result, Serial, TaskContext, Value, get};

/// An exchange with one input, all of which is encoded.
#[derive(Default)]
struct Bytes {
    input: Vec<u8>,
    result: RefCell<Option<Vec<u8>>>,
}

impl Exchange for Bytes {
    fn len(&self) -> usize {
        1
    }

    fn fetch(&self, _: usize) -> Result<Fetched<'_>> {
        Ok(Fetched::Encoded(&self.input))
    }

    fn position(&self) -> usize {
        0
    }

    fn wants_bytes(&self) -> bool {
        true
    }

    fn store_bytes(&self, bytes: &[u8], _: &[BlockRef]) -> Result<()> {
        *self.result.borrow_mut() = Some(bytes.to_vec());
        Ok(())
    }

    fn store_memory(&self, _: Arc<dyn Any + Send + Sync>) {
        panic!("it wants bytes");
    }
}

/// Hands a value from one task to the next by bytes, and through a run with `Serial`.
fn through<T: Value + Clone + PartialEq + std::fmt::Debug>(value: T) -> Result<()> {
    let first = Bytes::default();
    TaskContext::new(&first).finish(value.clone())?;
    let second = Bytes { input: first.result.take().expect("it was stored"), ..Bytes::default() };
    assert_eq!(*TaskContext::new(&second).input::<T>(0)?, value);
    assert_eq!(TaskContext::new(&second).take::<T>(0)?, value);

    let mut graph = Graph::builder();
    graph.value("given", value.clone());
    graph.task("same", ["given"], |v: &T| v.clone());
    let graph = graph.build()?;
    let mut outputs = get(&graph, ["same", "same"], &Serial::new())?;
    assert_eq!(outputs.get::<T>(0)?, value);
    assert_eq!(outputs.take::<T>(0)?, value); // shared, so it goes through the codec
    assert_eq!(outputs.take::<T>(1)?, value);
    Ok(())
}

#[test]
fn values_go_from_task_to_task() -> Result<()> {
    through(7u64)?;
    through(vec![1.5, -0.0])?;
    through("text".to_owned())?;
    through(vec!["a".to_owned(), String::new()])?;
    through(Some(()))?;
    through(Some(None::<u8>))?;
    through(Some(Json::Null))?;
    through(json!({"a": [1, -2, 3.5, null, {"b": "c"}]}))?;
    through(i128::MIN)?;
    through((1u8, 'c', vec![vec![0.1f64]]))?;
    through(Ok::<Vec<u8>, String>(vec![1, 2]))?;
    Ok(())
}
