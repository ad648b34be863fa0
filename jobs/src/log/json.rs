//! Lines of JSON: written, and read.
//! It does not know files.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::row::Row;

/// A line, with the keys that the table has as columns.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    seq: u64,
    host: &'a str,
    starttime: f64,
    #[serde(rename = "JobRuntime")]
    runtime: f64,
    send: u64,
    receive: u64,
    exitval: i32,
    signal: i32,
    command: String,
    attempt: u32,
    slot: usize,
    user: f64,
    system: f64,
    max_rss: u64,
    read: u64,
    written: u64,
    oom: bool,
    reason: Option<&'a str>,
    leftovers: u32,
    job: Option<String>,
}

/// What is read of a line: the rest may be there or not.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Known {
    seq: u64,
    #[serde(default)]
    starttime: f64,
    #[serde(rename = "JobRuntime", default)]
    runtime: f64,
    #[serde(default)]
    send: u64,
    #[serde(default)]
    receive: u64,
    exitval: i32,
    signal: i32,
    #[serde(default)]
    command: String,
    #[serde(default)]
    attempt: Option<u32>,
    #[serde(default)]
    max_rss: Option<u64>,
    #[serde(default)]
    job: Option<String>,
}

/// Adds the line of a job.
pub(super) fn line(entry: &Entry<'_>, to: &mut Vec<u8>) {
    let ended = entry.ended;
    let (exitval, signal) = entry.exit();
    let line = Line {
        seq: entry.seq,
        host: ":",
        starttime: milli(entry.since_epoch()),
        runtime: milli(entry.runtime().as_secs_f64()),
        send: entry.sent,
        receive: ended.printed[0],
        exitval,
        signal,
        command: entry.command.to_string_lossy().into_owned(),
        attempt: entry.attempt,
        slot: entry.slot,
        user: milli(ended.user.as_secs_f64()),
        system: milli(ended.system.as_secs_f64()),
        max_rss: ended.peak,
        read: ended.read,
        written: ended.written,
        oom: ended.out_of_memory,
        reason: entry.reason(),
        leftovers: ended.leftovers,
        job: entry.name.map(str::to_owned),
    };
    serde_json::to_writer(&mut *to, &line).expect("strings and numbers are JSON");
    to.push(b'\n');
}

/// Seconds to the millisecond.
fn milli(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// Reads a line; keys that are not known are skipped.
pub(super) fn row(line: &[u8]) -> Result<Row<'static>, String> {
    let known: Known = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    if known.seq == 0 {
        return Err("jobs are counted from 1, and this is number 0".to_owned());
    }
    Ok(Row {
        seq: known.seq,
        start: known.starttime,
        runtime: known.runtime,
        sent: known.send,
        received: known.receive,
        code: known.exitval,
        signal: known.signal,
        command: known.command.into_bytes().into(),
        name: known.job.map(|name| name.into_bytes().into()),
        attempt: known.attempt.unwrap_or(1),
        peak: known.max_rss,
    })
}
