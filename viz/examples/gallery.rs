//! Writes pictures of made graphs and runs into a folder, to be looked at: `gallery FOLDER`.
//! It shows what each renderer makes of small and large input.

#[path = "../tests/made/mod.rs"]
mod made;
#[path = "../tests/recorded/mod.rs"]
mod recorded;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::PathBuf;

use tine_profiler::Measure;
use tine_scheduler::Graph;
use tine_viz::{curves, flame, graph, timeline};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    fs::create_dir_all(&folder)?;
    let file = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let graphs: [(&str, Graph); 9] = [
        ("small", made::small()),
        ("flights-10", made::flights(10)),
        ("flights-16", made::flights(16)),
        ("tree-32", made::tree(32, 2)),
        ("tree-256", made::tree(256, 8)),
        ("tangle-50", made::tangle(50)),
        ("tangle-300", made::tangle(300)),
        ("layers", made::flights(30_000)),
        ("layers-tree", made::tree(100_000, 16)),
    ];
    for (name, g) in &graphs {
        let outputs = made::last(g);
        let trace = made::run(g, 2, 900);
        let shape = graph::Shape::of_graph(g, &outputs);
        let input = graph::Input { shape: &shape, trace: Some(&trace) };
        graph::svg(&input, &graph::Options::default(), &mut file(&format!("{name}.svg"))?)?;
        timeline::svg(
            &trace,
            &timeline::Options::default(),
            &mut file(&format!("{name}-time.svg"))?,
        )?;
        let wide = flame::Options { width: Some(1200), ..flame::Options::default() };
        flame::svg(&trace, &wide, &mut file(&format!("{name}-flame.svg"))?)?;
        let apart = graph::Options { collapse_outputs: false, ..graph::Options::default() };
        graph::svg(&input, &apart, &mut file(&format!("{name}-apart.svg"))?)?;
    }
    for (name, workers) in [("many-workers", 64), ("few-workers", 4)] {
        let trace = made::run(&made::flights(if workers > 9 { 30_000 } else { 24 }), workers, 200);
        timeline::svg(
            &trace,
            &timeline::Options::default(),
            &mut file(&format!("{name}-time.svg"))?,
        )?;
    }
    over_time(&file)
}

/// Pictures of runs with everything that can be recorded.
fn over_time(file: &dyn Fn(&str) -> io::Result<BufWriter<File>>) -> io::Result<()> {
    for (name, parts, workers) in
        [("w2", 20, 2), ("w8", 90, 8), ("w64", 2_000, 64), ("w300", 9_000, 300)]
    {
        let trace = recorded::run(parts, workers, 900);
        for (size, width) in [("", 1280.0), ("-narrow", 400.0)] {
            let time = timeline::Options { width, ..timeline::Options::default() };
            timeline::svg(&trace, &time, &mut file(&format!("{name}-time{size}.svg"))?)?;
            let over = curves::Options { width, ..curves::Options::default() };
            curves::svg(&trace, &over, &mut file(&format!("{name}-curves{size}.svg"))?)?;
        }
    }
    let eight = recorded::run(90, 8, 900);
    let (from, to) = (Some(20_000_000), Some(50_000_000));
    let part = timeline::Options { from, to, group: Some(1), ..timeline::Options::default() };
    timeline::svg(&eight, &part, &mut file("part-time.svg")?)?;
    let (trace, after) = (recorded::sampled(40, 4, 1), recorded::sampled(40, 4, 3));
    for width in [1240, 380] {
        let wide = flame::Options { width: Some(width), ..flame::Options::default() };
        flame::svg(&trace, &wide, &mut file(&format!("cpu-flame-{width}.svg"))?)?;
        let live = flame::Options { measure: Some(Measure::Live), icicle: true, ..wide.clone() };
        flame::svg(&trace, &live, &mut file(&format!("live-icicle-{width}.svg"))?)?;
        let out = &mut file(&format!("diff-flame-{width}.svg"))?;
        flame::difference((&trace, &after), &wide, false, out)?;
    }
    let cpu = flame::Options { measure: Some(Measure::Cpu), ..flame::Options::default() };
    flame::svg(&recorded::run(9, 2, 900), &cpu, &mut file("not-sampled-flame.svg")?)
}
