//! Writes reports of made runs and of a real one into a folder, to be looked at: `report FOLDER`.
//! It shows what the report makes of small and large, good and bad runs.

#[path = "../tests/report/made.rs"]
mod made;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use made::Shape;
use tine_profiler::Trace;
use tine_scheduler::{Graph, Inputs, get};
use tine_viz::report;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "reports".to_owned()));
    fs::create_dir_all(&folder)?;
    let plain = Shape::default();
    let bare = Shape { memory: false, samples: false, ..plain };
    let flights = made::flights(40);
    let bad = Shape { fails: Some(200), death: true, ..plain };
    let write = |name: &str, trace: Trace| write(&folder, name, &trace);
    write("flights", made::told(made::run(&flights, Shape { death: true, ..plain }), true))?;
    write("failed", made::told(made::run(&flights, bad), true))?;
    write("incomplete", made::told(made::run(&flights, plain), false))?;
    write("empty", Trace::default())?;
    write("bare", made::run(&flights, bare))?;
    write("one-worker", made::run(&made::flights(3), Shape { workers: 1, ..plain }))?;
    write("many-workers", made::run(&made::flights(3_000), Shape { workers: 300, ..plain }))?;
    write("many-groups", made::run(&made::stairs(500, 12), plain))?;
    write("hostile", made::run(&made::hostile(), plain))?;
    write("million", made::run(&made::flights(140_000), plain))?;
    write("real", real())
}

fn write(folder: &Path, name: &str, trace: &Trace) -> io::Result<()> {
    let began = Instant::now();
    let mut out = BufWriter::new(File::create(folder.join(format!("{name}.html")))?);
    report::html(trace, &report::Options::default(), &mut out)?;
    out.flush()?;
    let size = out.get_ref().metadata()?.len();
    let (tasks, took) = (trace.len(), began.elapsed());
    writeln!(io::stdout(), "{name}: {tasks} tasks, {size} bytes, written in {took:.2?}")
}

/// Work that takes about so many microseconds.
fn spin(micros: u64) -> i64 {
    let began = Instant::now();
    let mut n = 0u64;
    while (began.elapsed().as_micros() as u64) < micros {
        n = black_box(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
    (n >> 40) as i64
}

fn sum(xs: Inputs<'_, Vec<u64>>) -> Vec<u64> {
    spin(900);
    xs.fold(vec![0; 10_000], |a, b| {
        a.iter().zip(b.iter()).map(|(x, y)| x.wrapping_add(*y)).collect()
    })
}

/// Some thousand tasks of differing length on forked processes.
fn real() -> Trace {
    let mut g = Graph::builder();
    for i in 0..400u32 {
        g.task(("load-part", i), [] as [&str; 0], move || {
            vec![spin(1_500 + u64::from(i % 7) * 700) as u64; 40_000]
        });
        g.task(("clean", i), [("load-part", i)], |x: &Vec<u64>| {
            spin(600);
            x.iter().map(|v| v ^ 5).collect::<Vec<u64>>()
        });
        g.task(("histogram", i), [("clean", i)], move |x: &Vec<u64>| {
            spin(if i == 300 { 400_000 } else { 250 });
            x[..10_000].to_vec()
        });
        g.task(("outliers", i), [("clean", i)], |x: &Vec<u64>| spin(90) + x.len() as i64);
    }
    for k in 0..25 {
        g.gather(("merge-histograms", k), (k * 16..k * 16 + 16).map(|i| ("histogram", i)), sum);
    }
    g.gather("total", (0..25).map(|k| ("merge-histograms", k)), sum);
    g.gather("count-outliers", (0..400).map(|i| ("outliers", i)), |xs: Inputs<'_, i64>| {
        xs.map(|x| *x).sum::<i64>()
    });
    let graph = g.build().expect("no name is missing");
    let asked = ["total", "count-outliers"];
    let recorded = tine_profiler::profile(|| get(&graph, asked, &processes()));
    recorded.output.expect("all tasks succeed");
    recorded.run.longest().cloned().unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn processes() -> impl tine_scheduler::Scheduler {
    tine_scheduler::Processes::new().workers(4)
}

#[cfg(not(target_os = "linux"))]
fn processes() -> impl tine_scheduler::Scheduler {
    tine_scheduler::Threads::new()
}
