//! Stream files as users meet them: written by `tine map` and `tine run`, read by `tine cat`.
//! It does not know how such a file is laid out.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::support::{Folder, Held, Run};

/// Jobs that say something to both streams, and fail with the number that they are given.
const SAY: &str = "echo out {}; echo err {} >&2; exit {}";

#[test]
fn all_output_is_in_one_file() {
    let folder = Folder::new("stream-map");
    let run = folder.tine(&["map", "--stream", "s", SAY, ":::", "0", "3", "0", "4"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(2), "", ""));
    assert_eq!(folder.list(""), ["s"]);
    let cat = |args: &[&str]| folder.tine(&[&["cat", "s"], args].concat());
    let all = cat(&[]);
    assert_eq!(all.code, Some(0));
    assert_eq!(all.out, "out 0\nout 3\nout 0\nout 4\n");
    assert_eq!(all.err, "err 0\nerr 3\nerr 0\nerr 4\n");
    for (args, out, err) in [
        (&["4", "2"][..], "out 4\nout 3\n", "err 4\nerr 3\n"),
        (&["--stdout", "1"], "out 0\n", ""),
        (&["--stderr", "--failed"], "", "err 3\nerr 4\n"),
        (&["--tag", "--stdout", "--failed"], "2\tout 3\n4\tout 4\n", ""),
        (&["--attempt", "1", "2", "--stderr"], "", "err 3\n"),
    ] {
        let run = cat(args);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), out, err), "{args:?}");
    }
    let list = cat(&["--list"]).out;
    let rows: Vec<Vec<&str>> = list.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["JOB", "ATTEMPT", "SECONDS", "STDOUT", "STDERR", "END", "NAME"]);
    let row = |n: usize| [&rows[n][..2], &rows[n][3..8]].concat();
    assert_eq!(row(2), ["2", "1", "6", "6", "3", "echo", "out"]);
    let json = cat(&["--list", "--json", "4"]).json();
    let fields = ["job", "attempt", "exit", "failed", "stdout", "name"].map(|f| json[f].clone());
    let name = "echo out 4; echo err 4 >&2; exit 4";
    assert_eq!(serde_json::json!(fields), serde_json::json!([4, 1, 4, true, 6, name]));
}

#[test]
fn mistakes_are_named() {
    let folder = Folder::new("stream-mistakes");
    folder.write("text", "no stream\n");
    assert_eq!(folder.tine(&["map", "--stream", "s", "echo", ":::", "a", "b"]).code, Some(0));
    for (args, code, said) in [
        (&["cat", "none"][..], 1, "the stream file none cannot be read: No such file"),
        (&["cat", "text"], 1, "text is no stream file"),
        (&["cat", "s", "7"], 2, "there are jobs from 1 to 2; the nearest is 2"),
        (&["cat", "s", "--attempt", "2"], 2, "there is no attempt 2"),
        (&["cat", "s", "--all", "--attempt", "2"], 2, "cannot be used with"),
        (&["cat", "s", "--json"], 2, "--list"),
        (&["map", "--stream", "text", "true", ":::", "1"], 255, "text is there and is no stream"),
        (&["map", "--stream", "s", "--results", "r", "true", ":::", "1"], 255, "--results"),
        (&["map", "--resume-failed", "true", ":::", "1"], 255, "--stream"),
        (&["map", "--resume", "true", ":::", "1"], 255, "--stream"),
    ] {
        let run = folder.tine(args);
        assert_eq!(run.code, Some(code), "{args:?} {}", run.err);
        assert!(run.err.contains(said), "{args:?} {}", run.err);
    }
    assert_eq!(folder.read("text"), "no stream\n");
    // A byte of the output of the second job: what is before it is printed.
    let mut bytes = fs::read(folder.path("s")).expect("it was written");
    let at = bytes.windows(2).rposition(|pair| pair == b"b\n").expect("it is there");
    bytes[at] ^= 1;
    folder.write("s", bytes);
    let run = folder.tine(&["cat", "s"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), "a\n"));
    let place = format!("s is damaged: the record at byte {}", at - 32);
    assert!(run.err.contains(&place), "{}", run.err);
}

#[test]
fn jobs_of_files_have_names() {
    let folder = Folder::new("stream-run");
    folder.write(
        "j.toml",
        "[[job]]\nname = 'train'\nmatrix = { lr = [1, 2], seed = [1, 2] }\n\
         shell = 'echo train {lr} {seed}'\n\
         [[job]]\nname = 'bad'\nretries = 1\nshell = 'echo bad {attempt}; exit 3'\n",
    );
    let run = folder.tine(&["run", "j.toml", "--stream", "s", "--keep-going", "-q"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{}", run.err);
    let cat = |args: &[&str]| folder.tine(&[&["cat", "s"], args].concat()).out;
    assert_eq!(cat(&["train:seed=2"]), "train 1 2\ntrain 2 2\n");
    assert_eq!(cat(&["bad", "--all"]), "bad 1\nbad 2\n");
    assert_eq!(cat(&["--failed", "--tag"]), "bad\tbad 2\n");
    assert_eq!(cat(&["train:lr=1,seed=1", "--tag"]), "train:lr=1,seed=1\ttrain 1 1\n");
    let run = folder.tine(&["cat", "s", "trian"]);
    assert!(run.err.contains("did you mean `train`?"), "{}", run.err);
    // Some of the jobs again: they are the same jobs in the file.
    let run = folder.tine(&["run", "j.toml", "bad", "--resume", "--stream", "s", "-q"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(cat(&["bad", "--all"]), "bad 1\nbad 2\nbad 1\nbad 2\n");
    assert_eq!(cat(&["bad", "--attempt", "3"]), "bad 1\n");
    assert_eq!(cat(&["train", "--stdout"]).lines().count(), 4);
    // A run that is not resumed begins a new file.
    assert_eq!(folder.tine(&["run", "j.toml", "train", "--stream", "s", "-q"]).code, Some(0));
    assert_eq!(cat(&["--list"]).lines().count(), 5);
}

/// A pipe with a name in the folder, through which jobs say that they run.
fn pipe(folder: &Folder) -> BufReader<File> {
    mkfifo(&folder.path("said"), Mode::S_IRWXU).expect("a pipe can be made");
    let file = File::options().read(true).write(true).open(folder.path("said"));
    BufReader::new(file.expect("it was made"))
}

/// Jobs say when they begin; some of them never end before the run is killed.
#[test]
fn a_run_that_was_killed_goes_on_in_the_same_file() {
    let folder = Folder::new("stream-kill");
    let mut said = pipe(&folder);
    let job = "echo begin {}; echo {} > said; [ -e go ] || [ {} -lt 5 ] || sleep 1000; echo end {}";
    let mut args = vec!["map", "-j3", "--stream", "s", job, ":::"];
    let numbers: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
    args.extend(numbers.iter().map(String::as_str));
    let child = folder.command(&args).stdout(Stdio::null()).spawn().expect("the command is built");
    let mut child = Held(child);
    let mut line = String::new();
    // Three that wait run now, so that those before have ended.
    for _ in 0..7 {
        said.read_line(&mut line).expect("jobs say something");
    }
    child.0.kill().expect("it runs");
    child.0.wait().expect("it was started");
    let before = folder.tine(&["cat", "s"]);
    assert_eq!(before.code, Some(0), "{}", before.err);
    let ended = |n: usize| format!("begin {n}\nend {n}\n");
    for n in 1..5 {
        assert!(before.out.contains(&ended(n)), "{}", before.out);
    }
    folder.write("go", "");
    // From now on nobody else listens.
    let drained = std::thread::spawn(move || {
        // Each of the eight that are left says something once.
        for _ in 5..=12 {
            said.read_line(&mut String::new()).expect("jobs say something");
        }
    });
    args.insert(1, "--resume");
    let run = folder.tine(&args);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{}", run.err);
    drained.join().expect("the last job has run");
    let after = folder.tine(&["cat", "s"]);
    assert_eq!(after.err, "");
    assert_eq!(after.out, (1..=12).map(ended).collect::<String>());
    let list = folder.tine(&["cat", "s", "--list"]).out;
    let attempt = |n: usize| list.lines().nth(n).and_then(|l| l.split_whitespace().nth(1));
    for n in 1..5 {
        assert_eq!(attempt(n), Some("1"), "{n} had ended: {list}");
    }
}

#[test]
fn what_a_job_prints_is_there_while_it_runs() {
    let folder = Folder::new("stream-live");
    let mut said = pipe(&folder);
    let job = "echo {} lives; echo > said; exec sleep 1000";
    let mut command = folder.command(&["map", "--stream", "s", job, ":::", "x"]);
    let child = Held(command.stdout(Stdio::null()).spawn().expect("the command is built"));
    said.read_line(&mut String::new()).expect("the job runs");
    // A second at the most: the watchdog is that of the tests.
    loop {
        let run = folder.tine(&["cat", "s"]);
        if run.out == "x lives\n" {
            break;
        }
        assert_eq!(run.out, "", "{}", run.err);
    }
    let list = folder.tine(&["cat", "s", "--list"]).out;
    assert!(list.contains("unfinished"), "{list}");
    let busy = folder.tine(&["map", "--stream", "s", "true", ":::", "1"]);
    assert!(busy.err.contains("another run writes to s"), "{}", busy.err);
    drop(child);
}

/// A limit to the size of files stands for a full disk.
#[test]
fn a_file_that_can_grow_no_more_ends_the_run() {
    let folder = Folder::new("stream-full");
    let tine = env!("CARGO_BIN_EXE_tine");
    let run = |limit: &str, more: &str| {
        let job = "seq {} 3000";
        let line = format!(
            "trap '' XFSZ; {limit} exec {tine} map -j1 {more} --stream s '{job}' ::: 1 2 3 4"
        );
        let mut command = Command::new("bash");
        command.args(["-c", &line]).current_dir(folder.path(""));
        Run::from(command.output().expect("the tests need bash"))
    };
    let full = run("ulimit -f 32;", "");
    assert_eq!(full.code, Some(255), "{}", full.err);
    assert!(full.err.contains("cannot be written to s: File too large"), "{}", full.err);
    let there = folder.tine(&["cat", "s"]);
    let seq = |from: usize| (from..=3000).map(|n| format!("{n}\n")).collect::<String>();
    let all: Vec<String> = (1..5).map(seq).collect();
    assert_eq!((there.code, there.err.as_str()), (Some(0), ""));
    assert_eq!(there.out, all[..2].concat());
    assert_eq!(run("", "--resume").code, Some(0));
    assert_eq!(folder.tine(&["cat", "s"]).out, all.concat());
}

#[test]
fn large_outputs_are_not_mixed() {
    let folder = Folder::new("stream-large");
    let job = "yes {} | head -c 3000000";
    let run = folder.tine(&["map", "-j4", "--stream", "s", job, ":::", "a", "bb", "ccc", "dddd"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    for (i, word) in ["a", "bb", "ccc", "dddd"].iter().enumerate() {
        let number = (i + 1).to_string();
        let mut child = folder.command(&["cat", "s", &number]);
        let mut child = Held(child.stdout(Stdio::piped()).spawn().expect("the command is built"));
        let mut text = String::new();
        let mut out = child.0.stdout.take().expect("it is piped");
        out.read_to_string(&mut text).expect("text");
        let line = format!("{word}\n");
        assert_eq!(text.len(), 3_000_000);
        assert!(line.repeat(3_000_000 / line.len() + 1).starts_with(&text), "{word}");
    }
    // Who has seen enough is no failure.
    let mut child = folder.command(&["cat", "s"]);
    let mut child = Held(child.stdout(Stdio::piped()).spawn().expect("the command is built"));
    drop(child.0.stdout.take());
    assert_eq!(child.0.wait().expect("it ends").code(), Some(0));
}
