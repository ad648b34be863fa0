//! Jobs that take memory, of which not all fit beside each other: as many run as there is room for,
//! and all that is asked of them is done.
//! It does not know how that is decided: readings and times are made in the tests of `tine_jobs`.

use std::fs;

use crate::support::{Folder, Run};

/// Holds a block of 60 MB for a while, and says when it begins and ends, and that it is done.
const EATER: &str = "#!/bin/sh
echo + >> log
dd if=/dev/zero bs=60M count=15 2>/dev/null | cat > /dev/null
echo - >> log
echo done \"$1\"
";

/// Two of them have room, with an eighth on top, and three do not.
const BUDGET: &str = "170MiB";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("eat", EATER).write("log", "");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path("eat"), mode).expect("it is ours");
    folder
}

/// How many ran at a time, at the most; all that began have ended.
fn most(folder: &Folder) -> usize {
    let (mut running, mut most) = (0usize, 0);
    for line in folder.read("log").lines() {
        match line {
            "+" => running += 1,
            _ => running -= 1,
        }
        most = most.max(running);
    }
    assert_eq!(running, 0);
    most
}

fn all_done(run: &Run) {
    assert_eq!(run.code, Some(0), "{}", run.err);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines, ["done 1", "done 2", "done 3", "done 4", "done 5", "done 6"], "{}", run.err);
}

#[test]
fn no_more_arguments_are_worked_on_than_fit() {
    let folder = folder("memory-map");
    let run = |args: &[&str]| {
        let args = [&["map", "-k", "--joblog", "jobs"], args].concat();
        let mut command = folder.command(&args);
        Run::from(command.env("TINE_MEMORY", BUDGET).output().expect("the command is built"))
    };
    let first = run(&["-j1", "./eat", ":::", "0"]);
    assert_eq!((first.code, first.out.as_str()), (Some(0), "done 0\n"), "{}", first.err);
    // The log knows what they take.
    let rest = ["--resume", "-j4", "./eat", ":::", "0", "1", "2", "3", "4", "5", "6"];
    all_done(&run(&rest));
    assert_eq!(most(&folder), 2);
}

#[test]
fn no_more_jobs_of_a_file_run_than_fit() {
    let folder = folder("memory-run");
    let text = "[[job]]\nname = \"eat\"\nmatrix = { x = [1, 2, 3, 4, 5, 6] }\n\
                argv = [\"./eat\", \"{x}\"]\n\
                [[job]]\nname = \"small\"\nshell = \"true\"\n";
    folder.write("jobs.toml", text);
    let first = folder.tine(&["run", "jobs.toml", "eat:x=1"]);
    assert_eq!((first.code, first.out.as_str()), (Some(0), "done 1\n"), "{}", first.err);
    // The journal knows what they take.
    let journal = folder.read(".tine/jobs.toml.journal");
    let line = journal.lines().find(|line| line.starts_with("done\teat:x=1\t"));
    let peak = line.and_then(|line| line.rsplit('\t').next()?.parse::<u64>().ok());
    assert!(peak.is_some_and(|peak| (60 << 20..75 << 20).contains(&peak)), "{journal}");
    let run = |budget| folder.tine(&["run", "jobs.toml", "-k", "-j4", "--memory", budget]);
    all_done(&run(BUDGET));
    assert_eq!(most(&folder), 2);
    // There is less than one of them takes: it runs, but nothing beside it.
    folder.write("log", "");
    all_done(&run("50MiB"));
    assert_eq!(most(&folder), 1);
}

#[test]
fn what_is_asked_for_stands_instead() {
    let folder = folder("memory-free");
    folder.write("jobs.toml", "[[job]]\nname = \"a\"\nargv = [\"./eat\", \"1\"]\n");
    let run = folder.tine(&["run", "jobs.toml", "--memfree", "0"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "done 1\n"), "{}", run.err);
    let run = folder.tine(&["run", "jobs.toml", "--memfree", "much"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("--memfree: \"much\" is no size"), "{}", run.err);
}
