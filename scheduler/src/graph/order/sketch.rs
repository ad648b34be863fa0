//! How many different roots stand behind each task, in one pass: exactly where they are few,
//! estimated where they are many.
//! It does not know what the numbers are for.

use super::dag::Dag;

/// So many roots are counted exactly.
const EXACT: usize = 16;

/// The smallest hashes of a set of roots, in rising order, filled up with `EMPTY`.
///
/// The sketch of a union comes from the sketches alone, and a larger set never seems smaller: of
/// cumulative sums the first still comes first. Counting paths instead would count a root that is
/// reached in many ways many times.
#[derive(Clone, Copy)]
struct Sketch([u32; EXACT]);

const EMPTY: u32 = u32::MAX;

impl Sketch {
    const NOTHING: Sketch = Sketch([EMPTY; EXACT]);

    fn of(root: u32) -> Sketch {
        let mut hashes = [EMPTY; EXACT];
        hashes[0] = scatter(root);
        Sketch(hashes)
    }

    fn union(&self, other: &Sketch) -> Sketch {
        let mut out = [EMPTY; EXACT];
        let (mut a, mut b) = (0, 0);
        for slot in &mut out {
            // Neither index can reach the end before the last slot is filled.
            let (x, y) = (self.0[a], other.0[b]);
            *slot = x.min(y);
            a += usize::from(x <= y && a + 1 < EXACT);
            b += usize::from(y <= x && b + 1 < EXACT);
        }
        Sketch(out)
    }

    /// Of hashes that are spread evenly, the k-th smallest tells how many there are.
    fn count(&self) -> u32 {
        let known = self.0.iter().take_while(|&&h| h != EMPTY).count();
        let known = u32::try_from(known).expect("at most EXACT");
        if (known as usize) < EXACT {
            return known;
        }
        let estimate =
            (u64::from(known) - 1) * u64::from(u32::MAX) / u64::from(self.0[EXACT - 1]).max(1);
        u32::try_from(estimate).unwrap_or(u32::MAX).max(known)
    }
}

/// Different numbers for different roots, spread evenly.
fn scatter(root: u32) -> u32 {
    let mut h = root.wrapping_add(0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    h ^= h >> 15;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// The number of roots behind each task of `dag`, by task number.
pub(super) fn root_counts(dag: &Dag) -> Vec<u32> {
    let mut sketches = vec![Sketch::NOTHING; dag.needed.len()];
    for &t in &dag.sorted {
        let deps = dag.deps.row(t);
        sketches[t as usize] = match deps.split_first() {
            None => Sketch::of(t),
            Some((&first, rest)) => {
                let union = |s: Sketch, &d: &u32| s.union(&sketches[d as usize]);
                rest.iter().fold(sketches[first as usize], union)
            }
        };
    }
    sketches.iter().map(Sketch::count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(roots: impl Iterator<Item = u32>) -> Sketch {
        roots.fold(Sketch::NOTHING, |s, r| s.union(&Sketch::of(r)))
    }

    #[test]
    fn counts_few_exactly_and_many_roughly() {
        assert_eq!(Sketch::NOTHING.count(), 0);
        assert_eq!(all(0..15).union(&all(5..15)).count(), 15);
        let mut before = 0;
        for n in 1..2_000 {
            let count = all(0..n).count();
            assert!(count >= before, "a larger set never seems smaller");
            assert!(2 * count > n && count < 3 * n, "{count} for {n}");
            before = count;
        }
    }
}
