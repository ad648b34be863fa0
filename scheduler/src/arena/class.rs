//! The sizes that small blocks are rounded up to: four steps a doubling, multiples of 64.
//! It does not know where blocks lie.

/// Memory is handed out and taken back in pieces of this many bytes.
pub(crate) const CHUNK: usize = 2 << 20;

/// Blocks over this size take whole chunks.
pub(crate) const LARGEST: usize = 1 << 20;

/// The smallest block, and the alignment of all.
pub(crate) const ALIGN: usize = 64;

/// How many classes there are.
pub(crate) const CLASSES: usize = 52;

/// The sizes, ascending.
pub(crate) const SIZES: [usize; CLASSES] = sizes();

const fn sizes() -> [usize; CLASSES] {
    let mut sizes = [0; CLASSES];
    let (mut i, mut size, mut step) = (0, ALIGN, ALIGN);
    while i < CLASSES {
        sizes[i] = size;
        // Four steps of one size, then the step doubles.
        if size >= 8 * step {
            step *= 2;
        }
        size += step;
        i += 1;
    }
    sizes
}
const _: () = assert!(SIZES[CLASSES - 1] == LARGEST);

/// The smallest class that holds `len` bytes; `None` where that takes whole chunks.
pub(crate) fn class_of(len: usize) -> Option<usize> {
    (len <= LARGEST).then(|| SIZES.partition_point(|&s| s < len))
}

/// How many blocks of this class a chunk holds.
pub(crate) fn slots(class: usize) -> usize {
    CHUNK / SIZES[class]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_it_is_for_and_wastes_little() {
        for len in 1..=LARGEST {
            let size = SIZES[class_of(len).unwrap()];
            assert!(size >= len && size.is_multiple_of(ALIGN));
            assert!(size - len < ALIGN + len / 4, "{len} in {size}");
        }
        assert_eq!(class_of(LARGEST + 1), None);
    }
}
