//! The list of jobs in a stream file, for people or as JSON.
//! It does not know which are listed.

use std::io::{self, BufWriter, StdoutLock, Write};

use tine_jobs::output::stream::{Attempt, How};

/// Writes a line an attempt to standard output.
pub(super) struct List {
    json: bool,
    out: BufWriter<StdoutLock<'static>>,
}

impl List {
    pub(super) fn new(json: bool) -> io::Result<List> {
        let mut out = BufWriter::new(io::stdout().lock());
        if !json {
            writeln!(
                out,
                "    JOB ATTEMPT      SECONDS       STDOUT       STDERR  END          NAME"
            )?;
        }
        Ok(List { json, out })
    }

    pub(super) fn attempt(&mut self, attempt: &Attempt) -> io::Result<()> {
        let Attempt { job, number, end, bytes: [out, err], .. } = attempt;
        let name = String::from_utf8_lossy(&attempt.name);
        let seconds = end.took.as_secs_f64();
        if self.json {
            let (exit, signal) = match end.how {
                How::Code(code) => (Some(code), None),
                How::Signal(signal) => (None, Some(signal)),
                How::NotStarted(_) | How::Unfinished => (None, None),
            };
            let object = serde_json::json!({
                "job": job, "name": name, "attempt": number, "end": end.how.to_string(),
                "exit": exit, "signal": signal, "failed": end.failed, "seconds": seconds,
                "stdout": out, "stderr": err,
            });
            return writeln!(self.out, "{object}");
        }
        let how = match (end.how, end.failed) {
            (How::Code(0), true) => "0, failed".to_owned(),
            (how, _) => how.to_string(),
        };
        // One line an attempt, whatever is in its command.
        let name = name.replace('\n', "\\n");
        writeln!(self.out, "{job:7} {number:7} {seconds:12.3} {out:12} {err:12}  {how:12} {name}")
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
