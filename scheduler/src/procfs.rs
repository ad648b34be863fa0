//! What the kernel says of this process: CPU time, page faults and private memory.
//! It keeps nothing.

/// What a thread has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU nanoseconds, to a thousand.
    pub(crate) cpu: u64,
    /// Page faults that needed no disk.
    pub(crate) minor_faults: u64,
    /// Page faults that waited for one.
    pub(crate) major_faults: u64,
    /// Times that it gave its processor up by itself.
    pub(crate) waits: u64,
}

/// What the calling thread has used: one system call.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn thread_usage() -> Usage {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Usage::default() };
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Usage {
        cpu: count(cpu) * 1000,
        minor_faults: count(usage.minor_page_faults()),
        major_faults: count(usage.major_page_faults()),
        waits: count(usage.voluntary_context_switches()),
    }
}

/// The files in which the kernel says what memory this process has, kept open: opening costs six
/// times what reading does.
#[cfg(all(target_os = "linux", not(tine_portable)))]
#[derive(Debug)]
pub(crate) struct Own {
    statm: std::fs::File,
    status: std::fs::File,
    clear_refs: Option<std::fs::File>,
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
impl Own {
    /// Those of the calling process: not of one that it forks later.
    pub(crate) fn open() -> Option<Own> {
        use std::fs::{File, OpenOptions};
        Some(Own {
            statm: File::open("/proc/self/statm").ok()?,
            status: File::open("/proc/self/status").ok()?,
            clear_refs: OpenOptions::new().write(true).open("/proc/self/clear_refs").ok(),
        })
    }

    /// Bytes of memory that this process shares with no file: resident minus shared pages.
    pub(crate) fn private_bytes(&self) -> u64 {
        private_in(read(&self.statm, &mut [0; 128]))
    }

    /// Lets the peak begin anew; whether the kernel does.
    pub(crate) fn forget_peak(&self) -> bool {
        use std::os::unix::fs::FileExt;
        // "5" resets the peak of resident memory, and touches no page.
        self.clear_refs.as_ref().is_some_and(|f| f.write_at(b"5", 0).is_ok())
    }

    /// The most memory of its own that it had, in bytes: what it shares with files now is taken off
    /// the peak of all, so that it is too low where that has grown since.
    pub(crate) fn private_peak(&self) -> u64 {
        let mut buffer = [0; 4096];
        let status = read(&self.status, &mut buffer);
        let kib = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        };
        let shared = kib("RssFile").unwrap_or(0) + kib("RssShmem").unwrap_or(0);
        kib("VmHWM").unwrap_or(0).saturating_sub(shared) * 1024
    }
}

/// Bytes of memory that this process shares with no file.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn private_bytes() -> u64 {
    private_in(&std::fs::read_to_string("/proc/self/statm").unwrap_or_default())
}

/// The text of a small file, from its beginning.
#[cfg(all(target_os = "linux", not(tine_portable)))]
fn read<'a>(file: &std::fs::File, buffer: &'a mut [u8]) -> &'a str {
    use std::os::unix::fs::FileExt;
    let n = file.read_at(buffer, 0).unwrap_or(0);
    std::str::from_utf8(&buffer[..n]).unwrap_or_default()
}

/// Bytes of memory that a process shares with no file; `statm` is what the kernel says of it.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn private_in(statm: &str) -> u64 {
    let mut fields = statm.split(' ').skip(1).map(|f| f.parse::<u64>().unwrap_or(0));
    let (resident, shared) = (fields.next().unwrap_or(0), fields.next().unwrap_or(0));
    resident.saturating_sub(shared) * 4096
}

/// Not known here.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub(crate) fn thread_usage() -> Usage {
    Usage::default()
}

/// Not known here.
#[cfg(any(not(target_os = "linux"), tine_portable))]
#[derive(Debug)]
pub(crate) struct Own;

#[cfg(any(not(target_os = "linux"), tine_portable))]
impl Own {
    pub(crate) fn open() -> Option<Own> {
        None
    }

    pub(crate) fn private_bytes(&self) -> u64 {
        0
    }

    pub(crate) fn forget_peak(&self) -> bool {
        false
    }

    pub(crate) fn private_peak(&self) -> u64 {
        0
    }
}
