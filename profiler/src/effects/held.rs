//! What a task's closure holds: its own bytes, and what lies behind the pointers in them.
//! It does not know the types: it compares bytes.

use tine_scheduler::TaskBody;

use super::reader::{Writable, read};

/// Bytes that are looked at of one allocation.
const MOST: usize = 128;
/// Allocations that are looked at, and how many pointers lead to the last of them.
const ALLOCATIONS: usize = 48;
const DEPTH: u32 = 3;

/// Memory as it was.
#[derive(Debug)]
struct Part {
    address: usize,
    bytes: Vec<u8>,
    depth: u32,
    /// Whether an `Arc` leads here that the program holds as well: a change of what is the
    /// closure's alone is nobody's loss.
    shared: bool,
}

/// What a closure holds, as it was.
#[derive(Debug)]
pub(super) struct Held(Vec<Part>);

impl Held {
    /// What the body of a task holds now.
    pub(super) fn by(body: &dyn TaskBody, writable: &Writable) -> Held {
        let address = std::ptr::from_ref(body).cast::<u8>().addr();
        Held::from(address, size_of_val(body).min(8 * MOST), writable)
    }

    fn from(address: usize, len: usize, writable: &Writable) -> Held {
        let mut parts = Vec::new();
        parts.extend(part(address, len, 0, false));
        let mut next = 0;
        while next < parts.len() && parts.len() < ALLOCATIONS {
            let Part { bytes, depth, shared, .. } = &parts[next];
            let (depth, shared) = (depth + 1, *shared);
            let found: Vec<_> = words(bytes)
                .filter(|p| depth < DEPTH && p % 8 == 0 && writable.contains(*p))
                .collect();
            for pointer in found {
                let known = parts.iter().any(|p: &Part| p.address == pointer);
                if !known && parts.len() < ALLOCATIONS {
                    parts.extend(
                        allocated(pointer).and_then(|len| part(pointer, len, depth, shared)),
                    );
                }
            }
            next += 1;
        }
        Held(parts)
    }

    /// Whether any of it is another now.
    pub(super) fn has_changed(&self) -> bool {
        self.0.iter().filter(|part| part.shared).any(|part| {
            let mut now = vec![0; part.bytes.len()];
            read(part.address, &mut now) && differs(&part.bytes, &now)
        })
    }
}

fn part(address: usize, len: usize, depth: u32, below_shared: bool) -> Option<Part> {
    let mut bytes = vec![0; len];
    read(address, &mut bytes).then_some(())?;
    let owners = counts(&bytes).map_or(0, |(strong, _)| strong);
    let shared = below_shared || (depth > 0 && owners > 1);
    Some(Part { address, bytes, depth, shared })
}

/// What an `Arc` begins with: how many own it, and how many look at it weakly.
fn counts(bytes: &[u8]) -> Option<(usize, usize)> {
    let is_count = |n: &usize| (1..1 << 24).contains(n);
    let mut counts = words(bytes).take(2).filter(is_count);
    Some((counts.next()?, counts.next()?))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&w| usize::from_ne_bytes(w))
}

/// How many bytes may be looked at of what is allocated at `pointer`: what lies behind it is
/// somebody else's. The C library writes an allocation's size before it; other allocators do not,
/// and then there is most often no size here that could be one.
fn allocated(pointer: usize) -> Option<usize> {
    let mut before = [0; size_of::<usize>()];
    read(pointer.checked_sub(before.len())?, &mut before).then_some(())?;
    let chunk = usize::from_ne_bytes(before) & !0xf;
    let is_size = (32..1 << 30).contains(&chunk);
    is_size.then(|| (chunk - size_of::<usize>()).min(MOST))
}

/// Whether two states of an allocation differ in more than how many own it.
fn differs(before: &[u8], now: &[u8]) -> bool {
    // An `Arc` begins with two counts, which a task may hold up for longer than it runs.
    const COUNTS: usize = 2 * size_of::<usize>();
    let from = if before.len() > COUNTS && counts(before).is_some() && counts(now).is_some() {
        COUNTS
    } else {
        0
    };
    before[from..] != now[from..]
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Whether `act` changes what a closure like it holds.
    fn changes<F: Fn()>(act: F) -> bool {
        let act = Box::new(act);
        let writable = Writable::of_this_process();
        let held = Held::from(std::ptr::from_ref(&*act).addr(), size_of::<F>(), &writable);
        act();
        held.has_changed()
    }

    #[test]
    fn changes_are_seen() {
        let count = Arc::new(AtomicU64::new(0));
        let own = count.clone();
        assert!(changes(move || {
            own.fetch_add(1, Ordering::Relaxed);
        }));
        let list = Arc::new(Mutex::new(Vec::new()));
        let own = list.clone();
        assert!(changes(move || own.lock().unwrap().push(1)));
        let deep = Arc::new(Box::new(Mutex::new(BTreeMap::new())));
        let own = deep.clone();
        assert!(changes(move || {
            own.lock().unwrap().insert(1, "one");
        }));
        drop((count, list, deep));
    }

    /// What nobody else can see is lost to nobody: a cache of the closure's own.
    #[test]
    fn what_is_the_closures_alone_may_change() {
        let own = Cell::new(1);
        assert!(!changes(move || own.set(own.get() + 1)));
        let cache = Arc::new(Mutex::new(Vec::new()));
        assert!(!changes(move || cache.lock().unwrap().push(1)));
    }

    #[test]
    fn reading_is_no_change() {
        let table: Arc<Vec<u64>> = Arc::new((0..100).collect());
        let name = String::from("a name");
        let guarded = Arc::new(Mutex::new(5));
        let boxed: Box<dyn Fn(u64) -> u64 + Send> = Box::new(|x| x + 1);
        let copies = Mutex::new(Vec::new());
        let act = || {
            // Others allocate and free beside what is held.
            let sum: u64 = table.iter().chain(&vec![3; 40]).map(|x| boxed(*x)).sum();
            let text = format!("{name}: {sum} {}", guarded.lock().unwrap());
            assert!(text.len() > 5);
            drop(Box::new([text.len(); 9]));
        };
        drop(copies.lock().map(|mut c: std::sync::MutexGuard<'_, Vec<u8>>| c.push(1)));
        assert!(!changes(act));
    }

    #[test]
    fn sharing_is_no_change() {
        let shared = Arc::new(String::from("shared"));
        assert!(!changes(move || std::mem::forget(shared.clone())));
    }
}
