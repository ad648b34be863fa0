//! Runs with a fault each, and some without.
//! Who looks at them stands in `runner`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tine_profiler::Rule;
use tine_scheduler::{Buffer, Graph, GraphBuilder, Inputs, Processes, Result, get};

use crate::bodies::{Marks, Row, burn, burn_on, is_first, rows};
use crate::runner::Case;

pub(crate) const CASES: &[Case] = &[
    ("clean_map_and_tree", None, clean_tree),
    ("clean_pipelines", None, clean_pipelines),
    ("clean_shuffle", None, clean_shuffle),
    ("small_tasks", Some(Rule::SmallTasks), small_tasks),
    ("few_partitions", Some(Rule::FewPartitions), few_partitions),
    ("straggler", Some(Rule::Straggler), straggler),
    ("skew", Some(Rule::Skew), skew),
    ("serial_tail", Some(Rule::SerialTail), serial_tail),
    ("spilling", Some(Rule::Spilling), spilling),
    ("worker_died", Some(Rule::WorkerDied), worker_died),
    ("inner_threads", Some(Rule::InnerThreads), inner_threads),
    ("codec", Some(Rule::Codec), codec),
    ("retries", Some(Rule::Retries), retries),
    ("waiting", Some(Rule::Waiting), waiting),
    ("lost_side_effect", Some(Rule::LostSideEffect), lost_side_effect),
];

const NONE: [&str; 0] = [];

/// What a task counts in, and the program reads in vain.
static CALLS: AtomicU64 = AtomicU64::new(0);

fn sum(xs: Inputs<'_, u64>) -> u64 {
    xs.fold(0, |a, x| a.wrapping_add(*x))
}

/// `n` tasks that compute for so many milliseconds.
fn loads(g: &mut GraphBuilder, n: u32, ms: impl Fn(u32) -> u64) {
    for i in 0..n {
        let ms = ms(i);
        g.task(("load", i), NONE, move || burn(ms));
    }
}

fn all(group: &'static str, n: u32) -> impl Iterator<Item = (&'static str, u32)> {
    (0..n).map(move |i| (group, i))
}

fn run(g: GraphBuilder, last: &str, on: &Processes) -> Result<()> {
    get(&g.build()?, [last], on).map(drop)
}

fn workers(n: usize) -> Processes {
    Processes::new().workers(n)
}

fn clean_tree() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 64, |_| 4);
    for i in 0..8 {
        g.gather(("part", i), (0..8).map(|k| ("load", 8 * i + k)), sum);
    }
    g.gather("sum", all("part", 8), sum);
    run(g, "sum", &workers(2))
}

fn clean_pipelines() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 24, |_| 4);
    for i in 0..24 {
        g.task(("clean", i), [("load", i)], |x: &u64| x.wrapping_add(burn(3)));
        g.task(("count", i), [("clean", i)], |x: &u64| x.wrapping_add(burn(2)));
    }
    g.gather("sum", all("count", 24), sum);
    run(g, "sum", &workers(2))
}

fn clean_shuffle() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 16, |_| 6);
    for i in 0..16 {
        g.gather(("bucket", i), all("load", 16), |xs: Inputs<'_, u64>| {
            sum(xs).wrapping_add(burn(6))
        });
    }
    g.gather("sum", all("bucket", 16), sum);
    run(g, "sum", &workers(2))
}

fn small_tasks() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..400_000u32 {
        g.task(("inc", i), NONE, move || u64::from(i) + 1);
    }
    for i in 0..100 {
        g.gather(("part", i), (0..4_000).map(|k| ("inc", 4_000 * i + k)), sum);
    }
    g.gather("sum", all("part", 100), sum);
    run(g, "sum", &workers(2))
}

fn few_partitions() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 2, |_| 120);
    for i in 0..8 {
        g.task(("look", i), [("load", i % 2)], |x: &u64| x.wrapping_add(1));
    }
    g.gather("sum", all("look", 8), sum);
    run(g, "sum", &workers(6))
}

fn straggler() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 24, |i| if i == 23 { 200 } else { 4 });
    g.gather("sum", all("load", 24), sum);
    run(g, "sum", &workers(2))
}

fn skew() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 40, |i| if i < 36 { 3 } else { 60 * u64::from(i - 35) });
    g.gather("sum", all("load", 40), sum);
    run(g, "sum", &workers(4))
}

fn serial_tail() -> Result<()> {
    let mut g = Graph::builder();
    loads(&mut g, 24, |_| 5);
    g.gather("concat", all("load", 24), |xs: Inputs<'_, u64>| sum(xs).wrapping_add(burn(250)));
    run(g, "concat", &workers(4))
}

fn spilling() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..24u32 {
        g.task(("load", i), NONE, move || {
            Buffer::from_fn(1 << 19, |k| (k as u64).wrapping_mul(u64::from(i) + burn(0)))
        });
    }
    g.gather("sum", all("load", 24), |xs: Inputs<'_, Buffer<u64>>| {
        xs.fold(0u64, |a, x| a.wrapping_add(x.iter().fold(0, |a: u64, x| a.wrapping_add(*x))))
    });
    run(g, "sum", &workers(2).memory("40MiB"))
}

fn worker_died() -> Result<()> {
    let marks = Marks::new().map_err(tine_scheduler::Error::from_task)?;
    let mut g = Graph::builder();
    for i in 0..32u32 {
        let folder = marks.folder();
        g.task(("load", i), NONE, move || {
            if i == 7 && is_first(&folder, "died") {
                std::process::abort();
            }
            burn(4)
        });
    }
    g.gather("sum", all("load", 32), sum);
    let done = run(g, "sum", &workers(2));
    drop(marks);
    done
}

fn inner_threads() -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(4, |n| n.get() + 3);
    let mut g = Graph::builder();
    for i in 0..10u32 {
        g.task(("load", i), NONE, move || burn_on(threads, 1 + 100 / threads as u64));
    }
    g.gather("sum", all("load", 10), sum);
    run(g, "sum", &workers(2))
}

fn codec() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..24u32 {
        g.task(("rows", i), NONE, || rows(40_000));
        g.task(("count", i), [("rows", i)], |rows: &Vec<Row>| {
            let last = rows.last().map_or(0, |r| r.id);
            u64::from(last) + rows.len() as u64
        });
    }
    g.gather("sum", all("count", 24), sum);
    run(g, "sum", &workers(2))
}

fn retries() -> Result<()> {
    let marks = Marks::new().map_err(tine_scheduler::Error::from_task)?;
    let mut g = Graph::builder();
    for i in 0..40u32 {
        let folder = marks.folder();
        g.try_task(("fetch", i), NONE, move || {
            burn(10);
            match i % 5 == 0 && is_first(&folder, &format!("failed-{i}")) {
                true => Err("the service is busy".into()),
                false => Ok(1u64),
            }
        });
    }
    g.gather("sum", all("fetch", 40), sum);
    let done = run(g, "sum", &workers(2).retries(2));
    drop(marks);
    done
}

fn waiting() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..30u32 {
        g.task(("fetch", i), NONE, move || {
            // As a server at the other end of the world would do.
            std::thread::sleep(Duration::from_millis(12));
            u64::from(i)
        });
    }
    g.gather("sum", all("fetch", 30), sum);
    run(g, "sum", &workers(2))
}

fn lost_side_effect() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..40u32 {
        g.task(("load", i), NONE, || burn(3).wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed)));
    }
    g.gather("sum", all("load", 40), sum);
    run(g, "sum", &workers(2))
}
