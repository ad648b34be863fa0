//! Cases of GNU parallel's tutorial, with what it printed: see `benches/parallel_cases.py`.
//! It does not need GNU parallel.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::Folder;

/// Cases that need more than is everywhere.
fn is_missing(program: &str) -> bool {
    Command::new(program)
        .arg("-c")
        .arg("0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
}

fn fixtures(folder: &Folder, script: &str) {
    let numbers = |n: usize| (1..=n).map(|i| format!("{i}\n")).collect::<String>();
    folder
        .write("abc-file", "A\nB\nC\n")
        .write("def-file", "D\nE\nF\n")
        .write("abc0-file", "A\0B\0C\0")
        .write("abc_-file", "A_B_C_")
        .write("tsv-file.tsv", "f1\tf2\nA\tB\nC\tD\n")
        .write("num8", numbers(8))
        .write("num_%header", format!("%head1\n%head2\n{}", numbers(10)))
        .write("fixedlen", "HHHHAAABBBCCC");
    for n in [30_000, 1_000_000] {
        if script.contains(&format!("num{n}")) {
            folder.write(&format!("num{n}"), numbers(n));
        }
    }
}

/// What the case prints.
fn run(name: &str, case: &toml::Value) -> String {
    let script = case["run"].as_str().expect("a case has a script");
    let folder = Folder::new(&format!("parallel-{name}"));
    fixtures(&folder, script);
    let tine = env!("CARGO_BIN_EXE_tine");
    let output = Command::new("bash")
        .arg("-c")
        .arg(format!("P() {{ '{tine}' map \"$@\"; }}\n{script}\n"))
        .current_dir(folder.path(""))
        .env("PARALLEL_SHELL", "/bin/sh")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("bash can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if name.starts_with("results-name") {
        lines.retain(|line| !folder.path(line.trim()).is_file() || line.starts_with("my_"));
    }
    if case.get("sorted").is_some() {
        lines.sort_unstable();
    }
    lines.concat()
}

#[test]
fn prints_what_gnu_parallel_prints() {
    if is_missing("bash") || is_missing("perl") {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/parallel");
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("the file is there");
    let cases: toml::Table = read("cases.toml").parse().expect("it is TOML");
    let golden: serde_json::Value = serde_json::from_str(&read("golden.json")).expect("it is JSON");
    let cases = cases["case"].as_table().expect("a table of cases");
    assert!(cases.len() > 100);
    let mut wrong = vec![];
    for (name, case) in cases {
        let both = &golden[name];
        let expected = both.get("tine").unwrap_or(&both["parallel"]).as_str();
        let expected = expected.unwrap_or_else(|| panic!("{name} has no golden output"));
        let printed = run(name, case);
        if printed != expected {
            let (printed, expected) =
                (printed.get(..400).unwrap_or(&printed), expected.get(..400).unwrap_or(expected));
            wrong.push(format!(
                "{name}: {}\n  printed {printed:?}\n  not     {expected:?}",
                case["run"]
            ));
        }
        assert_eq!(both.get("tine").is_some(), case.get("differs").is_some(), "{name}");
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
