//! `tine map` as a process: what GNU parallel prints, and what is promised beside that.

mod documented;
mod golden;
mod shells;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};

use super::support::{Folder, Held, Run};

/// Runs the command with this standard input; the bytes of an argument may be any.
fn run(folder: &Folder, args: &[&str], rest: &[&[u8]], input: &[u8]) -> Output {
    let mut command = folder.command(&["map"]);
    command.args(args).args(rest.iter().map(|bytes| std::ffi::OsStr::from_bytes(bytes)));
    fed(&mut command, input)
}

/// Runs a command with this standard input.
fn fed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command is built");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // It may end before it has read everything.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    feeder.join().expect("the feeder does not panic");
    output
}

fn map(name: &str, args: &[&str], input: &str) -> Run {
    Run::from(run(&Folder::new(name), args, &[], input.as_bytes()))
}

#[test]
fn any_bytes_are_arguments() {
    let folder = Folder::new("map-bytes");
    let all: Vec<u8> = (1..=255).collect();
    let arguments: [&[u8]; 5] = [&all, b"$(touch broken)`touch broken`", b"-n", b"", b"a\nb'\"\\"];
    let mut rest: Vec<&[u8]> = vec![b":::"];
    rest.extend(arguments);
    let expected = arguments.iter().fold(vec![], |all, a| [all, a.to_vec(), vec![b'|']].concat());
    for words in
        [&["printf", "'%s|'", "{}"][..], &["printf '%s|' \"{}\""], &["--argv", "printf", "%s|"]]
    {
        let output = run(&folder, &[&["-k"], words].concat(), &rest, b"");
        assert_eq!(output.stdout, expected, "{words:?}");
        assert_eq!(output.status.code(), Some(0));
    }
    assert!(folder.list("").is_empty());
}

#[test]
fn jobs_start_before_the_input_ends() {
    let folder = Folder::new("map-streams");
    let mut command = folder.command(&["map", "-j2", "--line-buffer", "echo"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is built");
    let mut child = Held(child);
    let mut stdin = child.0.stdin.take().expect("it is piped");
    let mut lines = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
    for i in 0..100 {
        writeln!(stdin, "{i}").expect("it reads");
        let line = lines.next().expect("a job has run").expect("it can be read");
        assert_eq!(line, i.to_string());
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert_eq!(child.0.wait().expect("it ends").code(), Some(0));
}

#[test]
fn blocks_are_read_as_slots_become_free() {
    let folder = Folder::new("map-blocks");
    let text: String = (0..50_000).map(|i| format!("line {i}\n")).collect();
    let output =
        run(&folder, &["-k", "-j2", "--pipe", "--block", "10K", "cat"], &[], text.as_bytes());
    assert_eq!(output.stdout, text.as_bytes());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn variables_say_which_job_it_is() {
    let words =
        "echo $TINE_JOB $TINE_SLOT $TINE_ATTEMPT $PARALLEL_SEQ $PARALLEL_JOBSLOT $x; exit 1";
    let run =
        map("map-variables", &["-j1", "--retries", "2", "--env", "x={}", words, ":::", "a b"], "");
    assert_eq!((run.out.as_str(), run.code), ("1 1 2 1 1 a b\n", Some(1)));
}

#[test]
fn exit_codes_tell_failures_from_mistakes() {
    for (args, code) in [
        (&["exit", ":::", "0", "3", "3"][..], 2),
        (&["--barr", "true", ":::", "1"], 255),
        (&["-j", "x", "true", ":::", "1"], 255),
        (&["true", "::::", "no-such-file"], 255),
        (&["--argv", ":::", "ls"], 255),
        (&["cat <<E\n{}\nE", ":::", "ls"], 255),
        (&["--help"], 0),
    ] {
        let run = map("map-codes", args, "");
        assert_eq!(run.code, Some(code), "{args:?} {}", run.err);
        assert!(code != 255 || !run.err.is_empty());
    }
    let run = map("map-codes", &["--barr", "true"], "");
    assert!(run.err.contains("--bar"), "{}", run.err);
    let run = map("map-codes", &["cat <<E\n{}\nE", ":::", "ls"], "");
    assert!(
        run.err.contains("{} cannot be replaced safely: it is in a here-document"),
        "{}",
        run.err
    );
}

#[test]
fn nobody_has_to_read_all() {
    let folder = Folder::new("map-unread");
    let mut command = folder.command(&["map", "-j1", "echo"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Held(child.expect("it is built"));
    let mut stdin = child.0.stdin.take().expect("it is piped");
    writeln!(stdin, "first").expect("it reads");
    let mut stdout = BufReader::new(child.0.stdout.take().expect("it is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("it can be read");
    assert_eq!(line, "first\n");
    drop(stdout);
    writeln!(stdin, "second").expect("it reads");
    assert_eq!(child.0.wait().expect("it ends").code(), Some(141));
    let mut said = String::new();
    child.0.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it can be read");
    assert_eq!(said, "");
}

#[test]
fn killed_runs_are_taken_up_again() {
    let folder = Folder::new("map-killed");
    let words = [
        "map",
        "-j2",
        "--joblog",
        "log",
        "--resume",
        "--line-buffer",
        "echo {} | tee -a ran",
        ":::",
    ];
    let numbers: Vec<String> = (1..=40).map(|n| n.to_string()).collect();
    let args: Vec<&str> = words.into_iter().chain(numbers.iter().map(String::as_str)).collect();
    let child = folder.command(&args).stdout(Stdio::piped()).spawn().expect("it is built");
    let mut child = Held(child);
    let mut lines = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
    for _ in 0..5 {
        lines.next().expect("jobs run").expect("they can be read");
    }
    drop(child); // kill -9
    let logged = |text: &str| {
        let lines = text.lines().skip(1).map(|l| l.split('\t').next().unwrap_or("").to_owned());
        lines.collect::<Vec<_>>()
    };
    let before = logged(&folder.read("log"));
    assert!(before.len() < 40);
    assert_eq!(folder.tine(&args).code, Some(0));
    let mut after = logged(&folder.read("log"));
    after.sort_by_key(|seq| seq.parse::<u32>().expect("a number"));
    assert_eq!(after, numbers);
    // What had a line in the log did not run again.
    let ran = folder.read("ran");
    for seq in before {
        assert_eq!(ran.lines().filter(|line| *line == seq).count(), 1, "{seq}");
    }
}

#[test]
fn runs_are_recorded() {
    let folder = Folder::new("map-recorded");
    let run = folder.tine(&["map", "--profile", "run.tine", "sleep", ":::", "0", "0.01", "0"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let report = folder.tine(&["graph", "run.tine", "-o", "graph.dot", "--format", "dot"]);
    assert_eq!(report.code, Some(0), "{}", report.err);
    assert!(folder.read("graph.dot").contains("sleep"));
}

#[test]
fn progress_can_be_read_by_programs() {
    let run = map("map-events", &["--json", "echo", ":::", "a", "b"], "");
    assert_eq!(run.code, Some(0));
    let mut printed: Vec<_> = run.err.lines().collect();
    printed.sort_unstable();
    assert_eq!(printed, ["a", "b"]);
    for line in run.out.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("an object a line");
    }
    assert!(run.out.lines().count() >= 5);
}
