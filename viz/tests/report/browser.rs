//! Reports in a real browser: Chromium, driven by `browser/checks.mjs` through Node.
//! Where either is missing the test says so and passes, so that nothing but Cargo is needed.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use tine_profiler::Trace;

use crate::made::{self, Shape};

/// The pages that the checks open.
fn traces() -> Vec<(&'static str, Trace)> {
    let plain = Shape::default();
    let flights = made::flights(40);
    let bad = Shape { fails: Some(200), death: true, ..plain };
    let bare = Shape { memory: false, samples: false, ..plain };
    let made = |graph: &tine_scheduler::Graph, shape| made::run(graph, shape);
    vec![
        ("flights", made::told(made(&flights, Shape { death: true, ..plain }), true)),
        ("failed", made::told(made(&flights, bad), true)),
        ("incomplete", made::told(made(&flights, plain), false)),
        ("empty", Trace::default()),
        ("bare", made(&flights, bare)),
        ("one-worker", made(&made::flights(3), Shape { workers: 1, ..plain })),
        ("many-workers", made(&made::flights(300), Shape { workers: 300, ..plain })),
        ("many-groups", made(&made::stairs(500, 2), plain)),
        ("hostile", made(&made::hostile(), plain)),
        ("million", made(&made::flights(140_000), plain)),
    ]
}

/// The first of these programs that can be asked for its version.
fn found<'a>(programs: &[&'a str]) -> Option<&'a str> {
    let runs =
        |p: &&&str| Command::new(p).arg("--version").output().is_ok_and(|o| o.status.success());
    programs.iter().find(runs).copied()
}

#[test]
fn works_in_a_browser() {
    let chromium = found(&["chromium", "chromium-browser", "google-chrome"]);
    let (Some(node), Some(chromium)) = (found(&["node"]), chromium) else {
        let why = "skipped: looking at reports needs node and chromium";
        writeln!(io::stderr(), "{why}").expect("the standard error can be written");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    fs::create_dir_all(&folder).expect("the folder can be made");
    for (name, trace) in traces() {
        fs::write(folder.join(format!("{name}.html")), crate::page(&trace)).expect("it fits");
    }
    // The script has a watchdog of its own, which ends the browser too.
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/browser/checks.mjs");
    let done = Command::new(node).arg(script).arg(chromium).arg(&folder).output();
    let done = done.expect("node starts");
    let said = String::from_utf8_lossy(&done.stdout);
    let complaints = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{complaints}");
}
