//! Lines of the table: written, and taken apart.
//! It does not know files.

use std::io::Write;

use super::entry::Entry;
use super::row::Row;

/// GNU parallel's columns, in its order.
pub(super) const THEIRS: [&str; 9] =
    ["Seq", "Host", "Starttime", "JobRuntime", "Send", "Receive", "Exitval", "Signal", "Command"];

/// Those that follow.
pub(super) const OURS: [&str; 11] = [
    "Attempt",
    "Slot",
    "User",
    "System",
    "MaxRss",
    "Read",
    "Written",
    "Oom",
    "Reason",
    "Leftovers",
    "Job",
];

/// Adds the line with the names of the columns.
pub(super) fn header(to: &mut Vec<u8>) {
    let names: Vec<_> = THEIRS.iter().chain(&OURS).copied().collect();
    to.extend_from_slice(names.join("\t").as_bytes());
    to.push(b'\n');
}

/// Adds the line of a job: with `ours`, or in GNU parallel's columns alone.
pub(super) fn line(entry: &Entry<'_>, ours: bool, to: &mut Vec<u8>) {
    let ended = entry.ended;
    let (code, signal) = entry.exit();
    let (start, runtime) = (entry.since_epoch(), entry.runtime().as_secs_f64());
    let (seq, sent, received) = (entry.seq, entry.sent, ended.printed[0]);
    write!(to, "{seq}\t:\t{start:10.3}\t{runtime:10.3}\t{sent}\t{received}\t{code}\t{signal}\t")
        .expect("a Vec takes everything");
    escape(entry.command.as_encoded_bytes(), to);
    if ours {
        let (user, system) = (ended.user.as_secs_f64(), ended.system.as_secs_f64());
        let (attempt, slot, peak) = (entry.attempt, entry.slot, ended.peak);
        let (read, written, left) = (ended.read, ended.written, ended.leftovers);
        let oom = u8::from(ended.out_of_memory);
        let reason = entry.reason().unwrap_or("-");
        write!(to, "\t{attempt}\t{slot}\t{user:.3}\t{system:.3}\t{peak}\t{read}\t{written}")
            .and_then(|()| write!(to, "\t{oom}\t{reason}\t{left}\t"))
            .expect("a Vec takes everything");
        escape(entry.name.unwrap_or("-").as_bytes(), to);
    }
    to.push(b'\n');
}

/// A line of a table is one line, and a column one column.
fn escape(text: &[u8], to: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'\n' => to.push(0),
            b'\t' => to.extend_from_slice(br"\t"),
            _ => to.push(byte),
        }
    }
}

/// Whether a line is the one with the names, and if so, whether ours are among them.
pub(super) fn is_header(line: &[u8]) -> Option<bool> {
    let theirs = line.strip_prefix(THEIRS.join("\t").as_bytes())?;
    match theirs {
        b"" => Some(false),
        [b'\t', ..] => Some(true),
        _ => None,
    }
}

/// Whether a line may become the one with the names.
pub(super) fn begins_header(line: &[u8]) -> bool {
    let mut whole = Vec::new();
    header(&mut whole);
    whole.starts_with(line)
}

/// Takes a line apart, without its newline. `ours` says whether our columns follow the command.
pub(super) fn row(line: &[u8], ours: bool) -> Result<Row<'_>, String> {
    let mut columns = line.splitn(THEIRS.len(), |byte| *byte == b'\t');
    let mut number = |at: usize| -> Result<f64, String> {
        let column = columns.nth(at).ok_or("it has less than nine columns")?;
        let text = std::str::from_utf8(column).map_err(|_| "a number is expected".to_owned())?;
        text.trim().parse::<f64>().map_err(|_| format!("{text:?} is no number"))
    };
    // The host stands between.
    let seq = number(0)?;
    let (start, runtime) = (number(1)?, number(0)?);
    let (sent, received) = (number(0)?, number(0)?);
    let (code, signal) = (number(0)?, number(0)?);
    let command = columns.next().ok_or("it has less than nine columns")?;
    let (command, own) = if ours { split(command) } else { (command, Own::default()) };
    if !(seq >= 1.0 && seq.fract() == 0.0) {
        return Err(format!("jobs are counted from 1, and this is number {seq}"));
    }
    Ok(Row {
        seq: seq as u64,
        start,
        runtime,
        sent: sent as u64,
        received: received as u64,
        code: code as i32,
        signal: signal as i32,
        command: command.into(),
        name: own.name.map(Into::into),
        attempt: own.attempt.unwrap_or(1),
        peak: own.peak,
    })
}

/// What our columns say.
#[derive(Default)]
struct Own<'a> {
    name: Option<&'a [u8]>,
    attempt: Option<u32>,
    peak: Option<u64>,
}

/// The command, and our columns, which are counted from the end.
fn split(rest: &[u8]) -> (&[u8], Own<'_>) {
    let mut columns = rest.rsplitn(OURS.len() + 1, |byte| *byte == b'\t');
    let name = columns.next().filter(|name| *name != b"-");
    // Before the name stand five, then the peak, three more, and the attempt.
    let peak = columns.nth(OURS.len() - 1 - PEAK - 1).and_then(number);
    let attempt = columns.nth(PEAK - 1).and_then(number);
    match columns.next() {
        Some(command) => {
            (command, Own { name, attempt: attempt.and_then(|n| n.try_into().ok()), peak })
        }
        // A line that GNU parallel has added.
        None => (rest, Own::default()),
    }
}

/// Where the peak stands among our columns, from 0.
const PEAK: usize = 4;

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
