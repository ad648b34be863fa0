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

/// Two of them and what they may be off by have room, three do not.
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
    let args =
        ["map", "-k", "-j4", "--joblog", "jobs", "./eat", ":::", "1", "2", "3", "4", "5", "6"];
    let run = |args: &[&str], budget: &str| {
        let mut command = folder.command(args);
        Run::from(command.env("TINE_MEMORY", budget).output().expect("the command is built"))
    };
    all_done(&run(&args, BUDGET));
    let most_run = most(&folder);
    assert!((1..=2).contains(&most_run), "{most_run}");
    // The log knows what they take: of the two that are left out of it none begins beside the other.
    let log = folder.read("jobs");
    let kept: Vec<&str> =
        log.lines().filter(|l| !l.ends_with("./eat 1") && !l.starts_with("1\t")).collect();
    let kept: Vec<&str> = kept.into_iter().filter(|l| !l.starts_with("2\t")).collect();
    folder.write("jobs", kept.join("\n") + "\n").write("log", "");
    let resumed = run(&[&args[..5], &["--resume"], &args[5..]].concat(), "100MiB");
    assert_eq!((resumed.code, resumed.out.as_str()), (Some(0), "done 1\ndone 2\n"));
    assert_eq!(most(&folder), 1);
}

#[test]
fn no_more_jobs_of_a_file_run_than_fit() {
    let folder = folder("memory-run");
    let text = "[[job]]\nname = \"eat\"\nmatrix = { x = [1, 2, 3, 4, 5, 6] }\n\
                argv = [\"./eat\", \"{x}\"]\n\
                [[job]]\nname = \"small\"\nshell = \"true\"\n";
    folder.write("jobs.toml", text);
    let run = |budget| folder.tine(&["run", "jobs.toml", "-k", "-j4", "--memory", budget]);
    all_done(&run(BUDGET));
    let most_run = most(&folder);
    assert!((1..=2).contains(&most_run), "{most_run}");
    // The journal knows what they take: there is room for one, from the beginning.
    folder.write("log", "");
    all_done(&run("100MiB"));
    assert_eq!(most(&folder), 1);
    let journal = folder.read(".tine/jobs.toml.journal");
    let peaks = journal.lines().filter(|line| line.starts_with("done\teat:"));
    let peaks: Vec<u64> = peaks.filter_map(|line| line.rsplit('\t').next()?.parse().ok()).collect();
    assert!(peaks.len() == 12 && peaks.iter().all(|peak| (60 << 20..90 << 20).contains(peak)));
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
