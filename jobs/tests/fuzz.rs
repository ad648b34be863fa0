//! Job files of random bytes, and good ones with random changes: a mistake or jobs, never a panic.
//! It does not know what is a mistake.

use std::path::Path;

use proptest::prelude::*;
use tine_jobs::file::{JobFile, JobId};

/// A file with everything in it that there is.
const GOOD: &str = r#"
[defaults]
shell = ["sh", "-c"]
env = { A = "1", B = "{cores}" }
timeout = "1m"
fresh = "content"

[[job]]
name = "a"
matrix = { x = [1, 2.5, true, "ü"], y = ['p', 'q'] }
outputs = ["out/{x}-{y}.txt", "./log/{x}/{y.stem}"]
shell = '''echo {x} ${y} {{z}} > {outputs} # {attempt}'''
retries = 2
memory = "100MiB"

[[job]]
name = "b"
needs = ["a"]
matrix.y = ["p", "q"]
inputs = ["out/1-{y}.txt"]
argv = ["cat", "{needs.outputs}", "{inputs}"]
cwd = "some/{y}"
priority = -1
tags = ["t"]
cores = 2
backoff = 1.5
"#;

/// Reads and expands, and looks at all that can be said of it.
fn look(text: &str) {
    let said = match JobFile::parse(Path::new("/nowhere/j.toml"), text) {
        Ok(file) => match file.expand() {
            Ok(jobs) => {
                for job in (0..jobs.len().min(50)).map(JobId::from_index) {
                    let name = jobs.name(job);
                    assert!(jobs.choose(&name).is_ok(), "{name}");
                    assert!(jobs.before(job).iter().all(|b| b.index() < jobs.len()));
                    drop((jobs.inputs(job), jobs.outputs(job)));
                }
                return;
            }
            Err(mistake) => mistake,
        },
        Err(mistake) => mistake,
    };
    let (line, column) = said.place().expect("a mistake of a text has a place");
    let lines: Vec<&str> = text.split('\n').collect();
    assert!(line <= lines.len(), "{said}");
    assert!(column <= lines[line - 1].chars().count() + 1, "{said}");
    assert!(!said.message().is_empty() && said.to_string().contains('^'), "{said}");
}

#[test]
fn the_good_one_is_good() {
    let file = JobFile::parse(Path::new("/nowhere/j.toml"), GOOD).expect("it is good");
    assert_eq!(file.expand().expect("likewise").len(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_text(text in "\\PC{0,200}") {
        look(&text);
    }

    #[test]
    fn random_toml(text in "(\\[\\[?job\\]?\\]\n|(name|argv|shell|needs|matrix|outputs) ?= ?|[\"'{}\\[\\],\na-z0-9=.]){0,60}") {
        look(&text);
    }

    #[test]
    fn changes(edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "\\PC|\n|\"|\\{|\\}|\\[|\\]|=|\\.|'"), 1..6)) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, cut, new) in edits {
            let at = at.index(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, new.chars());
        }
        look(&text.into_iter().collect::<String>());
    }

    #[test]
    fn bytes_of_a_file(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("j.toml");
        std::fs::write(&path, bytes).expect("it can be written");
        drop(JobFile::read(&path).map(|f| drop(f.expand())));
    }
}
