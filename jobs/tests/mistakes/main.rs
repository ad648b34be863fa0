//! What is said of job files with mistakes in them: every word is pinned, in `mistakes.txt`.
//! It does not know how mistakes are found.
//!
//! A case is a name, the file between two lines of dashes, and the message. With `BLESS=1` the
//! messages of now are written; a case without one fails.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use tine_jobs::file::JobFile;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes/mistakes.txt");
const RULE: &str = "--------\n";
const END: &str = "========\n";

/// What is said of the file, in a folder that has one file, `data/a.csv`.
fn said(folder: &Path, text: &str) -> String {
    let path = folder.join("jobs.toml");
    let said = match JobFile::parse(&path, text) {
        Err(mistake) => mistake.to_string(),
        Ok(file) => match file.expand() {
            Err(mistake) => mistake.to_string(),
            Ok(jobs) => format!("no mistake, and {} jobs", jobs.len()),
        },
    };
    said.replace(&format!("{}/", folder.display()), "")
        .replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn every_word_is_pinned() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::create_dir(folder.path().join("data")).expect("likewise");
    fs::write(folder.path().join("data/a.csv"), "1\n").expect("likewise");
    let golden = fs::read_to_string(GOLDEN).expect("the golden file is there");
    let (mut now, mut cases) = (String::new(), 0);
    for case in golden.split_inclusive(END).filter(|c| !c.trim().is_empty()) {
        let mut parts = case.splitn(3, RULE);
        let (name, text) = (parts.next().unwrap_or(""), parts.next().expect("a case has a file"));
        let said = said(folder.path(), text);
        write!(now, "{name}{RULE}{text}{RULE}{said}\n{END}").expect("a String takes it");
        cases += 1;
    }
    assert!(cases > 40, "{cases} cases");
    if env::var_os("BLESS").is_some() {
        fs::write(GOLDEN, &now).expect("the golden file can be written");
        return;
    }
    for (now, then) in now.split(END).zip(golden.split(END)) {
        assert_eq!(now, then);
    }
    assert_eq!(now, golden);
}
