//! A continuous scale from amounts to shades, with the ticks that explain it.
//! It does not know what is measured, nor how it is drawn.

use super::unit::Unit;
use crate::palette;

/// Amounts that differ by more than this factor are told apart on a logarithmic scale only.
const LINEAR: f64 = 60.0;

/// A scale from the least to the largest amount.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::graph) struct Ramp {
    least: f64,
    most: f64,
    logarithmic: bool,
    unit: Unit,
}

impl Ramp {
    /// A scale over these amounts; `None` where there are none.
    pub(in crate::graph) fn over(
        amounts: impl Iterator<Item = f64> + Clone,
        unit: Unit,
    ) -> Option<Ramp> {
        let least = amounts.clone().fold(f64::INFINITY, f64::min);
        let most = amounts.clone().fold(f64::NEG_INFINITY, f64::max);
        if !least.is_finite() || !most.is_finite() {
            return None;
        }
        let positive = amounts.filter(|&a| a > 0.0).fold(f64::INFINITY, f64::min);
        // Counts begin at nothing; orders begin at the first. Both are read off a straight scale.
        let logarithmic = unit != Unit::Count && positive.is_finite() && most / positive > LINEAR;
        let least = if logarithmic { positive } else { least };
        Some(Ramp { least, most, logarithmic, unit })
    }

    /// Whether equal steps of shade are equal factors.
    pub(in crate::graph) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// The place of an amount, from 0 to 1.
    fn place(&self, amount: f64) -> f64 {
        let (a, low, high) = match self.logarithmic {
            true => (amount.max(self.least).ln(), self.least.ln(), self.most.ln()),
            false => (amount, self.least, self.most),
        };
        if high > low { ((a - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The shade of an amount.
    pub(in crate::graph) fn shade(&self, amount: f64) -> usize {
        let steps = palette::shades();
        ((self.place(amount) * steps as f64) as usize).min(steps - 1)
    }

    /// The first and the last shade that the scale can give.
    pub(in crate::graph) fn shades(&self) -> std::ops::RangeInclusive<usize> {
        self.shade(self.least)..=self.shade(self.most)
    }

    /// Ticks: shades with labels.
    pub(in crate::graph) fn samples(&self) -> Vec<(usize, String)> {
        let last = palette::shades() - 1;
        let shade = |place: f64| match self.shades().count() {
            1 => last,
            _ => (place * last as f64).round() as usize,
        };
        self.ticks().into_iter().map(|(place, label)| (shade(place), label)).collect()
    }

    /// Ticks: places from 0 to 1 with labels; one where all amounts are the same.
    pub(in crate::graph) fn ticks(&self) -> Vec<(f64, String)> {
        let at = |place: f64| match self.logarithmic {
            true => self.least * (self.most / self.least).powf(place),
            false => self.least + (self.most - self.least) * place,
        };
        let mut ticks: Vec<(f64, String)> =
            [0.0, 0.5, 1.0].map(|p| (p, self.unit.show(at(p)))).into();
        ticks.dedup_by(|b, a| a.1 == b.1);
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(amounts: &[f64], unit: Unit) -> Vec<String> {
        let ramp = Ramp::over(amounts.iter().copied(), unit).unwrap();
        ramp.ticks().into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn the_ends_have_the_first_and_the_last_shade() {
        let ramp = Ramp::over([2.0, 4.0, 10.0].into_iter(), Unit::Count).unwrap();
        assert_eq!((ramp.shade(2.0), ramp.shade(10.0)), (0, palette::shades() - 1));
        assert!(ramp.shade(4.0) > 0);
    }

    #[test]
    fn wide_ranges_are_logarithmic() {
        let wide = [0.0, 1e3, 1e6, 1e9];
        let ramp = Ramp::over(wide.into_iter(), Unit::Time).unwrap();
        assert!(ramp.is_logarithmic());
        assert_eq!(ramp.shade(0.0), 0);
        assert_eq!(labels(&wide, Unit::Time), ["1.00 µs", "1.00 ms", "1.00 s"]);
        assert_eq!(labels(&[0.0, 1e3, 1e6], Unit::Count), ["0", "500,000", "1,000,000"]);
    }

    #[test]
    fn one_amount_is_one_tick() {
        assert_eq!(labels(&[5.0, 5.0], Unit::Count), ["5"]);
        assert!(Ramp::over(std::iter::empty(), Unit::Count).is_none());
    }
}
