//! One look at all threads of a process: whether they sleep, in what, and what they have used.
//! It does not judge what it sees.

use super::calls::Wait;

/// A thread as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Thread {
    tid: i32,
    state: char,
    /// What it waits in; `None` where it runs, or that cannot be read.
    wait: Option<Wait>,
    switches: u64,
    /// Processor time in ticks of the kernel.
    ticks: u64,
    /// Nanoseconds in which it could have run and no processor was free; 0 where that is not known.
    queued: u64,
    faults: u64,
}

/// All threads of a process, as they were seen one after the other.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Scan {
    threads: Vec<Thread>,
    /// Bytes that the process has read and written, where that can be known.
    traffic: u64,
    /// Whether the kernel refuses to say what a thread waits in.
    refused: bool,
}

impl Scan {
    /// Looks at process `pid`. What cannot be read is missing.
    pub(in crate::run) fn of(pid: i32) -> Self {
        let mut scan = Scan { traffic: traffic(pid), ..Scan::default() };
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
        let names = tasks.into_iter().flatten().flatten().map(|t| t.file_name());
        let mut tids: Vec<i32> = names.filter_map(|n| n.to_str()?.parse().ok()).collect();
        tids.sort_unstable();
        for tid in tids {
            scan.look_at(pid, tid);
        }
        scan
    }

    fn look_at(&mut self, pid: i32, tid: i32) {
        let read = |what| std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/{what}"));
        // The system call before the switches: what a later scan finds unchanged, behind its own
        // look at the call, has not been left meanwhile.
        let call = read("syscall");
        self.refused |=
            call.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied);
        let (Ok(status), Ok(stat)) = (read("status"), read("stat")) else { return };
        let wait = call.ok().and_then(|text| Wait::read(&text, pid));
        let queued = read("schedstat").ok().and_then(|text| queued_in(&text)).unwrap_or(0);
        let thread = Thread::read(tid, wait, &status, &stat);
        self.threads.extend(thread.map(|thread| Thread { queued, ..thread }));
    }

    /// Whether every thread sleeps in a system call that is known.
    pub(in crate::run) fn is_all_waits(&self) -> bool {
        let sleeps =
            |t: &Thread| t.state == 'S' && t.wait.as_ref().is_some_and(Wait::may_be_eternal);
        !self.threads.is_empty() && self.threads.iter().all(sleeps)
    }

    /// What each thread waits in.
    pub(in crate::run) fn waits(&self) -> impl Iterator<Item = &Wait> {
        self.threads.iter().filter_map(|t| t.wait.as_ref())
    }

    /// Whether no thread came, went, or was on a processor from this scan to `later`.
    pub(in crate::run) fn is_same_sleep(&self, later: &Scan) -> bool {
        let stamps = |s: &Scan| -> Vec<_> {
            s.threads.iter().map(|t| (t.tid, t.switches, t.ticks)).collect()
        };
        stamps(self) == stamps(later)
    }

    /// Whether nothing but processor time was used from this scan to `later`: no page of memory
    /// that was not there before, not a byte read or written, no thread.
    pub(in crate::run) fn is_same_spot(&self, later: &Scan) -> bool {
        let spots = |s: &Scan| -> Vec<_> { s.threads.iter().map(|t| (t.tid, t.faults)).collect() };
        spots(self) == spots(later) && self.traffic == later.traffic
    }

    /// Processor time of all threads, in seconds.
    pub(in crate::run) fn seconds(&self) -> f64 {
        let ticks: u64 = self.threads.iter().map(|t| t.ticks).sum();
        ticks as f64 / ticks_a_second()
    }

    /// Time in which threads could have run and no processor was free, in seconds.
    pub(in crate::run) fn queued_seconds(&self) -> f64 {
        self.threads.iter().map(|t| t.queued as f64 / 1e9).sum()
    }

    /// Whether what threads wait in may not be read.
    pub(in crate::run) fn is_refused(&self) -> bool {
        self.refused
    }

    /// The threads, by number.
    pub(in crate::run) fn threads(&self) -> &[Thread] {
        &self.threads
    }
}

impl Thread {
    fn read(tid: i32, wait: Option<Wait>, status: &str, stat: &str) -> Option<Thread> {
        let number = |name| value_of(status, name)?.parse::<u64>().ok();
        let switches = number("voluntary_ctxt_switches:")? + number("nonvoluntary_ctxt_switches:")?;
        // Behind the name, which stands in parentheses, and may hold some itself.
        let (_, tail) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = tail.split(' ').collect();
        let state = fields.first()?.chars().next()?;
        let field = |i: usize| fields.get(i)?.parse::<u64>().ok();
        // Numbered from the state, which proc(5) calls field 3.
        let (faults, ticks) = (field(7)? + field(9)?, field(11)? + field(12)?);
        Some(Thread { tid, state, wait, switches, ticks, queued: 0, faults })
    }

    /// What it waits in, where it does and that can be read.
    pub(in crate::run) fn wait(&self) -> Option<&Wait> {
        self.wait.as_ref()
    }
}

/// The value behind `name` in a file of lines `name: value`.
pub(super) fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|l| l.strip_prefix(name)).map(str::trim)
}

/// The time on the queue in a file `schedstat`: processor time, time on the queue, time slices.
fn queued_in(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

fn traffic(pid: i32) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let bytes = |name| value_of(&io, name).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
    bytes("rchar:") + bytes("wchar:")
}

fn ticks_a_second() -> f64 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
    ticks.map_or(100.0, |t| t as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 10 0 2 0 30 4 0 0 20 0 1 0 5 0 0";
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n";
        let t = Thread::read(7, None, status, stat).expect("a thread");
        assert_eq!((t.state, t.switches, t.ticks, t.faults), ('S', 7, 34, 12));
    }

    #[test]
    fn time_on_the_queue_is_the_second_number() {
        assert_eq!(queued_in("2200815 37000 3\n"), Some(37_000));
        assert_eq!(queued_in("2200815"), None);
    }

    #[test]
    fn damaged_files_are_no_threads() {
        assert!(Thread::read(7, None, "", "").is_none());
        assert!(Thread::read(7, None, "voluntary_ctxt_switches: 1\n", "7 (x) S 1").is_none());
    }
}
