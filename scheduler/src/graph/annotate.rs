//! Tags for the tasks that are created in a scope.
//! It does not know what tags mean.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Tags;

/// The tags of one scope, and its number, which no other scope of this process has.
type Scope = (u64, Arc<Tags>);

thread_local! {
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// Takes the innermost tags away again, also when the scope is left by a panic.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|s| drop(s.pop()));
    }
}

/// Runs `scope` with `tags` put on every task that this thread creates in it.
///
/// Scopes nest: inner tags are added to the outer ones, and win where names are equal.
///
/// ```
/// use tine_scheduler::{Graph, annotate};
/// let mut g = Graph::builder();
/// let task = annotate([("stage", "load"), ("retries", "2")], || {
///     annotate([("stage", "parse")], || g.task("a", None::<&str>, || 1i64))
/// });
/// let tags = g.build()?.tags(task).clone();
/// let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
/// assert_eq!(tags, [pair("retries", "2"), pair("stage", "parse")]);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn annotate<N: Into<String>, V: Into<String>, R>(
    tags: impl IntoIterator<Item = (N, V)>,
    scope: impl FnOnce() -> R,
) -> R {
    // Addresses would not do: those of scopes that have been left are used again.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let tags: Tags = tags.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
    let merged = merge(&annotations(), &tags);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    SCOPES.with_borrow_mut(|s| s.push((number, Arc::new(merged))));
    let _leave = Leave;
    scope()
}

/// The tags in force on this thread, sorted by name.
pub fn annotations() -> Arc<Tags> {
    SCOPES.with_borrow(|s| s.last().map(|(_, tags)| tags.clone())).unwrap_or_default()
}

/// Whether any tags are in force on this thread: cheaper to ask than to look at them.
pub fn is_annotated() -> bool {
    SCOPES.with_borrow(|s| !s.is_empty())
}

/// The number of the innermost scope on this thread, 0 for none.
pub(super) fn scope_number() -> u64 {
    SCOPES.with_borrow(|s| s.last().map_or(0, |(number, _)| *number))
}

/// Both, sorted by name; where names are equal `over` wins.
pub(super) fn merge(under: &Tags, over: &Tags) -> Tags {
    let mut all = under.clone();
    for (name, value) in over {
        match all.binary_search_by(|(n, _)| n.cmp(name)) {
            Ok(i) => all[i].1.clone_from(value),
            Err(i) => all.insert(i, (name.clone(), value.clone())),
        }
    }
    all
}
