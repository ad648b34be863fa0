//! What the kernel says of this machine.
//! It does not know what is decided by it.

use std::fs;

use super::Readings;

/// Readings of `/proc`; there are none on systems that have no such thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Readings for Machine {
    fn running(&mut self) -> Option<u32> {
        running(&fs::read_to_string("/proc/loadavg").ok()?)
    }

    fn available(&mut self) -> Option<u64> {
        available(&fs::read_to_string("/proc/meminfo").ok()?)
    }

    fn left(&mut self) -> Option<u64> {
        tine_scheduler::limits::memory().map(|limit| limit.value)
    }

    fn held_by(&mut self, pid: u32) -> Option<u64> {
        let mut most = resident(pid)?;
        let mut pids = children(pid);
        let mut looked = 0;
        while let Some(pid) = pids.pop() {
            most = most.max(resident(pid).unwrap_or(0));
            pids.extend(children(pid));
            looked += 1;
            if looked > MOST_PROCESSES {
                break;
            }
        }
        Some(most)
    }
}

/// Processes of a job that are looked at: more are not worth the time.
const MOST_PROCESSES: usize = 1000;

/// Bytes of memory that a process has; `None` where there is none of that number.
fn resident(pid: u32) -> Option<u64> {
    kibibytes(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Those that a process has started, and that have not ended.
fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return vec![] };
    let lists = tasks.flatten().filter_map(|task| fs::read(task.path().join("children")).ok());
    let number = |text: &str| text.parse().ok();
    let pids = |list: Vec<u8>| -> Vec<u32> {
        String::from_utf8_lossy(&list).split_whitespace().filter_map(number).collect()
    };
    lists.flat_map(pids).collect()
}

/// From `0.20 0.18 0.12 2/80 11206`: two threads are running, of which one is this.
fn running(loadavg: &str) -> Option<u32> {
    let (running, _) = loadavg.split_whitespace().nth(3)?.split_once('/')?;
    running.parse::<u32>().ok().map(|running| running.saturating_sub(1))
}

fn available(meminfo: &str) -> Option<u64> {
    kibibytes(meminfo, "MemAvailable:")
}

/// From `MemAvailable:   16123 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_understood() {
        assert_eq!(running("0.20 0.18 0.12 2/80 11206\n"), Some(1));
        assert_eq!(running("0.20"), None);
        assert_eq!(available("MemTotal: 1 kB\nMemAvailable:  20 kB\n"), Some(20_480));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_answers() {
        assert!(Machine.running().is_some());
        assert!(Machine.available().is_some_and(|bytes| bytes > 0));
        assert!(Machine.left() <= Machine.available());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_job_has_what_its_largest_process_has() {
        use std::io::{BufRead, BufReader};
        use std::process::{Command, Stdio};
        // The second has a block of 20 MB, filled when it has written it once.
        let script = "{ dd if=/dev/zero bs=20M count=2 2>/dev/null; echo; } | cat";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        assert!(!out.fill_buf().expect("it writes").is_empty());
        let held = Machine.held_by(child.id()).expect("it runs");
        std::io::copy(&mut out, &mut std::io::sink()).expect("it can be read");
        let pid = child.id();
        child.wait().expect("it ends");
        assert!((20 << 20..40 << 20).contains(&held), "{held}");
        assert_eq!(Machine.held_by(pid), None);
    }
}
