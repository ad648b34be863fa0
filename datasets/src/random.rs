//! A seeded generator of random numbers, the same on every machine and in every version of tine.
//! It does not know what the numbers are for.

/// The state of one sequence (SplitMix64: 64 bits of state, passes BigCrush, needs no warm-up).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

/// Odd, and with bits as irregular as those of the golden ratio that it is made from.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The sequence number `stream` of `seed`: streams of one seed have nothing in common.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixer = Random { state: seed };
        let state = mixer.bits() ^ stream.wrapping_mul(STEP);
        let mut random = Random { state };
        random.state = random.bits();
        random
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of [0, 1), with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A whole number of [low, high).
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high - low);
        low + (((self.bits() >> 32) * span) >> 32) as u32
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An exponentially distributed number with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// A normally distributed number with mean 0 and this standard deviation.
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let radius = self.exponential(2.0).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos() * deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_stream_decide_everything() {
        let first = |seed, stream| Random::new(seed, stream).bits();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
        assert_eq!(first(42, 1990), 14_635_287_848_306_884_791, "as in all versions of tine");
    }

    #[test]
    fn distributions_have_their_moments() {
        let n = 200_000;
        let mut r = Random::new(7, 0);
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || r.unit()) - 0.5).abs() < 0.005);
        assert!((mean(&mut || r.exponential(14.0)) - 14.0).abs() < 0.2);
        assert!(mean(&mut || r.normal(12.0)).abs() < 0.2);
        assert!((mean(&mut || r.normal(12.0).powi(2)) - 144.0).abs() < 3.0);
        assert!((mean(&mut || f64::from(r.between(2, 15))) - 8.0).abs() < 0.05);
    }

    #[test]
    fn whole_numbers_reach_both_ends() {
        let mut r = Random::new(1, 1);
        let drawn: Vec<u32> = (0..1000).map(|_| r.between(6, 9)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&6), Some(&8)));
    }
}
