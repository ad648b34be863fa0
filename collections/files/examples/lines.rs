//! How much CPU time it takes to count and to read the lines of a file, plain or compressed.
//! To be run in turns with `wc -l FILE` and `zcat FILE | wc -l`, of a file that is in the cache.
//! Prints one JSON line a work; `lines FILE [--only count|read|pull|chunks]`.

use std::error::Error;
use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use tine_files::{Partition, Text};

type Answer = Result<u64, Box<dyn Error>>;
type Work = fn(&Partition) -> Answer;

/// Lines are counted, and not looked at.
fn count(partition: &Partition) -> Answer {
    Ok(partition.count_lines()?)
}

/// Lines are checked to be UTF-8, and each is handed to a closure.
fn read(partition: &Partition) -> Answer {
    let (mut lines, mut bytes) = (0, 0);
    let _ = partition.for_each_line(|line, _at| {
        lines += 1;
        bytes += line.len();
        ControlFlow::<()>::Continue(())
    })?;
    std::hint::black_box(bytes);
    Ok(lines)
}

/// Lines are taken one by one.
fn pull(partition: &Partition) -> Answer {
    let (mut lines, mut bytes) = (0, 0);
    let mut each = partition.lines();
    while let Some(line) = each.next_line()? {
        lines += 1;
        bytes += line.len();
    }
    std::hint::black_box(bytes);
    Ok(lines)
}

/// Bytes are handed on, many lines at a time; these are counted instead of lines.
fn chunks(partition: &Partition) -> Answer {
    let mut chunks = 0;
    let _ = partition.for_each_chunk(|bytes, _at| {
        std::hint::black_box(bytes);
        chunks += 1;
        ControlFlow::<()>::Continue(())
    })?;
    Ok(chunks)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, only) = match arguments.as_slice() {
        [file] => (file, None),
        [file, flag, only] if flag == "--only" => (file, Some(only.as_str())),
        _ => return Err("usage: lines FILE [--only count|read|pull|chunks]".into()),
    };
    let works: [(&str, Work); 4] =
        [("count", count), ("read", read), ("pull", pull), ("chunks", chunks)];
    for (name, work) in works.into_iter().filter(|(name, _)| only.is_none_or(|o| o == *name)) {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let mut lines = 0;
        for partition in Text::new().plan(file)? {
            lines += work(&partition)?;
        }
        let (cpu, seconds) = (cpu_seconds() - cpu, start.elapsed().as_secs_f64());
        writeln!(
            stdout(),
            r#"{{"work":"{name}","result":{lines},"cpu_seconds":{cpu:.4},"seconds":{seconds:.4}}}"#
        )?;
    }
    Ok(())
}

/// Returns the CPU time of this process so far, the kernel's for it included.
#[cfg(target_os = "linux")]
fn cpu_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask about itself");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    micros as f64 / 1e6
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds() -> f64 {
    f64::NAN
}
