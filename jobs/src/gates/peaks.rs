//! How much memory jobs of a kind have taken, as a guess of what the next will take.
//! It does not know what makes them of a kind.

/// Peaks that are remembered; older ones give way.
const REMEMBERED: usize = 64;

/// The memory that jobs of one template have had.
///
/// The guess is the largest of the last 64, with an eighth on top: what jobs of one template take
/// differs by their arguments, and setting too little aside costs more than too much. Before the
/// first has ended there is none, so that as many start as were asked for; hold them back to one
/// where that must not be.
///
/// ```
/// use tine_jobs::gates::Peaks;
/// let mut peaks = Peaks::default();
/// assert_eq!(peaks.guess(), None);
/// [800, 400].map(|peak| peaks.learn(peak));
/// assert_eq!(peaks.guess(), Some(900));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    last: Vec<u64>,
    next: usize,
}

impl Peaks {
    /// A job has ended that had at most so many bytes.
    pub fn learn(&mut self, peak: u64) {
        if self.last.len() < REMEMBERED {
            self.last.push(peak);
        } else {
            self.last[self.next] = peak;
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// How many bytes the next one will take.
    pub fn guess(&self) -> Option<u64> {
        self.last.iter().max().map(|most| most.saturating_add(most / 8))
    }
}
