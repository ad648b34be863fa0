//! What a map says of jobs that have ended, and where their output goes.

use tine_scheduler::jobs::Exit;

use super::*;
use crate::gates::Halted;
use crate::template::{Marks, Reading, Template};

fn ended(exit: Exit, reason: Option<Reason>) -> Ended {
    Ended {
        exit,
        reason,
        started: Duration::ZERO,
        ended: Duration::ZERO,
        user: Duration::ZERO,
        system: Duration::ZERO,
        peak: 0,
        read: 0,
        written: 0,
        printed: [0, 0],
        leftovers: 0,
        out_of_memory: false,
    }
}

#[test]
fn codes_are_those_of_shells() {
    let code = |exit| verdict::code(&ended(exit, None));
    assert_eq!(code(Exit::Code(3)), 3);
    assert_eq!(code(Exit::Signal(9)), 137);
    assert_eq!(code(Exit::NotStarted(nix::errno::Errno::ENOENT as i32)), 127);
    assert_eq!(code(Exit::NotStarted(nix::errno::Errno::EACCES as i32)), 126);
    // One that was ended has failed, whatever it says.
    assert_eq!(verdict::code(&ended(Exit::Code(0), Some(Reason::Memory(1)))), 1);
}

#[test]
fn only_what_a_program_cannot_say_is_said() {
    let said = |exit, reason| verdict::explain(&ended(exit, reason));
    assert_eq!(said(Exit::Code(1), None), None);
    assert_eq!(said(Exit::Signal(15), Some(Reason::Stopped)), None);
    let timeout = said(Exit::Signal(15), Some(Reason::Timeout(Duration::from_secs(2))));
    assert_eq!(timeout.as_deref(), Some("was ended because it ran for more than 2.00 s"));
    assert!(said(Exit::NotStarted(2), None).is_some_and(|text| text.contains("No such file")));
}

#[test]
fn failures_are_counted_up_to_a_hundred() {
    let of = |failed, halted| Outcome { failed, done: 0, known: 0, halted, unread: false }.code();
    assert_eq!([of(0, None), of(100, None), of(101, None), of(5_000, None)], [0, 100, 101, 101]);
    assert_eq!(of(2, Some(Halted { when: When::Soon, code: 7 })), 7);
}

#[test]
fn commands_read_as_lines_of_a_shell() {
    let filling = Filling::new(&[b"a b"]);
    let template = |reading| Template::command(&["echo", "$x"], &Marks::default(), reading);
    let shell = Work::new(template(Reading::default()).unwrap(), Some("sh".into()));
    let argv = shell.argv(&filling).unwrap();
    assert_eq!(argv, ["sh", "-c", "echo $x 'a b'"].map(OsString::from));
    assert_eq!(shell.line(&argv), "echo $x 'a b'");
    let words = Reading { words: true, ..Reading::default() };
    let direct = Work::new(template(words).unwrap(), None);
    let argv = direct.argv(&filling).unwrap();
    assert_eq!(argv, ["echo", "$x", "a b"].map(OsString::from));
    assert_eq!(direct.line(&argv), "echo '$x' 'a b'");
}
