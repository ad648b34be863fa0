//! Buffers and stored values in statics, in forks, and beside a run that goes on.
//! It does not know how many workers there are: one, so that statics are seen again.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::Mutex;

use serde::ser::{Error as _, SerializeTuple};
use serde::{Deserialize, Serialize, Serializer};
use tine_scheduler::{Buffer, Dependency, Graph, Processes, TaskResult, get, memory_in_use};

use crate::body;

const LEN: usize = 8192;

fn all(buffer: &Buffer<u64>, x: u64) -> bool {
    buffer.len() == LEN && buffer.iter().all(|&y| y == x)
}

fn of(x: u64) -> Buffer<u64> {
    Buffer::from_fn(LEN, |_| x)
}

#[test]
fn a_static_still_sees_the_result_that_was_returned() {
    static KEPT: Mutex<Option<Buffer<u64>>> = Mutex::new(None);
    let mut g = Graph::builder();
    g.task("a", [] as [&str; 0], || {
        let made = of(1);
        *KEPT.lock().unwrap() = Some(made.slice(0..LEN));
        made
    });
    g.task("b", ["a"], |a: &Buffer<u64>| all(a, 1));
    g.task("c", ["b"], |b: &bool| (*b, of(2), of(3), of(4)));
    // Returned by a second task too, for which it is somebody else's block.
    g.task("d", ["c"], |c: &(bool, Buffer<u64>, Buffer<u64>, Buffer<u64>)| {
        assert!(c.0 && all(&c.1, 2) && all(&c.2, 3));
        KEPT.lock().unwrap().clone().unwrap()
    });
    let out = get(&g.build().unwrap(), ["d"], &Processes::new().workers(1)).unwrap();
    assert!(all(&out.get(0).unwrap(), 1));
}

/// Refers to its buffer, and then cannot be written.
#[derive(Deserialize)]
struct Half(Buffer<u64>);

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut pair = s.serialize_tuple(2)?;
        pair.serialize_element(&self.0)?;
        Err(S::Error::custom("only half of it can be written"))
    }
}

#[test]
fn a_result_that_is_written_by_half_keeps_no_memory() {
    const TASKS: u32 = 40;
    let mut g = Graph::builder();
    let group = g.group("use");
    let mut before = None;
    for i in 0..TASKS {
        let make = move |_: &u64| Half(Buffer::zeroed(1 << 19));
        let seed = before.unwrap_or_else(|| g.value("seed", 0u64));
        let half = g.task(("half", i), [seed], make);
        let next = body::<u64>(|task| {
            let failed = task.caught::<Half>(0)?.is_err();
            assert!(failed);
            task.finish(memory_in_use() as u64)
        });
        before = Some(g.push(group, [Dependency::Catch(half)], next));
    }
    let out = get(&g.build().unwrap(), [("use", TASKS - 1)], &Processes::new().workers(1));
    let used = out.unwrap().get::<u64>(0).unwrap();
    // Other tests use some too; 40 buffers of 4 MB would be 160.
    assert!(used < 60 << 20, "{used} bytes");
}

#[test]
fn the_same_nested_result_can_be_taken_twice() {
    let mut g = Graph::builder();
    g.task("outer", [] as [&str; 0], || {
        let mut inner = Graph::builder();
        inner.task("x", [] as [&str; 0], || of(5));
        let mut out = get(&inner.build().unwrap(), ["x", "x"], &Processes::new()).unwrap();
        let (a, b) = (out.take::<Buffer<u64>>(0).unwrap(), out.take::<Buffer<u64>>(1).unwrap());
        assert!(all(&a, 5));
        (a.slice(0..1), b)
    });
    let out = get(&g.build().unwrap(), ["outer"], &Processes::new().workers(1)).unwrap();
    let (a, b) = out.get::<(Buffer<u64>, Buffer<u64>)>(0).unwrap();
    assert!(a[..] == [5] && all(&b, 5));
}

fn say(pipe: &Mutex<PipeWriter>) -> TaskResult<()> {
    Ok(pipe.lock().expect("no test panics while it holds it").write_all(&[1])?)
}

fn hear(pipe: &Mutex<PipeReader>) -> TaskResult<()> {
    Ok(pipe.lock().expect("no test panics while it holds it").read_exact(&mut [0])?)
}

#[test]
fn a_worker_sees_what_its_parent_has_let_go_of() {
    static CACHE: Mutex<Option<Buffer<u64>>> = Mutex::new(None);
    let one = Processes::new().workers(1);
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || of(1));
    let kept = get(&g.build().unwrap(), ["x"], &one).unwrap();
    *CACHE.lock().unwrap() = Some(kept.get(0).unwrap());
    drop(kept);

    let [(began, begun), (gone, go_on)] =
        [pipe().unwrap(), pipe().unwrap()].map(|(r, w)| (Mutex::new(r), Mutex::new(w)));
    let mut g = Graph::builder();
    g.try_task("look", [] as [&str; 0], move || {
        say(&begun)?;
        hear(&gone)?;
        Ok(all(CACHE.lock().unwrap().as_ref().unwrap(), 1))
    });
    let graph = g.build().unwrap();
    let looked = std::thread::scope(|scope| {
        let run = scope.spawn(|| get(&graph, ["look"], &one).unwrap().get::<bool>(0).unwrap());
        hear(&began).unwrap();
        *CACHE.lock().unwrap() = None;
        // Whoever comes next gets the lowest chunk that is free.
        let mut g = Graph::builder();
        g.task("y", [] as [&str; 0], || (of(2), of(2), of(2)));
        let others = get(&g.build().unwrap(), ["y"], &one).unwrap();
        say(&go_on).unwrap();
        let looked = run.join().unwrap();
        drop(others);
        looked
    });
    assert!(looked);
}
