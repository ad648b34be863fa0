//! How many CPUs this process may use at a time: affinity and quota of its control groups.
//! It does not know the load of the machine.

use std::path::Path;

use super::cgroup::{self, Group, Version};
use super::{Limit, smallest, text};

/// Returns how many CPUs this process may use: the least of its affinity and the quotas of all
/// control groups around it, rounded to the nearest whole number, and at least 1.
///
/// A quota of 1.5 CPUs gives 2, since two workers waste nothing and one wastes a third; a quota of
/// 2.2 gives 2, since a third worker would mostly wait for the next period.
///
/// Off Linux, what the standard library says.
pub fn cpus() -> Limit {
    let mut limits = vec![affinity()];
    if cfg!(target_os = "linux") {
        limits.extend(quotas(Path::new("/")));
    }
    smallest(limits).expect("there is one")
}

#[cfg(target_os = "linux")]
fn affinity() -> Limit {
    use nix::sched::{CpuSet, sched_getaffinity};
    use nix::unistd::Pid;

    let this_thread = Pid::from_raw(0);
    let count = |set: &CpuSet| (0..CpuSet::count()).filter(|&i| set.is_set(i) == Ok(true)).count();
    match sched_getaffinity(this_thread).as_ref().map(count) {
        Ok(n) if n > 0 => Limit::new(n as u64, "CPU affinity"),
        // The kernel refuses a set smaller than its own, which happens above 1,024 CPUs.
        _ => allowed(Path::new("/")).unwrap_or_else(standard),
    }
}

#[cfg(not(target_os = "linux"))]
fn affinity() -> Limit {
    standard()
}

fn standard() -> Limit {
    match std::thread::available_parallelism() {
        Ok(n) => Limit::new(n.get() as u64, "available parallelism"),
        Err(_) => Limit::new(1, "the number of CPUs being unknown"),
    }
}

/// Returns the affinity that `/proc/self/status` tells of.
pub(super) fn allowed(root: &Path) -> Option<Limit> {
    let status = text(&root.join("proc/self/status"))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut count = 0;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        count += last.checked_sub(first)? + 1;
    }
    Some(Limit::new(count, "CPU affinity"))
}

/// Returns the quota of every control group that has one. `root` stands for `/`.
pub(super) fn quotas(root: &Path) -> Vec<Limit> {
    cgroup::chain(root, "cpu").iter().filter_map(quota).collect()
}

fn quota(group: &Group) -> Option<Limit> {
    let (file, quota, period): (_, f64, f64) = match group.version {
        Version::V2 => {
            let text = group.read("cpu.max")?;
            let mut numbers = text.split_whitespace().map(str::parse);
            ("cpu.max", numbers.next()?.ok()?, numbers.next()?.ok()?)
        }
        Version::V1 => {
            let period = group.number("cpu.cfs_period_us")?;
            ("cpu.cfs_quota_us", group.number("cpu.cfs_quota_us")? as f64, period as f64)
        }
    };
    let cpus = quota / period;
    if !cpus.is_finite() || cpus <= 0.0 {
        return None;
    }
    let source = format!("quota of {cpus:.2} CPUs in {}", group.path(file).display());
    Some(Limit::new((cpus.round() as u64).max(1), source))
}
