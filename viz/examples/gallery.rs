//! Writes pictures of made graphs and runs into a folder, to be looked at: `gallery FOLDER`.
//! It shows what each renderer makes of small and large input.

#[path = "../tests/made/mod.rs"]
mod made;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::PathBuf;

use tine_scheduler::Graph;
use tine_viz::{flame, graph, timeline};

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
    Ok(())
}
