//! How the command ends when it is not let to its end: Ctrl-C, kills, closed pipes.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::{Folder, Run};

/// Starts a run that writes for so long that it can be stopped in the middle, and returns when
/// the first file is being written.
fn writing(folder: &Folder) -> Child {
    let mut child = folder
        .command(&["demo", "--rows", "2000000", "--data", "d", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command is built");
    let part = folder.path(&format!("d/nycflights.{}.part", child.id()));
    while !has_bytes(&part) {
        assert!(
            child.try_wait().expect("it is our child").is_none(),
            "ended before it was stopped"
        );
        std::thread::yield_now();
    }
    child
}

fn has_bytes(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|e| e.metadata().is_ok_and(|m| m.len() > 0))
}

/// A later run writes all files anew, and takes nothing that is left for data.
fn later_run_is_whole(folder: &Folder) {
    let object = folder.tine(&["demo", "--rows", "20", "--data", "d", "--json"]).json();
    assert_eq!((&object["generated"], &object["rows"]), (&json!(true), &json!(200)));
    assert_eq!(folder.list("d"), ["nycflights"], "what was left is swept");
}

#[test]
#[cfg(target_os = "linux")]
fn killed_while_writing_leaves_no_data() {
    let folder = Folder::new("killed");
    let mut child = writing(&folder);
    child.kill().expect("it runs");
    child.wait().expect("it is our child");
    assert!(!folder.path("d/nycflights").exists());
    later_run_is_whole(&folder);
}

#[test]
#[cfg(target_os = "linux")]
fn interrupted_while_writing_leaves_no_data() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::new("interrupted");
    let child = writing(&folder);
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill is installed").success());
    let output = child.wait_with_output().expect("it is our child");
    // A run of the engine ends with the code that shells give to Ctrl-C; between runs the signal
    // itself ends the process, which shells show as the same code.
    let signal = output.status.signal();
    let run = Run::from(output);
    assert!(run.code == Some(130) || signal == Some(2), "{run:?}");
    assert_eq!(run.out, "");
    assert!(!folder.path("d/nycflights").exists());
    later_run_is_whole(&folder);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = Folder::new("broken-pipe");
    let mut child = folder
        .command(&["demo", "--rows", "20", "--data", "d"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command is built");
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().expect("it is our child"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}
