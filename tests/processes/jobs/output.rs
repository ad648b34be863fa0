//! What jobs print: whole, in order, without holding anybody up.
//! It does not test how it is shown.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc;

use tine_scheduler::OutputStream;
use tine_scheduler::jobs::Exit;

use super::book::{Book, Entry, bash, program};
use super::graphs::random;
use crate::runner::step;

/// Random bytes in random pieces on both streams of many jobs arrive as they were written.
pub(crate) fn arrives_whole_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut seed = 5;
    let mut files = Vec::new();
    let specs = (0..24).map(|i| {
        let both = [0, 1].map(|stream| {
            let len = random(&mut seed) as usize % 700_000;
            let bytes: Vec<u8> = (0..len).map(|_| random(&mut seed) as u8).collect();
            let path = folder.path().join(format!("{i}-{stream}"));
            std::fs::write(&path, &bytes).expect("room");
            (bytes, path.to_str().expect("text").to_owned())
        });
        let size = (random(&mut seed) % 30_000 + 7).to_string();
        let script = r#"dd if="$1" bs=$3 status=none & dd if="$2" bs=$(($3 / 2 + 1)) status=none >&2 & wait"#;
        let job = bash(script, &[&both[0].1, &both[1].1, &size]);
        files.push(both.map(|(bytes, _)| bytes));
        job
    });
    let mut book = Book::of(specs.collect());
    assert_eq!(book.run(8).done, 24);
    for (i, both) in files.iter().enumerate() {
        let got = book.printed.get(&i).cloned().unwrap_or_default();
        assert!(
            got == *both,
            "job {i}: {:?} bytes of {:?}",
            got.map(|b| b.len()),
            both.each_ref().map(Vec::len)
        );
        assert_eq!(book.ended(i).printed, both.each_ref().map(|b| b.len() as u64));
    }
}

/// 100 MB of one job, and of four at once.
pub(crate) fn may_be_large() {
    for jobs in [1, 4] {
        let each = 100_000_000 / jobs as u64;
        let spec = |_| bash(r#"head -c "$1" /dev/zero"#, &[&each.to_string()]);
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        let mut book = Book::of((0..jobs).map(spec).collect());
        book.reader = Some(Box::new(|job, _, bytes| {
            assert!(bytes.iter().all(|&b| b == 0));
            *counts.entry(job).or_default() += bytes.len() as u64;
            Ok(())
        }));
        assert_eq!(book.run(jobs).done, jobs);
        drop(book);
        assert_eq!(counts.into_values().collect::<Vec<_>>(), vec![each; jobs]);
        step(jobs);
    }
}

/// A job that closes its output goes on, and nobody spins meanwhile.
pub(crate) fn may_be_closed_early() {
    let script = "echo first; exec 1>&-; echo second >&2; exec 2>&-; sleep 1; exit 5";
    let mut book = Book::of(vec![bash(script, &[])]);
    let before = tine_cpu();
    book.run(1);
    let burned = tine_cpu() - before;
    assert_eq!(book.printed[&0], [b"first\n".to_vec(), b"second\n".to_vec()]);
    assert_eq!(book.ended(0).exit, Exit::Code(5));
    assert!(burned < 500_000, "{burned} us of a second");
}

/// Microseconds of CPU time of this process.
fn tine_cpu() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("it is known");
    usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
}

/// Somebody who is no part of a job holds its pipe, and even writes to it without end.
pub(crate) fn that_others_hold() {
    for writes in [false, true] {
        let (send, receive) = mpsc::channel::<()>();
        let mut receive = Some(receive);
        let mut threads = Vec::new();
        let mut book =
            Book::of(vec![bash("read -rt 1000 < <(:); while :; do sleep 0.01; done", &[])]);
        book.listener = Some(Box::new(|entry| {
            if let Entry::Started { pid, .. } = entry {
                let path = format!("/proc/{pid}/fd/1");
                let mut pipe = std::fs::OpenOptions::new().write(true).open(path).expect("ours");
                let (pid, end) = (*pid, receive.take().expect("one job"));
                threads.push(std::thread::spawn(move || {
                    crate::helper::end(pid);
                    if writes {
                        while pipe.write_all(&[b'x'; 4096]).is_ok() {}
                    }
                    // Held until the run is over.
                    let _ = end.recv();
                }));
            }
            Ok(())
        }));
        assert_eq!(book.run(1).failed, 1);
        assert_eq!(book.ended(0).exit, Exit::Signal(9));
        drop((book, send));
        threads.into_iter().for_each(|t| t.join().expect("it only writes"));
        step(writes);
    }
}

/// Programs read nothing, unless somebody says what.
pub(crate) fn goes_with_no_input() {
    let mut book = Book::of(vec![program(["cat"])]);
    assert_eq!(book.run(1).done, 1);
    assert_eq!(book.stdout(0), "");
    let nothing = |stream| match stream {
        OutputStream::Stdout => 0,
        OutputStream::Stderr => 1,
    };
    assert_eq!(book.ended(0).printed[nothing(OutputStream::Stdout)], 0);
}
