//! The end of the program, of the process that starts programs, and what the user asks for.
//! It does not test how single jobs end.

use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use tine_scheduler::Jobs;
use tine_scheduler::jobs::Exit;

use super::book::{Book, Entry, Spec, bash};
use super::graphs::{one_in, random};
use super::traces::{mark, marked, wait_for_end_of};
use crate::helper::{Program, children, command, ends_within, handle, pid, state, wait_until};
use crate::runner::step;

/// Jobs that say so when they and what they have started are there, and then go on for ever: one that
/// hears SIGTERM, one that does not, and one that has processes in sessions of their own.
const SCRIPTS: [&str; 3] = [
    "echo there; while :; do sleep 1000; done",
    "trap '' TERM; echo there; while :; do sleep 1000; done",
    r#"for i in 1 2 3; do ( setsid bash -c 'trap "" TERM; echo there >&2; while :; do sleep 1000; done' "$1" "$1" & ); done
    while :; do sleep 1000; done"#,
];

/// Runs the jobs of `SCRIPTS` that `JOBS` names, and tells what happens to them.
#[expect(clippy::print_stdout, reason = "the case listens")]
pub(crate) fn for_ever() -> ExitCode {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let which = variable("JOBS");
    let of = |job: char| bash(SCRIPTS[job as usize - '0' as usize], &[&variable("MARK")]);
    let mut specs: Vec<Spec> = which.chars().map(of).collect();
    if let Ok(limit) = std::env::var("LIMIT") {
        specs.iter_mut().for_each(|job| job.tags.push(("timeout", limit.clone())));
    }
    // One that never gets its turn, unless another ends by itself.
    specs.push(bash("echo there", &[]));
    let slots = which.len();
    let mut book = Book::of(specs);
    book.reader = Some(Box::new(|job, _, bytes| {
        String::from_utf8_lossy(bytes).lines().for_each(|line| println!("{line} {job}"));
        Ok(())
    }));
    book.listener = Some(Box::new(|entry| {
        match entry {
            Entry::Interrupted { level } => println!("interrupt {level}"),
            Entry::Ended { job, ended, .. } => {
                println!("end {job} {:?} {:?}", ended.exit, ended.reason);
            }
            _ => {}
        }
        Ok(())
    }));
    let mut jobs = Jobs::prepare().expect("one thread").slots(slots).grace(Duration::from_secs(20));
    println!("spawner {}", children(std::process::id())[0]);
    match jobs.run(&mut book, &[]) {
        Ok(t) => println!("over: {} {} {} {}", t.done, t.failed, t.unstarted, t.interrupts),
        Err(e) => println!("error: {e}"),
    }
    drop(jobs);
    println!("left {:?}", children(std::process::id()));
    ExitCode::SUCCESS
}

struct Case {
    program: Program,
    spawner: u32,
    mark: String,
}

/// Starts jobs, and waits until all their processes are there.
fn start(jobs: &str, limit: Option<&str>) -> Case {
    let mark = mark();
    let mut command = command("jobs: for ever");
    command.env("JOBS", jobs).env("MARK", &mark);
    if let Some(limit) = limit {
        command.env("LIMIT", limit);
    }
    let mut program = Program::spawn(&mut command);
    let line = program.until("spawner ");
    let spawner = line.split_once(' ').and_then(|(_, n)| n.parse().ok()).expect("a number");
    let processes = jobs.chars().map(|job| if job == '2' { 3 } else { 1 }).sum::<usize>();
    (0..processes).for_each(|_| drop(program.until("there ")));
    assert!(marked(&mark).len() >= processes);
    Case { program, spawner, mark }
}

/// Whoever is killed, alone or with its group, the jobs end.
pub(crate) fn of_the_program() {
    for group in [false, true] {
        let Case { mut program, spawner, mark } = start("0122", None);
        let it = handle(spawner);
        let whom = pid(program.pid()).as_raw();
        let whom = nix::unistd::Pid::from_raw(if group { -whom } else { whom });
        kill(whom, Signal::SIGKILL).expect("it lives");
        program.child.wait().expect("a child");
        wait_for_end_of(&mark);
        assert!(
            ends_within(&it, Duration::from_secs(10)),
            "the spawner has nothing to do any more"
        );
    }
}

/// Without the process that starts programs there is no run, and no job either.
pub(crate) fn of_the_spawner() {
    for jobs in ["0", "0122"] {
        let Case { program, spawner, mark } = start(jobs, None);
        kill(pid(spawner), Signal::SIGKILL).expect("it lives");
        let (lines, code) = program.rest();
        assert_eq!(code, Some(0), "{lines:?}");
        let error = lines.iter().find(|line| line.starts_with("error: "));
        assert!(error.is_some_and(|e| e.contains("the process that starts programs")), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("left []"), "{lines:?}");
        // What was killed when the run ended may be on its way.
        wait_for_end_of(&mark);
    }
}

/// The first Ctrl-C starts nothing more, and lets jobs go on.
pub(crate) fn by_one_interrupt() {
    let Case { mut program, mark, .. } = start("01", None);
    program.interrupt();
    program.until("interrupt 1");
    assert!(marked(&mark).len() >= 2);
    // When they end by themselves, or by somebody else, that was all.
    marked(&mark).into_iter().for_each(crate::helper::end);
    let (lines, _) = program.rest();
    let count = |of: &str| lines.iter().filter(|l| l.ends_with(of)).count();
    assert_eq!(count("Signal(9) None"), 2, "{lines:?}");
    assert!(lines.contains(&"over: 0 2 1 1".to_owned()), "{lines:?}");
}

/// The second asks jobs to end, the third does not ask.
pub(crate) fn by_more_interrupts() {
    let Case { mut program, mark, .. } = start("012", None);
    program.interrupt();
    program.until("interrupt 1");
    program.interrupt();
    program.until("interrupt 2");
    // Only one of them hears it with all its processes.
    assert_eq!(program.until("end"), "end 0 Signal(15) Some(Stopped)");
    assert!(!marked(&mark).is_empty());
    program.interrupt();
    program.until("interrupt 3");
    let (lines, _) = program.rest();
    assert_eq!(lines.iter().filter(|l| l.starts_with("end ")).count(), 2, "{lines:?}");
    assert!(lines.contains(&"end 1 Signal(9) Some(Stopped)".to_owned()), "{lines:?}");
    assert!(lines.contains(&"end 2 Signal(15) Some(Stopped)".to_owned()), "{lines:?}");
    assert!(lines.contains(&"over: 0 3 1 3".to_owned()), "{lines:?}");
    assert_eq!(marked(&mark), [] as [u32; 0]);
}

/// Ctrl-Z stops the jobs too, and their time.
pub(crate) fn by_a_stop() {
    let Case { mut program, mark, .. } = start("02", Some("6s"));
    let all = marked(&mark);
    kill(pid(program.pid()), Signal::SIGTSTP).expect("it lives");
    let still = |&p: &u32| state(p) == Some('T');
    wait_until("all stand still", || all.iter().chain([&program.pid()]).all(still));
    let since = std::time::Instant::now();
    // Longer than the limit: what passes here is what is tested.
    wait_until("time has passed", || since.elapsed() > Duration::from_millis(6200));
    kill(pid(program.pid()), Signal::SIGCONT).expect("it lives");
    wait_until("all go on", || !all.iter().chain([&program.pid()]).any(still));
    step("they go on");
    // Over its time it would be ended at once, and would not hear the interrupts.
    program.interrupt();
    assert_eq!(program.until("interrupt"), "interrupt 1");
    kill(pid(program.pid()), Signal::SIGKILL).expect("it lives");
    let (lines, _) = program.rest();
    assert!(!lines.iter().any(|l| l.contains("Timeout")), "{lines:?}");
    wait_for_end_of(&mark);
}

/// Jobs of all kinds for as long as nobody kills it: for the soak test.
pub(crate) fn for_a_while() -> ExitCode {
    let mark = std::env::var("MARK").expect("the case says so");
    let mut seed: u64 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).expect("likewise");
    let scripts = [
        "exit 0",
        "exit 3",
        "kill -9 $$",
        r#"( setsid bash -c 'sleep 1000; true' "$1" "$1" & ); sleep 0.01"#,
        r#"( setsid env -i PATH="$PATH" bash -c 'trap "" TERM; sleep 1000; true' "$1" "$1" & ); sleep 0.02"#,
        "head -c 300000 /dev/zero; sleep 0.01",
        "trap '' TERM; sleep 1000; true",
        "sleep 0.05",
    ];
    let mut jobs = Jobs::prepare().expect("one thread");
    let turns = random(&mut seed) % 3 + 1;
    for _ in 0..turns {
        let count = random(&mut seed) as usize % 40 + 1;
        let specs = (0..count).map(|i| {
            let script = scripts[random(&mut seed) as usize % scripts.len()];
            let mut job = bash(script, &[&mark]);
            job.tags.push(("timeout", "300ms".into()));
            if one_in(3, &mut seed) {
                job.needs.limit = Some(200 << 20);
            }
            if i > 0 && one_in(3, &mut seed) {
                job.after.push(random(&mut seed) as usize % i);
            }
            job
        });
        let mut book = Book::of(specs.collect());
        let fatal = one_in(4, &mut seed).then_some(count / 2);
        book.listener = Some(Box::new(move |entry| match entry {
            Entry::Closed { job, .. } if Some(*job) == fatal => {
                Err(tine_scheduler::Error::new(tine_scheduler::ErrorKind::Task, "on purpose"))
            }
            _ => Ok(()),
        }));
        let slots = random(&mut seed) as usize % 8 + 1;
        jobs = jobs.slots(slots).grace(Duration::from_millis(50));
        let ran = jobs.run(&mut book, &[]);
        let whole = ran.as_ref().map(|t| t.done + t.failed + t.skipped == count);
        let odd = match whole {
            Ok(whole) => !whole,
            Err(e) => {
                !e.to_string().contains("on purpose") && !e.to_string().contains("starts programs")
            }
        };
        if odd || !marked(&mark).is_empty() && ran.is_ok() {
            return ExitCode::from(9);
        }
        if ran.is_err_and(|e| e.to_string().contains("starts programs")) {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// What programs say when they end is told as it was.
pub(crate) fn as_they_were() {
    let codes = [0, 1, 2, 77, 126, 127, 128, 255];
    let signals = [1, 2, 3, 6, 9, 11, 13, 14, 15, 31, 34, 64];
    let ways = codes.iter().map(|n| bash(&format!("exit {n}"), &[]));
    let deaths = signals
        .iter()
        .map(|n| bash(&format!("ulimit -c 0; exec perl -e 'kill {n}, $$; sleep 1000'"), &[]));
    let mut book = Book::of(ways.chain(deaths).collect());
    let tally = book.run(3);
    assert_eq!((tally.done, tally.failed), (1, codes.len() + signals.len() - 1));
    let expected = codes.map(Exit::Code).into_iter().chain(signals.map(Exit::Signal));
    for (i, exit) in expected.enumerate() {
        let ended = book.ended(i);
        assert_eq!((ended.exit, ended.reason), (exit, None));
    }
}
