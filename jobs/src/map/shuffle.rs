//! Jobs in a random order, the same for the same seed.
//! It does not know what the jobs are.

/// The numbers below `count` in an order that depends on `seed` alone.
pub(super) fn shuffled(count: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
    let mut state = seed;
    for i in (1..order.len()).rev() {
        order.swap(i, below(&mut state, i as u64 + 1) as usize);
    }
    order
}

/// A number below `end`, by SplitMix64; what the product of two words cuts off is too little to be
/// seen for any number of jobs there can be.
fn below(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((u128::from(z) * u128::from(end)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_there_once() {
        let order = shuffled(1000, 7);
        assert_eq!(order, shuffled(1000, 7));
        assert_ne!(order, shuffled(1000, 8));
        assert!(order.iter().enumerate().filter(|&(i, &job)| i == job as usize).count() < 20);
        let mut sorted = order;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1000));
        assert!(shuffled(0, 1).is_empty());
    }
}
