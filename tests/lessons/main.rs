//! The lessons of the tutorial, run as a learner runs them: they assert what they teach.
//! It does not know what that is, but for what they print and draw.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A lesson takes a second or two. What takes so long never ends.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program of an example. `cargo test` builds the examples, `cargo test --test lessons` does not.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test program has a path");
    // From target/debug/deps/lessons-<hash> to target/debug/examples/<name>.
    let profile = own.ancestors().nth(2).expect("below the folder of the profile");
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "there is no {}: `cargo build --examples` first", path.display());
    path
}

/// Runs a lesson in a folder of its own; kills it if it does not end.
fn run(name: &str, folder: &Path) -> Output {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("an old folder of this test can be removed");
    }
    fs::create_dir_all(folder).expect("cargo's folder for tests can be written");
    let mut command = Command::new(program(name));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("TINE_SCHEDULER").env_remove("TINE_DATA").env_remove("TINE_LESSONS");
    let child = command.spawn().expect("the program can be started");
    let pid = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => output.expect("its output can be read"),
        Err(_) => {
            // Whoever waits for it has not yet got its end: the number is still its own.
            drop(Command::new("kill").args(["-9", &pid.to_string()]).status());
            panic!("{name} did not end within {PATIENCE:?}");
        }
    }
}

/// Runs a lesson, and checks what it prints and draws: of each picture, a function that is in it.
fn lesson(name: &str, said: &[&str], drawn: &[(&str, &str)]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lessons").join(name);
    let output = run(name, &folder);
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{text}\n{errors}", output.status);
    for line in said {
        assert!(text.contains(line), "{name} does not say {line:?}:\n{text}");
    }
    let pictures = folder.join("tine-lessons").join(name);
    let mut names: Vec<String> = fs::read_dir(&pictures)
        .expect("the folder of the pictures is there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut wanted: Vec<String> = drawn.iter().map(|(n, _)| format!("{n}.svg")).collect();
    wanted.sort();
    assert_eq!(names, wanted, "{name} tells of these pictures");
    for (picture, function) in drawn {
        let svg = fs::read_to_string(pictures.join(format!("{picture}.svg"))).expect("it is text");
        assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{picture}");
        assert!(svg.contains(function), "no {function} in {picture}.svg of {name}");
    }
    fs::remove_dir_all(folder).expect("its data are not left behind");
}

#[test]
fn lesson_00_overview() {
    let said = ["computed: 385", "tine-data: 60000", "computed: the sum is 36"];
    lesson(
        "00_overview",
        &said,
        &[("squares", "map"), ("rows", "read_text"), ("pipeline", "analyse")],
    );
}

#[test]
fn lesson_01_delayed() {
    let said = ["in parallel 44", "\n90 in ", "EWR: ", "(0, 81) by 12 tasks"];
    let drawn = [
        ("three_calls", "add"),
        ("loop_lazy_sum", "total"),
        ("loop_added_up", "add"),
        ("control_flow", "double"),
        ("mean_per_airport", "read_flights"),
        ("mean_per_airport_in_larger_tasks", "sums_and_counts"),
        ("shared", "square"),
    ];
    lesson("01_delayed", &said, &drawn);
}

#[test]
fn lesson_01x_lazy() {
    let said = ["inc(0) has 0 inputs", "60000 rows, and 60000", " 400000 words in all"];
    let drawn = [
        ("graph", "inc"),
        ("rows_written_out", "read_lines"),
        ("rows_in_a_loop", "read_lines"),
        ("words", "count_words"),
    ];
    lesson("01x_lazy", &said, &drawn);
}

#[test]
fn lesson_02_bag() {
    let said =
        ["[4, 16, 36, 64, 100]", "[(0, Some(8)), (1, Some(9))]", "25000 transactions in all"];
    let drawn = [
        ("filter_and_map", "filter-map"),
        ("alice", "read_text"),
        ("group_by", "group_by"),
        ("count_by_group", "group_by"),
        ("count_by_fold", "fold_by"),
    ];
    lesson("02_bag", &said, &drawn);
}
