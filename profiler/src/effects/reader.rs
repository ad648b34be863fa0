//! Reads memory of this process by address, and knows where it is writable and private.
//! It does not know what lies there.

use std::ops::Range;

/// Reads `buffer.len()` bytes at `address`; whether all of them are there.
#[cfg(target_os = "linux")]
pub(super) fn read(address: usize, buffer: &mut [u8]) -> bool {
    use nix::sys::uio::{RemoteIoVec, process_vm_readv};
    let len = buffer.len();
    let there = [RemoteIoVec { base: address, len }];
    let mut here = [std::io::IoSliceMut::new(buffer)];
    process_vm_readv(nix::unistd::Pid::this(), &mut here, &there) == Ok(len)
}

/// Nothing can be read.
#[cfg(not(target_os = "linux"))]
pub(super) fn read(_address: usize, _buffer: &mut [u8]) -> bool {
    false
}

/// A mapping, as `/proc/self/maps` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) range: Range<usize>,
    pub(super) name: String,
}

/// The mappings that this process may write and shares with nobody, by address.
pub(super) fn writable_mappings() -> Vec<Mapping> {
    let text = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    text.lines().filter_map(mapping).collect()
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (from, to) = fields.next()?.split_once('-')?;
    let hex = |text| usize::from_str_radix(text, 16).ok();
    let access = fields.next()?;
    let name = fields.nth(3).unwrap_or_default().trim_start().to_owned();
    access.starts_with("rw-p").then_some(Mapping { range: hex(from)?..hex(to)?, name })
}

/// Where what closures hold may lie.
#[derive(Debug)]
pub(super) struct Writable(Vec<Range<usize>>);

impl Writable {
    /// That of this process, but for the stack, which is no task's to keep.
    pub(super) fn of_this_process() -> Writable {
        let mappings = writable_mappings().into_iter().filter(|m| m.name != "[stack]");
        Writable(mappings.map(|m| m.range).collect())
    }

    pub(super) fn contains(&self, address: usize) -> bool {
        let after = self.0.partition_point(|r| r.start <= address);
        after.checked_sub(1).is_some_and(|i| self.0[i].contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_maps_are_understood() {
        let heap =
            "55d0c8a00000-55d0c8a21000 rw-p 00000000 00:00 0                          [heap]";
        let range = 0x55d0_c8a0_0000..0x55d0_c8a2_1000;
        assert_eq!(mapping(heap), Some(Mapping { range, name: "[heap]".to_owned() }));
        let named = "7f00-8f00 rw-p 0 08:01 12   /a folder/with spaces";
        assert_eq!(mapping(named).unwrap().name, "/a folder/with spaces");
        assert_eq!(mapping("7f00-8f00 rw-p 0 00:00 0").unwrap().name, "");
        assert_eq!(mapping("7f00-8f00 r--p 0 00:00 0"), None);
        assert_eq!(mapping("7f00-8f00 rw-s 0 00:00 0"), None);
        assert_eq!(mapping("no mapping"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_not_there_is_refused() {
        let here = [7u8; 16];
        let mut buffer = [0; 16];
        assert!(read(here.as_ptr().addr(), &mut buffer) && buffer == here);
        assert!(!read(8, &mut buffer));
        let boxed = Box::new(5u64);
        assert!(Writable::of_this_process().contains(std::ptr::from_ref(&*boxed).addr()));
        assert!(!Writable::of_this_process().contains(8));
    }
}
