//! What programs are started with: arguments, environment, folder, descriptors, signals; and those
//! that cannot be started.
//! It does not test how they end.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use tine_scheduler::jobs::Exit;

use super::book::{Book, Spec, bash, program};
use crate::helper::{Program, command};

/// What cannot be started says why, and holds up nobody.
pub(crate) fn that_cannot_be_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "no program").expect("room");
    let nowhere = Spec { cwd: Some(folder.path().join("nowhere")), ..program(["true"]) };
    let long = "x".repeat(1 << 20);
    let nul = OsString::from_vec(b"a\0b".to_vec());
    let nobody: [&str; 0] = [];
    let jobs = vec![
        (program(["tine-no-such-program"]), libc::ENOENT),
        (program(["/nowhere/at/all"]), libc::ENOENT),
        (program([plain.clone().into_os_string()]), libc::EACCES),
        (program([folder.path().as_os_str().to_owned()]), libc::EACCES),
        (nowhere, libc::ENOENT),
        (program(["echo", &long]), libc::E2BIG),
        (program(nobody), libc::ENOENT),
        (program([""]), libc::ENOENT),
        (program([OsString::from("echo"), nul]), libc::EINVAL),
    ];
    let (mut jobs, expected): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
    jobs.push(program(["true"]));
    let mut book = Book::of(jobs);
    let tally = book.run(2);
    assert_eq!((tally.done, tally.failed), (1, expected.len()));
    for (i, errno) in expected.into_iter().enumerate() {
        assert_eq!(book.ended(i).exit, Exit::NotStarted(errno), "job {i}");
    }
}

/// Every byte of every argument and variable arrives; many of them do too.
pub(crate) fn are_given_what_was_said() {
    let odd: Vec<u8> = (1..=255).collect();
    let argument = OsString::from_vec(odd.clone());
    let print =
        Spec { env: vec![("ODD".into(), Some(argument.clone()))], ..program(["printenv", "ODD"]) };
    let many: Vec<OsString> =
        (0..9).map(|i| format!("{i}{}", "y".repeat(100_000)).into()).collect();
    let variables = (0..1000).map(|i| (format!("V{i}").into(), Some("z".repeat(1000).into())));
    let here = tempfile::tempdir().expect("a folder");
    let path = std::fs::canonicalize(here.path()).expect("it is there");
    let jobs = vec![
        program([OsString::from("printf"), "%s".into(), argument]),
        print,
        program(["printf", "%s."].map(OsString::from).into_iter().chain(many.clone())),
        Spec {
            env: variables.collect(),
            ..bash("echo ${#V0} ${#V999}; env | grep -c ^V[0-9]*=z", &[])
        },
        Spec { cwd: Some(path.clone()), ..program(["pwd"]) },
    ];
    let mut book = Book::of(jobs);
    assert_eq!(book.run(2).done, 5, "{:?}", book.entries);
    assert_eq!(book.printed[&0][0], odd);
    assert_eq!(book.printed[&1][0], [&odd[..], b"\n"].concat());
    let joined: Vec<u8> = many.iter().flat_map(|a| [a.as_bytes(), b"."].concat()).collect();
    assert!(book.printed[&2][0] == joined, "{}", book.printed[&2][0].len());
    assert_eq!(book.stdout(3), "1000 1000\n1000\n");
    assert_eq!(book.stdout(4), format!("{}\n", path.display()));
}

/// Variables are inherited, set, replaced and removed; the last word on each counts.
pub(crate) fn have_their_environment() {
    let set = |name: &str, value: Option<&str>| (name.into(), value.map(Into::into));
    let all = [("TINE_A", "1"), ("TINE_B", "2"), ("TINE_C", "3")];
    for (name, value) in all {
        // SAFETY: this process has one thread.
        unsafe { std::env::set_var(name, value) };
    }
    let env = vec![
        set("TINE_B", Some("new")),
        set("TINE_C", None),
        set("TINE_D", Some("first")),
        set("TINE_D", Some("last")),
        set("TINE_E", Some("there")),
        set("TINE_E", None),
        set("TINE_F", None),
        set("TINE_F", Some("=a=b")),
    ];
    let mut book = Book::of(vec![Spec { env, ..bash("env | grep ^TINE_[A-F]= | sort", &[]) }]);
    book.run(1);
    assert_eq!(book.stdout(0), "TINE_A=1\nTINE_B=new\nTINE_D=last\nTINE_F==a=b\n");
}

/// A program finds three open descriptors, a session of its own, and no signal ignored or blocked,
/// whatever this one ignores.
pub(crate) fn find_everything_in_order() {
    for role in ["jobs: ignoring", "jobs: without streams"] {
        let (lines, code) = Program::spawn(&mut command(role)).rest();
        assert_eq!(code, Some(0), "{role}: {lines:?}");
        let expected = ["0 1 2 3", "SigBlk 0", "SigIgn 0", "session leads", "true"];
        assert_eq!(lines, expected, "{role}");
    }
}

/// Runs a job that tells what it finds; in spite of signals that are ignored or blocked here.
pub(crate) fn ignoring() -> ExitCode {
    use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
    let all = [Signal::SIGINT, Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1];
    for one in all {
        // SAFETY: no handler is installed.
        unsafe { signal(one, SigHandler::SigIgn) }.expect("a valid signal");
    }
    SigSet::all().thread_block().expect("a valid set");
    // SAFETY: opened by nobody here.
    unsafe { libc::close(10) };
    look_around()
}

/// As `ignoring`, in a process that has closed its standard streams.
pub(crate) fn without_streams() -> ExitCode {
    use std::os::fd::{FromRawFd, OwnedFd};
    // SAFETY: the new one is used alone below; whatever was there is not.
    let out = unsafe { libc::dup3(1, 10, libc::O_CLOEXEC) };
    assert_eq!(out, 10);
    for fd in 0..3 {
        // SAFETY: nobody uses them below.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
    let book = looked_around();
    // SAFETY: duplicated above for this.
    let mut out = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(out) });
    use std::io::Write;
    write!(out, "{}", book).expect("somebody reads");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "the case listens")]
fn look_around() -> ExitCode {
    print!("{}", looked_around());
    ExitCode::SUCCESS
}

fn looked_around() -> String {
    // What this process was given beside the standard streams is its job's too.
    for (from, to) in [(3, 9), (11, u32::MAX)] {
        // SAFETY: opened by nobody here, but for the tenth.
        unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
    }
    // The descriptor of the folder that is read is the fourth.
    let script = r#"ls -U /proc/self/fd | sort | xargs
        # Two signals are those of the C library, which lets nobody change them.
        for set in SigBlk SigIgn; do
            echo $set $(( 0x$(awk "/^$set/ { print \$2 }" /proc/self/status) & ~0x180000000 ))
        done
        read -r _ _ _ _ _ session _ < /proc/$$/stat; [ $session = $$ ] && echo session leads
        cat && echo true"#;
    let mut book = Book::of(vec![bash(script, &[])]);
    book.run(1);
    book.stdout(0)
}
