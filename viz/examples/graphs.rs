//! Writes pictures of made graphs into a folder, to be looked at: `graphs FOLDER`.
//! It shows every form and every colouring.

#[path = "../tests/graphs/mod.rs"]
mod graphs;
#[path = "../tests/made/mod.rs"]
mod made;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tine_profiler::Trace;
use tine_scheduler::Graph;
use tine_viz::graph::{self, ColourBy, Direction, Format, Level, Options, Shape};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    fs::create_dir_all(&folder)?;
    for (name, g) in [
        ("small", made::small()),
        ("names", graphs::names()),
        ("flights-16", made::flights(16)),
        ("tree-32", made::tree(32, 2)),
        ("tree-256", made::tree(256, 8)),
        ("tangle-50", made::tangle(50)),
        ("tangle-300", made::tangle(300)),
        ("wide-40", graphs::wide(40)),
        ("wide-298", graphs::wide(298)),
        ("deep-40", graphs::deep(40)),
        ("diamonds", graphs::diamonds(6)),
        ("islands", graphs::islands(40)),
        ("transposed-4", graphs::transposed(4)),
        ("transposed-11", graphs::transposed(11)),
    ] {
        draw(&folder, name, &g, &Options::default())?;
        draw(
            &folder,
            &format!("{name}-layers"),
            &g,
            &Options { level: Level::Layers, ..Options::default() },
        )?;
    }
    let down = Options { direction: Direction::Down, ..Options::default() };
    draw(&folder, "flights-16-down", &made::flights(16), &down)?;
    let apart = Options { collapse_outputs: false, ..Options::default() };
    draw(&folder, "tangle-50-apart", &made::tangle(50), &apart)?;
    for (name, colour) in ColourBy::NAMES {
        let by = Options { colour, ..Options::default() };
        draw(&folder, &format!("by-{name}"), &graphs::transposed(4), &by)?;
        draw(&folder, &format!("by-{name}-layers"), &made::flights(300), &by)?;
    }
    large(&folder)
}

/// Tasks of `g` with a run in which some failed, as SVG, DOT and JSON.
fn draw(folder: &Path, name: &str, g: &Graph, options: &Options) -> io::Result<()> {
    let outputs = made::last(g);
    let fails = options.colour == ColourBy::Status;
    let trace = graphs::measured(g, &outputs, 4, fails);
    let shape = Shape::of_graph(g, &outputs);
    for (ending, format) in [("svg", Format::Svg), ("dot", Format::Dot), ("json", Format::Json)] {
        write(&folder.join(format!("{name}.{ending}")), &shape, Some(&trace), (options, format))?;
    }
    Ok(())
}

fn write(
    path: &Path,
    shape: &Shape,
    trace: Option<&Trace>,
    (options, format): (&Options, Format),
) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    graph::write(&graph::Input { shape, trace }, options, format, &mut out)?;
    out.flush()
}

/// Layers of many tasks, and how long each step takes.
fn large(folder: &Path) -> io::Result<()> {
    for (name, g) in [
        ("layers-100k", made::flights(33_000)),
        ("layers-tree-100k", made::tree(100_000, 16)),
        ("layers-1m", made::flights(333_000)),
    ] {
        let outputs = made::last(&g);
        let trace = made::run(&g, 2, 900);
        for colour in
            [ColourBy::Group, ColourBy::Time, ColourBy::Worker, ColourBy::Critical, ColourBy::Order]
        {
            let options = Options { colour, ..Options::default() };
            let start = Instant::now();
            let shape = Shape::of_graph(&g, &outputs);
            let made = start.elapsed();
            let path = folder.join(format!("{name}-{}.svg", colour.name()));
            write(&path, &shape, Some(&trace), (&options, Format::Svg))?;
            let all = start.elapsed();
            writeln!(io::stdout(), "{name} by {}: shape {made:.1?}, all {all:.1?}", colour.name())?;
        }
        let start = Instant::now();
        let shape = Shape::of_trace(&trace);
        let path = folder.join(format!("{name}-trace.svg"));
        write(&path, &shape, Some(&trace), (&Options::default(), Format::Svg))?;
        writeln!(io::stdout(), "{name} of the trace: {:.1?}", start.elapsed())?;
    }
    Ok(())
}
