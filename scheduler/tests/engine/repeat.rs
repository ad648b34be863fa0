//! Many runs in one process: nothing is left behind, not a descriptor, a process or a byte.
//! It does not kill anybody: see `deaths`.

use tine_scheduler::{Buffer, Graph, Inputs, Plan, Processes, Result, Scheduler, memory_in_use};

use crate::watchdog::Watchdog;

/// How many descriptors this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// The children of this process, zombies included.
pub(crate) fn children() -> Vec<String> {
    let me = std::process::id();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|p| std::fs::read_to_string(p.path().join("stat")).ok());
    let parent_of = |s: &String| s.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok();
    stats.filter(|s| parent_of(s) == Some(me)).collect()
}

#[test]
fn a_thousand_runs_leave_nothing_behind() {
    let _alone = crate::alone();
    let dog = Watchdog::new("a_thousand_runs_leave_nothing_behind");
    let mut g = Graph::builder();
    let parts: Vec<_> = (0..8u32)
        .map(|i| g.task(("part", i), [] as [&str; 0], move || vec![u64::from(i); 50]))
        .collect();
    let sum = g.gather("sum", parts, |v: Inputs<'_, Vec<u64>>| v.map(|v| v[0]).sum::<u64>());
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &[sum]).unwrap();
    let run = |i: usize| {
        let workers = [1, 2, 3][i % 3];
        let out = Processes::new().workers(workers).run(&plan, &[]).unwrap();
        assert_eq!(out.get::<u64>(0).unwrap(), 28, "run {i}");
        dog.step(format!("run {i}"));
    };
    run(0);
    let before = (descriptors(), memory_in_use());
    (0..1000).for_each(run);
    assert_eq!((descriptors(), memory_in_use()), before);
    assert_eq!(children(), [] as [String; 0]);
}

/// 200 runs that make 10 MB each, some of which outlives the run.
#[test]
fn memory_of_ended_runs_is_used_again() -> Result<()> {
    let _alone = crate::alone();
    let dog = Watchdog::new("memory_of_ended_runs_is_used_again");
    let mut g = Graph::builder();
    let parts: Vec<_> = (0..10u32)
        .map(|i| {
            g.task(("part", i), [] as [&str; 0], move || {
                Buffer::from_fn(1 << 17, |at| at as u64 + u64::from(i))
            })
        })
        .collect();
    let views: Vec<_> = (0..10u32)
        .map(|i| g.task(("view", i), [parts[i as usize]], |b: &Buffer<u64>| b.slice(1..b.len())))
        .collect();
    let graph = g.build()?;
    let plan = Plan::new(&graph, &views)?;
    let before = memory_in_use();
    let mut kept = None;
    for i in 0..200 {
        let out = Processes::new().workers(2).run(&plan, &[])?;
        assert_eq!(out.get::<Buffer<u64>>(9)?[0], 10);
        // Ten buffers of a megabyte, in runs of chunks or in shared ones: never more than twice
        // that a run, of this run and the one before.
        let used = memory_in_use() - before;
        assert!(used <= 4 * (20 << 20), "{used} bytes after run {i}");
        kept = Some(out);
        dog.step(format!("run {i}"));
    }
    let view = kept.as_ref().map(|k| k.get::<Buffer<u64>>(3)).transpose()?;
    drop(kept);
    assert_eq!(view.as_ref().map(|v| (v[0], v.len())), Some((4, (1 << 17) - 1)));
    drop(view);
    assert_eq!(memory_in_use(), before);
    Ok(())
}
