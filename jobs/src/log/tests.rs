//! Whether logs say what happened, to us and to GNU parallel, and survive what happens to files.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tine_scheduler::jobs::{Ended, Exit, Reason};

use super::*;

fn ended(exit: Exit) -> Ended {
    Ended {
        exit,
        reason: None,
        started: Duration::from_millis(250),
        ended: Duration::from_millis(1_750),
        user: Duration::from_millis(1_204),
        system: Duration::from_micros(100_400),
        peak: 5_000_000,
        read: 4096,
        written: 0,
        printed: [12, 3],
        leftovers: 2,
        out_of_memory: false,
    }
}

fn entry<'a>(seq: u64, command: &'a str, ended: &'a Ended) -> Entry<'a> {
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_892_684_921);
    let (attempt, slot, sent) = (2, 7, 0);
    Entry { seq, command: OsStr::new(command), name: None, attempt, slot, start, sent, ended }
}

fn place(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

#[test]
fn lines_are_those_of_gnu_parallel_and_ours_behind() {
    let (_folder, path) = place("jobs.log");
    let mut log = Log::create(&path).unwrap();
    log.add(&entry(1, "echo 'a\tb'\necho c", &ended(Exit::Code(3)))).unwrap();
    let killed = Ended { reason: Some(Reason::Memory(1)), ..ended(Exit::Signal(9)) };
    log.add(&entry(2, "x", &killed).named("count(2)")).unwrap();
    let want = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\t\
                Attempt\tSlot\tUser\tSystem\tMaxRss\tRead\tWritten\tOom\tReason\tLeftovers\tJob\n\
                1\t:\t1795892684.921\t     1.500\t0\t12\t3\t0\techo 'a\\tb'\0echo c\t2\t7\t1.204\t\
                0.100\t5000000\t4096\t0\t0\t-\t2\t-\n\
                2\t:\t1795892684.921\t     1.500\t0\t12\t0\t9\tx\t2\t7\t1.204\t\
                0.100\t5000000\t4096\t0\t0\tmemory\t2\tcount(2)\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), want);
}

#[test]
fn what_was_ended_is_no_success() {
    let (_folder, path) = place("jobs.log");
    let mut log = Log::create(&path).unwrap();
    let stopped = Ended { reason: Some(Reason::Stopped), ..ended(Exit::Code(0)) };
    let ends = [
        ended(Exit::Code(0)),
        ended(Exit::Code(1)),
        ended(Exit::Signal(15)),
        stopped,
        ended(Exit::NotStarted(2)),
    ];
    for (seq, ended) in (1..).zip(&ends) {
        log.add(&entry(seq, "x", ended)).unwrap();
    }
    let past = Past::read(&path).unwrap();
    assert_eq!([1, 2, 3, 4, 5].map(|seq| past.succeeded(seq)), [true, false, false, false, false]);
    assert_eq!([0, 1, 5, 6].map(|seq| past.ended(seq)), [false, true, true, false]);
    assert_eq!(past.len(), 5);
}

#[test]
fn json_says_the_same() {
    let (_folder, path) = place("jobs.jsonl");
    let mut log = Log::create(&path).unwrap();
    log.add(&entry(4, "a\tb\nc", &ended(Exit::Code(0))).named("n")).unwrap();
    drop(log);
    let mut log = Log::append(&path).unwrap();
    log.add(&entry(5, "d", &ended(Exit::Signal(9)))).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["Command"], "a\tb\nc");
    assert_eq!((&first["Starttime"], &first["User"]), (&1_795_892_684.921.into(), &1.204.into()));
    assert_eq!((&first["Reason"], &first["Job"]), (&serde_json::Value::Null, &"n".into()));
    let past = Past::read(&path).unwrap();
    assert!(past.succeeded(4) && past.ended(5) && !past.succeeded(5));
}

#[test]
fn rows_come_back() {
    let (_folder, path) = place("jobs.log");
    let mut log = Log::create(&path).unwrap();
    log.add(&entry(3, "echo 1", &ended(Exit::Code(0))).named("n")).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let row = reader.next_row().unwrap().unwrap();
    assert_eq!((row.seq, row.attempt, row.received, row.runtime), (3, 2, 12, 1.5));
    assert_eq!((&*row.command, row.name.as_deref()), (&b"echo 1"[..], Some(&b"n"[..])));
    assert!(row.is_success());
    assert_eq!(reader.next_row().unwrap(), None);
}

#[test]
fn a_line_that_was_cut_off_is_written_over() {
    let whole = {
        let (_folder, path) = place("jobs.log");
        let mut log = Log::create(&path).unwrap();
        log.add(&entry(1, "one", &ended(Exit::Code(0)))).unwrap();
        log.add(&entry(2, "two", &ended(Exit::Code(0)))).unwrap();
        fs::read(&path).unwrap()
    };
    let first = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(1).unwrap().0 + 1;
    for cut in 0..whole.len() {
        let (_folder, path) = place("jobs.log");
        fs::write(&path, &whole[..cut]).unwrap();
        let past = Past::read(&path).unwrap();
        assert_eq!((past.ended(1), past.ended(2)), (cut >= first, false), "cut at {cut}");
        let mut log = Log::append(&path).unwrap();
        for seq in 1..=2 {
            if !past.ended(seq) {
                let name = ["one", "two"][seq as usize - 1];
                log.add(&entry(seq, name, &ended(Exit::Code(0)))).unwrap();
            }
        }
        assert_eq!(fs::read(&path).unwrap(), whole, "cut at {cut}");
    }
}

#[test]
fn what_is_no_log_is_not_written_to() {
    let (_folder, path) = place("notes.txt");
    fs::write(&path, "my thesis\n").unwrap();
    let refused = Log::append(&path).unwrap_err().to_string();
    assert!(
        refused.contains("notes.txt, line 1: the names of the columns are missing"),
        "{refused}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"my thesis\n");
    fs::write(&path, "my thesis").unwrap();
    assert!(Log::append(&path).is_err(), "it has no line that could have been cut off");
    assert_eq!(fs::read(&path).unwrap(), b"my thesis");

    let mut log = Log::create(&path).unwrap();
    log.add(&entry(1, "one", &ended(Exit::Code(0)))).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"two\t:\t1\t1\t0\t0\t0\t0\tx\n").unwrap();
    let refused = Past::read(&path).unwrap_err().to_string();
    assert!(refused.contains("line 3: \"two\" is no number"), "{refused}");
}

#[test]
fn a_file_of_another_size_is_begun_anew() {
    let (_folder, path) = place("jobs.log");
    fs::write(&path, "x".repeat(10_000)).unwrap();
    Log::create(&path).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(b"Seq\tHost"));
    assert!(Past::read(&path).unwrap().is_empty());
}

/// GNU parallel's own log is read, gone on with in its columns, and believed by it again.
#[test]
fn gnu_parallel_and_we_read_each_other() {
    let (_folder, path) = place("jobs.log");
    let parallel = |more: &[&str]| {
        let mut parallel = Command::new("parallel");
        parallel.arg("--joblog").arg(&path).args(more).args([
            "echo a\tb;exit",
            ":::",
            "0",
            "7",
            "0",
        ]);
        parallel.output()
    };
    let Ok(done) = parallel(&["-k"]) else { return }; // it is not installed everywhere
    assert_eq!(done.status.code(), Some(1));
    let past = Past::read(&path).unwrap();
    assert_eq!([1, 2, 3].map(|seq| past.succeeded(seq)), [true, false, true]);
    assert!(past.ended(2));
    let mut log = Log::append(&path).unwrap();
    log.add(&entry(2, "echo", &ended(Exit::Code(0)))).unwrap();
    let again = parallel(&["--resume-failed"]).unwrap();
    assert_eq!(String::from_utf8_lossy(&again.stdout), "");
    // And one of ours, in all columns.
    let mut log = Log::create(&path).unwrap();
    log.add(&entry(1, "echo", &ended(Exit::Code(0)))).unwrap();
    log.add(&entry(3, "echo", &ended(Exit::Code(0)))).unwrap();
    let again = parallel(&["--resume"]).unwrap();
    assert_eq!((again.status.code(), &*again.stdout), (Some(1), &b"a b\n"[..]));
    assert_eq!(Past::read(&path).unwrap().len(), 3);
}
