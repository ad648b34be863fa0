//! placeholder
use crate::error::Result;
pub(crate) fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
pub(crate) fn default_workers() -> Result<usize> {
    Ok(cpus())
}
