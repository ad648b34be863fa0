//! Pictures over time and by function, of runs with everything that can be recorded.
//! What they show is checked as text; how they look, in the goldens.

mod recorded;

use tine_profiler::{Measure, Trace};
use tine_viz::curves::{self, Curve};
use tine_viz::{flame, timeline};

fn curves_of(trace: &Trace, options: &curves::Options) -> String {
    let mut out = Vec::new();
    curves::svg(trace, options, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("SVG is UTF-8")
}

fn flame_of(trace: &Trace, options: &flame::Options) -> String {
    let mut out = Vec::new();
    flame::svg(trace, options, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("SVG is UTF-8")
}

/// What hover text says, one string a place.
fn hovers(svg: &str) -> Vec<&str> {
    svg.split("<title>").skip(1).filter_map(|s| s.split("</title>").next()).collect()
}

#[test]
fn curves_show_what_was_recorded() {
    let svg = curves_of(&recorded::run(60, 8, 900), &curves::Options::default());
    for part in
        ["parallelism", "progress", "CPU", "memory", "read_csv-#0", "results in memory files"]
    {
        assert!(svg.contains(part), "no {part}");
    }
    let said = hovers(&svg);
    assert!(said.iter().any(|s| s.starts_with("memory is short: sources are held back, at ")));
    assert!(said.iter().any(|s| s.contains("killed by signal 9 (SIGKILL), at ")));
    assert!(said.iter().any(|s| s.contains("merge: 1 of 1")));
    assert!(said.iter().any(|s| s.ends_with("clean: 60 of 60\nmeans: 60 of 60\nmerge: 1 of 1")));
}

#[test]
fn one_curve_alone_has_no_other() {
    let options = curves::Options { curves: vec![Curve::Memory], ..curves::Options::default() };
    let svg = curves_of(&recorded::run(60, 8, 900), &options);
    assert!(svg.contains(">memory<") && !svg.contains(">parallelism<"));
}

#[test]
fn curves_of_nothing_say_so() {
    let svg = curves_of(&Trace::default(), &curves::Options::default());
    assert!(svg.contains("No task ran.") && svg.contains("were not sampled."));
}

#[test]
fn many_tasks_are_small_curves() {
    let long = recorded::run(50_000, 64, 400_000);
    let svg = curves_of(&long, &curves::Options::default());
    assert!(svg.len() < 400_000, "{} bytes", svg.len());
}

#[test]
fn flame_graphs_say_what_they_show() {
    let trace = recorded::sampled(40, 4, 1);
    let by = |measure| flame::Options { measure, ..flame::Options::default() };
    let cpu = flame_of(&trace, &by(None));
    for part in ["CPU time by function", "app::clean::rows", "in 485 samples", "(between tasks)"] {
        assert!(cpu.contains(part), "no {part}");
    }
    assert!(
        !cpu.contains("tine_scheduler::worker::attempt"),
        "the engine around a task is left out"
    );
    assert!(flame_of(&trace, &by(Some(Measure::Live))).contains("Peak memory by function"));
    assert!(flame_of(&trace, &by(Some(Measure::Wall))).contains("Time in tasks"));
    let clean = trace.groups().iter().position(|g| g.name == "clean");
    let one = flame::Options { group: clean, worker: Some(1), ..flame::Options::default() };
    let one = flame_of(&trace, &one);
    assert!(one.contains("CPU time by function in clean on worker 1"));
    assert!(!one.contains("app::means::by_key"));
}

#[test]
fn flame_graphs_of_what_was_not_recorded_say_what_to_do() {
    let trace = recorded::run(10, 2, 900);
    let by =
        |m| flame_of(&trace, &flame::Options { measure: Some(m), ..flame::Options::default() });
    assert!(by(Measure::Cpu).contains("recorded without sampling"));
    assert!(by(Measure::Live).contains("Make tine::alloc the global allocator"));
    let none = flame::Options { worker: Some(77), ..flame::Options::default() };
    assert!(flame_of(&trace, &none).contains("The worker had no task that took time."));
}

#[test]
fn differences_are_red_and_blue() {
    let (before, after) = (recorded::sampled(40, 4, 1), recorded::sampled(40, 4, 3));
    let draw = |a: &Trace, b: &Trace, normalise| {
        let mut out = Vec::new();
        let options = flame::Options::default();
        flame::difference((a, b), &options, normalise, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("SVG is UTF-8")
    };
    // inferno colours the frames that grew themselves, not those below them.
    const PARSE: &str = "&lt;f64 as core::str::FromStr&gt;::from_str";
    /// The colour of the frame of a function.
    fn colour<'a>(svg: &'a str, function: &str) -> Option<&'a str> {
        let at = svg.find(&format!("<title>{function} "))?;
        svg[at..].split("fill=\"rgb(").nth(1)?.split(')').next()
    }
    let rgb = |svg: &str, function: &str| -> Vec<u32> {
        let c = colour(svg, function).expect("the function is in the picture");
        c.split(',').map(|n| n.parse().expect("a number")).collect()
    };
    let grown = rgb(&draw(&before, &after, false), PARSE);
    assert!(grown[0] > grown[2], "red: {grown:?}");
    let shrunk = rgb(&draw(&after, &before, false), PARSE);
    assert!(shrunk[2] > shrunk[0], "blue: {shrunk:?}");
    let share = rgb(&draw(&before, &after, true), "core::str::from_utf8");
    assert!(share[2] > share[0], "less of the whole: {share:?}");
    assert!(draw(&before, &recorded::run(40, 4, 900), false).contains("Time in tasks"));
}

#[test]
fn timelines_of_many_workers_are_drawn() {
    for workers in [1, 2, 64, 300] {
        let mut out = Vec::new();
        let trace = recorded::run(400, workers, 900);
        timeline::svg(&trace, &timeline::Options::default(), &mut out).expect("a vector takes all");
        assert!(String::from_utf8_lossy(&out).contains("attempt 2"));
    }
}
