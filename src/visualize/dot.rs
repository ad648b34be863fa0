//! Runs Graphviz: gives it a graph in its language, takes the picture, and does not wait for ever.
//! It does not know what is drawn.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::error::VisualizeError;

/// Of what `dot` says about its failure, so much is told.
const MOST_WORDS: usize = 2_000;

/// The picture of `text` in `format`, by the program `dot`.
pub(super) fn run(text: &[u8], format: &str, limit: Duration) -> Result<Vec<u8>, VisualizeError> {
    let mut dot = Command::new("dot");
    run_program(dot.arg(format!("-T{format}")), text, format, limit)
}

fn run_program(
    program: &mut Command,
    text: &[u8],
    format: &str,
    limit: Duration,
) -> Result<Vec<u8>, VisualizeError> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => VisualizeError::missing(format),
            _ => VisualizeError::failed(&e.to_string()),
        })?;
    let (picture, words, status) = converse(&mut child, text, limit)?;
    if !status.success() || picture.is_empty() {
        let said = words.trim();
        let said = match said {
            "" => format!("it ended with {status} and said nothing"),
            said => said.chars().take(MOST_WORDS).collect(),
        };
        return Err(VisualizeError::failed(&said));
    }
    Ok(picture)
}

/// Writes `text`, and reads both of its outputs to their ends, all at once: whichever pipe was left
/// for later could fill up and stop it. When time is up, it is killed, which ends the threads too.
fn converse(
    child: &mut Child,
    text: &[u8],
    limit: Duration,
) -> Result<(Vec<u8>, String, ExitStatus), VisualizeError> {
    let failed = |e: io::Error| VisualizeError::failed(&e.to_string());
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(mut output), Some(mut errors)) = pipes else {
        return Err(VisualizeError::failed("it has no pipes"));
    };
    let (done, wait) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // It may end before it has read all; why, it says itself.
            drop(input.write_all(text));
        });
        let words = scope.spawn(move || {
            let mut words = Vec::new();
            drop(errors.read_to_end(&mut words));
            String::from_utf8_lossy(&words).into_owned()
        });
        scope.spawn(move || {
            let mut picture = Vec::new();
            let read = output.read_to_end(&mut picture).map(|_| picture);
            // Nobody listens any more when time is up.
            drop(done.send(read));
        });
        let Ok(picture) = wait.recv_timeout(limit) else {
            drop(child.kill());
            drop(child.wait());
            return Err(VisualizeError::timeout(limit));
        };
        let status = child.wait().map_err(failed)?;
        let words = words.join().unwrap_or_default();
        Ok((picture.map_err(failed)?, words, status))
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::visualize::VisualizeErrorKind;

    fn program(name: &str, arguments: &[&str], limit: Duration) -> VisualizeError {
        run_program(Command::new(name).args(arguments), b"text", "png", limit)
            .expect_err("none of them draws")
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let e = program("tine-has-no-such-program", &[], Duration::from_secs(60));
        assert_eq!(e.kind(), VisualizeErrorKind::DotMissing);
        assert!(e.to_string().contains("apt install graphviz"), "{e}");
        assert!(e.to_string().contains(".svg"), "{e}");
    }

    #[test]
    fn one_that_does_not_end_is_killed() {
        let e = program("yes", &[], Duration::from_millis(1));
        assert_eq!(e.kind(), VisualizeErrorKind::DotTimeout);
    }

    #[test]
    fn one_that_fails_is_quoted() {
        let e = program("sh", &["-c", "echo line 3 is odd >&2; exit 1"], Duration::from_secs(60));
        assert_eq!(e.to_string(), "Graphviz' `dot` failed: line 3 is odd");
        let e = program("sh", &["-c", "exit 3"], Duration::from_secs(60));
        assert!(e.to_string().contains("exit status: 3"), "{e}");
    }
}
