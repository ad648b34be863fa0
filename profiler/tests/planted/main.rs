//! The diagnosis on real runs with a fault each, on forked workers: the right finding comes first.
//! Each case runs in a process of its own, with one thread, and is killed if it does not end.
//! It does not test what findings say: see `tests/diagnosis`.

#[cfg(target_os = "linux")]
mod bodies;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod runner;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    runner::main(cases::CASES)
}

#[cfg(not(target_os = "linux"))]
fn main() {}
