//! What `tine demo` computes, prints and writes.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::Folder;

const GENERATE: &[&str] = &["demo", "--rows", "3000", "--seed", "7", "--data", "d", "--out", "o"];

fn with(args: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    [args, more].concat()
}

/// Means by the plainest loop that there is.
fn means(folder: &Folder, files: &str) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for name in folder.list(files) {
        let text = folder.read(&format!("{files}/{name}"));
        let (header, lines) = text.split_once('\n').expect("there is a header");
        let column = |name| header.split(',').position(|c| c == name).expect("the column is there");
        let (origin, delay) = (column("Origin"), column("DepDelay"));
        for line in lines.lines() {
            let fields: Vec<&str> = line.split(',').collect();
            if let Ok(minutes) = fields[delay].parse::<f64>() {
                let (sum, n) = sums.entry(fields[origin].to_owned()).or_default();
                *sum += minutes;
                *n += 1.0;
            }
        }
    }
    sums.into_iter().map(|(origin, (sum, n))| (origin, sum / n)).collect()
}

#[test]
fn json_equals_an_independent_computation() {
    let folder = Folder::new("json");
    let object = folder.tine(&with(GENERATE, &["--json"])).json();
    let means = means(&folder, "d/nycflights");
    assert_eq!(means.keys().collect::<Vec<_>>(), ["EWR", "JFK", "LGA"]);
    assert_eq!(object["mean_delay"], json!(means));
    assert_eq!((&object["rows"], &object["files"]), (&json!(30_000), &json!(10)));
    assert_eq!(object["generated"], json!(true));
    assert!(object["peak_memory_bytes"].as_u64().is_some_and(|n| n > 100_000), "{object}");
    for time in ["generate", "parallel", "one_thread"] {
        assert!(object["seconds"][time].as_f64().is_some_and(|s| s > 0.0), "{object}");
    }
}

#[test]
fn pictures_and_trace_are_written() {
    let folder = Folder::new("pictures");
    let object = folder.tine(&with(GENERATE, &["--json"])).json();
    assert_eq!(
        folder.list("o"),
        ["flamegraph.svg", "graph.svg", "report.html", "run.tine", "timeline.svg"]
    );
    for name in ["graph", "timeline", "flamegraph"] {
        let svg = folder.read(object["paths"][name].as_str().expect("a path"));
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
        assert!(svg.contains("read_part"), "{name} shows the tasks by name");
    }
    assert!(fs::metadata(folder.path("o/run.tine")).expect("is there").len() > 100);
}

#[test]
fn ten_files_of_23_columns_are_written() {
    let folder = Folder::new("files");
    folder.tine(&with(GENERATE, &["--json"])).json();
    assert_eq!(folder.list("d"), ["nycflights"]);
    let names: Vec<String> = (1990..2000).map(|year| format!("{year}.csv")).collect();
    assert_eq!(folder.list("d/nycflights"), names);
    for name in names {
        let text = folder.read(&format!("d/nycflights/{name}"));
        assert_eq!(text.lines().count(), 3001);
        assert!(text.lines().all(|l| l.split(',').count() == 23));
    }
}

#[test]
fn the_table_shows_means_times_and_files() {
    let folder = Folder::new("table");
    let run = folder.tine(GENERATE);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "no progress without a terminal");
    for (origin, mean) in means(&folder, "d/nycflights") {
        assert!(run.out.contains(&format!("{origin}     {mean:>10.2}")), "{}", run.out);
    }
    for word in ["flights", "one thread", "speed-up", "peak memory", "o/graph.svg", "o/run.tine"] {
        assert!(run.out.contains(word), "no {word} in\n{}", run.out);
    }
}

#[test]
fn any_number_of_workers_gives_the_same_bits() {
    let folder = Folder::new("workers");
    // Delays whose sum depends on the order in which they are added.
    let lines: Vec<String> = (1..4000).map(|i| format!("EWR,{}", 1.0 / f64::from(i))).collect();
    for file in 0..7 {
        folder.write(&format!("d/{file}.csv"), format!("Origin,DepDelay\n{}\n", lines.join("\n")));
    }
    let mean = |workers| {
        let run = folder.tine(&["demo", "--data", "d", "--workers", workers, "--json"]).json();
        assert_eq!(run["workers"], json!(workers.parse::<u64>().expect("a number")));
        run["mean_delay"].clone()
    };
    assert_eq!(mean("1"), mean("2"));
    assert_eq!(mean("1"), mean("5"));
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let folder = Folder::new("seeds");
    for (seed, data) in [("1", "a"), ("1", "b"), ("2", "c")] {
        folder.tine(&["demo", "--rows", "50", "--seed", seed, "--data", data, "--json"]).json();
    }
    let file = |data: &str| folder.read(&format!("{data}/nycflights/1994.csv"));
    assert!(file("a") == file("b") && file("a") != file("c"));
}

#[test]
fn other_rows_make_other_files_where_no_folder_is_named() {
    let folder = Folder::new("default-data");
    let rows = |n| folder.tine(&["demo", "--rows", n, "--out", "o", "--json"]).json();
    let (ten, twenty, again) = (rows("10"), rows("20"), rows("10"));
    assert_eq!((&ten["rows"], &twenty["rows"]), (&json!(100), &json!(200)));
    assert_eq!((&again["rows"], &again["generated"]), (&json!(100), &json!(false)));
    assert_eq!(again["mean_delay"], ten["mean_delay"]);
}

/// Runs over `d`, and checks that nothing in it was touched.
fn untouched(folder: &Folder, files: &str) -> Value {
    let state = || -> Vec<_> {
        let of = |name: String| {
            let path = folder.path(&format!("{files}/{name}"));
            let modified = fs::metadata(&path).and_then(|m| m.modified()).expect("is there");
            (name, fs::read(path).expect("can be read"), modified)
        };
        folder.list(files).into_iter().map(of).collect()
    };
    let before = (folder.list("d"), state());
    let object = folder.tine(&["demo", "--data", "d", "--out", "o", "--json"]).json();
    assert_eq!((folder.list("d"), state()), before);
    assert_eq!(
        (&object["generated"], &object["seconds"]["generate"]),
        (&json!(false), &Value::Null)
    );
    object
}

#[test]
fn existing_files_are_used_and_not_touched() {
    let folder = Folder::new("existing");
    folder
        .write("d/a.csv", "DepDelay,Note,Origin\n10,x,JFK\n-4.5,\"y, z\",\"EWR\"\nNA,,EWR\n")
        .write("d/b.CSV", "\u{feff}\"Origin\",\"DepDelay\"\r\nJFK,20\r\n\r\nEWR,\r\n\"A\"\"B\",1e1")
        .write("d/notes.txt", "no flights")
        .write("d/._a.csv", "what some systems leave beside a copy");
    let object = untouched(&folder, "d");
    assert_eq!(object["mean_delay"], json!({ "A\"B": 10.0, "EWR": -4.5, "JFK": 15.0 }));
    assert_eq!(object["flights"], json!({ "A\"B": 1, "EWR": 1, "JFK": 2 }));
    assert_eq!((&object["rows"], &object["files"]), (&json!(6), &json!(2)));
    let text = folder.tine(&["demo", "--data", "d", "--out", "o"]).out;
    assert!(text.contains("2 of them have no departure delay"), "{text}");
}

#[test]
fn existing_files_are_found_in_nycflights() {
    let folder = Folder::new("existing-below");
    folder.write("d/nycflights/x.csv", "Origin,DepDelay\nBOS,3\nBOS,4\n");
    assert_eq!(untouched(&folder, "d/nycflights")["mean_delay"], json!({ "BOS": 3.5 }));
}

#[test]
fn says_that_rows_and_seed_have_no_effect_on_existing_files() {
    let folder = Folder::new("no-effect");
    folder.write("d/x.csv", "Origin,DepDelay\nBOS,3\n");
    let run = folder.tine(&["demo", "--data", "d", "--rows", "9", "--seed", "1", "--json"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.err, "note: d has CSV files already: --rows and --seed have no effect\n");
}

#[test]
fn parts_of_a_large_file_make_one_whole() {
    let folder = Folder::new("parts");
    // Three parts of up to 16 MiB, with lines of uneven lengths across their borders.
    let mut text = String::from("Origin,Note,DepDelay\n");
    let note = "n".repeat(499);
    let rows = 130_000;
    for i in 0..rows {
        let (origin, length) = (["EWR", "LGA"][i % 2], i * 7 % 500);
        text.push_str(&format!("{origin},{},{}\n", &note[..length], i % 1000));
    }
    assert!(text.len() > 32 << 20);
    let object = folder.write("d/x.csv", text);
    let object = object.tine(&["demo", "--data", "d", "--out", "o", "--json"]).json();
    assert_eq!(object["rows"], json!(rows));
    assert_eq!(object["flights"], json!({ "EWR": rows / 2, "LGA": rows / 2 }));
    assert_eq!(object["mean_delay"], json!({ "EWR": 499.0, "LGA": 500.0 }));
    fs::remove_dir_all(folder.path("d")).expect("36 MB are not left behind");
}
