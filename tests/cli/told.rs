//! What is said of the jobs of a file: one thing once, in the words of the documentation, and enough
//! to know what to do.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Folder, Run};

#[test]
fn folders_that_are_read_are_looked_into() {
    let folder = Folder::new("told-folders");
    for fresh in ["mtime", "content"] {
        folder.write("src/sub/a", "1\n").write(
            "j.toml",
            format!(
                "[[job]]\nname = 'all'\ninputs = ['src']\noutputs = ['out']\nfresh = '{fresh}'\n\
                 shell = 'mkdir -p out; cat src/sub/* > out/all'"
            ),
        );
        let run = || folder.tine(&["run", "j.toml"]).err;
        assert!(run().contains("tine: 1 job done in "), "{fresh}");
        assert!(run().contains("tine: 1 job up to date in "), "{fresh}");
        folder.write("src/sub/a", "222\n");
        let plan = folder.tine(&["run", "j.toml", "-n"]).out;
        assert!(plan.contains("1 runs: its input src/sub/a has changed"), "{plan}");
        assert!(run().contains("tine: 1 job done in "), "{fresh}");
        assert_eq!(folder.read("out/all"), "222\n");
        folder.write("out/all", "edited");
        assert!(run().contains("tine: 1 job done in "), "{fresh}");
        std::fs::remove_dir_all(folder.path("out")).expect("it is there");
        std::fs::remove_dir_all(folder.path(".tine")).expect("likewise");
    }
}

#[test]
fn names_of_files_run_nothing() {
    let folder = Folder::new("told-quotes");
    folder.write("in/z$(touch pwned) '`touch pwned`'.dat", "1\n").write(
        "j.toml",
        "[[job]]\nname = 'show'\nmatrix = { f = { glob = 'in/*' } }\ninputs = ['{f}']\n\
         shell = '''echo '{f}' \"{f}\" {f}; cat \"{inputs}\" '{inputs}' '''",
    );
    let run = folder.tine(&["run", "j.toml"]);
    let name = "in/z$(touch pwned) '`touch pwned`'.dat";
    assert_eq!(run.out, format!("{name} {name} {name}\n1\n1\n"), "{}", run.err);
    assert!(!folder.path("pwned").exists());
}

#[test]
fn what_failed_attempts_printed_is_shown() {
    let folder = Folder::new("told-attempts");
    folder.write(
        "j.toml",
        "[[job]]\nname = 'flaky'\nretries = 1\n\
         shell = 'echo out {attempt}; echo why {attempt} >&2; test {attempt} = 2'",
    );
    for order in [&[][..], &["-k"], &["--line-buffer"]] {
        let run = folder.tine(&[&["run", "j.toml"], order].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let failed = "tine: flaky failed and is tried again: exit code 1 (attempt 1 of 2)\n";
        assert!(run.err.contains(failed), "{}", run.err);
        if order != ["--line-buffer"] {
            assert_eq!(run.out, "out 2\n");
            assert!(run.err.contains(&format!("{failed}out 1\nwhy 1\n")), "{}", run.err);
        }
    }
    let quiet = folder.tine(&["run", "j.toml", "-q"]);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("out 2\n", "why 2\n"));
}

#[test]
fn plans_show_what_would_run_and_why() {
    let folder = Folder::new("told-plans");
    folder.write(
        "j.toml",
        "[[job]]\nname = 'part'\nmatrix = { n = [1, 2, 3] }\noutputs = ['o{n}']\n\
         shell = 'test {n} != 2 || test -e now && touch {outputs}'",
    );
    let run = folder.tine(&["run", "j.toml", "--keep-going"]);
    assert!(run.err.contains("tine: 2 of 3 jobs done, 1 failed in "), "{}", run.err);
    let plan = folder.tine(&["run", "j.toml", "-n"]).out;
    assert!(plan.contains("1 of 3 to run  test 2 != 2 || test -e now && touch o2\n"), "{plan}");
    let why = "1 runs, part:n=2, because it failed the last time: exit code 1\n";
    assert!(plan.contains(why), "{plan}");
    folder.write("now", "");
    let run = folder.tine(&["run", "j.toml"]);
    assert!(run.err.contains("tine: 1 job done, 2 up to date in "), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn programs_that_are_not_there_are_named() {
    let folder = Folder::new("told-programs");
    folder.write("j.toml", "[[job]]\nname = 'a'\nargv = ['nosuchprogram', 'x']");
    let run = folder.tine(&["run", "j.toml"]);
    let said = "a failed: the program `nosuchprogram` cannot be started: No such file or directory";
    assert!(run.err.contains(said), "{}", run.err);
}

/// Interrupts `tine` with these arguments twice, once a job has printed a line.
fn interrupted(folder: &Folder, args: &[&str]) -> Run {
    let mut command = folder.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    out.read_line(&mut String::new()).expect("a job prints one");
    for _ in 0..2 {
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        kill.expect("kill is installed");
    }
    Run::from(child.wait_with_output().expect("it is our child"))
}

#[test]
fn interrupted_runs_say_how_far_they_were() {
    let folder = Folder::new("told-interrupted");
    let script = "echo {}; test {} = 1 || sleep 100";
    let run = interrupted(&folder, &["map", "-j2", "--line-buffer", script, ":::", "1", "2", "3"]);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert!(run.err.contains("interrupted: "), "{}", run.err);
    assert!(run.err.contains(" of 3 jobs done"), "{}", run.err);
    folder.write(
        "j.toml",
        "[[job]]\nname = 'a'\nshell = 'echo a; sleep 100'\n[[job]]\nname = 'b'\nneeds = 'a'\n\
         argv = 'true'\n",
    );
    let run = interrupted(&folder, &["run", "j.toml", "--line-buffer"]);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert!(run.err.contains("0 of 2 jobs done, 1 skipped, 1 canceled in "), "{}", run.err);
    assert!(run.err.contains("--resume goes on where it was interrupted"), "{}", run.err);
}
