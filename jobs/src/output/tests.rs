//! Whether what comes out is what went in, in the order that each mode promises.
//! Expectations are made from what each job printed alone, without this module's code.

use std::collections::BTreeMap;
use std::io;

use proptest::prelude::*;
use tine_scheduler::OutputStream::{Stderr, Stdout};

use super::*;

/// What was written, with the stream that it went to.
#[derive(Debug, Default)]
struct Seen(Vec<(OutputStream, Vec<u8>)>);

impl Sink for Seen {
    fn write(&mut self, stream: OutputStream, bytes: &[u8]) -> io::Result<()> {
        match self.0.last_mut() {
            Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => self.0.push((stream, bytes.to_vec())),
        }
        Ok(())
    }
}

impl Seen {
    fn of(&self, stream: OutputStream) -> Vec<u8> {
        self.0.iter().filter(|(s, _)| *s == stream).flat_map(|(_, text)| text.clone()).collect()
    }
}

/// Bounds so small that every piece of text goes every way.
const TINY: Bounds = Bounds { job: 5, all: 12 };

/// One thing that happens in a run.
#[derive(Clone, Debug)]
enum Event {
    Print(u64, OutputStream, Vec<u8>),
    End(u64),
}

/// Jobs that print random chunks side by side, and end in a random order.
fn run() -> impl Strategy<Value = Vec<Event>> {
    let byte = prop_oneof![4 => Just(b'a'), 2 => Just(b'\n'), 1 => any::<u8>()];
    let chunk = proptest::collection::vec(byte, 1..14);
    let print = (1..7u64, any::<bool>(), chunk);
    let prints = proptest::collection::vec(print, 0..40);
    let ends = Just((1..7u64).collect::<Vec<_>>()).prop_shuffle();
    (prints, ends, proptest::collection::vec(0..40usize, 6)).prop_map(|(prints, ends, mut at)| {
        at.sort_unstable();
        let mut events = Vec::new();
        let mut ended = Vec::new();
        let mut ends = at.into_iter().zip(ends).peekable();
        for (i, (seq, err, text)) in prints.into_iter().enumerate() {
            while let Some((_, end)) = ends.next_if(|(at, _)| *at <= i) {
                events.push(Event::End(end));
                ended.push(end);
            }
            if !ended.contains(&seq) {
                events.push(Event::Print(seq, if err { Stderr } else { Stdout }, text));
            }
        }
        events.extend(ends.map(|(_, end)| Event::End(end)));
        events
    })
}

/// What each job printed to a stream, in the order of their numbers.
fn printed(events: &[Event], wanted: OutputStream) -> BTreeMap<u64, Vec<u8>> {
    let mut texts: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for event in events {
        if let Event::Print(seq, stream, text) = event
            && *stream == wanted
        {
            texts.entry(*seq).or_default().extend(text);
        }
    }
    texts
}

fn ends(events: &[Event]) -> Vec<u64> {
    let ends = events.iter().map(|e| if let Event::End(seq) = e { Some(*seq) } else { None });
    ends.flatten().collect()
}

/// The text with a tag before each line, told byte by byte.
fn tagged(tag: &str, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, &byte) in text.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| text[i]);
        if matches!(before, None | Some(b'\n')) || (before == Some(b'\r') && byte != b'\n') {
            out.extend(tag.bytes().chain([b'\t']));
        }
        out.push(byte);
    }
    out
}

fn play(events: &[Event], mode: Mode, tags: bool) -> Seen {
    let mut output = Output::new(Seen::default(), mode, TINY);
    for seq in 1..7 {
        let tag = format!("<{seq}>");
        let begin = Begin { tag: tags.then_some(tag.as_bytes()), ..Begin::default() };
        output.begin(seq, &begin).unwrap();
    }
    for event in events {
        match event {
            Event::Print(seq, stream, text) => output.output(*seq, *stream, text).unwrap(),
            Event::End(seq) => output.end(*seq).unwrap(),
        }
        assert!(output.store.memory <= 4 * TINY.all, "{} bytes", output.store.memory);
    }
    assert_eq!(output.store.memory, 0, "everything has ended, and is printed");
    assert_eq!(output.store.spool.in_use(), 0);
    assert!(output.jobs.is_empty());
    output.finish().unwrap()
}

fn joined(texts: &BTreeMap<u64, Vec<u8>>, order: &[u64], tags: bool) -> Vec<u8> {
    let text = |seq: &u64| {
        let text = texts.get(seq).map_or(&[][..], |t| t);
        if tags { tagged(&format!("<{seq}>"), text) } else { text.to_vec() }
    };
    order.iter().flat_map(text).collect()
}

proptest! {
    #[test]
    fn groups_come_whole_when_their_job_ends(events in run(), tags: bool) {
        let seen = play(&events, Mode::Whole { in_order: false }, tags);
        let mut want = Seen::default();
        let texts = [printed(&events, Stdout), printed(&events, Stderr)];
        for seq in ends(&events) {
            for (stream, texts) in STREAMS.into_iter().zip(&texts) {
                let text = joined(texts, &[seq], tags);
                if !text.is_empty() {
                    want.write(stream, &text).unwrap();
                }
            }
        }
        prop_assert_eq!(seen.0, want.0);
    }

    #[test]
    fn in_order_is_in_order(events in run(), tags: bool) {
        let order: Vec<_> = (1..7).collect();
        for mode in [Mode::Whole { in_order: true }, Mode::Lines { in_order: true }] {
            let seen = play(&events, mode, tags);
            for stream in STREAMS {
                let want = joined(&printed(&events, stream), &order, tags);
                prop_assert_eq!(seen.of(stream), want);
            }
        }
        // Groups are whole also where both streams are looked at.
        let seen = play(&events, Mode::Whole { in_order: true }, tags);
        let mut want = Seen::default();
        for seq in order {
            for stream in STREAMS {
                let text = joined(&printed(&events, stream), &[seq], tags);
                if !text.is_empty() {
                    want.write(stream, &text).unwrap();
                }
            }
        }
        prop_assert_eq!(seen.0, want.0);
    }

    /// Each job's lines, picked out by their tags, are what it printed; nothing else is there.
    #[test]
    fn lines_stay_whole(events in run()) {
        let plain = events.iter().cloned().map(|event| match event {
            // A carriage return begins a line of its own, which makes the picking below harder.
            Event::Print(seq, stream, text) => {
                let text = text.into_iter().map(|b| if b == b'\r' || b == b'<' { b'.' } else { b });
                Event::Print(seq, stream, text.collect())
            }
            end => end,
        });
        let mut plain: Vec<_> = plain.collect();
        // Output that ends in half a line is glued to what comes next, as it is without tine.
        for seq in 1..7 {
            let end = plain.iter().position(|e| matches!(e, Event::End(s) if *s == seq)).unwrap();
            for stream in STREAMS {
                plain.insert(end, Event::Print(seq, stream, b"\n".to_vec()));
            }
        }
        let seen = play(&plain, Mode::Lines { in_order: false }, true);
        for stream in STREAMS {
            let mut texts: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
            for line in seen.of(stream).split_inclusive(|b| *b == b'\n') {
                prop_assert_eq!((line[0], &line[2..4]), (b'<', &b">\t"[..]), "{:?}", line);
                texts.entry(u64::from(line[1] - b'0')).or_default().extend(&line[4..]);
            }
            prop_assert_eq!(texts, printed(&plain, stream));
        }
    }

    #[test]
    fn raw_bytes_come_as_they_are(events in run()) {
        let seen = play(&events, Mode::Raw, false);
        for wanted in STREAMS {
            let want: Vec<u8> = events.iter().flat_map(|e| match e {
                Event::Print(_, stream, text) if *stream == wanted => text.clone(),
                _ => Vec::new(),
            }).collect();
            prop_assert_eq!(seen.of(wanted), want);
        }
        prop_assert!(play(&events, Mode::Silent, true).0.is_empty());
    }
}

fn output(mode: Mode) -> Output<Seen> {
    Output::new(Seen::default(), mode, TINY)
}

#[test]
fn lines_come_as_soon_as_they_are_complete() {
    let mut output = output(Mode::Lines { in_order: false });
    output.output(1, Stdout, b"one, which is longer than the bound").unwrap();
    output.output(2, Stdout, b"two\nand").unwrap();
    assert_eq!(output.sink().of(Stdout), b"two\n");
    output.output(1, Stdout, b" for half a line\n").unwrap();
    let all = b"two\none, which is longer than the bound for half a line\n";
    assert_eq!(output.sink().of(Stdout), all);
}

#[test]
fn the_job_whose_turn_it_is_goes_straight_through() {
    let mut output = output(Mode::Whole { in_order: true });
    output.output(2, Stdout, b"second, held\n").unwrap();
    output.output(1, Stderr, b"!").unwrap();
    output.output(1, Stdout, b"fir").unwrap();
    assert_eq!(output.sink().0, [(Stdout, b"fir".to_vec())]);
    output.end(1).unwrap();
    assert_eq!(output.sink().of(Stdout), b"firsecond, held\n");
    assert_eq!(output.sink().of(Stderr), b"!");
}

#[test]
fn jobs_that_never_ran_do_not_hold_others_up() {
    let mut output = output(Mode::Whole { in_order: true });
    output.output(3, Stdout, b"3").unwrap();
    output.end(3).unwrap();
    output.end(2).unwrap();
    assert_eq!(output.sink().of(Stdout), b"");
    output.end(1).unwrap();
    assert_eq!(output.sink().of(Stdout), b"3");
    // Where the run is ended before, nothing that was printed is lost.
    output.output(5, Stdout, b"5").unwrap();
    output.output(7, Stdout, b"7").unwrap();
    output.end(5).unwrap();
    assert_eq!(output.finish().unwrap().of(Stdout), b"357");
}

#[test]
fn what_is_retracted_is_never_seen() {
    for in_order in [false, true] {
        let mut output = output(Mode::Whole { in_order });
        let begin = Begin { may_repeat: true, ..Begin::default() };
        output.begin(1, &begin).unwrap();
        output.output(1, Stdout, b"a first attempt that fails").unwrap();
        output.retract(1);
        assert_eq!((output.store.memory, output.store.spool.in_use()), (0, 0));
        output.begin(1, &Begin::default()).unwrap();
        output.output(1, Stdout, b"again").unwrap();
        output.end(1).unwrap();
        assert_eq!(output.finish().unwrap().of(Stdout), b"again");
    }
}

#[test]
fn what_is_not_retracted_stays_in_front() {
    let mut output = output(Mode::Whole { in_order: true });
    output.begin(1, &Begin { may_repeat: true, ..Begin::default() }).unwrap();
    output.output(1, Stdout, b"first ").unwrap();
    assert_eq!(output.sink().of(Stdout), b"", "another attempt may follow");
    output.begin(1, &Begin::default()).unwrap();
    output.output(1, Stdout, b"second").unwrap();
    assert_eq!(output.sink().of(Stdout), b"first second");
}

#[test]
fn files_of_results_hold_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::below(folder.path(), [("1", "a\tb"), ("2", "c/d")]);
    let mut output = output(Mode::Whole { in_order: false });
    let begin = Begin { files: Some(&files), names: true, tag: Some(b"T"), ..Begin::default() };
    output.begin(7, &begin).unwrap();
    output.output(7, Stdout, b"out\0\n").unwrap();
    output.output(7, Stderr, b"err").unwrap();
    output.end(7).unwrap();
    let at = folder.path().join(r"1/a\tb/2/c\_d");
    let read = |name| std::fs::read(at.join(name)).unwrap();
    assert_eq!((read("stdout"), read("stderr")), (b"out\0\n".to_vec(), b"err".to_vec()));
    assert_eq!(read("seq"), b"7");
    assert!(files.exist());
    let line = format!("T\t{}\n", at.join("stdout").display());
    assert_eq!(output.finish().unwrap().0, [(Stdout, line.into_bytes())]);
}

#[test]
fn a_temporary_file_is_named() {
    let mut output = output(Mode::default());
    let begin = Begin { files: Some(&Files::Temporary), names: true, ..Begin::default() };
    output.begin(1, &begin).unwrap();
    output.output(1, Stdout, b"text").unwrap();
    output.output(1, Stderr, b"error").unwrap();
    output.end(1).unwrap();
    let seen = output.finish().unwrap();
    assert_eq!(seen.of(Stderr), b"error");
    let path = String::from_utf8(seen.of(Stdout)).unwrap();
    assert_eq!(std::fs::read(path.trim_end()).unwrap(), b"text");
    std::fs::remove_file(path.trim_end()).unwrap();
}

/// A sink that refuses, in one way or another.
struct Broken(io::ErrorKind);

impl Sink for Broken {
    fn write(&mut self, _: OutputStream, _: &[u8]) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn refusals_are_told_apart() {
    let refused = |kind| {
        let mut output = Output::new(Broken(kind), Mode::Raw, TINY);
        output.begin(3, &Begin::default()).unwrap();
        output.output(3, Stdout, b"x").unwrap_err()
    };
    assert!(refused(io::ErrorKind::BrokenPipe).is_closed());
    let full = refused(io::ErrorKind::StorageFull);
    assert!(!full.is_closed());
    let text = full.to_string();
    assert!(
        text.starts_with("the output of job 3 cannot be written to standard output: "),
        "{text}"
    );
    assert!(text.ends_with("; free space there, or send it elsewhere"), "{text}");
}

#[test]
fn a_folder_that_takes_no_files_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let refused = tine_scheduler::config::set("spill.directory", &missing, || {
        let mut output = output(Mode::default());
        output.output(4, Stdout, b"longer than what may stay in memory").unwrap_err()
    });
    let text = refused.unwrap().to_string();
    let start = format!("the output of job 4 cannot be kept in a file in {}", missing.display());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("`spill.directory`"), "{text}");
}

/// The device that is always full stands for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_says_so() {
    struct Full(std::fs::File);
    impl Sink for Full {
        fn write(&mut self, _: OutputStream, bytes: &[u8]) -> io::Result<()> {
            io::Write::write_all(&mut self.0, bytes)
        }
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut output = Output::new(Full(full), Mode::default(), TINY);
    output.output(2, Stdout, b"x").unwrap();
    let text = output.end(2).unwrap_err().to_string();
    assert!(text.contains("job 2 cannot be written to standard output: No space left"), "{text}");

    let mut output = self::output(Mode::default());
    let begin = Begin { files: Some(&Files::Beside("/dev/null/x".into())), ..Begin::default() };
    let text = output.begin(3, &begin).unwrap_err().to_string();
    assert!(text.starts_with("the output of job 3 cannot be written to /dev/null"), "{text}");
}

/// GNU parallel says where results go, and where tags.
#[test]
fn results_and_tags_are_where_gnu_parallel_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let parallel = |args: &[&str]| {
        let mut parallel = std::process::Command::new("timeout");
        parallel.args(["60", "parallel", "-k"]).args(args).current_dir(folder.path());
        // 127 where it is not installed, as it is not everywhere.
        parallel.output().ok().filter(|done| done.status.code() != Some(127))
    };
    let sources = [":::", "a b", r"c\d", "e/f", "g\th", ":::", "x"];
    let args = [&["--results", "r", "printf 'o\\n'"], &sources[..]].concat();
    let Some(done) = parallel(&args) else { return };
    assert!(done.status.success(), "{done:?}");
    for first in &sources[1..5] {
        let files = Files::below(&folder.path().join("r"), [("1", *first), ("2", "x")]);
        assert!(files.exist(), "{files:?}");
    }
    let text = "one\n\ntwo\rthree\n\nfour";
    std::fs::write(folder.path().join("text"), text).unwrap();
    let tagged = parallel(&["--tag", "cat text;: {}", ":::", "T"]).unwrap();
    let mut output = output(Mode::default());
    output.begin(1, &Begin { tag: Some(b"T"), ..Begin::default() }).unwrap();
    output.output(1, Stdout, text.as_bytes()).unwrap();
    output.end(1).unwrap();
    assert_eq!(output.finish().unwrap().of(Stdout), tagged.stdout);
}

#[test]
fn failed_attempts_are_shown_on_standard_error_alone() {
    for mode in [Mode::Whole { in_order: false }, Mode::Whole { in_order: true }] {
        let mut output = Output::new(Seen::default(), mode, TINY);
        // The second, so that in order it is not its turn.
        output.begin(2, &Begin { may_repeat: true, ..Begin::default() }).unwrap();
        output.output(2, Stdout, b"half a result, long\n").unwrap();
        output.output(2, Stderr, b"why it failed\n").unwrap();
        output.show_failed(2).unwrap();
        output.begin(2, &Begin::default()).unwrap();
        output.output(2, Stdout, b"result\n").unwrap();
        output.end(2).unwrap();
        let seen = output.finish().unwrap();
        assert_eq!(seen.of(Stderr), b"half a result, long\nwhy it failed\n");
        assert_eq!(seen.of(Stdout), b"result\n");
    }
}
