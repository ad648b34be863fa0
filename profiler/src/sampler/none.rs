//! Where nobody can look at threads: systems other than Linux, and other processors.
//! It has the shape of what there is on Linux, and refuses.

use std::io;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

/// Words that no other process sees.
#[derive(Debug)]
pub(crate) struct Shared(Vec<AtomicU64>);

impl Shared {
    pub(crate) fn new(_len: usize) -> io::Result<Shared> {
        let text = "samples are taken on Linux alone, on x86-64 and aarch64";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }
}

impl Deref for Shared {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        &self.0
    }
}

pub(super) mod signal {
    use std::io;
    use std::ops::Range;
    use std::sync::Arc;

    use tine_scheduler::ProbedWorker;

    use super::Shared;

    pub(in crate::sampler) fn start(
        _words: &Arc<Shared>,
        _place: Range<usize>,
        _interval: u64,
        _worker: &ProbedWorker,
    ) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in crate::sampler) fn stop() {}
}
