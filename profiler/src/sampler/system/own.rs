//! This thread: the end of its stack, its registers, and reading the stack as it is walked.
//! It does not know who walks, nor why.
//!
//! # Invariant
//! What is read directly lies between the end of the stack of the thread that reads and the stack's
//! beginning, which the kernel keeps mapped for as long as the thread lives. Anything else is read
//! by the kernel, which refuses where a direct read would fault. All of it may be done in a signal
//! handler: there is no allocation and no lock.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::Range;

#[cfg(target_arch = "aarch64")]
use crate::sampler::walk::strip;
use crate::sampler::walk::{Registers, walk};

/// How far a stack may reach that is not the thread's own: a library may run code on another.
const FOREIGN: usize = 8 << 20;

/// The bounds of the calling thread's stack; empty where the system does not tell.
pub(crate) fn stack_bounds() -> Range<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: always succeeds, and has no requirements.
    let this = unsafe { libc::pthread_self() };
    // SAFETY: fills `attributes`, for a thread that lives.
    if unsafe { libc::pthread_getattr_np(this, attributes.as_mut_ptr()) } != 0 {
        return 0..0;
    }
    let (mut low, mut size) = (std::ptr::null_mut::<c_void>(), 0usize);
    // SAFETY: the attributes were filled above.
    let told =
        unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut size) } == 0;
    // SAFETY: as above; they are not used any more.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if told { low.addr()..low.addr().saturating_add(size) } else { 0..0 }
}

/// Where the calling code is: its frame stands for the end of the stack too. Inlined, so that the
/// frame is that of the caller.
#[inline(always)]
pub(crate) fn here() -> Registers {
    let fp: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: copies a register.
    unsafe {
        std::arch::asm!("mov {}, rbp", out(reg) fp, options(nomem, nostack, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: copies a register.
    unsafe {
        std::arch::asm!("mov {}, x29", out(reg) fp, options(nomem, nostack, preserves_flags));
    }
    // Some place on the stack below every frame of the caller.
    let sp = std::ptr::from_ref(&fp).addr();
    Registers { ip: 0, sp, fp, link: 0 }
}

/// The registers of the code that a signal interrupted.
///
/// # Safety
/// `context` is what the kernel gave to a signal handler that has not returned.
pub(super) unsafe fn interrupted(context: *const c_void) -> Registers {
    // SAFETY: that is what the third argument of a handler points to.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    #[cfg(target_arch = "x86_64")]
    {
        let register = |r: libc::c_int| context.uc_mcontext.gregs[r as usize] as usize;
        Registers {
            ip: register(libc::REG_RIP),
            sp: register(libc::REG_RSP),
            fp: register(libc::REG_RBP),
            link: 0,
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        let machine = &context.uc_mcontext;
        Registers {
            ip: machine.pc as usize,
            sp: machine.sp as usize,
            fp: machine.regs[29] as usize,
            link: strip(machine.regs[30] as usize),
        }
    }
}

/// Walks the stack of the calling thread, whose bounds are `bounds`, from `registers`.
///
/// # Safety
/// `registers` are of this thread: of code that is in the midst of a call of this, or that a signal
/// interrupted whose handler calls this.
pub(crate) unsafe fn walk_own(
    registers: Registers,
    bounds: &Range<usize>,
    push: impl FnMut(usize),
) {
    if bounds.contains(&registers.sp) {
        walk(registers, bounds.clone(), direct, push);
    } else {
        let end = registers.sp.saturating_add(FOREIGN);
        walk(registers, registers.sp..end, by_kernel, push);
    }
}

/// Where the innermost function returns to if it has made no frame yet, or makes none: the register
/// for that, or the word at the end of the stack.
///
/// # Safety
/// As [`walk_own`].
pub(super) unsafe fn top(registers: Registers, bounds: &Range<usize>) -> usize {
    if cfg!(target_arch = "aarch64") {
        return registers.link;
    }
    let end = registers.sp.saturating_add(2 * size_of::<usize>());
    let inside = registers.sp >= bounds.start && end <= bounds.end;
    if inside && registers.sp.is_multiple_of(size_of::<usize>()) {
        direct(registers.sp).map_or(0, |pair| pair[0])
    } else {
        0
    }
}

fn direct(at: usize) -> Option<[usize; 2]> {
    let place = std::ptr::with_exposed_provenance::<[usize; 2]>(at);
    // SAFETY: `walk` asks for aligned places inside of the bounds only, and not below the end of the
    // stack: see the module's invariant. Volatile, as the words belong to other code.
    Some(unsafe { place.read_volatile() })
}

fn by_kernel(at: usize) -> Option<[usize; 2]> {
    let mut pair = [0usize; 2];
    let len = size_of_val(&pair);
    let into = libc::iovec { iov_base: pair.as_mut_ptr().cast(), iov_len: len };
    let from = libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut(at), iov_len: len };
    // SAFETY: has no requirements.
    let pid = unsafe { libc::getpid() };
    // SAFETY: the kernel writes to `pair`, and checks what it reads.
    let read = unsafe { libc::process_vm_readv(pid, &into, 1, &from, 1, 0) };
    (usize::try_from(read) == Ok(len)).then_some(pair)
}
