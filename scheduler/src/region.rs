//! Zeroed memory that workers share, carved into slices of atomics.
//! It does not know what the atomics mean.
//!
//! # Invariant
//! A [`Slab`] points into the mapping of the [`Region`] that it keeps alive, at an aligned place of
//! its own. The mapping is never moved or unmapped before the last slab is gone, all bytes start as
//! zero, and only [`Atom`]s are ever made of them; so whatever other processes store there, every
//! load is a value of its type.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use crate::error::{Error, ErrorKind, Result};

/// Types that may lie in memory which other processes write.
///
/// # Safety
/// Every bit pattern is a value, and all access after creation is atomic.
pub(crate) unsafe trait Atom: Sync {}

// SAFETY: an atomic integer has no invalid bit pattern, and is only accessed atomically.
unsafe impl Atom for AtomicU8 {}
// SAFETY: as above.
unsafe impl Atom for AtomicU16 {}
// SAFETY: as above.
unsafe impl Atom for AtomicU32 {}
// SAFETY: as above.
unsafe impl Atom for AtomicU64 {}

/// Declares a `repr(C)` struct of atomics, which by that is an `Atom`.
macro_rules! atoms {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $ty,)* }

        const _: fn() = || {
            fn is_atom<T: $crate::region::AtomField>() {}
            $(is_atom::<$ty>();)*
        };

        // SAFETY: every field is an atom or an array of them, as the line above checks.
        unsafe impl $crate::region::Atom for $name {}
    };
}
pub(crate) use atoms;

/// Fields that `atoms!` accepts.
pub(crate) trait AtomField {}
impl<T: Atom> AtomField for T {}
impl<T: Atom, const N: usize> AtomField for [T; N] {}

/// Whether forked processes see each other's writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Threads of this process only.
    Private,
    /// This process and those forked from it.
    Forks,
}

/// A zeroed mapping.
pub(crate) struct Region {
    start: NonNull<u8>,
    len: usize,
    /// Kept open so that what the region holds can be counted from outside.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    memfd: Option<std::os::fd::OwnedFd>,
}

// SAFETY: a region is only ever read and written through atoms, which are `Sync`.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({} bytes)", self.len)
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
impl Region {
    /// Maps `len` zero bytes.
    pub(crate) fn new(len: usize, sharing: Sharing) -> Result<Self> {
        let len = len.max(1).next_multiple_of(4096);
        let memfd = match sharing {
            Sharing::Private => None,
            Sharing::Forks => Some(memfd("tine-table", len)?),
        };
        let start = map(len, memfd.as_ref(), Access::ReadWrite)?;
        Ok(Region { start, len, memfd })
    }

    /// Maps `len` bytes that another process laid out in `file`.
    fn attach(len: usize, file: std::os::fd::OwnedFd) -> Result<Self> {
        let len = len.max(1).next_multiple_of(4096);
        let size = nix::sys::stat::fstat(&file).map_or(0, |s| s.st_size);
        if usize::try_from(size) != Ok(len) {
            let message = format!("shared memory of {size} bytes, where {len} were to be");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        let start = map(len, Some(&file), Access::ReadWrite)?;
        Ok(Region { start, len, memfd: Some(file) })
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
impl Drop for Region {
    fn drop(&mut self) {
        if self.len > 0 {
            unmap(self.start, self.len);
        }
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod linux {
    use std::num::NonZeroUsize;
    use std::os::fd::OwnedFd;
    use std::ptr::NonNull;

    use nix::sys::memfd::{MFdFlags, memfd_create};
    use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, mmap, mmap_anonymous, munmap};

    use super::{Error, ErrorKind, Result};

    /// Bytes of a huge page on the common processors; elsewhere it is only a large guard.
    const HUGE: usize = 2 << 20;

    /// Access through one mapping.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Access {
        /// Writes trap.
        Read,
        /// Both.
        ReadWrite,
    }

    fn os(what: &str, len: usize, e: nix::Error) -> Error {
        Error::new(
            ErrorKind::Os,
            format!(
                "cannot {what} {len} bytes of shared memory: {e}; check `ulimit -v` and free memory"
            ),
        )
    }

    /// Anonymous file memory of `len` bytes: nothing to clean up, whoever dies.
    pub(crate) fn memfd(name: &str, len: usize) -> Result<OwnedFd> {
        // MFD_NOEXEC_SEAL is refused with EINVAL by kernels older than 6.3.
        let noexec = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);
        let fd = memfd_create(name, MFdFlags::MFD_CLOEXEC | noexec)
            .or_else(|_| memfd_create(name, MFdFlags::MFD_CLOEXEC))
            .map_err(|e| os("create", len, e))?;
        let size = i64::try_from(len).map_err(|_| os("reserve", len, nix::Error::EFBIG))?;
        if len as u64 > file_size_limit() {
            return Err(too_large(len));
        }
        nix::unistd::ftruncate(&fd, size).map_err(|e| os("reserve", len, e))?;
        Ok(fd)
    }

    /// Growing a file over this limit kills the process (SIGXFSZ) rather than failing.
    pub(crate) fn file_size_limit() -> u64 {
        use nix::sys::resource::{Resource, getrlimit};
        getrlimit(Resource::RLIMIT_FSIZE).map_or(u64::MAX, |limit| limit.0)
    }

    fn too_large(len: usize) -> Error {
        let limit = file_size_limit();
        let message = format!(
            "cannot reserve {len} bytes of shared memory: files may have {limit} bytes; raise \
             `ulimit -f`, or use the scheduler `threads`"
        );
        Error::new(ErrorKind::Os, message)
    }

    /// Maps `len` bytes of `file`, or of private zeroes.
    pub(crate) fn map(len: usize, file: Option<&OwnedFd>, access: Access) -> Result<NonNull<u8>> {
        let size = NonZeroUsize::new(len).ok_or_else(|| os("map", len, nix::Error::EINVAL))?;
        let protection = match access {
            Access::Read => ProtFlags::PROT_READ,
            Access::ReadWrite => ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        };
        let start = match file {
            Some(fd) => {
                let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
                // SAFETY: the kernel chooses the address, so that no other mapping is touched.
                unsafe { mmap(None, size, protection, flags, fd, 0) }
            }
            None => {
                let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
                // SAFETY: as above.
                unsafe { mmap_anonymous(None, size, protection, flags) }
            }
        };
        start.map(NonNull::cast).map_err(|e| os("map", len, e))
    }

    /// Maps `len` bytes of `file` with unreadable memory on either side, so that a walk off either
    /// end is a fault and not a wrong answer; at a multiple of `HUGE`, so that its pages may be.
    pub(crate) fn map_guarded(len: usize, file: &OwnedFd, access: Access) -> Result<NonNull<u8>> {
        let whole = NonZeroUsize::new(len.saturating_add(2 * HUGE))
            .ok_or_else(|| os("map", len, nix::Error::EINVAL))?;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
        // SAFETY: the kernel chooses the address, so that no other mapping is touched.
        let outer = unsafe { mmap_anonymous(None, whole, ProtFlags::PROT_NONE, flags) };
        let outer = outer.map_err(|e| os("map", len, e))?;
        // Somewhere above 0 and at most `HUGE` behind the beginning: a guard on either side.
        let behind = HUGE - outer.addr().get() % HUGE;
        let inner = outer.addr().saturating_add(behind);
        let size = NonZeroUsize::new(len).ok_or_else(|| os("map", len, nix::Error::EINVAL))?;
        let protection = match access {
            Access::Read => ProtFlags::PROT_READ,
            Access::ReadWrite => ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        };
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE | MapFlags::MAP_FIXED;
        // SAFETY: it replaces the inside of the mapping that was just made for it.
        let start = unsafe { mmap(Some(inner), size, protection, flags, file, 0) };
        let start = start.map_err(|e| {
            unmap(outer.cast(), whole.get());
            os("map", len, e)
        })?;
        // A core dump of a worker must not hold up the news of its death.
        // SAFETY: advice about our own mapping.
        let _ = unsafe { nix::sys::mman::madvise(start, len, MmapAdvise::MADV_DONTDUMP) };
        Ok(start.cast())
    }

    /// Makes `len` bytes of a file's mapping, whose pages are there, huge pages for everybody who
    /// maps them, where the kernel can (6.1 and later); otherwise they stay as they are.
    pub(crate) fn collapse(start: NonNull<u8>, len: usize) {
        // SAFETY: changes how memory is mapped, never what is in it.
        unsafe { libc::madvise(start.as_ptr().cast(), len, libc::MADV_COLLAPSE) };
    }

    /// Has the pages of `len` bytes of a mapping made now, in one go (Linux 5.14 and later; otherwise
    /// they are made one by one when they are first written).
    pub(crate) fn populate(start: NonNull<u8>, len: usize) {
        let before = start.as_ptr().addr() % 4096;
        let page = start.as_ptr().wrapping_sub(before).cast();
        // SAFETY: makes pages of zeros that would be made anyway, in the page of `start` and those
        // behind it, which are mapped like it; no byte changes.
        unsafe { libc::madvise(page, before + len, libc::MADV_POPULATE_WRITE) };
    }

    /// Gives a mapping back.
    pub(crate) fn unmap(start: NonNull<u8>, len: usize) {
        // SAFETY: the caller owns the mapping, and no slab points into it any more.
        let _ = unsafe { munmap(start.cast(), len) };
    }
}
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) use linux::{
    Access, collapse, file_size_limit, map, map_guarded, memfd, populate, unmap,
};

#[cfg(any(not(target_os = "linux"), tine_portable))]
impl Region {
    fn layout(len: usize) -> std::alloc::Layout {
        std::alloc::Layout::from_size_align(len, 4096).expect("a page-aligned size is a layout")
    }

    /// Allocates `len` zero bytes, for the threads of this process.
    pub(crate) fn new(len: usize, sharing: Sharing) -> Result<Self> {
        if sharing == Sharing::Forks {
            return Err(Error::new(ErrorKind::Unsupported, "forked workers need Linux"));
        }
        let len = len.max(1).next_multiple_of(4096);
        // SAFETY: the layout is not empty.
        let start = unsafe { std::alloc::alloc_zeroed(Self::layout(len)) };
        let start = NonNull::new(start)
            .ok_or_else(|| Error::new(ErrorKind::Os, format!("no memory for {len} bytes")))?;
        Ok(Region { start, len })
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
impl Drop for Region {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated in `new` with this layout.
            unsafe { std::alloc::dealloc(self.start.as_ptr(), Self::layout(self.len)) };
        }
    }
}

/// A slice of atoms in a region.
pub(crate) struct Slab<T> {
    first: NonNull<T>,
    len: usize,
    region: Arc<Region>,
}

// SAFETY: a slab hands out shared references only, to atoms, which are `Sync`.
unsafe impl<T: Atom> Send for Slab<T> {}
// SAFETY: as above.
unsafe impl<T: Atom> Sync for Slab<T> {}

impl<T: Atom> Deref for Slab<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `carve` checked that these elements lie in the region, aligned and zeroed; the
        // region outlives `self`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
impl<T> Slab<T> {
    /// The file that it lies in, where processes share it.
    pub(crate) fn file(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.region.memfd.as_ref().map(std::os::fd::AsFd::as_fd)
    }

    /// Has its pages made now: processes that write to the same new page wait for each other.
    pub(crate) fn populate(&self) {
        if self.region.memfd.is_some() && self.len > 0 {
            populate(self.first.cast(), self.len * size_of::<T>());
        }
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
impl<T> Slab<T> {
    /// Pages are made when they are written.
    pub(crate) fn populate(&self) {}
}

impl<T> Clone for Slab<T> {
    fn clone(&self) -> Self {
        Slab { first: self.first, len: self.len, region: self.region.clone() }
    }
}

impl<T> fmt::Debug for Slab<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slab({})", self.len)
    }
}

/// Sizes up, then cuts up, one region.
#[derive(Debug)]
pub(crate) struct Carver {
    region: Option<Arc<Region>>,
    at: usize,
}

/// Slabs begin on cache lines of their own.
const LINE: usize = 128;

impl Carver {
    /// Lays the same slabs out twice: once to measure, once to cut.
    pub(crate) fn carve<L>(sharing: Sharing, mut lay: impl FnMut(&mut Carver) -> L) -> Result<L> {
        let mut measure = Carver { region: None, at: 0 };
        drop(lay(&mut measure));
        let region = Arc::new(Region::new(measure.at, sharing)?);
        Ok(lay(&mut Carver { region: Some(region), at: 0 }))
    }

    /// Lays slabs out over what another process has laid out in the same way.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn attach<L>(
        file: std::os::fd::OwnedFd,
        mut lay: impl FnMut(&mut Carver) -> L,
    ) -> Result<L> {
        let mut measure = Carver { region: None, at: 0 };
        drop(lay(&mut measure));
        let region = Arc::new(Region::attach(measure.at, file)?);
        Ok(lay(&mut Carver { region: Some(region), at: 0 }))
    }

    /// The next `len` elements.
    pub(crate) fn slab<T: Atom>(&mut self, len: usize) -> Slab<T> {
        self.at = self.at.next_multiple_of(LINE);
        let begin = self.at;
        self.at += len * size_of::<T>();
        match &self.region {
            // Measuring: an empty slab stands for the one to come.
            None => {
                let region = Arc::new(Region::empty());
                Slab { first: NonNull::dangling(), len: 0, region }
            }
            Some(region) => {
                assert!(self.at <= region.len && align_of::<T>() <= LINE);
                // SAFETY: `begin` is inside the region, as just checked.
                let first = unsafe { region.start.add(begin) };
                Slab { first: first.cast(), len, region: region.clone() }
            }
        }
    }
}

impl Region {
    fn empty() -> Self {
        Region {
            start: NonNull::dangling(),
            len: 0,
            #[cfg(all(target_os = "linux", not(tine_portable)))]
            memfd: None,
        }
    }
}
