//! Where nothing is sampled: systems other than Linux, and other processors.
//! It has the shape of what there is on Linux.

use std::ops::Range;
use std::sync::Arc;

use tine_scheduler::ProbedWorker;

use super::live::Live;
use crate::sampler::system::Shared;

pub(super) fn is_installed() -> bool {
    false
}

pub(super) fn own_statics() -> std::ops::Range<usize> {
    0..0
}

#[inline]
pub(super) fn is_on() -> bool {
    false
}

pub(super) fn allocated(_address: usize, _size: usize) {}

pub(super) fn freed(_address: usize) -> Option<Live> {
    None
}

pub(super) fn put_back(_address: usize, _live: Live) {}

/// The places of a worker in the shared words.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) ring: Range<usize>,
    pub(crate) peak: Range<usize>,
    pub(crate) first_peak: Range<usize>,
}

pub(crate) fn start(_: &Arc<Shared>, _: Places, _: u64, _: &ProbedWorker) -> bool {
    false
}

pub(crate) fn stop() {}
