//! What is left of recorded jobs: names, failures and slots in reports, pictures, tables and diagnoses.
//! It does not know how jobs are run.

use serde_json::Value;

use crate::support::Folder;

const FILE: &str = r#"
[[job]]
name = "load"
matrix = { month = ["january", "may"] }
shell = "true"

[[job]]
name = "bad"
needs = ["load"]
shell = "echo 'no such <column>' >&2; exit 7"

[[job]]
name = "after"
needs = ["bad"]
shell = "true"

[[job]]
name = "wide"
cores = 2
shell = "true"
"#;

/// A folder in which the file ran with two slots and left its report.
fn left(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("all.toml", FILE);
    let run = folder.tine(&["run", "all.toml", "-j", "2", "--keep-going", "--out", "left"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    folder
}

/// The tasks of a trace, by name.
fn tasks(folder: &Folder, trace: &str) -> Vec<Value> {
    let run = folder.tine(&["trace", trace, "--format", "jsonl", "-o", "-"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    run.out.lines().map(|l| serde_json::from_str(l).expect("an object a line")).collect()
}

#[test]
fn a_failed_job_is_told_of_everywhere() {
    let folder = left("recorded-failed");
    let report = folder.read("left/report.html");
    assert!(report.contains("<h1><bdi>all.toml</bdi> <span class=\"status bad\">failed</span>"));
    assert!(report.contains("1 of 5 jobs failed, 1 was skipped.\nbad: exit code 7."));
    assert!(report.contains("no such &lt;column&gt;") && !report.contains("Nothing to complain"));
    let said = folder.tine(&["diagnose", "left/run.tine"]).out;
    let told = "The run failed: 1 of 5 jobs failed, 1 was skipped.\nbad: exit code 7.\nIts standard \
                error ended with:\nno such <column>\n";
    assert!(said.contains(told), "{said}");
    let all = tasks(&folder, "left/run.tine");
    let bad = all.iter().find(|t| t["key"] == "bad").expect("it ran");
    assert_eq!(
        (&bad["error"], &bad["last_words"]),
        (&"exit code 7".into(), &"no such <column>".into())
    );
    assert!(all.iter().filter(|t| t.get("error").is_some()).count() == 1);
}

#[test]
fn jobs_are_called_as_in_their_file_and_stand_there() {
    let folder = left("recorded-names");
    let all = tasks(&folder, "left/run.tine");
    let mut names: Vec<&str> = all.iter().filter_map(|t| t["key"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["after", "bad", "load:month=january", "load:month=may", "wide"]);
    assert!(all.iter().any(|t| t["key"] == "load:month=may" && t["group"] == "load"));
    for file in ["left/graph.svg", "left/report.html"] {
        let picture = folder.read(file);
        assert!(picture.contains("load:month=may"), "{file}");
        assert!(!picture.contains("load(0)") && !picture.contains("graph.rs"), "{file}");
    }
    assert!(folder.read("left/report.html").contains(">all.toml:3<"));
}

#[test]
fn jobs_of_a_map_are_called_by_their_arguments() {
    let folder = Folder::new("recorded-map");
    let run =
        folder.tine(&["map", "--profile", "run.tine", "test {} != b", ":::", "a", "b", "c d"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let all = tasks(&folder, "run.tine");
    let names: Vec<&str> = all.iter().filter_map(|t| t["key"].as_str()).collect();
    assert_eq!(names, ["test:a", "test:b", "test:c d"]);
    assert!(all[1]["error"].as_str().is_some_and(|e| e.contains("exit code 1")));
    let said = folder.tine(&["diagnose", "run.tine"]).out;
    assert!(said.contains("The run failed: 1 of 3 jobs failed.\ntest:b: "), "{said}");
    let report = folder.tine(&["report", "run.tine", "-o", "-"]).out;
    assert!(report.contains("status bad") && !report.contains("graph.rs"));
}
