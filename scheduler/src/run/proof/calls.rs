//! System calls in which threads wait, as `/proc/PID/task/TID/syscall` shows them.
//! It does not know what else the threads do.

use std::os::unix::fs::FileExt;

use super::maps::{Area, Maps};

/// A wait in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Wait {
    number: i64,
    /// The words that it sleeps on without a timeout, where it is a futex wait.
    words: Vec<Word>,
}

/// A word that a thread sleeps on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    address: u64,
    /// Only threads of the same process can wake it, whatever memory it lies in.
    private: bool,
}

/// `futex_waitv` and `futex_wait` have the same numbers on all processors.
const FUTEX_WAITV: i64 = 449;
const FUTEX_WAIT: i64 = 455;
/// Of the newer calls: the futex is private.
const FUTEX2_PRIVATE: u64 = 128;
/// As many words as `futex_waitv` takes.
const MOST_WORDS: u64 = 128;

impl Wait {
    /// Reads the file's text; `None` for a thread that runs, or sleeps outside of a call.
    pub(super) fn read(text: &str, pid: i32) -> Option<Wait> {
        let mut fields = text.split_whitespace();
        let number: i64 = fields.next()?.parse().ok()?;
        if number < 0 {
            return None;
        }
        let arguments: Vec<u64> = fields
            .map(|f| u64::from_str_radix(f.trim_start_matches("0x"), 16))
            .collect::<Result<_, _>>()
            .ok()?;
        let a: [u64; 6] = arguments.get(..6)?.try_into().ok()?;
        let words = match number {
            libc::SYS_futex => futex(a),
            FUTEX_WAIT if a[4] == 0 => {
                vec![Word { address: a[0], private: a[3] & FUTEX2_PRIVATE != 0 }]
            }
            FUTEX_WAITV if a[3] == 0 => several(pid, a[0], a[1]).unwrap_or_default(),
            _ => Vec::new(),
        };
        Some(Wait { number, words })
    }

    /// Whether it is a futex wait without a timeout.
    pub(super) fn may_be_eternal(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether only a thread of the same process can end it.
    ///
    /// A futex that is not called private is one all the same where its memory belongs to the
    /// process alone: so waits `pthread_join`.
    pub(super) fn is_eternal(&self, maps: &Maps) -> bool {
        let own = |w: &Word| match maps.area(w.address) {
            Some(Area::Shared) | None => false,
            Some(Area::Anonymous | Area::Heap | Area::Stack) => true,
            Some(Area::File(_)) => w.private,
        };
        self.may_be_eternal() && self.words.iter().all(own)
    }

    /// Where the word lies that it sleeps on.
    pub(in crate::run) fn area(&self, maps: &Maps) -> Option<Area> {
        maps.area(self.words.first()?.address)
    }

    /// The call's name, or its number.
    pub(in crate::run) fn name(&self) -> String {
        let known = NAMES.iter().find(|(number, _)| *number == self.number);
        known.map_or_else(|| format!("system call {}", self.number), |(_, n)| (*n).to_owned())
    }
}

/// The word of `futex(word, operation, value, timeout, ..)`, where it is a wait without a timeout.
fn futex([address, operation, _, timeout, ..]: [u64; 6]) -> Vec<Word> {
    let flags = (libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) as u64;
    // The upper half of the register may hold anything.
    let operation = operation & u64::from(u32::MAX);
    let command = (operation & !flags) as i32;
    let waits = command == libc::FUTEX_WAIT || command == libc::FUTEX_WAIT_BITSET;
    let private = operation & libc::FUTEX_PRIVATE_FLAG as u64 != 0;
    if waits && timeout == 0 { vec![Word { address, private }] } else { Vec::new() }
}

/// The words of `futex_waitv`: entries of value, address, flags, and padding.
fn several(pid: i32, at: u64, n: u64) -> Option<Vec<Word>> {
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut entries = vec![0; 24 * usize::try_from(n.min(MOST_WORDS)).ok()?];
    memory.read_exact_at(&mut entries, at).ok()?;
    let word = |entry: &[u8]| {
        let address = u64::from_ne_bytes(entry[8..16].try_into().ok()?);
        let flags = u32::from_ne_bytes(entry[16..20].try_into().ok()?);
        Some(Word { address, private: u64::from(flags) & FUTEX2_PRIVATE != 0 })
    };
    entries.chunks_exact(24).map(word).collect()
}

/// Calls that tasks are found in.
const NAMES: &[(i64, &str)] = &[
    (libc::SYS_futex, "futex"),
    (FUTEX_WAIT, "futex_wait"),
    (FUTEX_WAITV, "futex_waitv"),
    (libc::SYS_read, "read"),
    (libc::SYS_write, "write"),
    (libc::SYS_readv, "readv"),
    (libc::SYS_ppoll, "ppoll"),
    (libc::SYS_pselect6, "pselect6"),
    (libc::SYS_epoll_pwait, "epoll_wait"),
    (libc::SYS_nanosleep, "nanosleep"),
    (libc::SYS_clock_nanosleep, "clock_nanosleep"),
    (libc::SYS_wait4, "wait4"),
    (libc::SYS_waitid, "waitid"),
    (libc::SYS_accept, "accept"),
    (libc::SYS_accept4, "accept4"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_recvfrom, "recvfrom"),
    (libc::SYS_recvmsg, "recvmsg"),
    (libc::SYS_sendto, "sendto"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_fcntl, "fcntl"),
    (libc::SYS_fsync, "fsync"),
    (libc::SYS_rt_sigtimedwait, "sigtimedwait"),
    (libc::SYS_rt_sigsuspend, "sigsuspend"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "pause"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(call: i64, a: [u64; 6]) -> Option<Wait> {
        let a = a.map(|a| format!("{a:#x}")).join(" ");
        Wait::read(&format!("{call} {a} 0x7ffd 0x7fff\n"), 0)
    }

    #[test]
    fn a_futex_wait_without_a_timeout_may_be_eternal() {
        let bitset = 137; // FUTEX_WAIT_BITSET, private
        for operation in [0, 128, bitset, 9 | 256, 0xffff_ffff_0000_0000 | 128] {
            let wait = read(libc::SYS_futex, [0x1000, operation, 2, 0, 0, 0]).expect("a call");
            assert!(wait.may_be_eternal(), "{operation:#x}");
            assert_eq!(wait.name(), "futex");
        }
        assert!(read(FUTEX_WAIT, [0x1000, 2, 0, 130, 0, 0]).expect("a call").may_be_eternal());
    }

    #[test]
    fn all_else_may_not() {
        let timed = [0x1000, 128, 2, 0x7ffd, 0, 0];
        let locks_pi = [0x1000, 128 | 6, 2, 0, 0, 0];
        for a in [timed, locks_pi] {
            assert!(!read(libc::SYS_futex, a).expect("a call").may_be_eternal());
        }
        assert!(
            !read(FUTEX_WAIT, [0x1000, 2, 0, 130, 0x7ffd, 0]).expect("a call").may_be_eternal()
        );
        assert!(!read(libc::SYS_read, [0; 6]).expect("a call").may_be_eternal());
        for text in ["running\n", "-1 0x7ffd 0x7fff\n", "", "202 0x1", "202 x x x x x x"] {
            assert_eq!(Wait::read(text, 0), None, "{text}");
        }
    }

    #[test]
    fn the_memory_decides_who_could_wake() {
        let maps = Maps::parse(
            "1000-2000 rw-s 00000000 00:01 7 /memfd:tine (deleted)\n\
             3000-4000 rw-p 00000000 00:00 0 \n\
             5000-6000 rw-p 00000000 08:01 7 /usr/lib/libx.so\n",
        );
        let wait = |address, operation| {
            read(libc::SYS_futex, [address, operation, 2, 0, 0, 0]).expect("a call")
        };
        let (private, open) = (128, 0);
        for (address, operation, eternal) in [
            (0x1000, private, false),
            (0x1000, open, false),
            (0x3000, private, true),
            (0x3000, open, true),
            (0x5000, private, true),
            (0x5000, open, false),
            (0x9000, private, false),
        ] {
            assert_eq!(wait(address, operation).is_eternal(&maps), eternal, "{address:#x}");
        }
    }
}
