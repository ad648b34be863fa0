//! `tine run`: the examples, what is up to date, what fails, what is said and left.
//! It does not know how jobs are started, or how a run is resumed: see `resume`.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::{Folder, Run};

/// A folder with one of the examples in it.
fn example(test: &str, name: &str) -> Folder {
    let folder = Folder::new(test);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs").join(name);
    folder.write(name, fs::read(path).expect("the example is there"));
    folder
}

/// The objects of a run with `--json`.
fn events(run: &Run) -> Vec<serde_json::Value> {
    run.out.lines().map(|l| serde_json::from_str(l).expect("an object a line")).collect()
}

/// How each job of a run with `--json` ended, sorted.
fn ends(run: &Run) -> Vec<String> {
    let closed = events(run).into_iter().filter(|e| e["event"] == "closed");
    let text = |e: &serde_json::Value, key: &str| e[key].as_str().unwrap_or("").to_owned();
    let line = |e| format!("{} {} {}", text(&e, "job"), text(&e, "status"), text(&e, "error"));
    let mut ends: Vec<String> = closed.map(line).collect();
    ends.sort();
    ends
}

#[test]
fn the_pipeline_runs_once() {
    let folder = example("run-pipeline", "pipeline.toml");
    let first = folder.tine(&["run", "pipeline.toml", "-j", "2", "--out", "left"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.out.starts_with("sold for ") && first.out.ends_with("in three months\n"));
    let table = folder.read("out/table.tsv");
    assert_eq!(table.lines().count(), 13);
    // The sums against the raw files.
    let mut sums = std::collections::BTreeMap::new();
    for month in ["january", "february", "march"] {
        for line in folder.read(&format!("out/raw/{month}.csv")).lines().skip(1) {
            let (region, amount) = line.split_once(',').expect("two columns");
            if let Ok(amount) = amount.parse::<u64>() {
                let sum = sums.entry(format!("{month}\t{region}")).or_insert((0u64, 0u64));
                *sum = (sum.0 + 1, sum.1 + amount);
            }
        }
    }
    for line in table.lines().skip(1) {
        let (name, rest) = line.rsplit_once('\t').expect("four columns");
        let (name, sales) = name.rsplit_once('\t').expect("four columns");
        let found = (sales.parse().expect("a number"), rest.parse().expect("a number"));
        assert_eq!(sums.remove(name), Some(found), "{line}");
    }
    assert!(sums.is_empty(), "{sums:?} are missing");
    assert_eq!(
        folder.list("left"),
        ["graph.svg", "joblog.tsv", "report.html", "run.tine", "timeline.svg"]
    );
    assert_eq!(folder.read("left/joblog.tsv").lines().count(), 20, "a header and 19 jobs");
    assert!(folder.read("left/report.html").contains("fetch"));
    let again = folder.tine(&["run", "pipeline.toml", "-j", "2"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""));
    assert!(again.err.contains("19 jobs up to date"), "{}", again.err);
    let plan = folder.tine(&["run", "pipeline.toml", "-n"]);
    assert!(plan.out.starts_with("pipeline.toml: 19 jobs, 0 to run\n"), "{}", plan.out);
}

#[test]
fn the_sweep_finds_the_best() {
    let folder = example("run-sweep", "sweep.toml");
    let part = folder.tine(&["run", "sweep.toml", "mean:rate=0.1", "--json"]);
    assert_eq!(part.code, Some(0), "{}", part.err);
    assert_eq!(
        ends(&part),
        [
            "fit:rate=0.1,seed=1 done ",
            "fit:rate=0.1,seed=2 done ",
            "fit:rate=0.1,seed=3 done ",
            "mean:rate=0.1 done "
        ]
    );
    let all = folder.tine(&["run", "sweep.toml", "--tag", "report", "--json"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    assert_eq!(ends(&all).len(), 17);
    let started = events(&all).iter().filter(|e| e["event"] == "started").count();
    assert_eq!(started, 13, "the four of before are up to date");
    let mean = |rate: &str| -> f64 {
        let text = folder.read(&format!("out/mean/{rate}.txt"));
        text.split_whitespace().nth(1).expect("two words").parse().expect("a number")
    };
    let rates = ["0.001", "0.01", "0.1", "0.5"];
    let best = rates.into_iter().min_by(|a, b| mean(a).total_cmp(&mean(b))).expect("four");
    assert!(folder.read("out/best.txt").starts_with(&format!("{best} ")));
}

#[test]
fn what_goes_wrong_is_named() {
    let folder = example("run-faults", "faults.toml");
    let run = folder.tine(&["run", "faults.toml", "-j", "2", "--keep-going", "--json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let ends = ends(&run);
    let begins = |i: usize, text: &str| assert!(ends[i].starts_with(text), "{ends:#?}");
    begins(0, "fails failed exit code 3");
    begins(1, "forgets failed it ended well, but its output out/never.txt is not there");
    begins(2, "grows failed ended at ");
    assert!(ends[2].contains("above its limit of 100.00 MiB"), "{}", ends[2]);
    begins(3, "hangs failed ended after its timeout of 500.00 ms");
    begins(4, "waits skipped a job that it waits for failed");
    begins(5, "works done");
    assert!(run.err.contains("attempt 1 goes wrong") || run.err.contains("attempt 2 goes wrong"));
    assert!(run.err.contains("error: 4 of 6 jobs failed: "), "{}", run.err);
    assert!(!folder.path("out/half.txt").exists(), "half an output is left");
    let journal = folder.read(".tine/faults.toml.journal");
    for (state, job) in [("failed", "fails"), ("skipped", "waits"), ("done", "works")] {
        assert!(journal.contains(&format!("{state}\t{job}\t")), "{journal}");
    }
}

#[test]
fn nothing_starts_after_a_failure() {
    let folder = Folder::new("run-stops");
    let job = |n: u32| format!("[[job]]\nname = 'j{n}'\nshell = 'echo {n} >> log; exit {n}'\n");
    folder.write("j.toml", (0..5).map(job).collect::<String>());
    let run = folder.tine(&["run", "j.toml", "-j", "1"]);
    assert_eq!((run.code, folder.read("log").as_str()), (Some(1), "0\n1\n"), "{}", run.err);
    assert!(run.err.contains("j1 failed: exit code 1"), "{}", run.err);
    assert!(run.err.contains("help: --keep-going runs"), "{}", run.err);
}

/// A job file of two steps, whose jobs write into `log` that they run.
const STEPS: &str = "
[defaults]
fresh = 'FRESH'
[[job]]
name = 'a'
matrix = { x = [1, 2] }
inputs = ['in/{x}']
outputs = ['mid/{x}']
shell = 'echo a{x} >> log; head -n 1 {inputs} > {outputs}'
[[job]]
name = 'b'
needs = ['a']
outputs = ['out']
env = { LEVEL = '1' }
shell = 'echo b >> log; cat {needs.outputs} > {outputs}'
";

/// What ran, sorted; the log is emptied.
fn ran(folder: &Folder, args: &[&str]) -> String {
    let all: Vec<&str> = ["run", "j.toml", "-j", "1"].iter().chain(args).copied().collect();
    let run = folder.tine(&all);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let log = fs::read_to_string(folder.path("log")).unwrap_or_default();
    drop(fs::remove_file(folder.path("log")));
    let mut lines: Vec<&str> = log.lines().collect();
    lines.sort_unstable();
    lines.join(" ")
}

/// Sets when a file was changed: so long ago.
fn age(folder: &Folder, name: &str, seconds: u64) {
    let file = File::options().append(true).open(folder.path(name)).expect("it is there");
    let time = SystemTime::now() - Duration::from_secs(seconds);
    file.set_modified(time).expect("it can be set");
}

fn steps(test: &str, fresh: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("in/1", "one\nmore\n").write("in/2", "two\n");
    folder.write("j.toml", STEPS.replace("FRESH", fresh));
    assert_eq!(ran(&folder, &[]), "a1 a2 b");
    assert_eq!(ran(&folder, &[]), "");
    folder
}

#[test]
fn what_changes_is_run_again() {
    let folder = steps("run-mtime", "mtime");
    age(&folder, "in/1", 5_000);
    let why = folder.tine(&["run", "j.toml", "--explain", "a", "--explain", "b"]);
    assert_eq!(
        why.out,
        "a:x=1 runs: its inputs have changed\n  echo a1 >> log; head -n 1 in/1 > mid/1\n\
         a:x=2 does not run: it is up to date\n  echo a2 >> log; head -n 1 in/2 > mid/2\n\
         b runs: it reads what a:x=1 makes, which runs\n  echo b >> log; cat mid/1 mid/2 > out\n"
    );
    assert_eq!(ran(&folder, &[]), "a1 b", "an older input is another one as well");
    fs::remove_file(folder.path("mid/2")).expect("it was made");
    assert_eq!(ran(&folder, &[]), "a2 b", "an output is gone");
    folder.write("out", "somebody else");
    assert_eq!(ran(&folder, &[]), "b", "an output was changed");
    assert_eq!(folder.read("out"), "one\ntwo\n");
    let text = folder.read("j.toml");
    folder.write("j.toml", text.replace("cat", "cat  "));
    assert_eq!(ran(&folder, &[]), "b", "another command");
    folder.write("j.toml", folder.read("j.toml").replace("LEVEL = '1'", "LEVEL = '2'"));
    assert_eq!(ran(&folder, &[]), "b", "another variable");
    folder.write("in/3", "three\n");
    folder.write("j.toml", folder.read("j.toml").replace("[1, 2]", "[3, 2, 1]"));
    assert_eq!(ran(&folder, &[]), "a3 b", "a new job, the others in another order");
    assert_eq!(ran(&folder, &["a:x=3", "--force"]), "a3");
    assert_eq!(ran(&folder, &[]), "b", "what it had made was made again");
    assert_eq!(ran(&folder, &["--force"]), "a1 a2 a3 b");
    fs::remove_file(folder.path(".tine/j.toml.journal")).expect("it is there");
    assert_eq!(ran(&folder, &["--journal", "other"]), "a1 a2 a3 b", "nothing is known");
    assert_eq!(ran(&folder, &["--journal", "other"]), "");
}

#[test]
fn contents_count_where_they_are_asked_for() {
    let folder = steps("run-content", "content");
    age(&folder, "in/1", 5_000);
    assert_eq!(ran(&folder, &[]), "", "the same contents");
    folder.write("in/1", "one\nother\n");
    assert_eq!(ran(&folder, &[]), "a1", "what it makes is the same");
    folder.write("in/1", "won\n");
    assert_eq!(ran(&folder, &[]), "a1 b");
    assert_eq!(folder.read("out"), "won\ntwo\n");
    folder.write("out", "won\ntwo\n");
    assert_eq!(ran(&folder, &[]), "", "an output with the same contents");
    // The same size, and the time that it had: seen all the same, as its hash is kept by both.
    folder.write("mid/2", "too\n");
    assert_eq!(ran(&folder, &[]), "a2", "an output was changed, and is made again as it was");
}

#[test]
fn what_is_never_fresh_always_runs() {
    let folder = Folder::new("run-never");
    folder.write("in/1", "one\n").write("in/2", "two\n");
    folder.write("j.toml", STEPS.replace("FRESH", "never"));
    assert_eq!(ran(&folder, &[]), "a1 a2 b");
    assert_eq!(ran(&folder, &[]), "a1 a2 b");
    assert_eq!(ran(&folder, &["--resume"]), "", "that run was done");
}

#[test]
fn a_job_that_failed_runs_again() {
    let folder = Folder::new("run-again");
    folder.write(
        "j.toml",
        "job = [{ name = 'a', outputs = ['o'], shell = 'echo x >> log; cp i o' }]",
    );
    let failed = folder.tine(&["run", "j.toml"]);
    assert_eq!(failed.code, Some(1));
    folder.write("i", "now it is there");
    assert_eq!(ran(&folder, &[]), "x x");
    assert_eq!(ran(&folder, &[]), "");
}

#[test]
fn values_reach_the_command_as_they_are() {
    let folder = Folder::new("run-values");
    let awkward = ["a b", "it's", "$HOME", "`x`", "*", "-n", "é\\t", "\"q\"", "a;b", ""];
    let values = awkward.map(|v| serde_json::to_string(v).expect("a text")).join(", ");
    folder.write(
        "j.toml",
        format!(
            "[defaults]\nenv = {{ SHARED = '1', OWN = '1' }}\n[[job]]\nname = 'a'\n\
             matrix = {{ v = [{values}] }}\nenv = {{ V = '{{v}}', OWN = '2' }}\n\
             shell = '''\nprintf '%s|%s|%s|%s|%s\\n' {{v}} \"$V\" \"$SHARED$OWN\" \"$TINE_ATTEMPT\" \"$TINE_JOB\"\n'''\n\
             [[job]]\nname = 'b'\nmatrix = {{ v = [{values}] }}\nargv = ['printf', '%s|%s\\n', '{{v}}', 'x{{v}}']\n"
        ),
    );
    let run = folder.tine(&["run", "j.toml", "-k"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let first = awkward.map(|v| format!("{v}|{v}|12|1|a:v={v}\n")).concat();
    let second = awkward.map(|v| format!("{v}|x{v}\n")).concat();
    assert_eq!(run.out, first + &second);
}

#[test]
fn a_job_in_another_folder_finds_its_files() {
    let folder = Folder::new("run-cwd");
    folder.write("sub/deep/x", "").write("in", "text\n");
    folder.write(
        "sub/j.toml",
        "[[job]]\nname = 'a'\ncwd = 'deep'\ninputs = ['../in']\noutputs = ['o/out']\n\
         shell = 'pwd > {outputs}; cat {inputs} >> {outputs}'\n",
    );
    let run = folder.tine(&["run", "sub/j.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let made = folder.read("sub/o/out");
    assert!(made.ends_with("/sub/deep\ntext\n"), "{made}");
}

#[test]
fn mistakes_are_told_from_failures() {
    let folder = Folder::new("run-mistakes");
    folder.write("j.toml", "[[job]]\nname = 'a'\nargv = ['true']\nneed = ['b']\n");
    let run = folder.tine(&["run", "j.toml"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert_eq!(
        run.err,
        "error: j.toml:4:1: a job has no key `need`\n  |\n4 | need = ['b']\n  | ^^^^\n  \
         help: did you mean `needs`?\n"
    );
    folder.write("j.toml", "[[job]]\nname = 'train'\nargv = ['true']\ntags = ['slow']\n");
    for (args, message) in [
        (
            &["trian"][..],
            "error: there is no job `trian` in j.toml\n  help: did you mean `train`?\n",
        ),
        (&["--tag", "slwo"], "error: no job has the tag `slwo`\n  help: did you mean `slow`?\n"),
        (&["--timeout", "0"], "error: --timeout must be above zero\n"),
        (
            &["--explain", "x"],
            "error: there is no job `x` in j.toml\n  help: there is only `train`\n",
        ),
    ] {
        let all: Vec<&str> = ["run", "j.toml"].iter().chain(args).copied().collect();
        let run = folder.tine(&all);
        assert_eq!((run.code, run.err.as_str()), (Some(2), message));
    }
    let run = folder.tine(&["run", "none.toml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.starts_with("error: none.toml: cannot be read: "), "{}", run.err);
    folder.write("text", "no journal");
    let run = folder.tine(&["run", "j.toml", "--journal", "text"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("it is no journal"), "{}", run.err);
    assert_eq!(folder.read("text"), "no journal", "it is left alone");
}

#[test]
fn the_plan_is_drawn_before_it_runs() {
    let folder = example("run-graph", "sweep.toml");
    let run = folder.tine(&["graph", "sweep.toml", "--format", "json", "-o", "-"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let graph: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert!(run.out.contains("fit") && run.out.contains("best"), "{graph}");
    let run = folder.tine(&["graph", "sweep.toml"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "sweep-graph.svg\n"), "{}", run.err);
    assert!(folder.read("sweep-graph.svg").contains("<svg"));
    assert!(!folder.path("out").exists(), "nothing was run");
}
