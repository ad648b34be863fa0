//! The life of a task as one word, and the only way to change it.
//! It does not know who the neighbours of the task are.

use crate::sync::atomic::{AtomicU64, Ordering};

/// Where a task is in its life.
///
/// `Waiting -> Ready -> Claimed -> Releasing* -> Done | Failed | Skipped`; a worker's death moves
/// `Claimed` back to `Ready`, and so does a failure that is retried, perhaps by way of `Backoff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Some input is missing.
    Waiting = 0,
    /// All inputs are there; nobody has taken it.
    Ready = 1,
    /// Its worker runs it, or is about to.
    Claimed = 2,
    /// Its result is published; its worker tells the successors.
    Releasing = 3,
    /// Its error is published; its worker tells the successors.
    ReleasingFailed = 4,
    /// It was not run; its worker tells the successors.
    ReleasingSkipped = 5,
    /// Everybody has been told of its result.
    Done = 6,
    /// Everybody has been told of its failure.
    Failed = 7,
    /// Everybody has been told that it was not run.
    Skipped = 8,
    /// An attempt failed; the supervisor makes it ready when its time has come.
    Backoff = 9,
}

impl Phase {
    fn from_bits(bits: u64) -> Option<Phase> {
        use Phase::{
            Backoff, Claimed, Done, Failed, Ready, Releasing, ReleasingFailed, ReleasingSkipped,
            Skipped, Waiting,
        };
        const ALL: [Phase; 10] = [
            Waiting,
            Ready,
            Claimed,
            Releasing,
            ReleasingFailed,
            ReleasingSkipped,
            Done,
            Failed,
            Skipped,
            Backoff,
        ];
        ALL.get(usize::try_from(bits & 0xff).ok()?).copied()
    }

    /// Whether its worker is telling the successors.
    pub(crate) fn is_releasing(self) -> bool {
        matches!(self, Phase::Releasing | Phase::ReleasingFailed | Phase::ReleasingSkipped)
    }

    /// Whether nothing will happen to the task any more.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Phase::Done | Phase::Failed | Phase::Skipped)
    }

    /// What a releasing phase ends in.
    pub(crate) fn released(self) -> Phase {
        match self {
            Phase::Releasing => Phase::Done,
            Phase::ReleasingFailed => Phase::Failed,
            Phase::ReleasingSkipped => Phase::Skipped,
            other => other,
        }
    }
}

/// A task's state word: phase 8, attempt 8, worker 16, epoch of the run 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// Worker deaths while this task's body ran.
    pub(crate) deaths: u8,
    pub(crate) worker: u16,
    pub(crate) epoch: u32,
}

impl State {
    pub(crate) fn waiting(epoch: u32) -> State {
        State { phase: Phase::Waiting, deaths: 0, worker: 0, epoch }
    }

    fn to_bits(self) -> u64 {
        self.phase as u64
            | u64::from(self.deaths) << 8
            | u64::from(self.worker) << 16
            | u64::from(self.epoch) << 32
    }

    /// The state in a word; `None` for an impossible value, which only a stray write can leave.
    fn from_bits(bits: u64) -> Option<State> {
        Some(State {
            phase: Phase::from_bits(bits)?,
            deaths: (bits >> 8 & 0xff) as u8,
            worker: (bits >> 16 & 0xffff) as u16,
            epoch: (bits >> 32) as u32,
        })
    }

    /// The same state in another phase.
    pub(crate) fn to(self, phase: Phase) -> State {
        State { phase, ..self }
    }

    /// The same state, held by `worker`, in another phase.
    pub(crate) fn held(self, worker: u16, phase: Phase) -> State {
        State { phase, worker, ..self }
    }
}

/// A state word in shared memory.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct StateWord(AtomicU64);

// SAFETY: a transparent wrapper of an atom; impossible values are seen as `None`.
unsafe impl crate::region::Atom for StateWord {}

impl StateWord {
    /// The state; `None` where the word is impossible.
    #[inline]
    pub(crate) fn load(&self) -> Option<State> {
        State::from_bits(self.0.load(Ordering::SeqCst))
    }

    /// Writes the state. Before a run, or by the one who holds the task.
    #[inline]
    pub(crate) fn store(&self, state: State) {
        self.0.store(state.to_bits(), Ordering::SeqCst);
    }

    /// As `store`, where whatever was written before need only be seen by who sees this.
    #[inline]
    pub(crate) fn publish(&self, state: State) {
        self.0.store(state.to_bits(), Ordering::Release);
    }

    /// Moves from `old` to `new` where the word still says `old`.
    #[inline]
    pub(crate) fn change(&self, old: State, new: State) -> bool {
        self.0
            .compare_exchange(old.to_bits(), new.to_bits(), Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_its_word() {
        for bits in 0..10 {
            let phase = Phase::from_bits(bits).unwrap();
            let state = State { phase, deaths: 7, worker: 1023, epoch: 0xdead_beef };
            assert_eq!(State::from_bits(state.to_bits()), Some(state));
        }
    }

    #[test]
    fn an_impossible_phase_is_seen() {
        assert_eq!(State::from_bits(10), None);
        assert_eq!(State::from_bits(0xff), None);
    }
}
