//! Amounts in their units, as people read them.
//! It does not know what was measured.

use crate::text;

/// What a measure counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::graph) enum Unit {
    /// Things.
    #[default]
    Count,
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// An amount, with its unit.
    pub(in crate::graph) fn show(self, amount: f64) -> String {
        let whole = amount.round().max(0.0) as u64;
        match self {
            Unit::Count => text::count(whole),
            Unit::Time => text::duration(whole),
            Unit::Bytes => bytes(whole),
        }
    }
}

/// Bytes as `1.50 MiB`: three digits and a unit.
pub(in crate::graph) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let (mut amount, mut unit) = (n as f64 / 1024.0, 0);
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        (amount, unit) = (amount / 1024.0, unit + 1);
    }
    let places = if amount < 9.995 { 2 } else { usize::from(amount < 99.95) };
    format!("{amount:.places$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_digits() {
        let shown = [0, 1023, 1024, 1_572_864, 1_048_000, 123 << 30, u64::MAX].map(bytes);
        let want = ["0 B", "1023 B", "1.00 KiB", "1.50 MiB", "1.00 MiB", "123 GiB", "16.0 EiB"];
        assert_eq!(shown, want);
    }
}
