//! Runs of jobs that are treated badly: programs that fork away, die, fill memory, print without end.
//! It does not test what users write: see the crate `tine-jobs`.

pub(crate) mod book;
pub(crate) mod ends;
pub(crate) mod errors;
pub(crate) mod figures;
pub(crate) mod graphs;
pub(crate) mod growth;
pub(crate) mod output;
pub(crate) mod programs;
pub(crate) mod traces;

/// A program that a case starts.
pub(crate) fn program(role: &str) -> std::process::ExitCode {
    match role {
        "jobs: as nobody" => traces::as_nobody(),
        "jobs: as root" => traces::as_root(),
        "jobs: for ever" => ends::for_ever(),
        "jobs: soak" => ends::for_a_while(),
        "jobs: without streams" => programs::without_streams(),
        "jobs: ignoring" => programs::ignoring(),
        other => panic!("no program is called {other}"),
    }
}
