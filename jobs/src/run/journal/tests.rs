//! Journals that are written, cut off, spoilt, grown and written anew.

use std::fs;

use proptest::prelude::*;

use super::*;

fn entry(state: State, time: u64) -> Entry {
    let (command, inputs, outputs) = (time + 1, time + 2, time + 3);
    Entry { state, run: 1, time, command, inputs, outputs, peak: 8 * time }
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/j");
    let names = ["a", "a:x=1", "with\ttab\nand \\ break", "\\t", ""];
    let contents = Contents { size: 7, modified: -3, hash: 9 };
    let (mut journal, past) = Journal::open(&path).unwrap();
    assert_eq!(past.run, 0);
    journal.begin(false).unwrap();
    for (name, time) in names.into_iter().zip(10..) {
        let files = [(format!("file\n{name}"), contents)];
        journal.job(name, &entry(State::Failed, 0), (1, "ex\tit"), &files).unwrap();
        journal.job(name, &entry(State::Done, time), (2, ""), &[]).unwrap();
    }
    assert_eq!(Journal::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(journal);
    let past = Past::read(&path).unwrap();
    for (name, time) in names.into_iter().zip(10..) {
        assert_eq!(past.job(name), Some(&entry(State::Done, time)), "{name:?}");
        let key = XxHash3_64::oneshot(format!("file\n{name}").as_bytes());
        assert_eq!(past.files.get(&key), Some(&contents));
    }
    assert_eq!((past.job("b"), past.run), (None, 1));
}

#[test]
fn peaks_are_known_by_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let (mut journal, _) = Journal::open(&path).unwrap();
    for (name, time) in [("a:x=1", 10), ("a:x=2", 20), ("b", 5), ("c", 0)] {
        journal.job(name, &entry(State::Done, time), (1, "why\tso"), &[]).unwrap();
    }
    drop(journal);
    // A line of an older version says nothing of memory.
    let old = "done\tb\t9\t1\t0000000000000001\t0000000000000002\t0000000000000003\t\n";
    fs::write(&path, [fs::read(&path).unwrap(), old.into()].concat()).unwrap();
    let past = Past::read(&path).unwrap();
    let guess = |group| past.peaks(group).and_then(Peaks::guess);
    assert_eq!([guess("a"), guess("b"), guess("c")], [Some(180), Some(45), None]);
    assert_eq!(past.job("b").unwrap().time, 9);
}

#[test]
fn a_resumed_run_is_a_part_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    for (resumed, run) in [(true, 1), (true, 1), (false, 2), (true, 2)] {
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.begin(resumed).unwrap();
        assert_eq!(Past::read(&path).unwrap().run, run);
    }
}

#[test]
fn a_journal_that_has_grown_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let contents = |n| Contents { size: n, modified: 0, hash: n };
    {
        let (mut journal, _) = Journal::open(&path).unwrap();
        for run in 0..SHORT as u64 {
            if run % 1000 == 0 {
                journal.begin(false).unwrap();
            }
            let name = format!("j{}", run % 7);
            let files = [("f".to_owned(), contents(run))];
            journal.job(&name, &entry(State::Done, run), (1, ""), &files).unwrap();
        }
    }
    let (before, long) = (Past::read(&path).unwrap(), fs::metadata(&path).unwrap().len());
    let (mut journal, past) = Journal::open(&path).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < long / 100);
    journal.job("new", &entry(State::Done, 5), (1, ""), &[]).unwrap();
    let after = Past::read(&path).unwrap();
    for name in (0..7).map(|n| format!("j{n}")) {
        assert!(before.job(&name).is_some());
        assert_eq!(after.job(&name), before.job(&name));
        assert_eq!(past.job(&name), before.job(&name));
    }
    assert_eq!(after.files, before.files);
    assert_eq!((after.run, after.job("new").is_some()), (before.run, true));
    assert_eq!(Journal::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    for text in ["some text\n", "some text", "tine-journal\t2\nrun\t1\n"] {
        fs::write(&path, text).unwrap();
        assert_eq!(Journal::open(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        line::read(&bytes);
        let mut past = Past::default();
        past.take(&bytes);
    }

    #[test]
    fn spoilt_lines_never_say_what_was_not_written(at in 0usize..400, byte in any::<u8>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        {
            let (mut journal, _) = Journal::open(&path).unwrap();
            journal.begin(false).unwrap();
            for n in 0..5 {
                journal.job(&format!("job{n}"), &entry(State::Done, n), (1, ""), &[]).unwrap();
            }
        }
        let mut text = fs::read(&path).unwrap();
        let at = at % text.len();
        text[at] = byte;
        fs::write(&path, &text).unwrap();
        let Ok(past) = Past::read(&path) else { return Ok(()) };
        // One byte spoils two lines at the most: its own, and the next where it was a line's end.
        // Where it is the line of the run that is spoilt, nothing of it is resumed.
        let found = |n: u64| past.job(&format!("job{n}")).map(|e| Entry { run: 1, ..*e });
        let whole = |n: &u64| found(*n) == Some(entry(State::Done, *n));
        prop_assert!((0..5).filter(whole).count() >= 3);
    }
}
