//! Completions and manual pages: that they come out, and that what they are for takes them.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::Folder;

/// Lets a program read `text`; `None` where there is no such program here.
fn read_by(program: &str, args: &[&str], text: &str) -> Option<(bool, String)> {
    let mut command = Command::new("timeout");
    command
        .args(["60", program])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that is not there does not read either.
    let written = stdin.write_all(text.as_bytes());
    drop(stdin);
    let out = child.wait_with_output().expect("it ends");
    if out.status.code() == Some(127) {
        return None;
    }
    written.expect("it reads");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    Some((out.status.success() && out.stderr.is_empty(), said))
}

#[test]
fn completions_are_scripts() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = folder.tine(&["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{shell}");
        assert!(run.out.contains("flamegraph"), "{shell}: {}", run.out);
        if ["bash", "zsh", "fish"].contains(&shell)
            && let Some((fine, _)) = read_by(shell, &["-n"], &run.out)
        {
            assert!(fine, "{shell} does not take its script");
        }
    }
    let run = folder.tine(&["completions", "csh"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("bash, elvish, fish, powershell, zsh"), "{}", run.err);
}

/// What bash makes of `tine tim` and a tab.
#[test]
fn bash_completes() {
    let folder = Folder::new("bash-completes");
    let script = folder.tine(&["completions", "bash"]).out
        + "\nCOMP_WORDS=(tine tim); COMP_CWORD=1; _tine tine tim tine; echo \"${COMPREPLY[@]}\"\n";
    let (fine, said) = read_by("bash", &[], &script).expect("the tests need bash");
    assert!(fine, "{said}");
    assert_eq!(said, "timeline\n");
}

#[test]
fn every_subcommand_has_a_page() {
    let folder = Folder::new("man");
    let run = folder.tine(&["man", "pages/man1"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let pages = folder.list("pages/man1");
    assert_eq!(run.out.lines().count(), pages.len());
    // The help lists them, one a line.
    let help = folder.tine(&["--help"]).out;
    let listed = help.split("Commands:\n").nth(1).expect("there are some");
    let names = listed.lines().take_while(|line| !line.is_empty());
    let mut names: Vec<_> = names
        .filter_map(|line| line.split_whitespace().next())
        .map(|n| format!("tine-{n}.1"))
        .collect();
    names.push("tine.1".to_owned());
    names.sort();
    assert_eq!(pages, names);
    let page = folder.read("pages/man1/tine-timeline.1");
    assert!(page.contains(".TH tine-timeline 1"), "{page}");
    let trace = folder.read("pages/man1/tine-trace.1");
    let examples = trace.split(".SH EXAMPLES\n.nf\n").nth(1).expect("there are some");
    assert!(
        examples.lines().all(|line| line.starts_with("tine trace") || line == ".fi"),
        "{trace}"
    );
    assert!(!trace.contains("SUBCOMMANDS"), "it has none");
    // Each option stands with its value, and nothing else in brackets.
    let map = folder.read("pages/man1/tine-map.1").replace('\\', "");
    let synopsis =
        map.lines().skip_while(|line| *line != ".SH SYNOPSIS").nth(1).expect("it is there");
    for written in ["[-j|--jobs N]", "[--argv]", "[-E STR]", "[-m]", "[-I STR]", "[COMMAND...]"] {
        assert!(synopsis.contains(written), "{written}: {synopsis}");
    }
    assert!(!synopsis.contains(" ]"), "{synopsis}");
    let alone = folder.tine(&["man"]);
    assert_eq!(alone.out, folder.read("pages/man1/tine.1"));
    if let Some((fine, text)) = read_by("groff", &["-man", "-Tascii", "-ww"], &page) {
        assert!(fine && text.contains("tine-timeline"), "{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = Folder::new("man-refused");
    folder.write("file", "");
    let run = folder.tine(&["man", "file/man1"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.starts_with("error: cannot make the folder file/man1: "), "{}", run.err);
}
