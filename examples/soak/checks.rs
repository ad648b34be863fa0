//! What must be so after every run: the answer, and nothing left behind.
//! It does not know what was run.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use tine::scheduler::memory_in_use;

use crate::spec::Outcome;

/// Runs before what the process holds is taken as what it may hold.
const WARM_UP: u64 = 40;
/// More memory than at first is too much when it is as much as this.
const SLACK: u64 = 32 << 20;

/// What was seen.
pub(crate) struct Checks {
    began: Instant,
    length: Duration,
    steps: u64,
    wrong: u64,
    faults: u64,
    /// Descriptors after the warm-up, and now.
    descriptors: Option<[usize; 2]>,
    /// The most private memory in the first and in the last minute, or third of the time.
    peaks: [u64; 2],
    /// The most bytes in memory files.
    shared: u64,
    /// Private memory after the last run.
    own: u64,
}

impl Checks {
    pub(crate) fn begin(length: Duration) -> Self {
        Checks {
            began: Instant::now(),
            length,
            steps: 0,
            wrong: 0,
            faults: 0,
            descriptors: None,
            peaks: [0; 2],
            shared: 0,
            own: 0,
        }
    }

    /// Something that must not be.
    #[expect(clippy::print_stderr, reason = "the program's output")]
    pub(crate) fn fault(&mut self, what: &str, why: &str) {
        self.faults += 1;
        eprintln!("soak: {what}: {why}");
    }

    /// Compares an answer, unless it is an error that may be.
    pub(crate) fn answer(&mut self, what: &str, got: &Outcome, expected: &Outcome, excused: bool) {
        if got != expected && !excused {
            self.wrong += u64::from(got.is_ok());
            self.fault(what, &format!("{got:?} instead of {expected:?}"));
        }
    }

    /// Looks at what is left between runs; `empty` where no result is held.
    pub(crate) fn leftovers(&mut self, empty: bool, keeper: u32) {
        self.steps += 1;
        if empty && memory_in_use() != 0 {
            self.fault("after a run", &format!("{} bytes of results", memory_in_use()));
        }
        let children: Vec<u32> = children().into_iter().filter(|&pid| pid != keeper).collect();
        if !children.is_empty() {
            self.fault("after a run", &format!("children {children:?}"));
        }
        let left = threads();
        if left != 1 {
            self.fault("after a run", &format!("{left} threads"));
        }
        let files = Files::open();
        self.shared = self.shared.max(files.shared);
        if empty && files.on_disk > 0 {
            self.fault("after a run", &format!("{} bytes on disk", files.on_disk));
        }
        self.count_descriptors(files.count);
        self.measure();
        if self.steps.is_multiple_of(100) {
            self.look_for_names();
        }
    }

    fn count_descriptors(&mut self, now: usize) {
        if self.steps < WARM_UP {
            return;
        }
        let [first, before] = *self.descriptors.get_or_insert([now, now]);
        if now > before {
            self.fault("after a run", &format!("{now} descriptors, {first} at first"));
        }
        self.descriptors = Some([first, now]);
    }

    fn measure(&mut self) {
        let (elapsed, span) = (self.began.elapsed(), Duration::from_secs(60).min(self.length / 3));
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"));
        let kb: Option<u64> = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
        let bytes = kb.unwrap_or(0) << 10;
        self.own = bytes;
        if elapsed < span {
            self.peaks[0] = self.peaks[0].max(bytes);
        } else if elapsed > self.length.saturating_sub(span) {
            self.peaks[1] = self.peaks[1].max(bytes);
        }
    }

    /// Spill files have no names.
    fn look_for_names(&mut self) {
        let mine = format!("tine-spill-{}", std::process::id());
        let temporary = std::env::temp_dir();
        for folder in [temporary.as_path(), "/var/tmp".as_ref(), ".".as_ref()] {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for entry in entries {
                if entry.file_name().to_string_lossy().starts_with(&mine) {
                    self.fault("after a run", &format!("a file {}", entry.path().display()));
                }
            }
        }
    }

    /// What can only be said at the end.
    pub(crate) fn end(&mut self) {
        self.look_for_names();
        let [first, last] = self.peaks;
        if last > first + SLACK.max(first / 2) {
            self.fault("at the end", &format!("{last} bytes of its own, {first} at first"));
        }
    }

    pub(crate) fn news(&self) -> String {
        format!("{} faults, {} MB of its own", self.faults, self.own >> 20)
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.faults == 0
    }

    /// Fields of the report.
    pub(crate) fn json(&self) -> String {
        let [fds, fds_last] = self.descriptors.unwrap_or_default();
        let [peak, peak_last] = self.peaks;
        format!(
            "\"rss_first\":{peak},\"rss_last\":{peak_last},\"shared_peak\":{},\"fds_first\":{fds},\
             \"fds_last\":{fds_last},\"wrong\":{},\"hangs\":0,\"faults\":{}",
            self.shared, self.wrong, self.faults
        )
    }
}

/// Threads of this process. One that has been joined may be on its way out for a moment.
fn threads() -> usize {
    let count = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let began = Instant::now();
    while count() > 1 && began.elapsed() < Duration::from_secs(1) {
        std::thread::yield_now();
    }
    count()
}

/// Children of this process, zombies included.
fn children() -> Vec<u32> {
    let me = std::process::id();
    let text = std::fs::read_to_string(format!("/proc/self/task/{me}/children"));
    text.unwrap_or_default().split_whitespace().filter_map(|p| p.parse().ok()).collect()
}

/// The descriptors of this process.
struct Files {
    count: usize,
    /// Bytes that memory files hold.
    shared: u64,
    /// Bytes that files without a name hold on disk.
    on_disk: u64,
}

impl Files {
    fn open() -> Files {
        let mut files = Files { count: 0, shared: 0, on_disk: 0 };
        let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        for path in entries.map(|e| e.path()) {
            files.count += 1;
            let target = std::fs::read_link(&path).unwrap_or_default();
            let target = target.to_string_lossy();
            let bytes = || std::fs::metadata(&path).map_or(0, |m| m.blocks() * 512);
            if target.starts_with("/memfd:") {
                files.shared += bytes();
            } else if target.starts_with('/') && target.ends_with("(deleted)") {
                files.on_disk += bytes();
            }
        }
        files
    }
}
