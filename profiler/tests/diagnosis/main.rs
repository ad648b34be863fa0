//! The diagnosis on runs whose faults are known: each found first, and none where there is none.
//! It starts no process: see `tests/planted`.

mod clean;
mod made;
mod planted;

use std::fmt::Write as _;
use std::path::Path;

use tine_profiler::{Finding, Rule, diagnose};

use clean::{CLEAN, NEAR};
use planted::PLANTED;

/// All that is found, for a failure.
fn told(found: &[Finding]) -> String {
    found
        .iter()
        .map(|f| format!("\n  {:?} {:.2}: {} {}", f.rule, f.share, f.title, f.text))
        .collect()
}

#[test]
fn planted_faults_are_found_first() {
    for (name, rule, run) in PLANTED {
        let found = diagnose(&run());
        assert_eq!(found.first().map(|f| f.rule), Some(*rule), "{name}:{}", told(&found));
    }
}

#[test]
fn planted_faults_are_told_once() {
    for (name, _, run) in PLANTED {
        let found = diagnose(&run());
        assert_eq!(found.len(), 1, "{name}:{}", told(&found));
    }
}

#[test]
fn every_rule_has_a_run_that_it_finds_and_one_that_it_does_not() {
    let rules: [Rule; 15] = [
        Rule::SmallTasks,
        Rule::FewPartitions,
        Rule::Straggler,
        Rule::Skew,
        Rule::SerialTail,
        Rule::MemoryPressure,
        Rule::Spilling,
        Rule::WorkerDied,
        Rule::InnerThreads,
        Rule::DominantFunction,
        Rule::Codec,
        Rule::LostSideEffect,
        Rule::Retries,
        Rule::Stalled,
        Rule::Waiting,
    ];
    for rule in rules {
        assert!(PLANTED.iter().any(|(_, planted, _)| *planted == rule), "{rule:?} is not planted");
        assert!(NEAR.iter().any(|(_, near, _)| *near == rule), "{rule:?} is not just missed");
    }
}

#[test]
fn nothing_is_found_in_clean_runs() {
    for (name, run) in CLEAN {
        let found = diagnose(&run());
        assert!(found.is_empty(), "{name}:{}", told(&found));
    }
}

#[test]
fn nothing_is_found_in_near_misses() {
    for (name, rule, run) in NEAR {
        let found = diagnose(&run());
        assert!(found.is_empty(), "{name}, near {rule:?}:{}", told(&found));
    }
}

#[test]
fn shares_groups_and_tasks_are_those_of_the_run() {
    for (name, _, run) in PLANTED {
        let trace = run();
        for finding in diagnose(&trace) {
            assert!((0.0..=1.0).contains(&finding.share), "{name}: {}", finding.share);
            assert!(finding.group.is_none_or(|g| g < trace.groups().len()), "{name}");
            assert!(finding.tasks.iter().all(|&t| t < trace.len()), "{name}");
            assert!(finding.tasks.len() <= 5, "{name}");
        }
    }
}

/// What is said, as it was when somebody last read it; `BLESS=1` makes that of now the measure.
#[test]
fn findings_read_as_they_should() {
    let mut text = String::new();
    for (name, _, run) in PLANTED {
        writeln!(text, "== {name}").expect("a string takes all");
        for f in diagnose(&run()) {
            writeln!(text, "{:?}, {:?}, {:.1} %: {}", f.rule, f.severity, f.share * 100.0, f.title)
                .expect("a string takes all");
            writeln!(text, "  {}\n  -> {}", f.text, f.advice).expect("a string takes all");
        }
        text.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnosis/findings.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).expect("the folder can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|e| {
        panic!(
            "{}: {e}; BLESS=1 cargo test -p tine-profiler writes it, then read it",
            path.display()
        )
    });
    for (n, (now, then)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, then, "findings.txt, line {}: read it, then BLESS=1", n + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "findings.txt");
}
