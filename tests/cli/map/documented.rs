//! The examples of `docs/map.md`: what stands below a command is what it prints.
//! It does not know what they show.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::Folder;

/// Commands and what they print, of the blocks that are marked `console`.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = vec![];
    let mut inside = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(mark), false) => inside = mark == "console",
            (Some(_), true) => inside = false,
            (None, true) => match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => examples.push((command.to_owned(), String::new())),
                (None, Some((_, printed))) => *printed += &format!("{line}\n"),
                (None, None) => {}
            },
            (None, false) => {}
        }
    }
    examples
}

#[test]
fn examples_print_what_they_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/map.md");
    let examples = examples(&std::fs::read_to_string(page).expect("the page is there"));
    assert!(examples.len() > 15);
    let folder = Folder::new("map-documented");
    folder.write("photos/a.jpg", "").write("photos/b c.jpg", "");
    folder.write("people.csv", "name,city\nAda,London\nKurt,Wien\n");
    for (command, expected) in examples {
        let tine = env!("CARGO_BIN_EXE_tine");
        let output = Command::new("bash")
            .arg("-c")
            .arg(format!("tine() {{ '{tine}' \"$@\"; }}\n{command}\n"))
            .current_dir(folder.path(""))
            .stdin(Stdio::null())
            .output()
            .expect("bash can be started");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{command}");
    }
}
