//! What looks at recorded runs, run as a user runs it: results beside the trace, errors with what to do.

use serde_json::Value;
use tine_profiler::{Recording, Trace};

use crate::recorded;
use crate::support::{Folder, Run};

/// A folder with `run.tine`, of these runs.
fn with_runs(name: &str, runs: Vec<Trace>) -> Folder {
    let folder = Folder::new(name);
    Recording::new(runs).write(folder.path("run.tine")).expect("the folder can be written");
    folder
}

fn with_run(name: &str) -> Folder {
    with_runs(name, vec![recorded::run(12, 3, 900)])
}

/// The name that was printed, and nothing else was.
fn wrote(run: &Run, name: &str) {
    assert_eq!((run.code, run.err.as_str(), run.out.trim_end()), (Some(0), "", name));
}

fn fails(run: &Run, message: &str) {
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(1), "", message));
}

#[test]
fn pictures_stand_beside_the_trace() {
    let folder = with_run("look-pictures");
    for (command, file) in [
        ("timeline", "run-timeline.svg"),
        ("curves", "run-curves.svg"),
        ("flamegraph", "run-flamegraph.svg"),
    ] {
        wrote(&folder.tine(&[command, "run.tine"]), file);
        let svg = folder.read(file);
        assert!(svg.contains("<svg ") && svg.trim_end().ends_with("</svg>"), "{file}");
    }
}

#[test]
fn options_reach_the_pictures() {
    let folder = with_run("look-options");
    let svg = |args: &[&str]| {
        let run = folder.tine(&[args, &["-o", "-"]].concat());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
        run.out
    };
    let part = svg(&["timeline", "run.tine", "--from", "2ms", "--to", "9ms", "--group", "cle"]);
    assert!(part.contains("from 2.00 ms to 9.00 ms") && part.contains("other groups"));
    assert!(svg(&["timeline", "run.tine", "--width", "444"]).contains("width=\"444\""));
    let memory = svg(&["curves", "run.tine", "--show", "memory,cpu"]);
    assert!(memory.contains(">memory<") && !memory.contains(">parallelism<"));
    assert!(svg(&["curves", "run.tine", "--width", "555"]).contains("width=\"555\""));
    let one = svg(&["flamegraph", "run.tine", "--group", "means", "--icicle"]);
    assert!(one.contains("Time in tasks in means") && one.contains("inverted = true"));
    let worker = svg(&["flamegraph", "run.tine", "--worker", "1"]);
    assert!(worker.contains("Time in tasks on worker 1"));
    assert!(svg(&["flamegraph", "run.tine", "--width", "666"]).contains("width=\"666\""));
}

#[test]
fn exports_are_whole() {
    let folder = with_run("look-exports");
    let text = |format, file: &str| {
        wrote(&folder.tine(&["trace", "run.tine", "--format", format]), file);
        folder.read(file)
    };
    let chrome: Value = serde_json::from_str(&text("chrome", "run.chrome.json")).expect("JSON");
    let slices =
        chrome["traceEvents"].as_array().expect("events").iter().filter(|e| e["ph"] == "X");
    assert_eq!(slices.count(), 1 + 37, "the run and its tasks");
    assert_eq!(text("csv", "run.csv").lines().count(), 1 + 37);
    let lines = text("jsonl", "run.jsonl");
    assert!(
        lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok_and(|v| v["key"].is_string()))
    );
    let folded = text("folded", "run.folded");
    assert_eq!(folded.lines().count(), 37);
    assert!(folded.lines().all(|l| l.rsplit_once(' ').is_some_and(|p| p.1.parse::<u64>().is_ok())));
}

#[test]
fn differences_are_printed_and_drawn() {
    let folder = with_run("look-diff");
    let slow = Recording::new(vec![recorded::run(12, 3, 2_700)]);
    slow.write(folder.path("slow.tine")).expect("the folder can be written");
    let run = folder.tine(&["diff", "run.tine", "slow.tine", "--top", "2"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    for part in [
        "before: run.tine, 37 tasks on 3 workers",
        "time in tasks, by group",
        "+194 %",
        "and 2 more",
    ] {
        assert!(run.out.contains(part), "no {part:?} in\n{}", run.out);
    }
    let drawn = folder.tine(&["diff", "run.tine", "slow.tine", "-o", "d.svg", "--normalise"]);
    assert!(drawn.code == Some(0) && drawn.out.ends_with("\nd.svg\n"), "{drawn:?}");
    assert!(folder.read("d.svg").contains("change of shares between two runs"));
    let svg = folder.tine(&["diff", "run.tine", "slow.tine", "-o", "-"]);
    assert!(svg.out.starts_with("<?xml") && !svg.out.contains("by group\n"));
    let same = folder.tine(&["diff", "run.tine", "run.tine"]);
    assert!(same.out.contains("time in tasks, by group\n  no change\n"), "{}", same.out);
}

#[test]
fn samples_are_drawn_folded_and_compared() {
    let folder = with_runs("look-samples", vec![recorded::sampled(12, 3, 1)]);
    let dearer = Recording::new(vec![recorded::sampled(12, 3, 3)]);
    dearer.write(folder.path("dearer.tine")).expect("the folder can be written");
    let out = |args: &[&str]| {
        let run = folder.tine(args);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
        run.out
    };
    assert!(out(&["flamegraph", "run.tine", "-o", "-"]).contains("CPU time by function"));
    let memory = out(&["flamegraph", "run.tine", "--memory", "-o", "-"]);
    assert!(memory.contains("Peak memory by function") && memory.contains("app::clean::rows"));
    let folded = out(&["trace", "run.tine", "--format", "folded", "-o", "-"]);
    assert!(folded.contains("clean;app::clean::rows;alloc::vec::Vec<T>::push;realloc;memcpy "));
    let tables = out(&["diff", "run.tine", "dearer.tine"]);
    let function = tables.find("CPU time, by function").map(|at| &tables[at..]);
    let first = function.and_then(|t| t.lines().nth(2)).unwrap_or_default();
    assert!(
        first.contains("<f64 as core::str::FromStr>::from_str") && first.contains('+'),
        "{tables}"
    );
    assert!(tables.contains("memory at its peak, by function"), "{tables}");
}

#[test]
fn diagnosis_is_printed() {
    let folder = with_run("look-diagnose");
    let run = folder.tine(&["diagnose", "run.tine"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.starts_with("37 tasks on 3 workers (processes), "), "{}", run.out);
}

#[test]
fn one_of_several_runs_is_chosen() {
    let runs = [900, 2_700, 1_200].map(|micros| recorded::run(12, 3, micros));
    let folder = with_runs("look-runs", runs.to_vec());
    let longest = folder.tine(&["trace", "run.tine", "--format", "csv", "-o", "-"]);
    assert_eq!(
        longest.err,
        "note: run.tine has 3 runs; this is run 2, the longest (--run chooses)\n"
    );
    let second = folder.tine(&["trace", "run.tine", "--run", "2", "--format", "csv", "-o", "-"]);
    let first = folder.tine(&["trace", "run.tine", "--run", "1", "--format", "csv", "-o", "-"]);
    assert_eq!((second.err.as_str(), &second.out), ("", &longest.out));
    assert_ne!(first.out, second.out);
    fails(
        &folder.tine(&["timeline", "run.tine", "--run", "4"]),
        "error: there is no run 4 in run.tine, which has 3 runs
  help: choose one from 1 to 3, or leave --run out for the longest\n",
    );
    let none = with_runs("look-no-run", Vec::new());
    fails(
        &none.tine(&["curves", "run.tine"]),
        "error: run.tine has no run in it
  help: nothing was computed while it was recorded\n",
    );
}

#[test]
fn groups_and_workers_that_are_not_there_are_named() {
    let folder = with_run("look-names");
    let flame = |option, name| folder.tine(&["flamegraph", "run.tine", option, name, "-o", "-"]);
    let all = "read_csv-9e107d9d372bb682, clean, means, merge";
    fails(
        &flame("--group", "maens"),
        &format!(
            "error: there is no group `maens` in this run\n  help: did you mean `means`? There are: {all}\n"
        ),
    );
    fails(
        &flame("--group", "shuffle"),
        &format!("error: there is no group `shuffle` in this run\n  help: there are: {all}\n"),
    );
    fails(
        &flame("--group", "me"),
        "error: several groups begin with `me`\n  help: write more of one of: means, merge\n",
    );
    fails(
        &flame("--worker", "3"),
        "error: there is no worker 3 in this run\n  help: it had 3, from 0 to 2\n",
    );
    assert_eq!(flame("--group", "read").code, Some(0), "the beginning of a name is enough");
}

#[test]
fn what_was_not_recorded_is_said() {
    let folder = with_run("look-not-recorded");
    fails(
        &folder.tine(&["flamegraph", "run.tine", "--memory"]),
        "error: the run has no samples of its memory
  help: make tine::alloc the global allocator of the program, and record it again\n",
    );
    fails(
        &folder.tine(&["trace", "run.tine", "--format", "folded", "--cpu"]),
        "error: the run has no samples of its CPU time
  help: record it again with sampling on, or leave --cpu out\n",
    );
    let late = folder.tine(&["timeline", "run.tine", "--from", "1h"]);
    assert!(
        late.err.starts_with("error: --from is after the end of the run, which took "),
        "{late:?}"
    );
    assert_eq!(folder.list("."), ["run.tine"], "nothing was written");
}

#[test]
fn files_that_are_no_traces_are_refused() {
    let folder = Folder::new("look-no-trace");
    folder.write("a.csv", "a,b\n1,2\n").write("d/x", "");
    let run = folder.tine(&["timeline", "a.csv"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.starts_with("error: a.csv: this is not a trace file of tine"), "{}", run.err);
    assert!(run.err.contains("help: name a trace file"), "{}", run.err);
    let gone = folder.tine(&["curves", "gone.tine"]);
    assert!(gone.code == Some(1) && gone.err.contains("help: is the name right"), "{}", gone.err);
    let folder_itself = folder.tine(&["report", "d"]);
    assert!(folder_itself.err.contains("help: this is a folder"), "{}", folder_itself.err);
    fails(
        &folder.tine(&["graph", "a.csv"]),
        "error: a.csv is neither a trace nor a graph
  help: name a *.tine file, a job file (*.toml), or a graph that was saved as JSON or DOT\n",
    );
    let both = folder.tine(&["diff", "gone.tine", "a.csv"]);
    assert!(both.err.contains("gone.tine"), "{}", both.err);
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = with_run("look-no-place");
    let run = folder.tine(&["timeline", "run.tine", "-o", "gone/t.svg"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.starts_with("error: cannot write gone/t.svg: "), "{}", run.err);
    assert!(run.err.contains("name another file with -o"), "{}", run.err);
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_written_is_opened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = with_run("look-open");
    folder.write("bin/xdg-open", "#!/bin/sh\necho \"$1\" > opened\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path("bin/xdg-open"), executable).expect("it is ours");
    let open = |path: String| {
        let mut command = folder.command(&["timeline", "run.tine", "--open"]);
        Run::from(command.env("PATH", path).output().expect("the command is built"))
    };
    wrote(&open(format!("{}:/usr/bin:/bin", folder.path("bin").display())), "run-timeline.svg");
    assert_eq!(folder.read("opened"), "run-timeline.svg\n");
    let none = open("/nowhere".to_owned());
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(none.err.starts_with("error: run-timeline.svg is written, but not opened: xdg-open"));
    assert!(none.err.contains("help: open run-timeline.svg in a browser"), "{}", none.err);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = with_runs("look-broken-pipe", vec![recorded::run(4_000, 3, 90)]);
    let mut child = folder
        .command(&["trace", "run.tine", "--format", "jsonl", "-o", "-"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command is built");
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().expect("it is our child"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn each_help_has_examples() {
    let folder = Folder::new("look-help");
    for command in
        ["report", "diagnose", "graph", "timeline", "curves", "flamegraph", "diff", "trace"]
    {
        let help = folder.tine(&[command, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
        assert!(help.out.contains(&format!("Examples:\n  tine {command} ")), "{}", help.out);
        assert!(folder.tine(&["--help"]).out.contains(&format!("  {command} ")), "{command}");
    }
    let usage = folder.tine(&["trace", "run.tine"]);
    assert!(usage.code == Some(2) && usage.err.contains("--format"), "{usage:?}");
    let usage = folder.tine(&["timeline", "run.tine", "-o", "-", "--open"]);
    assert_eq!(usage.code, Some(2));
    assert!(usage.err.starts_with("error: --open needs a file"), "{}", usage.err);
}
