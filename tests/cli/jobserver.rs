//! Cores that are shared with make: below it, and for it. Programs write down when they begin and end,
//! from which it follows how many were at work at a time. With make where it is installed, and with small
//! clients and servers of our own everywhere.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::support::{Folder, Held};

/// What runs for a moment, and writes down that it does.
const WORK: &str = "echo + >> log; sleep 0.02; echo - >> log";

/// How many were at work at a time at the most, by the log. None of them is still at it.
fn most(folder: &Folder) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in folder.read("log").lines() {
        match line {
            "+" => now += 1,
            "-" => now -= 1,
            other => panic!("{other}"),
        }
        most = most.max(now);
    }
    assert_eq!(now, 0, "somebody did not come to its end");
    most
}

/// Runs it under a watchdog.
fn watched(folder: &Folder, args: &[&str], flags: Option<&str>) -> Output {
    let mut command = Command::new("timeout");
    command.args(["-k", "1", "60"]).args(args).current_dir(folder.path(""));
    command.env_remove("MAKEFLAGS").stdin(Stdio::null());
    command.envs(flags.map(|flags| ("MAKEFLAGS", flags)));
    let output = command.output().expect("the tests need timeout");
    assert_ne!(output.status.code(), Some(124), "it hangs: {output:?}");
    output
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const TINE: &str = env!("CARGO_BIN_EXE_tine");

/// A pipe with a name, and so many bytes in it.
fn pipe(folder: &Folder, name: &str, bytes: &[u8]) -> File {
    mkfifo(&folder.path(name), Mode::S_IRWXU).expect("a pipe can be made");
    let mut pipe =
        File::options().read(true).write(true).open(folder.path(name)).expect("is there");
    pipe.write_all(bytes).expect("there is room");
    pipe
}

/// What is in the pipe of a make at its end.
fn tokens(mut pipe: File) -> Vec<u8> {
    pipe.write_all(b"!").expect("there is room");
    let mut bytes = vec![0];
    while bytes.last() != Some(&b'!') {
        let mut byte = [0];
        pipe.read_exact(&mut byte).expect("it is not empty");
        bytes.push(byte[0]);
    }
    bytes.retain(|byte| !b"\0!".contains(byte));
    bytes.sort_unstable();
    bytes
}

/// The flags of a make that has a pipe in the folder.
fn flags(folder: &Folder) -> String {
    format!(" -j3 --jobserver-auth=fifo:{}", folder.path("make").display())
}

/// Jobs 1 and 2 wait for each other: they run at the same time, or not at all.
fn meeting(work: &str) -> String {
    format!("case {{}} in 1) cat meet;; 2) echo > meet;; esac; {work}")
}

#[test]
fn below_make_every_job_but_one_has_a_token() {
    let folder = Folder::new("jobserver-client");
    let make = pipe(&folder, "make", b"ab");
    mkfifo(&folder.path("meet"), Mode::S_IRWXU).expect("a pipe can be made");
    // One kills itself.
    let job = meeting(&format!("[ {{}} = 5 ] && kill -9 $$; {WORK}"));
    let mut args = vec![TINE, "map", "-j8", &job, ":::"];
    let numbers: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
    args.extend(numbers.iter().map(String::as_str));
    let output = watched(&folder, &args, Some(&flags(&folder)));
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!((2..=3).contains(&most(&folder)), "{}", most(&folder));
    assert_eq!(tokens(make), b"ab");
}

#[test]
fn tokens_come_back_after_ctrl_c() {
    let folder = Folder::new("jobserver-interrupt");
    let make = pipe(&folder, "make", b"abc");
    let mut said = BufReader::new(pipe(&folder, "said", b""));
    folder.write(
        "j.toml",
        "job = [{ name = 'a', matrix = { x = [1, 2, 3, 4, 5] }, \
         shell = 'echo > said; exec sleep 1000' }]",
    );
    let mut command = folder.command(&["run", "j.toml", "-j8"]);
    command.env("MAKEFLAGS", flags(&folder)).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = Held(command.spawn().expect("the command is built"));
    let mut err = BufReader::new(child.0.stderr.take().expect("it is piped"));
    let mut text = String::new();
    for _ in 0..4 {
        said.read_line(&mut text).expect("jobs say something");
    }
    let pid = Pid::from_raw(i32::try_from(child.0.id()).expect("a process id"));
    for expected in ["no more jobs start", "jobs that run are ended"] {
        kill(pid, Signal::SIGINT).expect("it runs");
        while !text.contains(expected) {
            assert!(err.read_line(&mut text).expect("it says so") > 0, "{text}");
        }
    }
    err.read_to_string(&mut text).expect("text");
    assert_eq!(child.0.wait().expect("it was started").code(), Some(130), "{text}");
    assert_eq!(tokens(make), b"abc");
}

#[test]
fn a_jobserver_that_cannot_be_used_is_told_once() {
    let folder = Folder::new("jobserver-none");
    for auth in ["97,98", "-2,-2", "fifo:none"] {
        let flags = format!(" -j4 --jobserver-auth={auth}");
        let output = watched(&folder, &[TINE, "map", "true", ":::", "1", "2", "3"], Some(&flags));
        let text = err(&output);
        assert_eq!((output.status.code(), text.lines().count()), (Some(0), 1), "{text}");
        let said = format!("tine: warning: the jobserver of make ({auth}) cannot be used");
        assert!(text.starts_with(&said), "{text}");
    }
}

/// A client of our own: takes a token where there is one, and then does two things at once.
const CLIENT: &str = "p=${MAKEFLAGS##*fifo:}; exec 9<>\"${p%% *}\"; echo + >> log; \
    if read -rN1 -t ${WAIT:-0.05} -u9 t; then echo + >> log; sleep 0.01; echo - >> log; \
    echo got >> got; printf %s \"$t\" >&9; fi; echo - >> log";

#[test]
fn what_programs_in_jobs_take_is_missing_to_the_run() {
    let folder = Folder::new("jobserver-server");
    folder.write("client", CLIENT);
    let numbers: Vec<String> = (1..=15).map(|n| n.to_string()).collect();
    let mut args = vec![TINE, "map", "-j3", "--jobserver", "bash client; : {}", ":::"];
    args.extend(numbers.iter().map(String::as_str));
    let output = watched(&folder, &args, Some("k -j9"));
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert!(most(&folder) <= 3, "{}", most(&folder));
    // One that is alone has the others' cores, however long it takes to ask for them.
    drop(std::fs::remove_file(folder.path("got")));
    let alone = [TINE, "map", "-j3", "--jobserver", "--env", "WAIT=50", "bash client; : {}", ":::"];
    let output = watched(&folder, &[&alone[..], &["1"]].concat(), None);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert_eq!(folder.read("got"), "got\n");
    // Its flags are there beside, and what is set for a job stands above.
    let print = "printf '%s|' \"$MAKEFLAGS\"; : {}";
    let args = [TINE, "map", "-j3", "--jobserver", print, ":::", "1"];
    let text = String::from_utf8(watched(&folder, &args, Some("k -j9")).stdout).expect("text");
    assert!(text.starts_with("k -j3 --jobserver-auth=fifo:/proc/"), "{text}");
    let args = [TINE, "map", "--jobserver", "--env", "MAKEFLAGS=s", print, ":::", "1"];
    assert_eq!(watched(&folder, &args, None).stdout, b"s|");
    // Nothing is told where nobody asked for it.
    assert_eq!(watched(&folder, &[TINE, "map", print, ":::", "1"], None).stdout, b"|");
}

/// Whoever is killed with a token in its hand does not stop the run.
#[test]
fn tokens_of_the_killed_are_made_good() {
    let folder = Folder::new("jobserver-killed");
    folder.write(
        "j.toml",
        "[[job]]\nname = 'thief'\nmatrix = { x = [1, 2, 3, 4, 5, 6] }\n\
         argv = ['bash', '-c', 'p=${MAKEFLAGS##*fifo:}; exec 9<>$p; read -rN1 -t 0.05 -u9 t; \
         kill -9 $$']\n\
         [[job]]\nname = 'large'\ncores = 3\nshell = 'echo large > large'\n",
    );
    let args = [TINE, "run", "j.toml", "-j3", "--keep-going", "--jobserver", "-q"];
    let output = watched(&folder, &args, None);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert_eq!(folder.read("large"), "large\n");
}

/// The version of make, where there is one.
fn make() -> Option<(u32, u32)> {
    let output = Command::new("make").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, rest) = text.strip_prefix("GNU Make ")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[test]
fn make_in_jobs_shares_their_cores() {
    let Some(version) = make() else { return };
    let styles = if version >= (4, 4) { &["pipe", "fifo"][..] } else { &["pipe"] };
    for style in styles {
        let folder = Folder::new(&format!("jobserver-make-{style}"));
        mkfifo(&folder.path("meet"), Mode::S_IRWXU).expect("a pipe can be made");
        let makefile = format!("all: 1 2 3 4 5 6\n1 2 3 4 5 6:\n\t@{WORK}\n");
        // Two recipes wait for each other: make has a token for the second.
        let meet = "all: 1 2\n1:\n\t@cat meet\n2:\n\t@echo > meet\n";
        folder.write("Makefile", makefile).write("Meet", meet);
        let style = format!("--jobserver={style}");
        let args = [TINE, "map", "-j3", &style, "make -f {} all", ":::", "Meet"];
        let output = watched(&folder, &args, None);
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
        let args = [TINE, "map", "-j3", &style, "make all; : {}", ":::", "1", "2", "3", "4", "5"];
        let output = watched(&folder, &args, None);
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
        assert!(most(&folder) <= 3, "{}", most(&folder));
        assert_eq!(folder.read("log").lines().count(), 5 * 6 * 2);
    }
}

#[test]
fn make_starts_runs_that_share_its_cores() {
    if make().is_none() {
        return;
    }
    let folder = Folder::new("jobserver-below-make");
    // A make below a run below a make has tokens of the first one; one job kills itself.
    let jobs = "1 2 3 4 5 6 7 8";
    folder.write(
        "Makefile",
        format!(
            "all: x y\nx y:\n\t+{TINE} map -j8 '{WORK}; : {{}}' ::: {jobs}\n\
             \t+-{TINE} map -j8 'kill -9 $$$$; : {{}}' ::: 1 2\n\
             \t+{TINE} map -j8 'make -f Inner; : {{}}' ::: 1 2 3\n\
             plain:\n\t{TINE} map true ::: 1\n"
        ),
    );
    folder.write("Inner", format!("all: 1 2 3\n1 2 3:\n\t@{WORK}\n"));
    let output = watched(&folder, &["make", "-j3", "all"], None);
    let text = err(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    // Make says at its end where a token is missing.
    assert!(!text.contains("INTERNAL") && !text.contains("jobserver"), "{text}");
    assert!(most(&folder) <= 3, "{}", most(&folder));
    assert_eq!(folder.read("log").lines().count(), 2 * (8 + 3 * 3) * 2);
    // Make does not share with recipes that it was not told to.
    let output = watched(&folder, &["make", "-j3", "plain"], None);
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).contains("put + before the command in the Makefile"), "{}", err(&output));
}
