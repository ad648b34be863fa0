//! Who owns a chunk, and what a block was allocated for, as words.
//! It does not know how chunks are taken or given back.

/// A chunk that nobody owns and that holds no memory.
pub(crate) const COLD: u64 = 0;
/// A chunk that nobody owns and whose pages are there.
pub(crate) const WARM: u64 = u64::MAX;

/// What an owned chunk is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Use {
    /// Cut into blocks of one size.
    Cut = 1,
    /// The first chunk of a large block.
    Head = 2,
    /// Another chunk of a large block, or one that is being taken for it.
    Tail = 3,
}

/// The owner of a chunk: use 4, worker 12, sequence 24, epoch 24 bits.
///
/// The sequence number makes two allocations of one worker different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) usage: Use,
    pub(crate) worker: u16,
    pub(crate) sequence: u32,
    pub(crate) epoch: u32,
}

const FIELD: u32 = (1 << 24) - 1;

/// The worker number of the process that started the runs, for what outlives them.
pub(crate) const PARENT: u16 = 0xfff;

impl Owner {
    pub(crate) fn to_bits(self) -> u64 {
        self.usage as u64
            | u64::from(self.worker & 0xfff) << 4
            | u64::from(self.sequence & FIELD) << 16
            | u64::from(self.epoch & FIELD) << 40
    }

    /// The owner in a word; `None` for a free chunk.
    pub(crate) fn from_bits(bits: u64) -> Option<Owner> {
        if bits == COLD || bits == WARM {
            return None;
        }
        let usage = match bits & 0xf {
            1 => Use::Cut,
            2 => Use::Head,
            3 => Use::Tail,
            _ => return None,
        };
        Some(Owner {
            usage,
            worker: (bits >> 4 & 0xfff) as u16,
            sequence: (bits >> 16) as u32 & FIELD,
            epoch: (bits >> 40) as u32 & FIELD,
        })
    }

    pub(crate) fn is_run(self) -> bool {
        self.usage != Use::Cut
    }

    /// Whether this worker of this run owns it.
    pub(crate) fn is(self, epoch: u32, worker: u16) -> bool {
        self.epoch == epoch & FIELD && self.worker == worker
    }

    /// Whether it belongs to this run.
    pub(crate) fn is_of(self, epoch: u32) -> bool {
        self.epoch == epoch & FIELD && self.worker != PARENT
    }

    /// The word of the other chunks of the run whose head has this word.
    pub(crate) fn tail_of(head: u64) -> u64 {
        head & !0xf | Use::Tail as u64
    }
}

/// What a block was allocated for: a task of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) epoch: u32,
    pub(crate) task: u32,
}

impl Tag {
    pub(crate) fn to_bits(self) -> u64 {
        u64::from(self.epoch) << 32 | u64::from(self.task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_survives_its_word() {
        let owner = Owner { usage: Use::Head, worker: 1024, sequence: 77, epoch: 0xabcdef };
        let word = owner.to_bits();
        assert_eq!(Owner::from_bits(word), Some(owner));
        let tail = Owner::from_bits(Owner::tail_of(word)).unwrap();
        assert_eq!(tail, Owner { usage: Use::Tail, ..owner });
        assert_eq!((Owner::from_bits(COLD), Owner::from_bits(WARM)), (None, None));
    }
}
