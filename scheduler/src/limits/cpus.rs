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
    limits.extend(quotas(Path::new("/")));
    smallest(limits).expect("there is one")
}

/// Returns how many CPUs this process may run on.
fn affinity() -> Limit {
    match mask() {
        Some(n) if n > 0 => Limit::new(n, "CPU affinity"),
        _ => allowed(Path::new("/")).unwrap_or_else(standard),
    }
}

/// Returns how many CPUs are in this thread's mask; `None` also where the kernel refuses a mask
/// smaller than its own, which happens above 1,024 CPUs.
#[cfg(all(target_os = "linux", not(tine_portable)))]
fn mask() -> Option<u64> {
    use nix::sched::{CpuSet, sched_getaffinity};

    let this_thread = nix::unistd::Pid::from_raw(0);
    let set = sched_getaffinity(this_thread).ok()?;
    Some((0..CpuSet::count()).filter(|&i| set.is_set(i) == Ok(true)).count() as u64)
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
fn mask() -> Option<u64> {
    None
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
