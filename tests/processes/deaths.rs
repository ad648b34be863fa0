//! Each way to die, once: the text of the error, whole, against `golden/deaths.txt`.
//! It does not test kinds and numbers: see `endings`.
//!
//! `BLESS=1` makes what is said now the measure. Only what must vary is replaced: byte counts, times,
//! numbers of threads, addresses, lines of this file.

use std::fmt::Write;
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use tine_scheduler::{Error, ErrorKind, Graph, Processes, Scheduler, get};

use crate::helper::{children, wait_until};
use crate::runner::step;

/// The error of a run whose task `bad(1)` does this, beside and between good ones.
fn failure(bad: fn() -> u64, scheduler: &dyn Scheduler) -> Error {
    let mut g = Graph::builder();
    g.task("good", [] as [&str; 0], || {
        say("a good task says this");
        1u64
    });
    g.task(("bad", 1), ["good"], move |_: &u64| bad());
    g.task("after", [("bad", 1)], |a: &u64| a + 1);
    let graph = g.build().expect("a graph");
    let error = get(&graph, ["after"], scheduler).expect_err("the task fails");
    assert_eq!(children(std::process::id()), [] as [u32; 0], "{error}");
    // The pool is none the worse for it.
    let good = get(&graph, ["good"], scheduler).expect("it does not die");
    assert_eq!(good.get::<u64>(0).map_err(|e| e.to_string()), Ok(1));
    error
}

#[expect(clippy::print_stderr, reason = "tasks print as users' do")]
fn say(line: &str) {
    eprintln!("{line}");
}

fn raise(signal: i32) -> u64 {
    // SAFETY: sends a signal to this process, which is a worker.
    unsafe { libc::raise(signal) };
    0
}

fn with_last_words() -> u64 {
    for i in 0..30 {
        say(&format!("line {i} before the end"));
    }
    std::process::abort()
}

fn segfault() -> u64 {
    let nowhere = std::ptr::without_provenance_mut::<u64>(16);
    // SAFETY: none; the fault is what is tested, in a process of its own.
    unsafe { nowhere.write_volatile(1) };
    0
}

/// A mapping of a file that is too short.
fn bus_error() -> u64 {
    let file = tempfile();
    let len = std::num::NonZeroUsize::new(4096).expect("not zero");
    let flags = nix::sys::mman::MapFlags::MAP_SHARED;
    // SAFETY: a fresh mapping that nobody else knows.
    let start = unsafe {
        nix::sys::mman::mmap(None, len, nix::sys::mman::ProtFlags::PROT_READ, flags, &file, 0)
    };
    let start = start.expect("a mapping").cast::<u64>();
    // SAFETY: none; the fault is what is tested, in a process of its own.
    unsafe { start.as_ptr().read_volatile() }
}

/// An empty file without a name.
fn tempfile() -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let options = options.read(true).write(true).custom_flags(libc::O_TMPFILE);
    options.open(std::env::temp_dir()).expect("a file")
}

#[expect(unconditional_recursion, reason = "the overflow is what is tested")]
fn overflow() -> u64 {
    let array = [1u64; 1000];
    std::hint::black_box(&array);
    overflow() + std::hint::black_box(array)[7]
}

fn out_of_data() -> u64 {
    setrlimit(Resource::RLIMIT_DATA, 64 << 20, 64 << 20).expect("it may be lowered");
    let v = vec![1u8; 1 << 30];
    std::hint::black_box(&v).len() as u64
}

fn out_of_cpu() -> u64 {
    setrlimit(Resource::RLIMIT_CPU, 1, 3).expect("it may be lowered");
    loop {
        std::hint::spin_loop();
    }
}

fn out_of_file_size() -> u64 {
    use std::io::Write as _;
    setrlimit(Resource::RLIMIT_FSIZE, 10, 10).expect("it may be lowered");
    let wrote = tempfile().write_all(&[1; 100]);
    u64::from(wrote.is_ok())
}

fn from_outside() -> u64 {
    let me = std::process::id();
    let mut killer = std::process::Command::new("sh");
    // Not of the case's group: nobody is left to reap it.
    std::os::unix::process::CommandExt::process_group(&mut killer, 0);
    let mut child = killer.args(["-c", &format!("kill -KILL {me}")]).spawn().expect("a shell");
    let _ = child.wait();
    wait_until("the signal comes", || false);
    0
}

fn stuck() -> u64 {
    loop {
        std::thread::yield_now();
    }
}

/// Replaces numbers that vary.
fn normal(error: &Error) -> String {
    let text = error.to_string();
    let mut out = String::new();
    let mut rest = text.as_str();
    let varying: [(&str, &[&str]); 5] = [
        ("peak memory ", &[" beyond"]),
        ("timeout of 1.00 s: for ", &[" |"]),
        ("deaths.rs:", &[" |"]),
        ("thread 'main' (", &[")"]),
        ("thread '<unnamed>' (", &[")"]),
    ];
    while let Some((at, begin, ends)) = varying
        .iter()
        .filter_map(|(begin, ends)| Some((rest.find(begin)?, begin, ends)))
        .min_by_key(|found| found.0)
    {
        let from = at + begin.len();
        out += &rest[..from];
        out.push('N');
        rest = &rest[from..];
        let end = ends.iter().filter_map(|e| rest.find(e)).min().unwrap_or(rest.len());
        rest = &rest[end..];
    }
    out + rest
}

/// What a task does, by a name for it.
type Way = (&'static str, fn() -> u64);

const WAYS: &[Way] = &[
    ("abort", || std::process::abort()),
    ("abort after many lines", with_last_words),
    ("segmentation fault", segfault),
    ("bus error", bus_error),
    ("illegal instruction", || raise(libc::SIGILL)),
    ("arithmetic error", || raise(libc::SIGFPE)),
    ("stack overflow", overflow),
    ("exit(0)", || std::process::exit(0)),
    ("exit(3)", || std::process::exit(3)),
    ("SIGTERM", || raise(libc::SIGTERM)),
    ("SIGKILL from outside", from_outside),
    ("SIGUSR1", || raise(libc::SIGUSR1)),
    ("a real-time signal", || raise(libc::SIGRTMIN() + 3)),
    ("limit of file size", out_of_file_size),
    ("limit of data", out_of_data),
    ("limit of CPU time", out_of_cpu),
];

/// Compares with the golden file, or makes it.
fn compare(file: &str, got: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/processes/golden/");
    let path = std::path::Path::new(path).join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, got).expect("the folder is there");
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, want, "see {}; BLESS=1 makes it the measure", path.display());
}

pub(crate) fn read_as_they_should() {
    let mut all = String::new();
    for (name, bad) in WAYS {
        step(name);
        // One death is told like four, and four seconds of CPU are long.
        let once = *name == "limit of CPU time";
        let scheduler = Processes::new().workers(2);
        let scheduler = if once { scheduler.allowed_failures(0) } else { scheduler };
        let error = failure(*bad, &scheduler);
        let died = matches!(error.kind(), ErrorKind::Died | ErrorKind::Exited);
        assert!(died && error.task() == Some("bad(1)"), "{error}");
        assert!(error.peak().is_some() && error.group() == Some("bad"), "{error}");
        writeln!(all, "## {name}\n{}\n", normal(&error)).expect("a string");
    }
    step("timeout");
    let timed = Processes::new().workers(2).task_timeout(Duration::from_secs(1));
    let error = failure(stuck, &timed);
    assert_eq!((error.kind(), error.task()), (ErrorKind::Timeout, Some("bad(1)")), "{error}");
    writeln!(all, "## timeout\n{}", normal(&error)).expect("a string");
    compare("deaths.txt", &all);
}

/// The last lines are those of the task that died, also where the first death is the last.
pub(crate) fn tell_no_lines_of_others() {
    for turn in 0..20 {
        let scheduler = Processes::new().workers(1 + turn % 2).allowed_failures(0);
        let error = failure(
            || {
                say("said by the one that dies");
                std::process::abort()
            },
            &scheduler,
        );
        assert_eq!(error.stderr(), Some("said by the one that dies"), "{error}");
    }
}

/// Under a memory limit of its own: the kernel's count tells its kill from others.
pub(crate) fn for_lack_of_memory() {
    let Some(group) = Group::with_limit(96 << 20) else {
        step("no control group can be made here: nothing to see");
        return;
    };
    let program = crate::helper::command("takes too much").spawn_in(&group);
    let (lines, code) = program.rest();
    drop(group);
    assert_eq!(code, Some(1), "{lines:?}");
    let text = lines.join("\n");
    assert!(
        text.contains("Died task task(1) was ended by SIGKILL (killed by the kernel"),
        "{text}"
    );
    assert!(text.contains("| limit 96.00 MiB (") || text.contains("| limit "), "{text}");
    assert!(text.contains("| attempt 2 of 2"), "{text}");
}

/// A control group of version 1, where this process may make one.
struct Group(std::path::PathBuf);

impl Group {
    fn with_limit(bytes: u64) -> Option<Self> {
        let name = format!("/sys/fs/cgroup/memory/tine-test-{}", std::process::id());
        std::fs::create_dir(&name).ok()?;
        let group = Group(name.into());
        std::fs::write(group.0.join("memory.limit_in_bytes"), bytes.to_string()).ok()?;
        Some(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let empty =
            || std::fs::read_to_string(self.0.join("cgroup.procs")).is_ok_and(|s| s.is_empty());
        wait_until("the group is empty", empty);
        let _ = std::fs::remove_dir(&self.0);
    }
}

trait SpawnIn {
    fn spawn_in(self, group: &Group) -> crate::helper::Program;
}

impl SpawnIn for std::process::Command {
    fn spawn_in(self, group: &Group) -> crate::helper::Program {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(format!("echo $$ > {}/cgroup.procs && exec \"$0\"", group.0.display()));
        shell.arg(self.get_program());
        for (name, value) in self.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        crate::helper::Program::spawn(&mut shell)
    }
}
