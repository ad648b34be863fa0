//! What tasks do that they should not.
//! It does not know what the engine makes of it.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::getppid;
use tine::scheduler::ErrorKind;

use crate::graphs::{Before, Random};

/// One way to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misdeed {
    Panic,
    Abort,
    Exit,
    Segfault,
    Kill,
    StackOverflow,
}

impl Misdeed {
    pub(crate) fn any(random: &mut Random) -> Misdeed {
        use Misdeed::{Abort, Exit, Kill, Panic, Segfault, StackOverflow};
        [Panic, Abort, Exit, Segfault, Kill, StackOverflow][random.below(6)]
    }

    /// The kind of error that it ends in.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Misdeed::Panic => ErrorKind::Panic,
            Misdeed::Exit => ErrorKind::Exited,
            _ => ErrorKind::Died,
        }
    }

    fn commit(self) {
        match self {
            Misdeed::Panic => panic!("as asked for"),
            Misdeed::Abort => std::process::abort(),
            Misdeed::Exit => std::process::exit(0),
            // The runtime's handler gives the first one back: it is no stack overflow.
            Misdeed::Segfault => (0..2).for_each(|_| end_by(Signal::SIGSEGV)),
            Misdeed::Kill => end_by(Signal::SIGKILL),
            Misdeed::StackOverflow => {
                std::hint::black_box(deep(1));
            }
        }
    }
}

fn end_by(signal: Signal) {
    // Nothing to be done where it cannot be sent: the answer is then right, which is no fault.
    let _ = raise(signal);
}

/// Never comes back.
fn deep(n: u64) -> u64 {
    let room = std::hint::black_box([n; 512]);
    if room[0] == 0 { 0 } else { deep(n + 1) + room[511] }
}

/// A task that commits it: each time, or only the first of those who come to it.
pub(crate) fn hook(misdeed: Misdeed, bad: usize, always: bool) -> io::Result<Before> {
    // One message, for whoever takes it first, in whichever process.
    let (from, to) = UnixDatagram::pair()?;
    to.set_nonblocking(true)?;
    from.send(&[1])?;
    Ok(Arc::new(move |node| {
        if node == bad && (always || to.recv(&mut [0]).is_ok()) {
            misdeed.commit();
        }
    }))
}

/// A task that presses Ctrl-C, as far as the process is concerned that waits for it.
pub(crate) fn interrupting(at: usize) -> Before {
    let parent = std::process::id() as i32;
    Arc::new(move |node| {
        let me = getppid();
        if node == at && me.as_raw() == parent {
            let _ = kill(me, Signal::SIGINT);
        }
    })
}
