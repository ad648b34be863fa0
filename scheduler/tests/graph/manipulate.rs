//! Checkpoints.

use tine_scheduler::{ErrorKind, Graph, Result, Serial, TaskId, get};

fn leaves() -> Result<(Graph, Vec<TaskId>)> {
    let mut g = Graph::builder();
    let tasks = (0..100u32).map(|i| g.value(("a", i), u64::from(i))).collect();
    Ok((g.build()?, tasks))
}

#[test]
fn g16_checkpoint_counts() -> Result<()> {
    let (graph, tasks) = leaves()?;
    for (split_every, keys) in [(Some(2), 299), (Some(3), 250), (Some(8), 215), (None, 201)] {
        let with = graph.checkpoint("done", &tasks, split_every)?;
        assert_eq!(with.len(), keys, "split_every {split_every:?}");
        get(&with, ["done"], &Serial::new())?.get::<()>(0)?;
        let all = with.cull(&with.find_all(["done"])?);
        assert_eq!(all.len(), keys, "it waits for everything");
    }
    Ok(())
}

#[test]
fn g16_checkpoint_refuses_what_makes_no_tree() -> Result<()> {
    let (graph, tasks) = leaves()?;
    for n in [0, 1] {
        let error = graph.checkpoint("done", &tasks, Some(n)).expect_err("no tree");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    // -2 does not exist: the number is unsigned.
    let error = graph.checkpoint("a", &tasks, None).expect_err("the name is taken");
    assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    Ok(())
}

#[test]
fn a_checkpoint_of_nothing_is_done() -> Result<()> {
    let with = Graph::builder().build()?.checkpoint("done", &[], Some(8))?;
    get(&with, ["done"], &Serial::new())?.get::<()>(0)
}
