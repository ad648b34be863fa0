//! Random distances between samples, and what a sample stands for.
//! It knows no allocation; each thread has numbers of its own.

/// The next state of a generator of 64 random bits (xorshift64*, Vigna 2016); never 0 for one that
/// is not.
pub(super) fn step(state: u64) -> u64 {
    let mut x = state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    x
}

/// A distance in bytes with this mean, exponentially distributed, at least 1.
pub(super) fn distance(state: u64, mean: u64) -> i64 {
    let bits = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
    // In (0, 1]: its logarithm is finite.
    let uniform = (bits + 1) as f64 / (1u64 << 53) as f64;
    let distance = -uniform.ln() * mean as f64;
    distance.clamp(1.0, 1e18) as i64
}

/// The bytes that a sampled allocation of `size` stands for.
pub(super) fn weight(size: usize, mean: u64) -> u64 {
    let size = size as f64;
    (size / -(-size / mean as f64).exp_m1()).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right_on_average() {
        let mean = 10_000;
        let mut state = 88_172_645_463_325_252;
        for size in [16, 1_000, 10_000, 200_000] {
            let (mut left, mut allocated, mut seen) = (distance(state, mean), 0u64, 0u64);
            while allocated < 400_000_000 {
                allocated += size as u64;
                left -= size as i64;
                if left < 0 {
                    seen += weight(size, mean);
                    state = step(state);
                    left = distance(state, mean);
                }
            }
            let ratio = seen as f64 / allocated as f64;
            assert!((0.98..1.02).contains(&ratio), "{size}: {ratio}");
        }
    }

    #[test]
    fn weights_have_sensible_ends() {
        assert_eq!(weight(1 << 30, 512 * 1024), 1 << 30);
        let one = weight(1, 512 * 1024);
        assert!((524_287..=524_289).contains(&one), "{one}");
        assert_eq!(weight(1, 1), 2);
        assert!(distance(u64::MAX, 1) >= 1 && distance(1, u64::MAX) >= 1);
    }
}
