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
}

/// From `0.20 0.18 0.12 2/80 11206`: two threads are running, of which one is this.
fn running(loadavg: &str) -> Option<u32> {
    let (running, _) = loadavg.split_whitespace().nth(3)?.split_once('/')?;
    running.parse::<u32>().ok().map(|running| running.saturating_sub(1))
}

/// From `MemAvailable:   16123 kB`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
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
    }
}
