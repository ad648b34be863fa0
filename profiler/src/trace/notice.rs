//! Things that happened in a run and that its user should know of.
//! It does not judge them: see `diagnosis`.

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum NoticeKind {
    /// New sources are held back, because memory is short.
    MemoryShort = 1,
    /// They are not any more.
    MemoryEnough = 2,
    /// Results are moved to the disk.
    Spilling = 3,
    /// A task makes no progress.
    Stalled = 4,
    /// A task changed something that stays in its worker, and is lost to the program.
    SideEffect = 5,
    /// The recording itself is not whole: the text says what is missing.
    Incomplete = 6,
    /// An attempt of a job failed: the text says why, the value which attempt it was.
    AttemptFailed = 7,
    /// The end of what an attempt that failed had written to its standard error.
    LastWords = 8,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, in nanoseconds from the start of the run.
    pub at: u64,
    /// What it is about.
    pub kind: NoticeKind,
    /// The task that it happened to, as its rank.
    pub task: Option<u32>,
    /// A number that says how much, in bytes or nanoseconds; 0 where there is none.
    pub value: u64,
    /// What happened, in a sentence.
    pub text: String,
}
