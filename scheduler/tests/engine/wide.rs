//! Wide tasks: fans of thousands, and readers that hang on one `open`.
//! It does not measure memory: see `pressure`.

use tine_scheduler::{
    Buffer, Graph, Inputs, Plan, Processes, Result, Scheduler, Serial, TaskId, Threads,
};

use crate::spec::{Node, Op, Spec};

fn everybody() -> Vec<Box<dyn Scheduler>> {
    let mut all: Vec<Box<dyn Scheduler>> = vec![Box::new(Serial::new())];
    all.extend([1, 2, 4].map(|n| Box::new(Threads::new().workers(n)) as Box<dyn Scheduler>));
    all.extend([1, 2, 3, 8].map(|n| Box::new(Processes::new().workers(n)) as Box<dyn Scheduler>));
    all
}

#[test]
fn fans_of_thousands() {
    let _company = crate::in_company();
    for n in [63, 64, 65, 4096, 4097, 5000u64] {
        let mut g = Graph::builder();
        let root = g.task("root", [] as [&str; 0], || Buffer::from_fn(1000, |i| i as u64));
        let leaves: Vec<TaskId> = (0..n)
            .map(|i| {
                g.task(("leaf", i as u32), [root], move |b: &Buffer<u64>| b[i as usize % 1000] + i)
            })
            .collect();
        let all = leaves.iter().chain(&leaves).copied();
        let sum = g.gather("sum", all, |xs: Inputs<'_, u64>| xs.map(|x| *x).sum::<u64>());
        let graph = g.build().unwrap();
        let plan = Plan::new(&graph, &[sum]).unwrap();
        let expected = 2 * (0..n).map(|i| i % 1000 + i).sum::<u64>();
        for scheduler in everybody() {
            let out = scheduler.run(&plan, &[]).unwrap();
            assert_eq!(out.get::<u64>(0).unwrap(), expected, "{n} on {scheduler:?}");
        }
    }
}

#[test]
fn a_thousand_readers_of_one_open_task() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let open = g.task("open", [] as [&str; 0], || "a file with a long enough name".to_owned());
    let reads: Vec<_> = (0..1000u32)
        .map(|i| g.task(("reads", i), [open], move |s: &String| vec![i; s.len()]))
        .collect();
    let halves: Vec<_> = reads
        .chunks(2)
        .zip(0u32..)
        .map(|(pair, i)| {
            g.gather(("half", i), pair.to_vec(), |v: Inputs<'_, Vec<u32>>| {
                v.map(|v| v.iter().map(|&x| u64::from(x)).sum::<u64>()).sum::<u64>()
            })
        })
        .collect();
    let sum = g.gather("sum", halves, |xs: Inputs<'_, u64>| xs.map(|x| *x).sum::<u64>());
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &[sum]).unwrap();
    for scheduler in everybody() {
        let out = scheduler.run(&plan, &[]).unwrap();
        assert_eq!(out.get::<u64>(0).unwrap(), 30 * 999 * 1000 / 2, "{scheduler:?}");
    }
}

/// Two opens of which the later one is ready first: its readers stand far behind in the cursor.
#[test]
fn readers_behind_two_opens() -> Result<()> {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let slow =
        g.task("slow", [] as [&str; 0], || (0..2_000_000u64).fold(0, |h, x| h ^ x.rotate_left(9)));
    let quick = g.task("quick", [] as [&str; 0], || 1u64);
    let mut all = Vec::new();
    for (name, open) in [("a", slow), ("b", quick)] {
        all.extend((0..500u32).map(|i| g.task((name, i), [open], |x: &u64| x % 2 + 1)));
    }
    let sum = g.gather("sum", all, |xs: Inputs<'_, u64>| xs.count() as u64);
    let graph = g.build()?;
    let plan = Plan::new(&graph, &[sum])?;
    for scheduler in everybody() {
        assert_eq!(scheduler.run(&plan, &[])?.get::<u64>(0)?, 1000, "{scheduler:?}");
    }
    Ok(())
}

/// The failure that comes first in static order is reported, however many others there are.
#[test]
fn the_first_of_many_failures_is_reported() {
    let _company = crate::in_company();
    for fail in [Op::Fail, Op::Panic] {
        let mut nodes: Vec<_> = (0..2000)
            .map(|i| Node { op: if i % 7 == 5 { fail } else { Op::Num }, inputs: vec![] })
            .collect();
        nodes.push(Node {
            op: Op::Num,
            inputs: (0..2000).map(|i| (i, i % 7 == 5 && i < 1000)).collect(),
        });
        let spec = Spec { nodes, outputs: vec![2000] };
        let graph = spec.build(None).unwrap();
        let expected = spec.expected(&graph);
        assert!(expected.is_err());
        for scheduler in everybody() {
            for _ in 0..3 {
                assert_eq!(spec.run(&graph, &*scheduler), expected, "{scheduler:?}");
            }
        }
    }
}
