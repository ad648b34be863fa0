//! Whether jobs are held back as the options say: with made readings and made times.

use super::*;

/// A machine whose readings are what the test says, and which counts how often it is asked.
#[derive(Debug, Default)]
struct Made {
    running: u32,
    available: u64,
    asked: usize,
}

impl Readings for Made {
    fn running(&mut self) -> Option<u32> {
        self.asked += 1;
        Some(self.running)
    }

    fn available(&mut self) -> Option<u64> {
        self.asked += 1;
        Some(self.available)
    }

    fn left(&mut self) -> Option<u64> {
        self.available()
    }

    fn held_by(&mut self, _pid: u32) -> Option<u64> {
        None
    }
}

fn at(ms: u64, running: usize) -> Standing {
    Standing { elapsed: Duration::from_millis(ms), running, ..Standing::default() }
}

fn after(ms: u64) -> Admit {
    Admit::After(Duration::from_millis(ms))
}

#[test]
fn nothing_asked_is_nothing_held_back() {
    let mut gates = Gates::default();
    let machine = &mut Made::default();
    assert!((0..100).all(|_| gates.admit(&at(0, 0), machine) == Admit::Now));
    assert_eq!(gates.ended(Err(1), Some(1)), None);
    assert_eq!(machine.asked, 0);
}

#[test]
fn a_delay_that_adapts_grows_with_failures() {
    let mut gates = Gates { delay: Some(Delay::parse("1auto").unwrap()), ..Gates::default() };
    let machine = &mut Made::default();
    assert_eq!(gates.admit(&at(0, 0), machine), Admit::Now);
    gates.ended(Err(1), None);
    assert_eq!(gates.admit(&at(0, 0), machine), after(1_300));
    gates.ended(Ok(()), None);
    assert_eq!(gates.admit(&at(0, 0), machine), after(1_170));
    assert!(Delay::parse("soon").is_err());
}

#[test]
fn load_counts_what_was_started_since_it_was_read() {
    let mut gates = Gates { load: Some(LoadLimit::parse("4", 2).unwrap()), ..Gates::default() };
    let machine = &mut Made { running: 2, ..Made::default() };
    assert_eq!(gates.admit(&at(0, 0), machine), Admit::Now);
    assert_eq!(gates.admit(&at(100, 1), machine), Admit::Now);
    assert_eq!(gates.admit(&at(200, 2), machine), after(800));
    assert_eq!(machine.asked, 1);
    // They are idle, as it turns out.
    assert_eq!(gates.admit(&at(1_000, 2), machine), Admit::Now);
    machine.running = 9;
    assert_eq!(gates.admit(&at(2_000, 3), machine), after(1_000));
}

#[test]
fn loads_are_read_as_gnu_parallel_does() {
    let held = |text: &str, running| {
        let mut gates =
            Gates { load: Some(LoadLimit::parse(text, 8).unwrap()), ..Gates::default() };
        gates.admit(&at(0, 0), &mut Made { running, ..Made::default() }) != Admit::Now
    };
    assert_eq!([held("50%", 3), held("50%", 4)], [false, true]);
    assert_eq!([held("+2", 9), held("+2", 10)], [false, true]);
    assert_eq!([held("-1", 6), held("-1", 7)], [false, true]);
    assert_eq!([held("0", 0), held("0", 1)], [false, true]);
    for bad in ["", "x", "%", "--1", "nan", "-inf"] {
        assert!(LoadLimit::parse(bad, 8).is_err(), "{bad}");
    }
}

#[test]
fn the_youngest_gives_way_below_half_of_what_must_be_free() {
    let mut gates = Gates { free: Some(FreeMemory::parse("1K").unwrap()), ..Gates::default() };
    let machine = &mut Made { available: 1_024, ..Made::default() };
    assert_eq!(gates.admit(&at(0, 0), machine), Admit::Now);
    machine.available = 1_023;
    assert_eq!(
        gates.admit(&at(999, 1), machine),
        Admit::Now,
        "the reading is a second old at most"
    );
    assert_eq!(gates.admit(&at(1_000, 2), machine), after(1_000));
    machine.available = 511;
    assert_eq!(gates.admit(&at(2_000, 2), machine), Admit::Retreat(Duration::from_secs(1)));
    // Not another one for the same reading.
    assert_eq!(gates.admit(&at(2_500, 1), machine), after(500));
    assert_eq!(gates.admit(&at(3_000, 1), machine), after(1_000), "the last one stays");
}

#[test]
fn the_longest_wait_counts() {
    let mut gates = Gates {
        delay: Some(Delay::parse("3").unwrap()),
        load: Some(LoadLimit::parse("1", 1).unwrap()),
        ..Gates::default()
    };
    let machine = &mut Made::default();
    assert_eq!(gates.admit(&at(0, 0), machine), Admit::Now);
    assert_eq!(gates.admit(&at(500, 0), machine), after(2_500));
    machine.running = 1;
    assert_eq!(gates.admit(&at(2_900, 0), machine), after(1_000));
}

/// Feeds ends to a rule, 0 for a success, and says at which of them it halts, with what.
fn halts(text: &str, ends: &[i32], total: Option<usize>) -> Option<(usize, When, u8)> {
    let mut gates = Gates { halt: text.parse().unwrap(), ..Gates::default() };
    for (i, code) in ends.iter().enumerate() {
        let done = if *code == 0 { Ok(()) } else { Err(*code) };
        if let Some(Halted { when, code }) = gates.ended(done, total) {
            let want = if when == When::Now { Admit::EndAll } else { Admit::Never };
            assert_eq!(gates.admit(&at(0, 0), &mut Made::default()), want);
            assert_eq!(gates.ended(Err(1), total), None, "it is said once");
            return Some((i, when, code));
        }
    }
    assert_eq!(gates.admit(&at(0, 0), &mut Made::default()), Admit::Now);
    None
}

#[test]
fn halts_as_gnu_parallel_does() {
    use When::{Now, Soon};
    assert_eq!(halts("never", &[1, 1, 1], None), None);
    assert_eq!(halts("0", &[1, 1, 1], None), None);
    assert_eq!(halts("1", &[0, 7, 0], None), Some((1, Soon, 7)));
    assert_eq!(halts("2", &[137], None), Some((0, Now, 137)));
    assert_eq!(halts("-1", &[1, 0], None), Some((1, Soon, 0)));
    assert_eq!(halts("-2", &[1, 0], None), Some((1, Now, 0)));
    assert_eq!(halts("soon,fail=2", &[3, 0, 4], None), Some((2, Soon, 2)));
    assert_eq!(halts("now,success=2", &[0, 9, 0], None), Some((2, Now, 0)));
    assert_eq!(halts("now,done=3", &[0, 5, 0, 0], None), Some((2, Now, 1)));
    // 30 % of ten are three; the exit code is the share that failed.
    assert_eq!(halts("soon,fail=30%", &[1, 1, 0, 1], Some(10)), Some((3, Soon, 30)));
    assert_eq!(halts("50%", &[1, 1], Some(4)), Some((1, Soon, 50)));
    assert_eq!(halts("50%", &[1, 1], None), None, "nobody knows how many that is");
    for bad in [
        "",
        "sometimes",
        "soon",
        "soon,fail",
        "soon,fail=0",
        "now,fail=x",
        "now,boom=1",
        "soon,fail=101%",
        "never,fail=1",
        "%",
    ] {
        assert!(bad.parse::<Halt>().is_err(), "{bad:?}");
    }
}

#[test]
fn sizes_are_read_as_gnu_parallel_does() {
    let size = |text| parse_size(text).unwrap();
    assert_eq!(
        ["1K", "1M", "1G", "1T", "1P", "1E"].map(size),
        [10, 20, 30, 40, 50, 60].map(|n| 1 << n)
    );
    assert_eq!(["1k", "1m", "2g"].map(size), [1_000, 1_000_000, 2_000_000_000]);
    assert_eq!(
        ["1Ki", "1ki", "1MiB", "1MB", "12", "1.5K"].map(size),
        [1_024, 1_024, 1 << 20, 1_000_000, 12, 1_536]
    );
    for bad in ["", "-1K", "1Q", "1 MM", "99E", "é"] {
        assert!(parse_size(bad).is_err(), "{bad:?}");
    }
}
