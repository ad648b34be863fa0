//! Kills from outside: of workers, of their parent, of the thread that forked them.
//! It does not interrupt politely: see `interrupts`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::bodies::{run, spin};
use crate::helper::{Program, children, command, end, ends_within, handle};
use crate::runner::step;

/// Kills its parent's other children, one after the other, and tells of each.
#[expect(clippy::print_stdout, reason = "the case counts the lines")]
pub(crate) fn killer() -> ExitCode {
    let (me, parent) = (std::process::id(), std::os::unix::process::parent_id());
    let mut turn = 0usize;
    while std::os::unix::process::parent_id() == parent {
        let others: Vec<u32> = children(parent).into_iter().filter(|&c| c != me).collect();
        let Some(&victim) = others.get(turn % others.len().max(1)) else { continue };
        turn += 1;
        // Some time to work, different each time.
        spin(Duration::from_micros(200 + (turn as u64 * 7919) % 4000));
        end(victim);
        println!("killed {victim}");
        let _ = std::io::stdout().flush();
    }
    ExitCode::SUCCESS
}

/// SIGKILL of a worker, 200 times, while tasks of 50 us run.
pub(crate) fn two_hundred_from_outside() {
    let file = std::env::temp_dir().join(format!("tine-kills-{}", std::process::id()));
    let told = std::fs::File::create(&file).expect("a file");
    let mut killer = command("killer").process_group_of_ours().stdout(told).spawn().expect("runs");
    let kills = || std::fs::read_to_string(&file).unwrap_or_default().lines().count();
    let mut runs = 0;
    while kills() < 200 {
        let got = run(10_000, 2, |i| {
            spin(Duration::from_micros(50));
            u64::from(i) * 3
        });
        let expected: Vec<u64> = (0..10_000).map(|i| i * 3).collect();
        assert_eq!(got.map_err(|e| e.to_string()), Ok(expected), "run {runs}, {} kills", kills());
        runs += 1;
        step(format!("run {runs}, {} kills", kills()));
    }
    end(killer.id());
    let _ = killer.wait();
    let _ = std::fs::remove_file(&file);
    assert_eq!(children(std::process::id()), [] as [u32; 0]);
}

trait SameGroup {
    fn process_group_of_ours(&mut self) -> &mut Self;
}

impl SameGroup for std::process::Command {
    /// In the case's own group, so that the runner sees it if it is left.
    fn process_group_of_ours(&mut self) -> &mut Self {
        use std::os::unix::process::CommandExt;
        self.process_group(nix::unistd::getpgrp().as_raw())
    }
}

/// Workers are gone soon after their parent's death: they would go on for ever.
pub(crate) fn of_the_parent_leave_no_orphan() {
    for role in ["for ever", "for ever, in spite of SIGTERM"] {
        let mut program = Program::start(role);
        for _ in 0..2 {
            program.until("start");
        }
        let workers = children(program.pid());
        assert_eq!(workers.len(), 2);
        let handles: Vec<_> = workers.iter().map(|&w| handle(w)).collect();
        end(program.pid());
        for handle in &handles {
            assert!(ends_within(handle, Duration::from_secs(20)), "a worker lives on");
        }
        let _ = program.child.wait();
        step(role);
    }
}

/// Workers do not outlive a run, and a thread that ends takes nobody else's workers with it.
pub(crate) fn thread_leaves_no_child() {
    for turn in 0..20 {
        let short = std::thread::spawn(|| run(10, 2, u64::from).map(|v| v.len()));
        let long = run(20, 2, |i| {
            spin(Duration::from_millis(2));
            u64::from(i)
        });
        assert_eq!(short.join().expect("no panic").map_err(|e| e.to_string()), Ok(10));
        assert_eq!(long.map(|v| v.len()).map_err(|e| e.to_string()), Ok(20));
        assert_eq!(children(std::process::id()), [] as [u32; 0]);
        step(turn);
    }
}
