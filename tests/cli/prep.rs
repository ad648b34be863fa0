//! What `tine prep` writes, keeps, prints and refuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::Folder;

/// Every file below a folder, by its path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").display().to_string();
                all.insert(name, fs::read(path).expect("can be read"));
            }
        }
    }
    all
}

#[test]
fn writes_all_data_of_the_tutorial() {
    let folder = Folder::new("prep-all");
    let object = folder.tine(&["prep", "d", "--json"]).json();
    assert_eq!((&object["scale"], &object["seed"]), (&json!("small"), &json!(42)));
    let names: Vec<_> = (0..6).map(|i| object["datasets"][i]["name"].clone()).collect();
    assert_eq!(names, ["accounts", "json", "flights", "random", "weather", "text"]);
    let files = contents(&folder.path("d"));
    let lines = |name: &str| files[name].iter().filter(|&&b| b == b'\n').count();
    assert_eq!((lines("accounts.2.csv"), lines("account_table.csv")), (20_001, 501));
    assert_eq!(lines("nycflights/1999.csv"), 5_001);
    assert_eq!(lines("text.01.txt"), 200_000_usize.div_ceil(12));
    assert_eq!(files["random.zarr/3"].len(), 4_000_000);
    assert_eq!(files["weather.zarr/4.0.1"].len(), 1_000_000);
    let zarray: serde_json::Value =
        serde_json::from_slice(&files["random.zarr/.zarray"]).expect("JSON");
    assert_eq!((&zarray["shape"], &zarray["dtype"]), (&json!([4_000_000]), &json!("<f4")));
    // What is said of sizes is what is there.
    let sum: usize = files.iter().filter(|(n, _)| *n != "prep.json").map(|(_, c)| c.len()).sum();
    assert_eq!(object["bytes"], json!(sum));
    assert!(files.keys().all(|name| !name.ends_with(".part")));
    fs::remove_dir_all(folder.path("d")).expect("35 MB are not left behind");
}

#[test]
fn any_number_of_workers_writes_the_same_bytes() {
    let folder = Folder::new("prep-workers");
    let write = |data: &str, workers: &str, seed: &str| {
        let args = ["--only", "json,text,weather", "--workers", workers, "--seed", seed, "--json"];
        folder.tine(&[&["prep", data][..], &args].concat()).json();
        contents(&folder.path(data))
    };
    let one = write("a", "1", "7");
    assert!(one == write("b", "5", "7"));
    let other = write("c", "2", "8");
    for name in ["accounts.03.json.gz", "text.00.txt", "weather.zarr/2.0.0"] {
        assert!(one[name] != other[name], "{name}");
    }
    for data in ["a", "b", "c"] {
        fs::remove_dir_all(folder.path(data)).expect("13 MB are not left behind");
    }
}

#[test]
fn files_that_are_there_are_kept_and_missing_ones_written() {
    let folder = Folder::new("prep-kept");
    let prep = || folder.tine(&["prep", "d", "--only", "json"]);
    assert!(prep().out.contains("5 files"), "the first run");
    let whole = contents(&folder.path("d"));
    let modified =
        |name: &str| fs::metadata(folder.path("d").join(name)).and_then(|m| m.modified()).ok();
    let before = modified("accounts.00.json.gz");
    fs::remove_file(folder.path("d/accounts.02.json.gz")).expect("it was written");
    // Half a file, as a copy that was interrupted leaves it.
    folder.write("d/accounts.04.json.gz", &whole["accounts.04.json.gz"][..100]);
    let run = prep();
    assert!(run.out.contains("2 written, 3 kept: there already"), "{}", run.out);
    assert!(contents(&folder.path("d")) == whole);
    assert_eq!(modified("accounts.00.json.gz"), before);
    assert!(prep().out.contains("all was there, nothing written"));
}

#[test]
fn other_data_are_not_written_over_unasked() {
    let folder = Folder::new("prep-other");
    let prep = |more: &[&str]| {
        folder.tine(&[&["prep", "d", "--only", "accounts", "--json"], more].concat())
    };
    prep(&["--seed", "1"]).json();
    let first = contents(&folder.path("d"));
    let run = prep(&["--seed", "2"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    let want =
        "error: the accounts data in d are of scale small, seed 1, not of scale small, seed 2\n";
    assert!(run.err.starts_with(want) && run.err.contains("--overwrite"), "{}", run.err);
    assert!(contents(&folder.path("d")) == first);
    prep(&["--seed", "2", "--overwrite"]).json();
    assert!(contents(&folder.path("d"))["accounts.0.csv"] != first["accounts.0.csv"]);
}

#[test]
fn files_of_others_are_kept_and_said_to_be() {
    let folder = Folder::new("prep-foreign");
    folder.write("d/text.00.txt", "mine\n").write("d/text.01.txt", "mine too\n");
    let run = folder.tine(&["prep", "d", "--only", "text"]);
    assert!(run.out.contains("2 kept: not written by tine prep"), "{}", run.out);
    assert_eq!(folder.read("d/text.00.txt"), "mine\n");
}

#[test]
fn errors_name_file_and_reason_and_leave_no_drafts() {
    let folder = Folder::new("prep-errors");
    // A folder where a file is to be: renaming to it fails on any system, for any user.
    folder.write("d/text.01.txt/x", "");
    folder.write("d/prep.json", r#"{"version":1,"datasets":{"text":{"scale":"small","seed":42,"files":{"text.01.txt":5}}}}"#);
    let run = folder.tine(&["prep", "d", "--only", "text"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.starts_with("error: cannot write d/text.01.txt: Is a directory"),
        "{}",
        run.err
    );
    assert!(run.err.contains("\n  help: "), "{}", run.err);
    assert!(folder.list("d").iter().all(|name| !name.ends_with(".part")), "{:?}", folder.list("d"));
    folder.write("e", "a file");
    let run = folder.tine(&["prep", "e"]);
    assert!(run.err.starts_with("error: cannot make the folder e: "), "{}", run.err);
    folder.write("f/prep.json", "{");
    let run = folder.tine(&["prep", "f", "--only", "json"]);
    assert!(run.err.starts_with("error: f/prep.json: EOF"), "{}", run.err);
    let run = folder.tine(&["prep", "g", "--only", "jsn"]);
    assert_eq!(run.code, Some(2));
    assert!(!folder.path("g").exists());
}
