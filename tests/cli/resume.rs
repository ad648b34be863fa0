//! Runs of job files that are ended from outside: `kill -9` at any moment, and Ctrl-C.
//! It does not know how jobs are started.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::support::Folder;

/// A pipe with a name in the folder, through which jobs say that they run.
fn pipe(folder: &Folder) -> BufReader<File> {
    mkfifo(&folder.path("said"), Mode::S_IRWXU).expect("a pipe can be made");
    // Opened for writing too, so that neither side waits for the other.
    let file = File::options().read(true).write(true).open(folder.path("said"));
    BufReader::new(file.expect("it was made"))
}

fn start(folder: &Folder, args: &[&str]) -> Child {
    let mut command: Command = folder.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("the command is built")
}

fn wait_for(said: &mut BufReader<File>, lines: usize) {
    let mut line = String::new();
    for _ in 0..lines {
        said.read_line(&mut line).expect("jobs say something");
    }
}

/// Waits until nothing that a killed run had started is left: on a busy machine that takes a moment,
/// in which its last jobs may still write.
fn wait_for_the_last(folder: &Folder) {
    let here = folder.path("").canonicalize().expect("it is there");
    let stays = |process: fs::DirEntry| {
        fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&here))
    };
    while fs::read_dir("/proc").expect("mounted").flatten().any(stays) {
        std::thread::yield_now();
    }
}

/// How often each job has begun.
fn begun(folder: &Folder) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(folder.path("log")).unwrap_or_default().lines() {
        if let Some(job) = line.strip_prefix("begin ") {
            *counts.entry(job.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

/// The jobs that the journal says are done.
fn done(folder: &Folder) -> BTreeSet<String> {
    let journal = folder.read(".tine/j.toml.journal");
    // The last line may be cut off.
    let whole = journal.rfind('\n').map_or("", |at| &journal[..at]);
    let name = |l: &str| Some(l.strip_prefix("done\t")?.split('\t').next()?.to_owned());
    whole.lines().filter_map(name).collect()
}

/// Thirty jobs of each kind: with outputs, and without.
const JOBS: &str = "
[[job]]
name = 'with'
matrix = { x = [X] }
outputs = ['out/{x}']
shell = 'echo begin with{x} >> log; echo {x} > {outputs}; echo > said; echo end with{x} >> log'
[[job]]
name = 'without'
matrix = { x = [X] }
needs = ['with']
shell = 'echo begin without{x} >> log; echo > said; echo end without{x} >> log'
";

#[test]
fn what_is_done_is_not_done_again_after_a_kill() {
    for seed in 0..6u64 {
        let folder = Folder::new(&format!("resume-{seed}"));
        let values: Vec<String> = (0..30).map(|x| x.to_string()).collect();
        folder.write("j.toml", JOBS.replace('X', &values.join(", ")));
        let mut said = pipe(&folder);
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
        // By then: what was done at each kill, and how often it had begun.
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        for round in 0..4 {
            let resume: &[&str] = if round == 0 { &[] } else { &["--resume"] };
            let args: Vec<&str> =
                ["run", "j.toml", "-j", "3"].iter().chain(resume).copied().collect();
            let mut child = start(&folder, &args);
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            wait_for(&mut said, 1 + (random >> 33) as usize % 12);
            child.kill().expect("it runs, or has ended");
            child.wait().expect("it was started");
            wait_for_the_last(&folder);
            let begun = begun(&folder);
            for job in done(&folder) {
                let job = job.replace(":x=", "");
                let count = begun[&job];
                assert_eq!(*kept.entry(job.clone()).or_insert(count), count, "{job} is done again");
            }
        }
        let last = folder.tine(&["run", "j.toml", "-j", "3", "--resume"]);
        assert_eq!(last.code, Some(0), "{}", last.err);
        let begun = begun(&folder);
        assert_eq!((begun.len(), done(&folder).len()), (60, 60));
        for (job, count) in kept {
            assert_eq!(begun[&job], count, "{job} was done, and done again");
        }
        let log = folder.read("log");
        for job in begun.keys() {
            assert!(log.contains(&format!("end {job}\n")), "{job} was never ended");
        }
        let again = folder.tine(&["run", "j.toml", "--resume"]);
        assert_eq!((again.code, log), (Some(0), folder.read("log")), "nothing is left to do");
    }
}

#[test]
fn a_journal_that_is_cut_off_anywhere_is_good_up_to_there() {
    let folder = Folder::new("resume-cut");
    folder.write(
        "j.toml",
        "job = [{ name = 'a', matrix = { x = [1, 2, 3] }, shell = 'echo {x} >> log' }]",
    );
    assert_eq!(folder.tine(&["run", "j.toml", "-j", "1"]).code, Some(0));
    let whole = folder.read(".tine/j.toml.journal");
    // All places around the ends of lines, and some within.
    let near = |at: usize| whole.as_bytes()[at.saturating_sub(2)..at].contains(&b'\n');
    for cut in (0..whole.len()).filter(|&at| at % 17 == 0 || near(at)) {
        folder.write(".tine/j.toml.journal", &whole[..cut]);
        drop(fs::remove_file(folder.path("log")));
        let run = folder.tine(&["run", "j.toml", "-j", "1", "--resume"]);
        assert_eq!(run.code, Some(0), "cut at {cut}: {}", run.err);
        let lines = whole[..cut].rfind('\n').map_or(0, |at| whole[..at].matches('\n').count() + 1);
        let left = 3 - lines.saturating_sub(2).min(3);
        let log = fs::read_to_string(folder.path("log")).unwrap_or_default();
        assert_eq!(log.lines().count(), left, "cut at {cut}");
    }
}

#[test]
fn ctrl_c_ends_jobs_and_says_so() {
    let folder = Folder::new("resume-interrupt");
    folder.write(
        "j.toml",
        "[[job]]\nname = 'a'\noutputs = ['half']\n\
         shell = 'echo half > {outputs}; echo > said; exec sleep 1000'\n\
         [[job]]\nname = 'b'\nneeds = ['a']\nshell = 'echo b > b'\n",
    );
    let mut said = pipe(&folder);
    let mut child = start(&folder, &["run", "j.toml"]);
    let mut err = BufReader::new(child.stderr.take().expect("it is piped"));
    wait_for(&mut said, 1);
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    let mut text = String::new();
    for expected in ["no more jobs start", "jobs that run are ended"] {
        kill(pid, Signal::SIGINT).expect("it runs");
        // The second counts as such only when the first has been heard.
        while !text.contains(expected) {
            assert!(err.read_line(&mut text).expect("it says so") > 0, "{text}");
        }
    }
    err.read_to_string(&mut text).expect("text");
    let status = child.wait().expect("it was started");
    assert_eq!(status.code(), Some(130), "{text}");
    assert!(text.contains("a canceled: "), "{text}");
    assert!(!folder.path("half").exists(), "half an output is left");
    assert!(!folder.path("b").exists());
    let journal = folder.read(".tine/j.toml.journal");
    for (state, job) in [("canceled", "a"), ("skipped", "b")] {
        assert!(journal.contains(&format!("{state}\t{job}\t")), "{journal}");
    }
}

#[test]
fn two_runs_of_a_file_do_not_mix() {
    let folder = Folder::new("resume-two");
    folder.write("j.toml", "job = [{ name = 'a', shell = 'echo > said; exec sleep 1000' }]");
    let mut said = pipe(&folder);
    let mut child = start(&folder, &["run", "j.toml"]);
    wait_for(&mut said, 1);
    let second = folder.tine(&["run", "j.toml"]);
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("another run of this file goes on"), "{}", second.err);
}
