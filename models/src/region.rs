//! Stands for `scheduler/src/region.rs`: slices of atomics that begin as zero.
//! It does not share them with anybody.

use std::ops::Deref;

/// As in the sources; here it says nothing.
///
/// # Safety
/// There is nothing to promise.
pub(crate) unsafe trait Atom {}

macro_rules! atoms {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Default)]
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $ty,)* }
    };
}
pub(crate) use atoms;

#[derive(Debug)]
pub(crate) struct Slab<T>(Vec<T>);

impl<T> Deref for Slab<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

#[derive(Debug)]
pub(crate) struct Carver;

/// As in the sources, for their own tests; these are compiled here, but never run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sharing {
    Private,
}

impl Carver {
    pub(crate) fn carve<L>(_: Sharing, mut lay: impl FnMut(&mut Carver) -> L) -> Result<L, ()> {
        Ok(lay(&mut Carver))
    }

    pub(crate) fn slab<T: Default>(&mut self, len: usize) -> Slab<T> {
        Slab((0..len).map(|_| T::default()).collect())
    }
}
