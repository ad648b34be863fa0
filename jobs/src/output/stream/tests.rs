//! Stream files against what jobs printed: whole, cut off at any byte, with any byte changed, and gone
//! on with.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use tine_scheduler::OutputStream::{self, Stderr, Stdout};

use super::index::Index;
use super::source::Source;
use super::*;
use crate::output::{Begin, Bounds, Mode, Output, Sink};

/// Nothing may come here.
#[derive(Debug)]
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        panic!("{bytes:?} is printed to {stream:?}")
    }
}

const TINY: Bounds = Bounds { job: 8, all: 64 };

fn over(writer: Writer, mode: Mode) -> Output<Nowhere> {
    Output::new(Nowhere, mode, Bounds::default()).into_stream(writer)
}

fn code(code: i32) -> End {
    let took = Duration::from_millis(5);
    End { how: How::Code(code), failed: code != 0, again: false, took }
}

fn begin(name: &str) -> Begin<'_> {
    Begin { name: name.as_bytes(), ..Begin::default() }
}

/// What a file has of an attempt: its end, and its two streams.
type Text = (How, [Vec<u8>; 2]);

/// All that can be read, by job and attempt, and whether there was nothing wrong with it.
fn read(path: &Path) -> (BTreeMap<(u64, u32), Text>, Result<(), StreamError>) {
    let mut texts = BTreeMap::new();
    let read = Reader::open(path).and_then(|reader| {
        for entry in reader.entries() {
            let attempt = reader.attempt(entry)?;
            let of = (attempt.job, attempt.number);
            let text = texts.entry(of).or_insert((attempt.end.how, [vec![], vec![]]));
            for stream in [Stdout, Stderr] {
                let to = &mut text.1[stream as usize];
                reader.output(&attempt, stream, &mut |bytes| {
                    to.extend_from_slice(bytes);
                    Ok::<_, StreamError>(())
                })?;
                assert_eq!(to.len() as u64, attempt.bytes[stream as usize]);
            }
        }
        reader.damage().map_or(Ok(()), Err)
    });
    (texts, read)
}

/// A file of three jobs, one of which is tried twice and whose records alternate.
fn example(path: &Path) -> BTreeMap<(u64, u32), Text> {
    let mut output = over(Writer::create(path, Kind::Numbered, TINY).unwrap(), Mode::default());
    output.begin(1, &begin("one")).unwrap();
    output.begin(2, &begin("two")).unwrap();
    output.output(1, Stdout, b"more than eight bytes of one").unwrap();
    output.output(2, Stderr, b"and of two, to the other stream").unwrap();
    output.output(1, Stdout, b"; and more").unwrap();
    output.ended(1, &End { again: true, ..code(3) }).unwrap();
    output.retract(1);
    output.begin(1, &begin("one")).unwrap();
    output.output(1, Stdout, b"again").unwrap();
    output.ended(1, &code(0)).unwrap();
    output.end(1).unwrap();
    output.begin(3, &begin("three")).unwrap();
    output.ended(3, &code(1)).unwrap();
    output.end(3).unwrap();
    output.ended(2, &code(0)).unwrap();
    output.end(2).unwrap();
    output.finish().unwrap();
    let text = |how, out: &str, err: &str| (How::Code(how), [out.into(), err.into()]);
    BTreeMap::from([
        ((1, 1), text(3, "more than eight bytes of one; and more", "")),
        ((1, 2), text(0, "again", "")),
        ((2, 1), text(0, "", "and of two, to the other stream")),
        ((3, 1), text(1, "", "")),
    ])
}

#[test]
fn what_was_printed_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let expected = example(&path);
    let (texts, whole) = read(&path);
    whole.unwrap();
    assert_eq!(texts, expected);
    // The index says what a walk finds, but for what lies behind it.
    let source = Source::new(fs::File::open(&path).unwrap(), &path).unwrap();
    let index = Index::load(&source).unwrap().expect("the run came to its end");
    assert_eq!(index, Index::walk(&source).unwrap());
    let reader = Reader::open(&path).unwrap();
    let find = |text: &str| reader.find(&[text.to_owned()]).unwrap();
    assert_eq!(find("3"), Ok(vec![3]));
    let unknown = find("9").unwrap_err();
    assert!(unknown.message.starts_with("there is no job 9 in "), "{unknown:?}");
    assert_eq!(unknown.help.as_deref(), Some("there are jobs from 1 to 3; the nearest is 3"));
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_good_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let (path, cut) = (folder.path().join("s"), folder.path().join("cut"));
    let expected = example(&path);
    let bytes = fs::read(&path).unwrap();
    let mut most = 0;
    for len in 1..=bytes.len() {
        // Also with zeros behind, as a power cut leaves it.
        for blank in [0, 100] {
            fs::write(&cut, [&bytes[..len], &vec![0; blank]].concat()).unwrap();
            let (texts, read) = read(&cut);
            if len < START as usize {
                // The version is not there, or is zero.
                assert!(texts.is_empty());
                continue;
            }
            read.unwrap_or_else(|e| panic!("cut at {len}: {e}"));
            for (of, (how, streams)) in &texts {
                let (wanted, all) = &expected[of];
                let ended = *how != How::Unfinished;
                assert!(!ended || how == wanted);
                for (part, all) in streams.iter().zip(all) {
                    assert!(all.starts_with(part) && (!ended || part == all), "cut at {len}");
                }
            }
            let there: usize = texts.values().flat_map(|(_, s)| s).map(Vec::len).sum();
            assert!(there >= most, "cut at {len}: less than before");
            most = there;
            go_on(&cut, &texts);
        }
    }
    assert_eq!(most, expected.values().flat_map(|(_, s)| s).map(Vec::len).sum::<usize>());
}

/// Goes on with a file, and runs what it does not say to have ended.
fn go_on(path: &Path, before: &BTreeMap<(u64, u32), Text>) {
    let writer = Writer::resume(path, Kind::Numbered, TINY).unwrap();
    let past = writer.past().clone();
    let mut output = over(writer, Mode::default());
    for seq in (1..4).filter(|seq| !past.ended(*seq)) {
        output.begin(seq, &begin("again")).unwrap();
        output.output(seq, Stdout, b"anew").unwrap();
        output.ended(seq, &code(0)).unwrap();
        output.end(seq).unwrap();
    }
    output.finish().unwrap();
    let (after, whole) = read(path);
    whole.unwrap();
    for (of, text) in before {
        assert_eq!(after.get(of), Some(text), "nothing that was there is lost");
    }
    for seq in 1..4 {
        let last = after.range((seq, 0)..=(seq, u32::MAX)).next_back().unwrap();
        let new = !past.ended(seq);
        assert_eq!(new, !before.contains_key(last.0));
        assert!(last.1.0 != How::Unfinished);
        assert_eq!(new, last.1.1[0] == b"anew");
    }
}

#[test]
fn no_changed_byte_is_shown_as_output() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("s"), folder.path().join("other"));
    let expected = example(&path);
    let bytes = fs::read(&path).unwrap();
    let mut told = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&other, changed).unwrap();
        let (texts, read) = read(&other);
        for (of, (_, streams)) in &texts {
            for (part, all) in streams.iter().zip(&expected[of].1) {
                assert!(all.starts_with(part), "byte {at}");
            }
        }
        match read {
            Ok(()) => {}
            Err(StreamError::Damaged { at: place, .. }) => {
                assert!(place <= at as u64);
                told += 1;
            }
            Err(StreamError::NotAStream { .. } | StreamError::Version { .. }) => assert!(at < 12),
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    // What is not told is what nobody needs: of the index, and names of what ended later.
    let output: usize = expected.values().flat_map(|(_, s)| s).map(Vec::len).sum();
    assert!(told >= output + expected.len() * record::HEAD, "{told}");
}

#[test]
fn what_waits_is_written_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let writer = Writer::create(&path, Kind::Numbered, Bounds::default()).unwrap();
    let mut output = over(writer, Mode::default());
    output.begin(1, &begin("slow")).unwrap();
    output.output(1, Stdout, b"first").unwrap();
    output.tick(Duration::from_millis(900)).unwrap();
    assert!(read(&path).0.is_empty());
    output.tick(Duration::from_millis(1000)).unwrap();
    let unfinished = |text: &str| (How::Unfinished, [text.into(), vec![]]);
    assert_eq!(read(&path).0, BTreeMap::from([((1, 1), unfinished("first"))]));
    // Where it would be seen at once, it is written at once.
    output.finish().unwrap();
    let writer = Writer::create(&path, Kind::Numbered, Bounds::default()).unwrap();
    let mut output = over(writer, Mode::Lines { in_order: false });
    output.output(1, Stdout, b"half a l").unwrap();
    assert_eq!(read(&path).0, BTreeMap::from([((1, 1), unfinished("half a l"))]));
    output.finish().unwrap();
    assert_eq!(read(&path).0, BTreeMap::from([((1, 1), unfinished("half a l"))]));
}

#[test]
fn jobs_with_names_keep_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let run = |writer: Writer, jobs: &[(u64, &str)]| {
        let mut output = over(writer, Mode::default());
        for (seq, name) in jobs {
            output.begin(*seq, &begin(name)).unwrap();
            output.output(*seq, Stdout, name.as_bytes()).unwrap();
            output.ended(*seq, &code(0)).unwrap();
            output.end(*seq).unwrap();
        }
        output.finish().unwrap();
    };
    run(
        Writer::create(&path, Kind::Named, TINY).unwrap(),
        &[(1, "a"), (2, "b:x=1,y=2"), (3, "b:x=2,y=2")],
    );
    // A part of the jobs, and others: they have other numbers in that run.
    let resume = || Writer::resume(&path, Kind::Named, TINY).unwrap();
    run(resume(), &[(1, "b:x=2,y=2"), (2, "c"), (4, "d")]);
    let reader = Reader::open(&path).unwrap();
    let find = |text: &str| reader.find(&[text.to_owned()]).unwrap();
    let expected = [("a", vec![1]), ("b", vec![2, 3]), ("b:x=2", vec![3]), ("b:y=2", vec![2, 3])];
    for (text, jobs) in expected {
        assert_eq!(find(text), Ok(jobs), "{text}");
    }
    assert_eq!(find("2"), Ok(vec![2]));
    let [c, d] = ["c", "d"].map(|name| find(name).unwrap()[0]);
    assert!(c > 3 && d > 3 && c != d);
    assert_eq!(find("e").unwrap_err().help.as_deref(), Some("there are `a`, `b`, `c`, `d`"));
    assert_eq!(find("b:x=3,y=2").unwrap_err().help.as_deref(), Some("did you mean `b:x=1,y=2`?"));
    let (texts, _) = read(&path);
    assert!(texts.contains_key(&(3, 2)), "{:?}", texts.keys());
    let refused = Writer::resume(&path, Kind::Numbered, TINY).unwrap_err();
    assert!(refused.to_string().contains("is of `tine run`, and `tine map` cannot"), "{refused}");
}

#[test]
fn other_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let refused = |path: &Path| {
        let made = Writer::create(path, Kind::Numbered, TINY).map(drop);
        [made, Writer::resume(path, Kind::Numbered, TINY).map(drop), Reader::open(path).map(drop)]
            .map(|refused| refused.map_err(|e| e.to_string()))
    };
    fs::write(&path, "a text of somebody").unwrap();
    for text in refused(&path) {
        assert!(text.unwrap_err().contains(" no stream file"));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "a text of somebody");
    fs::write(&path, [&SIGNATURE[..], &7_u32.to_le_bytes()].concat()).unwrap();
    for text in refused(&path) {
        assert!(text.unwrap_err().contains("is written in format 7, and this version"));
    }
    for text in refused(folder.path()) {
        text.unwrap_err();
    }
    let other = folder.path().join("other");
    let open = Writer::create(&other, Kind::Numbered, TINY).unwrap();
    let [create, resume, read] = refused(&other);
    assert!(create.unwrap_err().contains("another run writes to"));
    assert!(resume.unwrap_err().contains("another run writes to"));
    read.unwrap();
    drop(open);
    assert!(refused(&other).iter().all(Result::is_ok));
    // Nothing, where there is nothing yet.
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert!(Reader::open(&empty).is_err());
    Writer::create(&empty, Kind::Numbered, TINY).unwrap();
}

/// A file that pretends, in what a job prints, to be at its end.
#[test]
fn a_job_may_print_a_stream_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("s"), folder.path().join("other"));
    example(&path);
    let inner = fs::read(&path).unwrap();
    let bounds = Bounds::default();
    let mut output = over(Writer::create(&other, Kind::Numbered, bounds).unwrap(), Mode::Raw);
    output.begin(1, &begin("cat s")).unwrap();
    output.output(1, Stdout, &inner).unwrap();
    // Now the file ends as the one inside does.
    assert!(fs::read(&other).unwrap().ends_with(&inner));
    let expected = BTreeMap::from([((1, 1), (How::Unfinished, [inner, vec![]]))]);
    assert_eq!(read(&other).0, expected);
}

#[derive(Clone, Debug)]
enum Event {
    Print(u64, OutputStream, Vec<u8>),
    Flush,
    End(u64, bool),
}

fn run() -> impl Strategy<Value = Vec<Event>> {
    let stream = prop_oneof![Just(Stdout), Just(Stderr)];
    let text = prop::collection::vec(any::<u8>(), 0..40);
    let event = prop_oneof![
        8 => (1..6_u64, stream, text).prop_map(|(seq, stream, text)| Event::Print(seq, stream, text)),
        1 => Just(Event::Flush),
        2 => (1..6_u64, any::<bool>()).prop_map(|(seq, well)| Event::End(seq, well)),
    ];
    prop::collection::vec(event, 0..80)
}

proptest! {
    #[test]
    fn every_attempt_has_what_it_printed(events in run(), prompt: bool, all in 1..200_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let bounds = Bounds { job: 8, all };
        let mode = if prompt { Mode::Raw } else { Mode::default() };
        let mut output = over(Writer::create(&path, Kind::Numbered, bounds).unwrap(), mode);
        let mut expected: BTreeMap<(u64, u32), Text> = BTreeMap::new();
        let mut attempts = [1; 6];
        for (i, event) in events.iter().enumerate() {
            match event {
                Event::Print(seq, stream, text) => {
                    output.output(*seq, *stream, text).unwrap();
                    let of = (*seq, attempts[*seq as usize]);
                    let known = expected.entry(of).or_insert((How::Unfinished, [vec![], vec![]]));
                    known.1[*stream as usize].extend_from_slice(text);
                }
                Event::Flush => output.tick(Duration::from_secs(1 + i as u64)).unwrap(),
                Event::End(seq, well) => {
                    let end = code(i32::from(!well));
                    output.ended(*seq, &end).unwrap();
                    let of = (*seq, attempts[*seq as usize]);
                    if let Some(known) = expected.get_mut(&of) {
                        known.0 = end.how;
                        attempts[*seq as usize] += 1;
                    }
                }
            }
            let file = output.stream.as_ref().expect("there is one");
            // What grows does so by doubling.
            prop_assert!(file.memory() <= all + 4 * (8 + record::HEAD) + 80, "{}", file.memory());
        }
        // What has printed nothing and never ended was never begun.
        expected.retain(|_, (how, s)| *how != How::Unfinished || s.iter().any(|s| !s.is_empty()));
        output.finish().unwrap();
        let (mut texts, whole) = read(&path);
        whole.unwrap();
        texts.retain(|_, (how, s)| *how != How::Unfinished || s.iter().any(|s| !s.is_empty()));
        prop_assert_eq!(texts, expected);
    }
}
