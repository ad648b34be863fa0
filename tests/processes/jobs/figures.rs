//! What is measured of jobs, and the limit on their memory.
//! It does not test who writes it down.

use std::time::Duration;

use tine_scheduler::Jobs;
use tine_scheduler::jobs::{Exit, Reason};

use super::book::{Book, Spec, bash, program};
use super::traces::{mark, marked};
use crate::runner::step;

const MIB: u64 = 1 << 20;

/// A job that has so many MiB and says so to nobody.
fn hungry(mib: u64) -> Spec {
    program(["perl", "-e", &format!("my $x = 'x' x ({mib} << 20); $x =~ tr/x/y/;")])
}

/// A peak is that of the job, however large the program has become since it began.
pub(crate) fn of_memory_are_those_of_the_job() {
    let mut jobs = Jobs::prepare().expect("one thread").slots(2);
    let large = std::hint::black_box(vec![1u8; 300 << 20]);
    let mut book = Book::of(vec![program(["true"]), hungry(100)]);
    let tally = jobs.run(&mut book, &[]).expect("no error of the run");
    assert_eq!(tally.done, 2);
    let (small, big) = (book.ended(0).peak, book.ended(1).peak);
    step(format_args!("{small} and {big} bytes"));
    assert!(small < 10 * MIB, "{small}");
    assert!((100 * MIB..250 * MIB).contains(&big), "{big}");
    assert_eq!(large.len(), 300 << 20);
}

/// A tree that has more memory than it may is ended, soon, and it is said why: one process, several
/// that have it together, and one that has got away from its parents.
pub(crate) fn of_memory_are_limited() {
    let fill =
        r#"my @all; while (1) { push @all, "x" x (1 << 20); select(undef, undef, undef, 0.01); }"#;
    let alone = program(["perl", "-e", fill]);
    let many = bash(r#"for i in 1 2 3 4 5; do perl -e "$1" & done; wait"#, &[fill]);
    let away = bash(r#"( setsid perl -e "$1" "$2" & ); while :; do sleep 1000; done"#, &[fill, ""]);
    let mark = mark();
    for (name, mut job) in [("alone", alone), ("many", many), ("away", away)] {
        job.argv.push(mark.clone().into());
        job.needs.limit = Some(200 * MIB);
        let mut book = Book::of(vec![job, program(["true"])]);
        assert_eq!(book.run(2).failed, 1);
        let ended = book.ended(0);
        assert_eq!((ended.exit, ended.reason), (Exit::Signal(9), Some(Reason::Memory(200 * MIB))));
        step(format_args!("{name}: {} MiB", ended.peak / MIB));
        assert!((200 * MIB..500 * MIB).contains(&ended.peak), "{name}: {}", ended.peak);
        assert_eq!(marked(&mark), [] as [u32; 0], "{name}");
    }
}

/// What forks have together is counted once.
pub(crate) fn of_memory_count_forks_once() {
    let script = r#"my $x = 'x' x (120 << 20); $x =~ tr/x/y/; for (1 .. 4) { next if fork; select(undef, undef, undef, 1); exit } 1 while wait > 0"#;
    let mut job = program(["perl", "-e", script]);
    job.needs.limit = Some(400 * MIB);
    let mut book = Book::of(vec![job]);
    assert_eq!(book.run(1).done, 1, "{:?}", book.entries);
    let peak = book.ended(0).peak;
    assert!((120 * MIB..400 * MIB).contains(&peak), "{peak}");
}

/// CPU time is what the job and its children burned.
pub(crate) fn of_time_are_what_was_burned() {
    // They say themselves what it was.
    let script = r#"perl -e 'my $i = 0; my $x; while ((times)[0] + (times)[1] < 0.5) { $x += $i++ for 1 .. 1000; }'; times"#;
    let mut book = Book::of(vec![bash(script, &[]), program(["sleep", "0.5"])]);
    assert_eq!(book.run(2).done, 2);
    let (busy, idle) = (book.ended(0), book.ended(1));
    let cpu = busy.user + busy.system;
    let half = Duration::from_millis(500);
    assert!(cpu >= half && cpu < half * 2, "{cpu:?}");
    assert!(idle.user + idle.system < half / 2 && idle.ended - idle.started >= half);
    assert!(busy.ended - busy.started >= half / 2);
}
