//! Atomics of `loom` under the names that the sources use.
//! It does not know what is kept in them.
//!
//! `loom` takes `SeqCst` on an access for `AcqRel`; it knows a total order of fences only. So a
//! sequentially consistent store or exchange is followed by a fence here, as compilers do it on x86,
//! and a load is a load. That makes an access no stronger against relaxed ones before it.

pub(crate) use loom::thread::yield_now;

pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::fence;
    pub(crate) use std::sync::atomic::Ordering;

    fn after(order: Ordering) {
        if order == Ordering::SeqCst {
            fence(Ordering::SeqCst);
        }
    }

    macro_rules! atomic {
        ($name:ident, $int:ty) => {
            #[derive(Debug, Default)]
            pub(crate) struct $name(loom::sync::atomic::$name);

            impl $name {
                pub(crate) fn new(value: $int) -> Self {
                    $name(loom::sync::atomic::$name::new(value))
                }

                #[track_caller]
                pub(crate) fn load(&self, order: Ordering) -> $int {
                    self.0.load(order)
                }

                #[track_caller]
                pub(crate) fn store(&self, value: $int, order: Ordering) {
                    self.0.store(value, order);
                    after(order);
                }

                #[track_caller]
                pub(crate) fn fetch_add(&self, value: $int, order: Ordering) -> $int {
                    let old = self.0.fetch_add(value, order);
                    after(order);
                    old
                }

                #[track_caller]
                pub(crate) fn fetch_and(&self, value: $int, order: Ordering) -> $int {
                    let old = self.0.fetch_and(value, order);
                    after(order);
                    old
                }

                #[track_caller]
                pub(crate) fn fetch_or(&self, value: $int, order: Ordering) -> $int {
                    let old = self.0.fetch_or(value, order);
                    after(order);
                    old
                }

                #[track_caller]
                pub(crate) fn compare_exchange(
                    &self,
                    old: $int,
                    new: $int,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$int, $int> {
                    let done = self.0.compare_exchange(old, new, success, failure);
                    after(if done.is_ok() { success } else { failure });
                    done
                }
            }
        };
    }
    atomic!(AtomicU8, u8);
    atomic!(AtomicU32, u32);
    atomic!(AtomicU64, u64);
}
