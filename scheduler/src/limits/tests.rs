//! Limits of made machines: trees of `/proc` and `/sys` files, written line by line.

use std::fs;
use std::path::Path;

use super::*;

/// A made machine; `(path, content)` for every file.
fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn quotas(root: &tempfile::TempDir) -> Vec<(u64, String)> {
    cpus::quotas(root.path()).into_iter().map(|l| (l.value, l.source)).collect()
}

fn left(root: &tempfile::TempDir) -> Option<(u64, String)> {
    memory::available(root.path()).map(|l| (l.value, l.source))
}

const GIB: u64 = 1 << 30;

const V2_MOUNT: &str = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

#[test]
fn v2_takes_the_least_of_the_chain() {
    let root = machine(&[
        ("proc/self/cgroup", "0::/user.slice/app.scope\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n"),
        ("sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/user.slice/memory.max", "4294967296\n"),
        ("sys/fs/cgroup/user.slice/memory.high", "max\n"),
        ("sys/fs/cgroup/user.slice/memory.current", "2147483648\n"),
        ("sys/fs/cgroup/user.slice/memory.stat", "anon 5\nfile 9\ninactive_file 1073741824\n"),
        ("sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n"),
        ("sys/fs/cgroup/user.slice/app.scope/memory.high", "max\n"),
        ("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"),
    ]);
    let quota = "quota of 1.50 CPUs in /sys/fs/cgroup/user.slice/cpu.max";
    assert_eq!(quotas(&root), [(2, quota.to_owned())]);
    let source = "what /sys/fs/cgroup/user.slice/memory.max leaves of 4294967296 bytes";
    assert_eq!(left(&root), Some((3 * GIB, source.to_owned())));
}

#[test]
fn v2_high_counts_where_it_is_lower() {
    let root = machine(&[
        ("proc/self/cgroup", "0::/a\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/a/memory.max", "4096"),
        ("sys/fs/cgroup/a/memory.high", "2048"),
        ("sys/fs/cgroup/a/memory.current", "5000"),
    ]);
    let source = "what /sys/fs/cgroup/a/memory.high leaves of 2048 bytes";
    assert_eq!(left(&root), Some((0, source.to_owned())));
}

#[test]
fn the_machine_counts_where_groups_leave_more() {
    let root = machine(&[
        ("proc/self/cgroup", "0::/\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("proc/meminfo", "MemAvailable:    1000 kB\n"),
        ("sys/fs/cgroup/memory.max", "9999999999"),
    ]);
    assert_eq!(left(&root), Some((1_024_000, "MemAvailable in /proc/meminfo".to_owned())));
}

const V1_MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
";

#[test]
fn v1_takes_the_least_of_the_chain() {
    let root = machine(&[
        ("proc/self/cgroup", "4:memory:/a/b\n2:cpu,cpuacct:/a/b\n1:name=systemd:/x\n"),
        ("proc/self/mountinfo", V1_MOUNTS),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "220000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "400000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n"),
        ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1000000\n"),
        ("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 7\ntotal_inactive_file 400000\n"),
        ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "1073741824\n"),
        ("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "100000\n"),
    ]);
    let folder = "/sys/fs/cgroup/cpu,cpuacct/a";
    assert_eq!(
        quotas(&root),
        [
            (4, format!("quota of 4.00 CPUs in {folder}/b/cpu.cfs_quota_us")),
            (2, format!("quota of 2.20 CPUs in {folder}/cpu.cfs_quota_us")),
        ]
    );
    let source = "what /sys/fs/cgroup/memory/a/memory.limit_in_bytes leaves of 1073741824 bytes";
    assert_eq!(left(&root), Some((GIB - 600_000, source.to_owned())));
}

#[test]
fn a_hybrid_counts_both_versions() {
    let mounts =
        format!("{V1_MOUNTS}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    let root = machine(&[
        ("proc/self/cgroup", "4:memory:/a\n0::/b\n"),
        ("proc/self/mountinfo", &mounts),
        ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000\n"),
        ("sys/fs/cgroup/unified/b/memory.max", "1000\n"),
        ("sys/fs/cgroup/unified/b/cpu.max", "20000 100000\n"),
    ]);
    assert_eq!(left(&root).unwrap().0, 1000);
    assert_eq!(quotas(&root)[0].0, 1, "a fifth of a CPU is one worker");
}

#[test]
fn a_container_sees_its_group_as_the_top_of_the_mount() {
    let mounts = "33 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
                  34 31 0:33 /docker/abc /sys/fs/cgroup/my\\040cpu ro - cgroup cgroup rw,cpu\n";
    let root = machine(&[
        ("proc/self/cgroup", "4:memory:/docker/abc/inner\n3:cpu:/docker/abc\n"),
        ("proc/self/mountinfo", mounts),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "500\n"),
        ("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "700\n"),
        ("sys/fs/cgroup/my cpu/cpu.cfs_quota_us", "300000\n"),
        ("sys/fs/cgroup/my cpu/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(left(&root).unwrap().0, 500);
    assert_eq!(quotas(&root)[0].0, 3);
}

#[test]
fn a_group_of_another_namespace_is_known_by_its_mount() {
    for path in ["/../../elsewhere", "/not/below"] {
        let root = machine(&[
            ("proc/self/cgroup", &format!("4:memory:{path}\n0::/..\n")),
            (
                "proc/self/mountinfo",
                "33 31 0:32 /top /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "500\n"),
        ]);
        assert_eq!(left(&root).unwrap().0, 500, "{path}");
    }
}

#[test]
fn nothing_said_is_no_limit() {
    for files in [
        &[][..],
        &[("proc/self/cgroup", "0::/\n")],
        &[("proc/self/cgroup", "0::/\n"), ("proc/self/mountinfo", V2_MOUNT)],
        &[("proc/self/cgroup", "junk\n::\n"), ("proc/self/mountinfo", "junk\n - \n1 2 - cgroup\n")],
        &[
            ("proc/self/cgroup", "0::/a (deleted)\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/meminfo", "MemAvailable: lots\n"),
            ("sys/fs/cgroup/a/cpu.max", "100000 0\n"),
            ("sys/fs/cgroup/cpu.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "max\n"),
        ],
    ] {
        let root = machine(files);
        assert_eq!((quotas(&root), left(&root)), (vec![], None), "{files:?}");
    }
}

#[test]
fn affinity_is_read_from_status() {
    let allowed = |list: &str| {
        let status = format!("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\nMems: 1\n");
        cpus::allowed(machine(&[("proc/self/status", &status)]).path()).map(|limit| limit.value)
    };
    assert_eq!(allowed("0"), Some(1));
    assert_eq!(allowed("0-3,8,10-11"), Some(7));
    assert_eq!(allowed("0-2047"), Some(2048));
    assert_eq!(allowed("3-1"), None);
    assert_eq!(allowed(""), None);
    assert_eq!(cpus::allowed(Path::new("/nowhere")), None);
}

#[test]
fn this_process_has_limits() {
    let cpus = cpus();
    assert!(cpus.value >= 1 && !cpus.source.is_empty(), "{cpus}");
    if cfg!(all(target_os = "linux", not(tine_portable))) {
        let memory = memory().unwrap();
        assert!(memory.value > 1 << 20, "{memory}");
        let allowed = cpus::allowed(Path::new("/")).unwrap();
        assert!(cpus.value <= allowed.value, "{cpus}, but {allowed}");
    }
}
