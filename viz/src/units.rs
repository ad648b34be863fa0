//! Bytes as people read them, and round steps for axes.
//! It does not know what is counted.

/// Bytes as `12.3 MB`: three digits and a unit.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let (mut value, mut unit) = (n as f64 / 1e3, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1e3, unit + 1);
    }
    let places = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.places$} {}", UNITS[unit])
}

/// Bytes at a tick: `500 MB`, without digits that say nothing.
pub(crate) fn tick_bytes(n: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|u| n >= u.0) {
        Some((unit, name)) => format!("{} {name}", n as f64 / *unit as f64),
        None if n == 0 => "0".to_owned(),
        None => format!("{n} B"),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
pub(crate) fn round_step(least: f64) -> f64 {
    let unit = 10f64.powf(least.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * unit);
    // Rounding may leave the tenfold a hair below.
    steps.into_iter().find(|s| *s >= least * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_well() {
        let read = [0, 999, 1000, 1_500_000, 999_500_000, 1_400_000_000, u64::MAX].map(bytes);
        assert_eq!(read, ["0 B", "999 B", "1.00 kB", "1.50 MB", "1.00 GB", "1.40 GB", "18.4 EB"]);
        let ticks = [0, 500, 2_000, 1_500_000_000].map(tick_bytes);
        assert_eq!(ticks, ["0", "500 B", "2 kB", "1.5 GB"]);
    }

    #[test]
    fn steps_are_round() {
        let steps = [0.3, 1.0, 1.1, 3.0, 7.0, 10.0, 120.0].map(round_step);
        assert_eq!(steps, [0.5, 1.0, 2.0, 5.0, 10.0, 10.0, 200.0]);
    }
}
