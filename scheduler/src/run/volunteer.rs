//! Workers offer themselves to the kernel when memory runs out: it takes them before their parent.
//! It does not know how memory is counted.

use std::os::fd::OwnedFd;
use std::sync::OnceLock;

/// Added to the score of a worker, in thousandths of the machine's memory.
const WORSE: i32 = 300;
/// The worst score that there is.
const WORST: i32 = 1000;

const PATH: &str = "/proc/self/oom_score_adj";

/// What a worker writes: made in the parent, as a child should allocate little.
pub(super) fn score() -> &'static str {
    static SCORE: OnceLock<String> = OnceLock::new();
    SCORE.get_or_init(|| {
        let own = std::fs::read_to_string(PATH).ok().and_then(|s| s.trim().parse::<i32>().ok());
        own.map_or_else(String::new, |own| own.saturating_add(WORSE).min(WORST).to_string())
    })
}

/// Raises the score of this process. Where that is refused, it stays as it is.
pub(super) fn step_forward(score: &str) {
    use nix::fcntl::{OFlag, open};
    if score.is_empty() {
        return;
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let file: nix::Result<OwnedFd> = open(PATH, flags, nix::sys::stat::Mode::empty());
    if let Ok(file) = file {
        let _ = nix::unistd::write(&file, score.as_bytes());
    }
}
