//! Paths, patterns and lists of them, and what is said where nothing is.

use std::fs;
use std::io::Read;
use std::path::Path;

use tine_files::{ErrorKind, Names, Text};

/// A folder with these files, each of which has one line: its name.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{name}\n")).unwrap();
    }
    folder
}

fn found(folder: &Path, names: impl Into<Names>) -> Vec<String> {
    let partitions = Text::new().plan(names).unwrap();
    let blocks = partitions.iter().flat_map(|p| p.blocks());
    let paths = blocks.map(|b| b.file().path().unwrap().strip_prefix(folder).unwrap());
    paths.map(|path| path.display().to_string()).collect()
}

fn refused(names: impl Into<Names>) -> (ErrorKind, String) {
    let e = Text::new().plan(names).unwrap_err();
    (e.kind(), e.to_string())
}

#[test]
fn patterns_give_sorted_files() {
    let folder =
        folder(&["b.txt", "a.txt", "a10.txt", "a2.txt", ".hidden.txt", "sub/c.txt", "d.csv"]);
    let root = folder.path();
    assert_eq!(found(root, root.join("*.txt")), ["a.txt", "a10.txt", "a2.txt", "b.txt"]);
    assert_eq!(found(root, root.join("a?.txt")), ["a2.txt"]);
    assert_eq!(found(root, root.join("[!a]*.txt")), ["b.txt"]);
    assert_eq!(found(root, root.join("**/c.txt")), ["sub/c.txt"]);
    assert_eq!(found(root, root.join("*")).len(), 5, "folders do not match");
    let both = [root.join("d.csv"), root.join("b*")];
    assert_eq!(found(root, &both), ["d.csv", "b.txt"], "lists keep their order");
    let address = format!("file://{}/a.txt", root.display());
    assert_eq!(found(root, &address), ["a.txt"]);
}

#[test]
fn what_exists_is_no_pattern() {
    let folder = folder(&["a[1].txt", "a1.txt", "with space.txt"]);
    let root = folder.path();
    assert_eq!(found(root, root.join("a[1].txt")), ["a[1].txt"]);
    let address = format!("file://{}/with%20space.txt", root.display());
    assert_eq!(found(root, address), ["with space.txt"]);
}

#[test]
fn what_is_not_there_is_named_with_what_is_nearest() {
    let folder = folder(&["accounts.0.json.gz", "accounts.1.json.gz", "other.txt", "data/x.txt"]);
    let root = folder.path();
    let (kind, text) = refused(root.join("acounts.1.json.gz"));
    assert_eq!(kind, ErrorKind::NotFound);
    let near = root.join("accounts.1.json.gz");
    assert_eq!(
        text,
        format!(
            "{}: no such file; did you mean {}?",
            root.join("acounts.1.json.gz").display(),
            near.display()
        )
    );
    let (kind, text) = refused(root.join("dta/*.txt"));
    assert_eq!(kind, ErrorKind::NothingMatched);
    let missing = root.join("dta");
    assert!(text.contains(&format!("matches no file; there is no folder {}", missing.display())));
    assert!(text.ends_with(&format!("did you mean {}?", root.join("data").display())), "{text}");
    let (kind, text) = refused(root.join("data/*.parquet"));
    assert_eq!(kind, ErrorKind::NothingMatched);
    assert!(text.ends_with("has 1 entry, as x.txt"), "{text}");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = folder(&["d/x"]);
    let (kind, text) = refused(folder.path().join("d"));
    assert_eq!(kind, ErrorKind::NotAFile);
    assert!(text.contains("is a folder; name the files in it"), "{text}");
    assert_eq!(refused("/dev/null").0, ErrorKind::NotAFile);
    assert_eq!(refused(Vec::<String>::new()).0, ErrorKind::NothingMatched);
    let (kind, text) = refused(folder.path().join("a[").display().to_string());
    assert_eq!(kind, ErrorKind::Name);
    assert!(text.contains("is no pattern, at character"), "{text}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = folder(&["x"]);
    let path = folder.path().join("x");
    for text in [
        Text::new().blocksize(0),
        Text::new().blocksize("many"),
        Text::new().files_per_partition(0),
        Text::new().files_per_partition(2).blocksize(10),
        Text::new().longest_line("long"),
    ] {
        assert_eq!(text.plan(&path).unwrap_err().kind(), ErrorKind::Options, "{text:?}");
    }
}

#[test]
fn files_are_put_together() {
    let folder = folder(&["a", "b", "c", "d", "e"]);
    let partitions = Text::new().files_per_partition(2).plan(folder.path().join("*")).unwrap();
    let lines: Vec<Vec<String>> =
        partitions.iter().map(|p| p.lines().map(Result::unwrap).collect()).collect();
    assert_eq!(lines, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    assert_eq!(partitions[0].count_lines().unwrap(), 2);
    assert!(partitions[0].to_string().ends_with("/a and 1 more"));
}

#[test]
fn readers_keep_lines_of_two_files_apart() {
    let folder = folder(&[]);
    for (name, content) in [("a", "1\n2"), ("b", ""), ("c", "3\n"), ("d", "4"), ("e", "5")] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let text = Text::new().files_per_partition(5);
    let partitions = text.plan(folder.path().join("*")).unwrap();
    let mut got = String::new();
    partitions[0].reader().read_to_string(&mut got).unwrap();
    assert_eq!(got, "1\n2\n3\n4\n5");
}
