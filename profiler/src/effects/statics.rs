//! The statics of the program: their bytes, and which one lies at an address.
//! It does not know who changes them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::reader::{read, writable_mappings};
use crate::alloc;

/// Programs with more of them are not looked at: it would take too long.
const MOST: usize = 4 << 20;
/// Words that are reported of one look.
const CHANGES: usize = 64;
/// Crates whose statics are theirs alone: counters, caches and locks that every program has.
const FOREIGN: [&str; 12] = [
    "std",
    "core",
    "alloc",
    "tine",
    "tine_scheduler",
    "tine_profiler",
    "tine_collection",
    "tine_delayed",
    "tine_viz",
    "libc",
    "log",
    "proc_macro",
];

/// Where the writable statics of this program lie.
#[derive(Debug)]
pub(super) struct Statics(Vec<Range<usize>>);

impl Statics {
    /// Looks up where they are: the program's own writable mappings, and what follows the last of
    /// them without a gap, which has no file because it starts as zeros.
    pub(super) fn of_this_program() -> Statics {
        let program = std::env::current_exe().unwrap_or_default();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for mapping in writable_mappings() {
            let follows = ranges.last().is_some_and(|r| r.end == mapping.range.start);
            let own = std::path::Path::new(&mapping.name) == program;
            if own || (follows && mapping.name.is_empty()) {
                ranges.push(mapping.range);
            }
        }
        let ranges = without(ranges, &alloc::own_statics());
        let all: usize = ranges.iter().map(Range::len).sum();
        Statics(if all <= MOST { ranges } else { Vec::new() })
    }

    /// Their bytes now; empty where they cannot be read.
    pub(super) fn read(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.0.iter().map(Range::len).sum()];
        let mut rest = &mut bytes[..];
        for range in &self.0 {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(range.len());
            rest = after;
            if !read(range.start, here) {
                return Vec::new();
            }
        }
        bytes
    }

    /// Addresses of words that are others than they were; a few, where they are many.
    pub(super) fn changed(&self, before: &[u8]) -> Vec<usize> {
        let now = self.read();
        if now.len() != before.len() {
            return Vec::new();
        }
        let mut addresses = self.0.iter().flat_map(|r| r.clone().step_by(8));
        let pairs = before.chunks(8).zip(now.chunks(8));
        let changed = pairs.filter_map(|(a, b)| {
            let address = addresses.next()?;
            (a != b).then_some(address)
        });
        changed.take(CHANGES).collect()
    }
}

/// The ranges but for what lies in `hole`.
fn without(ranges: Vec<Range<usize>>, hole: &Range<usize>) -> Vec<Range<usize>> {
    let parts = |r: Range<usize>| {
        [r.start..r.end.min(hole.start).max(r.start), r.start.max(hole.end).min(r.end)..r.end]
    };
    let inside = |r: &Range<usize>| !r.is_empty();
    ranges.into_iter().flat_map(parts).filter(inside).collect()
}

/// The names of the statics at these addresses of this program; `None` for what has no name, or is
/// no user's.
pub(super) fn names(addresses: &[usize]) -> Vec<Option<String>> {
    let symbols = symbols().unwrap_or_default();
    let name = |address: &usize| {
        let (start, (size, name)) = symbols.range(..=address).next_back()?;
        (address - start < *size).then(|| name.clone()).flatten()
    };
    addresses.iter().map(name).collect()
}

/// The statics of this program by address: size and name, where it is a user's.
#[cfg(target_os = "linux")]
fn symbols() -> Option<BTreeMap<usize, (usize, Option<String>)>> {
    use object::{Object, ObjectSymbol, SymbolKind};
    let path = std::env::current_exe().ok()?;
    let file = std::fs::read(&path).ok()?;
    let object = object::File::parse(&*file).ok()?;
    let base = base(&path)?;
    let statics = object.symbols().filter(|s| s.kind() == SymbolKind::Data && s.size() > 0);
    let one = |s: object::Symbol<'_, '_>| {
        let name = s.name().ok().and_then(|n| users(&format!("{:#}", rustc_demangle::demangle(n))));
        (base + s.address() as usize, (s.size() as usize, name))
    };
    Some(statics.map(one).collect())
}

#[cfg(not(target_os = "linux"))]
fn symbols() -> Option<BTreeMap<usize, (usize, Option<String>)>> {
    None
}

/// Where the program was loaded: its first mapping. One that is not moved has addresses as they are.
#[cfg(target_os = "linux")]
fn base(path: &std::path::Path) -> Option<usize> {
    use object::{Object, ObjectKind};
    let file = std::fs::read(path).ok()?;
    if object::File::parse(&*file).ok()?.kind() == ObjectKind::Executable {
        return Some(0);
    }
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let first = maps.lines().find(|l| l.ends_with(&*path.to_string_lossy()))?;
    usize::from_str_radix(first.split('-').next()?, 16).ok()
}

/// The name, where a user has written it.
fn users(name: &str) -> Option<String> {
    let of = name.trim_start_matches('<').split("::").next()?;
    let is_rust = name.contains("::");
    (is_rust && !FOREIGN.contains(&of)).then(|| name.to_owned())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    static COUNT: AtomicU64 = AtomicU64::new(1);
    static ZERO: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn changes_are_found() {
        let statics = Statics::of_this_program();
        let before = statics.read();
        assert!(!before.is_empty());
        COUNT.fetch_add(1, Ordering::Relaxed);
        ZERO.fetch_add(1, Ordering::Relaxed);
        let changed = statics.changed(&before);
        for place in [&COUNT, &ZERO] {
            assert!(changed.contains(&std::ptr::from_ref(place).addr()), "{changed:x?}");
        }
    }

    #[test]
    fn a_hole_is_cut_out() {
        let cut = |hole| without(vec![10..20, 30..40], &hole);
        assert_eq!(cut(14..16), [10..14, 16..20, 30..40]);
        assert_eq!(cut(5..15), [15..20, 30..40]);
        assert_eq!(cut(10..40), []);
        assert_eq!(cut(20..30), [10..20, 30..40]);
    }

    #[test]
    fn only_names_of_users_count() {
        assert_eq!(users("my_crate::work::COUNT").as_deref(), Some("my_crate::work::COUNT"));
        assert_eq!(users("std::io::stdio::STDOUT"), None);
        assert_eq!(users("tine_profiler::effects::statics::tests::COUNT"), None);
        assert_eq!(users("environ"), None);
    }

    #[test]
    fn statics_have_names() {
        let address = std::ptr::from_ref(&COUNT).addr();
        let symbols = symbols().expect("the test program is not stripped");
        let (start, (size, _)) = symbols.range(..=address).next_back().expect("it is there");
        assert_eq!((*start, *size), (address, 8));
    }
}
