//! Walking a stack by its frame pointers, over whatever memory it is given.
//! It does not know whose stack it is, and believes nothing that it reads.

use std::ops::Range;

/// The most frames that are followed: what a sample costs is bounded, also in endless recursion.
pub(crate) const MOST_FRAMES: usize = 8_000;

/// No code lies in the first pages, nor above the half that programs have.
const CODE: Range<usize> = 4096..1 << 56;

/// The bytes that a frame pointer points to: that of the caller, and where the call returns to.
const PAIR: usize = 2 * size_of::<usize>();

/// The registers of interrupted code that say where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registers {
    /// The next instruction.
    pub(crate) ip: usize,
    /// The end of the stack.
    pub(crate) sp: usize,
    /// The innermost frame, where the code keeps one.
    pub(crate) fp: usize,
    /// Where the innermost function may return to, where a register says so.
    pub(crate) link: usize,
}

/// Pushes where the code is, then where each call returns to, the innermost first.
///
/// `pair` reads two words at an address, and says `None` where it cannot. It is asked for aligned
/// addresses inside of `stack` only, each further from the end of the stack than the one before: so
/// the walk ends whatever it reads, and code that keeps no frame pointers gives a short stack.
pub(crate) fn walk(
    registers: Registers,
    stack: Range<usize>,
    mut pair: impl FnMut(usize) -> Option<[usize; 2]>,
    mut push: impl FnMut(usize),
) {
    push(registers.ip);
    let mut lowest = registers.sp.max(stack.start);
    let mut fp = registers.fp;
    for _ in 1..MOST_FRAMES {
        let inside = fp >= lowest && fp.checked_add(PAIR).is_some_and(|end| end <= stack.end);
        if !inside || !fp.is_multiple_of(size_of::<usize>()) {
            return;
        }
        let Some([caller, back]) = pair(fp) else { return };
        let back = strip(back);
        if !CODE.contains(&back) {
            return;
        }
        push(back);
        lowest = fp + PAIR;
        fp = caller;
    }
}

/// Takes the signature off an address: libraries of some aarch64 systems sign where they return to.
pub(super) fn strip(address: usize) -> usize {
    if cfg!(target_arch = "aarch64") { address & ((1 << 48) - 1) } else { address }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: usize = 0x7000_0000;

    /// A stack of words from `BASE`, as the walk sees it; it must not be read anywhere else.
    fn walked(words: &[usize], registers: Registers) -> Vec<usize> {
        let stack = BASE..BASE + words.len() * 8;
        let mut read_up_to = registers.sp;
        let pair = |at: usize| {
            let inside = stack.contains(&at) && at + 16 <= stack.end;
            assert!(inside && at.is_multiple_of(8), "read at {at:#x}");
            assert!(at >= read_up_to, "back to {at:#x}");
            read_up_to = at + 16;
            let i = (at - BASE) / 8;
            Some([words[i], words[i + 1]])
        };
        let mut frames = Vec::new();
        walk(registers, stack.clone(), pair, |f| frames.push(f));
        frames
    }

    #[test]
    fn follows_frames_to_the_first_that_is_none() {
        let mut words = [0; 16];
        (words[2], words[3]) = (BASE + 6 * 8, 0x5001);
        (words[6], words[7]) = (BASE + 12 * 8, 0x5002);
        (words[12], words[13]) = (0, 0x5003);
        let registers = Registers { ip: 0x5000, sp: BASE + 8, fp: BASE + 16, link: 0 };
        assert_eq!(walked(&words, registers), [0x5000, 0x5001, 0x5002, 0x5003]);
        words[7] = 0;
        assert_eq!(walked(&words, registers), [0x5000, 0x5001]);
    }

    #[test]
    fn turns_back_for_nothing() {
        let mut words = [0x5001; 8];
        let registers = Registers { ip: 1, sp: BASE, fp: BASE + 16, link: 0 };
        for (what, caller) in [("loop", BASE + 16), ("down", BASE), ("odd", BASE + 33)] {
            words[2] = caller;
            assert_eq!(walked(&words, registers), [1, 0x5001], "{what}");
        }
        for fp in [0, BASE - 16, BASE + 56, BASE + 64, usize::MAX - 7, usize::MAX] {
            assert_eq!(walked(&words, Registers { fp, ..registers }), [1], "{fp:#x}");
        }
        assert_eq!(walked(&words, Registers { sp: BASE + 24, ..registers }), [1]);
    }

    #[test]
    fn endless_recursion_is_cut() {
        let words: Vec<usize> = (0..2 * MOST_FRAMES + 64)
            .map(|i| if i % 2 == 0 { BASE + (i + 2) * 8 } else { 0x5001 })
            .collect();
        let frames = walked(&words, Registers { ip: 1, sp: BASE, fp: BASE, link: 0 });
        assert_eq!(frames.len(), MOST_FRAMES);
    }

    proptest! {
        /// Words that are numbers, code, or places on the stack, in any order.
        #[test]
        fn any_stack_is_survived(
            words in prop::collection::vec(
                prop_oneof![any::<usize>(), 0x5000..0x6000usize, (0..80usize).prop_map(|i| BASE + i * 4)],
                0..64,
            ),
            sp in 0..600usize, fp in 0..600usize,
        ) {
            let registers = Registers { ip: 7, sp: BASE + sp, fp: BASE + fp, link: 0 };
            let frames = walked(&words, registers);
            prop_assert_eq!(frames[0], 7);
            prop_assert!(frames.len() <= 1 + words.len() / 2);
            prop_assert!(frames[1..].iter().all(|f| CODE.contains(f)));
        }
    }
}
