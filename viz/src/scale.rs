//! From time to pixels, and where the ticks of an axis stand.
//! It does not know what happened at these times.

use crate::text;

/// A linear scale from nanoseconds to pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    left: f64,
    pixels: f64,
    from: u64,
    span: f64,
}

impl Scale {
    /// Maps 0 to `left`, and `span` nanoseconds to `left + pixels`.
    pub(crate) fn new(left: f64, pixels: f64, span: u64) -> Scale {
        Scale::between(left, pixels, (0, span))
    }

    /// Maps a stretch of time to `left` and `left + pixels`.
    pub(crate) fn between(left: f64, pixels: f64, (from, to): (u64, u64)) -> Scale {
        Scale { left, pixels, from, span: to.saturating_sub(from).max(1) as f64 }
    }

    /// The place of a time.
    pub(crate) fn x(&self, nanos: u64) -> f64 {
        self.left + (nanos as f64 - self.from as f64) / self.span * self.pixels
    }

    /// Ticks at round times with their labels, not closer than `apart` pixels.
    pub(crate) fn ticks(&self, apart: f64) -> Vec<(f64, String)> {
        let step = round_step(self.span * apart / self.pixels);
        let (first, last) = (self.from.div_ceil(step), self.from.saturating_add(self.span as u64));
        let label = |t: u64| if t == 0 { "0".to_owned() } else { tick_label(t, step, last) };
        let times = (first..).map(|i| i * step).take_while(|&t| t <= last);
        times.map(|t| (self.x(t), label(t))).collect()
    }
}

/// The smallest round number of nanoseconds that is not below `least`.
fn round_step(least: f64) -> u64 {
    const SECOND: f64 = 1e9;
    if least > 30.0 * SECOND {
        let minutes = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 1440.0];
        let fits = minutes.iter().map(|m| m * 60.0 * SECOND).find(|&m| m >= least);
        return fits.unwrap_or((least / (86_400.0 * SECOND)).ceil() * 86_400.0 * SECOND) as u64;
    }
    if least > 10.0 * SECOND {
        return if least <= 20.0 * SECOND { 20_000_000_000 } else { 30_000_000_000 };
    }
    let mut unit = 1.0;
    while unit * 10.0 < least {
        unit *= 10.0;
    }
    let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * unit);
    steps.into_iter().find(|&s| s >= least).unwrap_or(unit) as u64
}

/// A time with as many digits as the step needs, in the unit that all times up to `last` have: the
/// one in which the length of the run is told beside them.
fn tick_label(nanos: u64, step: u64, last: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    let (unit, name) = match last {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ if step < MINUTE || last < 10 * MINUTE => (1_000_000_000, "s"),
        _ => (MINUTE, "min"),
    };
    let mut digits = 0;
    while !(step * 10u64.pow(digits)).is_multiple_of(unit) && digits < 9 {
        digits += 1;
    }
    let whole = text::count(nanos / unit);
    let part = (nanos % unit) * 10u64.pow(digits) / unit;
    match digits as usize {
        0 => format!("{whole} {name}"),
        digits => format!("{whole}.{part:0digits$} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(span: u64) -> Vec<String> {
        Scale::new(0.0, 1000.0, span).ticks(100.0).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn stand_at_round_times() {
        assert_eq!(labels(1_000)[..3], ["0", "0.1 µs", "0.2 µs"]);
        assert_eq!(labels(43_000_000)[..3], ["0", "5 ms", "10 ms"]);
        assert_eq!(labels(9_000_000_000)[..3], ["0", "1 s", "2 s"]);
        assert_eq!(labels(2_910_000_000)[..4], ["0", "0.5 s", "1.0 s", "1.5 s"]);
        assert_eq!(labels(999)[..3], ["0", "100 ns", "200 ns"]);
        assert_eq!(labels(7_200_000_000_000)[..3], ["0", "15 min", "30 min"]);
    }

    #[test]
    fn begin_in_the_stretch() {
        let scale = Scale::between(10.0, 100.0, (995_000, 1_105_000));
        let ticks = scale.ticks(25.0);
        assert_eq!(
            ticks.iter().map(|t| t.1.as_str()).collect::<Vec<_>>(),
            ["1.00 ms", "1.05 ms", "1.10 ms"]
        );
        assert!((scale.x(1_050_000) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn are_never_too_close_nor_too_many() {
        for exponent in 0..18 {
            for factor in [1, 2, 3, 7] {
                let ticks = Scale::new(10.0, 1000.0, factor * 10u64.pow(exponent)).ticks(90.0);
                assert!(ticks.len() <= 12, "{ticks:?}");
                let close = |w: &[(f64, String)]| w[1].0 - w[0].0 >= 89.9;
                assert!(ticks.windows(2).all(close), "{ticks:?}");
            }
        }
    }
}
